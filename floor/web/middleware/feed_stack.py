"""A shorter stack of middleware for events of feeds, which pass only what protects the program and them.

The others serve pages. Some of NiceGUI copy each message of a request through queues, which took longer than all the
rest of an event.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ..api.methods import HeadAndOptions
from ..http.feed_path import is_of_events
from ..http.path_prefix import PathPrefix, path_without_prefix
from .credential_limits import CredentialLimits
from .cross_origin import CrossOriginCheck
from .forwarded_address import ForwardedAddress
from .identity_required import IdentityRequired
from .request_limits import RequestLimits
from .security_headers import SecurityHeaders

PASSED: tuple[object, ...] = (ForwardedAddress, PathPrefix, SecurityHeaders, CrossOriginCheck,
                              IdentityRequired, CredentialLimits, RequestLimits, HeadAndOptions)


def shorten_for_feeds(app: FastAPI, root_path: str) -> None:
    """Let events pass these only. Call it before the app serves; middleware may be added later.

    root_path: as of PathPrefix.
    """
    build = app.build_middleware_stack

    def build_both() -> ASGIApp:
        whole, added = build(), app.user_middleware
        app.user_middleware = [each for each in added if each.cls in PASSED]
        short = build()
        app.user_middleware = added

        async def choose(scope: Scope, receive: Receive, send: Send) -> None:
            is_event = scope['type'] == 'http' and is_of_events(path_without_prefix(scope, root_path))
            await (short if is_event else whole)(scope, receive, send)
        return choose

    app.build_middleware_stack = build_both  # type: ignore[method-assign]
