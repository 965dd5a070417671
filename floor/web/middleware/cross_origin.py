"""Rejects cross-origin requests and unknown host names.

A browser sends along whatever lets a person in (the platform's cookie; on one's own machine, being on it), whichever
page makes it ask. So a page of another site may lead a person here, and that is all: it may not write, open the socket,
or load anything of ours. Browsers say where a request comes from in Sec-Fetch-Site and Origin, which no page can forge;
programs that are no browsers send neither and are not concerned.

A page of another site can also call itself by a name that it then points to this very machine (DNS rebinding): to the
browser, we are then that site. Where only this machine reaches us, we therefore answer to the names of this machine.
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

OURSELVES = {'same-origin', 'none'}
"""What Sec-Fetch-Site says of our own pages, and of who typed an address or opened a bookmark."""
THIS_MACHINE = frozenset({'localhost', '127.0.0.1', '::1'})
DEFAULT_PORTS = {'http': 80, 'https': 443}

NOWHERE = '', None
Place = tuple[str, int | None]
"""A host in lower case and a port; None: the usual one."""


class CrossOriginCheck:
    """Refuses what comes from pages of others: 403, and 421 for a name that is not ours."""

    def __init__(self, app: ASGIApp, *, names: Collection[str] | None = None, origins: Collection[str] = (),
                 refused: RefusedOrigins | None = None) -> None:
        """names: the hosts that we answer to; None: any. origins: as host (with any port) or host:port, where our pages
        come from when a proxy does not pass on the name or the port that people use. refused: records refused
        requests."""
        self._app = app
        self._names = names
        self._origins = {_place(f'//{origin}') for origin in origins}
        self._refused = refused or RefusedOrigins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI has it."""
        if scope['type'] in {'http', 'websocket'}:
            headers = Headers(scope=scope)
            if len(headers.getlist('host')) > 1:  # a proxy before us may have gone by the other one (RFC 9112, 3.2)
                await refusal(400, 'the request has more than one Host')(scope, receive, send)
                return
            host, _ = _place(f'//{headers.get("host", "")}')
            if self._names is not None and host not in self._names:
                self._refused.note(headers.get('host', ''), 'this program does not answer to that name',
                                   'If a proxy serves it so, add the name to ALLOWED_HOSTS.')
                await refusal(421, f'this program does not answer to the name {host[:100]}: open it as localhost, or '
                              f'add the name to ALLOWED_HOSTS')(scope, receive, send)
                return
            if self._is_of_others(headers) and not _is_a_visit(scope, headers):
                self._refused.note(headers.get('origin') or 'an unnamed site', *_explained(headers))
                await refusal(403, 'this came from a page of another site, which may not do that here: open the floor '
                              'itself and do it there')(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_of_others(self, headers: Headers) -> bool:
        if (site := headers.get('sec-fetch-site')) is not None:
            return site not in OURSELVES
        if (origin := headers.get('origin')) is None:
            return False
        scheme, _, _ = origin.partition('://')
        if scheme not in DEFAULT_PORTS:  # null: a page that does not say whose it is
            return True
        # no page can have a browser send this header to us, so it need not be a proxy that we know
        forwarded = headers.get('x-forwarded-host', '').split(',')[0].strip()
        ours = {_place(f'{scheme}://{name}') for name in (headers.get('host', ''), forwarded)}
        host, port = _place(origin)
        if not host:
            return True
        named = {(host, None), (host, port or DEFAULT_PORTS[scheme])}
        return not named & self._origins and (host, port) not in ours


def own_names(settings: Settings) -> frozenset[str] | None:
    """The hosts that we answer to; None: any, because others reach us by names that we can't know."""
    allowed = {_place(f'//{name}')[0] for name in settings.allowed_hosts}
    if on_databricks() or not (settings.is_private or allowed):
        return None
    return THIS_MACHINE | allowed | {settings.host.lower()}


def _explained(headers: Headers) -> tuple[str, str]:
    """Why a page of another place was refused, and what to do if it is one of ours."""
    origin, host = _place(headers.get('origin', '')), _place(f'//{headers.get("host", "")}')
    if origin == NOWHERE:
        return 'it is a page of another site', 'No action is needed, unless that page is yours.'
    wanted = f'If it is the address that people open, set ALLOWED_HOSTS={origin[0]}'
    if origin[0] == host[0]:
        return ('it is a page of another port, or of ours through a proxy that passes the name on without its port',
                f'{wanted}, or have the proxy send Host with the port (nginx: $http_host).')
    return ('we are asked as ' + shown(headers.get('host', '')),
            f'{wanted}, or have the proxy send X-Forwarded-Host; otherwise it is a page of another site.')


def _is_a_visit(scope: Scope, headers: Headers) -> bool:
    """Whether somebody follows a link to us, or reads what a browser will not show to the page that asked."""
    return (scope['type'] == 'http' and scope['method'] in {'GET', 'HEAD'} and not scope['path'].startswith(SOCKET_PATH)
            and headers.get('sec-fetch-mode', 'navigate') == 'navigate')


def _place(address: str) -> Place:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return NOWHERE
    return (parts.hostname, None if port == DEFAULT_PORTS.get(parts.scheme) else port) if parts.hostname else NOWHERE
