"""A proxy that signs people in, as that of Databricks Apps does, and the sign-in that it leads to, on another site.

Every request without a session is led to the sign-in, a socket's too. Who is known there comes back at once with a new
session; others are asked. The sign-in's own pages may not be framed.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http.cookies import SimpleCookie
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

Visit = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD_END = b'\r\n\r\n'
CALLBACK = '/.auth/callback'
KNOWN = 'person=somebody'


class LoginProxy:
    """Before one program; addresses are free ports of this machine."""

    def __init__(self, upstream: str, *, login_port: int = 0, instead: tuple[bytes, bytes] = (b'', b'')) -> None:
        """upstream: host:port. login_port: where the sign-in is to be; 0: anywhere. instead: what to write into
        pages for what, of the same length, as another period."""
        self.slides_for: float | None = None
        """Seconds after which a session ends that nobody has used; None: never."""
        self.knows_people_in_frames = True
        """Whether the sign-in's cookie goes along when it is framed by another site."""
        self.is_reachable = True
        self.asked: list[str] = []
        """The paths of the requests that had a session, the newest last."""
        self.led_away: list[str] = []
        """The paths of those that were led to the sign-in."""
        self._upstream = upstream.split(':')
        self._login_port = login_port
        self._instead = instead
        self._sessions: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._sockets: set[asyncio.StreamWriter] = set()
        self._visits: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._stopped = False

    async def start(self) -> None:
        for visit, port in (self._visit_app, 0), (self._visit_login, self._login_port):
            self._servers.append(await asyncio.start_server(self._with(visit), '127.0.0.1', port))
        app, login = (server.sockets[0].getsockname()[1] for server in self._servers)
        self.url = f'http://127.0.0.1:{app}'
        self.login_url = f'http://localhost:{login}'  # another site, as browsers see it

    async def stop(self) -> None:
        self._stopped = True  # a connection may be accepted that has not come to us yet
        for server in self._servers:
            server.close()
        for task in tuple(self._visits):
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    def end_sessions(self) -> None:
        """Everybody's session is over, and open sockets break, as they do sooner or later."""
        self._sessions.clear()
        self.cut()

    def cut(self) -> None:
        """Break the open sockets."""
        for writer in tuple(self._sockets):
            writer.transport.abort()

    # within

    def _with(self, visit: Visit) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self._stopped:
                writer.transport.abort()
                return

            async def whole() -> None:
                try:
                    with suppress(OSError, asyncio.IncompleteReadError):
                        if self.is_reachable:
                            await visit(reader, writer)
                finally:
                    await closed(writer)
            task = asyncio.ensure_future(whole())
            self._visits.add(task)
            task.add_done_callback(self._visits.discard)
            task.add_done_callback(lambda _: writer.close())  # also of a visit that ended before it began
        return enter

    async def _visit_app(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(HEAD_END)
        address, headers = parsed(head)
        if address.path == CALLBACK:
            session = f'session-{next(self._numbers)}'
            self._sessions[session] = time.monotonic()
            writer.write(answer(302, Location=parse_qs(address.query)['back'][0],
                                Set_Cookie=f'signed-in={session}; Path=/; HttpOnly; SameSite=Lax'))
        elif not self._has_session(headers):
            self.led_away.append(address.path)
            back = quote(address.path + (f'?{address.query}' if address.query else ''), safe='')
            writer.write(answer(302, Location=f'{self.login_url}/authorize?back={back}'))
        else:
            self.asked.append(address.path)
            await self._pass_on(head, headers, reader, writer)

    def _has_session(self, headers: dict[str, str]) -> bool:
        cookie = SimpleCookie(headers.get('cookie', '')).get('signed-in')
        used = self._sessions.get(cookie.value) if cookie else None
        if used is None or (self.slides_for is not None and time.monotonic() - used > self.slides_for):
            return False
        self._sessions[cookie.value] = time.monotonic()
        return True

    async def _pass_on(self, head: bytes, headers: dict[str, str], reader: asyncio.StreamReader,
                       writer: asyncio.StreamWriter) -> None:
        is_socket = headers.get('upgrade', '').lower() == 'websocket'
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        request, *lines = head.removesuffix(HEAD_END).split(b'\r\n')
        left_out = (b'accept-encoding:',) if is_socket else (b'accept-encoding:', b'connection:')
        lines = [line for line in lines if not line.lower().startswith(left_out)]
        up_writer.write(b'\r\n'.join([request, *lines, *([] if is_socket else [b'Connection: close'])]) + HEAD_END)
        forth = asyncio.ensure_future(pump(reader, up_writer))
        try:
            if is_socket:
                self._sockets.add(writer)
                await pump(up_reader, writer)
            else:
                content = await up_reader.read()
                writer.write(content.replace(*self._instead) if self._instead[0] else content)
                await writer.drain()
        finally:
            self._sockets.discard(writer)
            up_writer.close()  # at once: what is waited for below may be cancelled before it begins
            forth.cancel()
            await asyncio.gather(forth, closed(up_writer), return_exceptions=True)

    async def _visit_login(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, headers = parsed(await reader.readuntil(HEAD_END))
        back = parse_qs(address.query).get('back', ['/'])[0]
        if address.path == '/sign-in':
            same_site = 'None' if self.knows_people_in_frames else 'Lax'
            writer.write(answer(302, Location=f'/authorize?back={quote(back, safe="")}',
                                Set_Cookie=f'{KNOWN}; Path=/; HttpOnly; Secure; SameSite={same_site}'))
        elif KNOWN in headers.get('cookie', ''):
            writer.write(answer(302, Location=f'{self.url}{CALLBACK}?back={quote(back, safe="")}'))
        else:
            page = f'<!doctype html><title>Sign in</title><a href="/sign-in?back={quote(back, safe="")}">Sign in</a>'
            writer.write(answer(200, page, X_Frame_Options='DENY'))
        await writer.drain()


def parsed(head: bytes) -> tuple[SplitResult, dict[str, str]]:
    """The address and the headers of a request."""
    request, *lines = head.decode('latin-1').split('\r\n')
    pairs = (line.partition(':') for line in lines if line)
    return urlsplit(request.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


def answer(status: int, page: str = '', **headers: str) -> bytes:
    lines = [f'HTTP/1.1 {status} .', 'Content-Type: text/html', f'Content-Length: {len(page)}', 'Connection: close',
             *(f'{name.replace("_", "-")}: {value}' for name, value in headers.items())]
    return ('\r\n'.join(lines) + '\r\n\r\n' + page).encode()


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close it, and wait until it is."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, until either end closes."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
