"""The middleware that every request passes, the outermost first:

forwarded_address.py address and scheme of the client, where a trusted proxy names them
path_prefix.py       removes the path that a proxy adds
security_headers.py  the Content-Security-Policy; no cookie on what is not a page
cross_origin.py      refuses unknown host names, and requests of other sites' pages
identity_required.py resolves who asks; refuses requests without an identity
credential_limits.py refuses what a token or a wall screen does not open
request_limits.py    size of bodies, rate of messages
page_owner.py        a page and its socket accept only the person who opened the page
the session          a signed cookie that no script can read and no other site can send
socket_frames.py     refuses messages that NiceGUI's own script does not send
page_build_queue.py  builds pages of the floor one at a time
unconnected_pages.py limits the pages that no browser has connected to

Events of feeds pass fewer of them, files the first time only (short_stacks.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware

from auth.source import Source

from ...analytics.dashboard_link import DashboardLink
from ...core.settings import Settings, on_databricks
from ...operations.refused_origins import RefusedOrigins
from ..http.path_prefix import PathPrefix
from .compression import Compression
from .credential_limits import CredentialLimits
from .cross_origin import CrossOriginCheck, own_names
from .forwarded_address import ForwardedAddress
from .identity_required import IdentityRequired
from .page_build_queue import PageBuildQueue
from .page_owner import PageOwner, check_page_owners
from .request_limits import MAX_BODY_BYTES, RequestLimits
from .security_headers import SecurityHeaders, on_every_answer
from .short_stacks import shorten_for_feeds_and_files
from .sign_in import sign_in_origins
from .slow_peers import SlowPeerProtocol
from .socket_frames import SocketFrames
from .unconnected_pages import UnconnectedPagesLimit


def guard(app: FastAPI, settings: Settings, secret: str, dashboard: DashboardLink | None, *,
          sources: Sequence[Source], refused: RefusedOrigins) -> dict[str, Any]:
    """Add the middleware to the app. Returns the arguments of ui.run that it needs.

    secret: signs the session cookie. dashboard: a dashboard that pages may embed.
    sources: of identities, in the order in which they are asked.
    refused: records refused requests of other origins.
    """
    # NiceGUI adds a session middleware outside of all these, where no policy applies to it, unless there is one already
    app.add_middleware(UnconnectedPagesLimit)
    app.add_middleware(PageBuildQueue)
    app.add_middleware(SocketFrames)
    app.add_middleware(SessionMiddleware, secret_key=secret, same_site='lax', https_only=settings.is_https)
    app.add_middleware(PageOwner)
    app.add_middleware(RequestLimits)
    check_page_owners()
    app.add_middleware(CredentialLimits, described=app)
    app.add_middleware(IdentityRequired, sources=sources, has_sign_in=settings.has_sign_in)
    app.add_middleware(CrossOriginCheck, names=own_names(settings), origins=settings.own_hosts, refused=refused)
    frames = {*([dashboard.origin] if dashboard else []), *sign_in_origins(settings, os.environ),
              *(f'http://{name}' if ':' in name else f'http://{name}:*' for name in settings.own_hosts)}
    app.add_middleware(SecurityHeaders, frames=sorted(frames))
    app.add_middleware(PathPrefix, root_path=settings.root_path)
    app.add_middleware(ForwardedAddress, proxies=settings.trusted_proxies, https=settings.is_https)
    shorten_for_feeds_and_files(app, settings.root_path)
    return {'storage_secret': secret, 'headers': on_every_answer(https=on_databricks()), 'server_header': False,
            'proxy_headers': False, 'http': SlowPeerProtocol,
            'gzip_middleware_factory': Compression, 'ws_max_size': MAX_BODY_BYTES}
