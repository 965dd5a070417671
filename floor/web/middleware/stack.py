"""What every request passes before anything of ours reads it, the outermost first:

path_prefix.py       the path that a proxy serves us below
browser_headers.py   the answer's policy; no cookie on what is not a page
own_origin.py        the name that we are called by, and which site's page asks
identity_required.py on Databricks Apps, who asks
request_limits.py    how much, and how often
page_owner.py        to a page and a socket, only who opened it
the session          a signed cookie that no script can read and no other site can send
socket_frames.py     what comes over a page's socket is of the protocol
door.py              one page of the floor after the other
waiting_pages.py     how many pages wait for a browser
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware

from ...analytics.dashboard_link import DashboardLink
from ...core.people import Identity
from ...core.settings import Settings, on_databricks
from ...operations.refused_origins import RefusedOrigins
from ..http.path_prefix import PathPrefix
from .compression import Compression
from .cross_origin import CrossOriginCheck, own_names
from .identity_required import IdentityRequired
from .page_build_queue import PageBuildQueue
from .page_owner import PageOwner, check_page_owners
from .request_limits import MOST_BYTES, RequestLimits
from .security_headers import SecurityHeaders, on_every_answer
from .sign_in import sign_in_origins
from .slow_peers import SlowPeerProtocol
from .socket_frames import SocketFrames
from .unconnected_pages import UnconnectedPagesLimit


def guard(app: FastAPI, settings: Settings, secret: str, dashboard: DashboardLink | None, *,
          identify: Callable[[Mapping[str, str]], Identity], refused: RefusedOrigins) -> dict[str, Any]:
    """Add the middleware to the app. Returns the arguments of ui.run that it needs.

    secret: signs the session's cookie. dashboard: what pages may show within them, besides what is ours.
    identify: who asks, by a request's headers; raises NotAllowedError where nobody is signed in.
    refused: records requests from other origins.
    """
    # NiceGUI would put a session of its own around all of these, where no policy reaches it; with one that is there
    # already it does not
    app.add_middleware(UnconnectedPagesLimit)
    app.add_middleware(PageBuildQueue)
    app.add_middleware(SocketFrames)
    app.add_middleware(SessionMiddleware, secret_key=secret, same_site='lax', https_only=on_databricks())
    app.add_middleware(PageOwner, identify=identify)
    app.add_middleware(RequestLimits)
    check_page_owners(identify)
    app.add_middleware(IdentityRequired, identify=identify)
    app.add_middleware(CrossOriginCheck, names=own_names(settings), origins=settings.allowed_hosts, refused=refused)
    frames = {*([dashboard.origin] if dashboard else []), *sign_in_origins(settings, os.environ),
              *(f'http://{name}' if ':' in name else f'http://{name}:*' for name in settings.allowed_hosts)}
    app.add_middleware(SecurityHeaders, frames=sorted(frames))
    app.add_middleware(PathPrefix, root_path=settings.root_path)
    return {'storage_secret': secret, 'headers': on_every_answer(https=on_databricks()), 'server_header': False,
            'http': SlowPeerProtocol,
            'gzip_middleware_factory': Compression, 'ws_max_size': MOST_BYTES}
