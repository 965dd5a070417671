"""Shorter stacks of middleware: for events of feeds, and for files, which a browser requests by the dozen for a page.

Both pass what protects the program and them. The others serve pages. Some of NiceGUI copy each message of a request
through queues, which took longer than all the rest of an event. Of events, only their own routes are searched. Files
pass the others the first time only, and are in memory from then on (file_memory.py).
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.feeds import FEED_PATH
from ..api.methods import HeadAndOptions
from ..http.feed_path import is_of_events
from ..http.path_prefix import PathPrefix, path_without_prefix
from .credential_limits import CredentialLimits
from .cross_origin import CrossOriginCheck
from .file_memory import FileMemory, is_of_file
from .forwarded_address import ForwardedAddress
from .identity_required import IdentityRequired
from .request_limits import RequestLimits
from .security_headers import SecurityHeaders

PASSED: tuple[object, ...] = (ForwardedAddress, PathPrefix, SecurityHeaders, CrossOriginCheck,
                              IdentityRequired, CredentialLimits, RequestLimits, HeadAndOptions)

EVENTS: tuple[Scope, ...] = tuple({'type': 'http', 'method': 'POST', 'headers': [], 'path': path}
                                  for path in (FEED_PATH, f'{FEED_PATH}/CNC-01'))
"""A request for each route of events."""


def shorten_for_feeds_and_files(app: FastAPI, root_path: str) -> None:
    """Let events and files pass these first. Call it before the app serves; middleware may be added later.

    root_path: as of PathPrefix.
    """
    build = app.build_middleware_stack

    def build_of(middleware: list[Middleware]) -> ASGIApp:
        app.user_middleware, all_of_them = middleware, app.user_middleware
        stack = build()
        app.user_middleware = all_of_them
        return stack

    def build_each() -> ASGIApp:
        passed = [each for each in app.user_middleware if each.cls in PASSED]
        others = [each for each in app.user_middleware if each.cls not in PASSED]
        for_pages = build_of(app.user_middleware)
        for_events = Starlette(
            routes=[route for route in app.routes if any(route.matches(each)[0] is Match.FULL for each in EVENTS)],
            middleware=passed, exception_handlers=app.exception_handlers).build_middleware_stack()
        for_files = build_of([*passed, Middleware(FileMemory), *others])

        async def choose(scope: Scope, receive: Receive, send: Send) -> None:
            stack = for_pages
            if scope['type'] == 'http':
                path = path_without_prefix(scope, root_path)
                stack = for_events if is_of_events(path) else for_files if is_of_file(path) else for_pages
            await stack(scope, receive, send)
        return choose

    app.build_middleware_stack = build_each  # type: ignore[method-assign]
