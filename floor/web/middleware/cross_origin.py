"""Rejects cross-origin requests and unknown host names.

A browser authenticates every request, whichever page causes it: with a cookie of the platform, or by running on the
same machine. A page of another site may therefore only link to this app; it may not write, open the socket, or load
resources. Browsers send the origin of a request in Sec-Fetch-Site and Origin, which no page can forge; other programs
send neither and are not restricted.

A page can also resolve its own host name to this machine (DNS rebinding), so that the browser takes this app for that
site. If only this machine can connect, the app therefore only accepts the host names of this machine.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.settings import Settings, on_databricks
from ...core.text import shown
from ...operations.refused_origins import RefusedOrigins
from ..api.problems import refusal
from ..live.nicegui_bridge import SOCKET_PATH

SAME_SITE = {'same-origin', 'none'}
"""Values of Sec-Fetch-Site for pages of this app, and for typed addresses and bookmarks."""
THIS_MACHINE = frozenset({'localhost', '127.0.0.1', '::1'})
DEFAULT_PORTS = {'http': 80, 'https': 443}

NO_HOST = '', None
HostAndPort = tuple[str, int | None]
"""A host in lower case and a port; None: the default port of the scheme."""


class CrossOriginCheck:
    """Refuses requests of pages of other sites with 403, and unknown host names with 421."""

    def __init__(self, app: ASGIApp, *, names: Collection[str] | None = None, origins: Collection[str] = (),
                 refused: RefusedOrigins | None = None) -> None:
        """names: the accepted host names; None: any. origins: further origins of this app, as host (any port) or
        host:port, for a proxy that does not pass on the host name or port that people use. refused: records refused
        requests."""
        self._app = app
        self._names = names
        self._origins = {_host_and_port(f'//{origin}') for origin in origins}
        self._refused = refused or RefusedOrigins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] in {'http', 'websocket'}:
            headers = Headers(scope=scope)
            if len(headers.getlist('host')) > 1:  # a proxy may have used the other one (RFC 9112, 3.2)
                await refusal(400, 'duplicate Host header')(scope, receive, send)
                return
            host, _ = _host_and_port(f'//{headers.get("host", "")}')
            if self._names is not None and host not in self._names:
                self._refused.note(headers.get('host', ''), 'unknown host name',
                                   'If a proxy uses this name, add it to ALLOWED_HOSTS.')
                await refusal(421, f'unknown host name {host[:100]}: open this app as localhost, or add the name to '
                              f'ALLOWED_HOSTS')(scope, receive, send)
                return
            if self._is_cross_origin(headers) and not _is_navigation(scope, headers):
                self._refused.note(headers.get('origin') or 'an unnamed site', *_explanation(headers))
                await refusal(403, 'a page of another site sent this request, which is not allowed: open this app and '
                              'try again there')(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_cross_origin(self, headers: Headers) -> bool:
        if (site := headers.get('sec-fetch-site')) is not None:
            return site not in SAME_SITE
        if (origin := headers.get('origin')) is None:
            return False
        scheme, _, _ = origin.partition('://')
        if scheme not in DEFAULT_PORTS:  # such as null: an opaque origin
            return True
        # a page cannot make a browser send this header, so any sender of it is trusted
        forwarded = headers.get('x-forwarded-host', '').split(',')[0].strip()
        own = {_host_and_port(f'{scheme}://{name}') for name in (headers.get('host', ''), forwarded)}
        host, port = _host_and_port(origin)
        if not host:
            return True
        named = {(host, None), (host, port or DEFAULT_PORTS[scheme])}
        return not named & self._origins and (host, port) not in own


def own_names(settings: Settings) -> frozenset[str] | None:
    """The accepted host names; None: any, because other machines may use any name for this one."""
    allowed = {_host_and_port(f'//{name}')[0] for name in settings.allowed_hosts}
    if on_databricks() or not (settings.is_private or allowed):
        return None
    allowed = {_host_and_port(f'//{name}')[0] for name in settings.own_hosts}
    return THIS_MACHINE | allowed | {settings.host.lower()}


def _explanation(headers: Headers) -> tuple[str, str]:
    """Why a request was refused, and what to do if its page belongs to this app."""
    origin, host = _host_and_port(headers.get('origin', '')), _host_and_port(f'//{headers.get("host", "")}')
    if origin == NO_HOST:
        return 'it is a page of another site', 'No action is needed, unless that page is yours.'
    setting = f'If people open this app at that address, set ALLOWED_HOSTS={origin[0]}'
    if origin[0] == host[0]:
        return ('it is a page of another port, or a proxy passes on the host name without its port',
                f'{setting}, or configure the proxy to send Host with the port (nginx: $http_host).')
    return ('the request has the host name ' + shown(headers.get('host', '')),
            f'{setting}, or configure the proxy to send X-Forwarded-Host; otherwise it is a page of another site.')


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    """Whether somebody follows a link, or the browser hides the response from the page that sent the request."""
    return (scope['type'] == 'http' and scope['method'] in {'GET', 'HEAD'} and not scope['path'].startswith(SOCKET_PATH)
            and headers.get('sec-fetch-mode', 'navigate') == 'navigate')


def _host_and_port(address: str) -> HostAndPort:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return NO_HOST
    return (parts.hostname, None if port == DEFAULT_PORTS.get(parts.scheme) else port) if parts.hostname else NO_HOST
