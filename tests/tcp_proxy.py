"""A TCP proxy that fails as networks do: late, silent, half open, reset, refusing, slow to close; after Shopify's
Toxiproxy. Faults, browser tests and benchmarks use the same one.

It forwards to PostgreSQL (a Unix socket) or to the program (a port). It can also stop at a given text of the client's,
so that a test acts between two steps of a conversation, and lose the answer to one.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

CHUNK = 65536
RESET_AT_CLOSE = struct.pack('ii', 1, 0)
Hook = Callable[[], Awaitable[None]]
Target = Path | int
"""A Unix socket, or a port of this machine."""


class TcpProxy:
    """Use it as a context; `port` is where it listens."""

    def __init__(self, target: Target, *, at: Path | None = None) -> None:
        """at: a Unix socket to listen on, instead of a port."""
        self.port = 0
        self.latency = 0.0
        """Seconds that each piece of data takes longer, either way."""
        self.slow_close = 0.0
        """Seconds until a side hears that the other has left."""
        self.before: dict[bytes, Hook] = {}
        """Awaited before a piece of a client's that has this in it is passed on, the first time only."""
        self.answers_lost = 0
        """How many answers were lost by lose_answer_to."""
        self._target = target
        self._at = at
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._refusing = False
        self._lost: bytes | None = None
        self._held_from: bytes | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> TcpProxy:
        if self._at is not None:
            self._server = await asyncio.start_unix_server(self._accept, self._at)
        else:
            self._server = await asyncio.start_server(self._accept, '127.0.0.1', self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        where: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """Where a browser goes instead."""
        return f'http://127.0.0.1:{self.port}'

    @property
    def links(self) -> int:
        """How many connections there are."""
        return len(self._links)

    def blackhole(self) -> None:
        """Nothing passes, not even that a side has left; all sockets stay open. What is sent is held, as TCP does."""
        self._passing.clear()

    async def blackhole_from(self, word: bytes) -> None:
        """The same from the server's next piece that has this word in it, which is the first to be held. Returns when
        it is."""
        self._held_from = word
        while self._passing.is_set():  # noqa: ASYNC110 (it is only waited for here)
            await asyncio.sleep(0.01)

    def heal(self) -> None:
        """Everything passes again at once, and new connections are accepted. What was lost stays lost."""
        self.latency = 0.0
        self._refusing = False
        self._passing.set()

    def reset(self) -> None:
        """Both sides of every connection learn that it has ended."""
        for link in tuple(self._links):
            link.reset()

    def refuse(self) -> None:
        """As a proxy does whose server has gone: all connections are reset, and new ones end at once."""
        self._refusing = True
        self.reset()

    def forget(self) -> None:
        """As a router does that restarts: the connections carry nothing, not even their end, and neither side
        is notified. New connections work."""
        for link in tuple(self._links):
            link.forgotten = True

    def half_open(self) -> None:
        """The server's side of every connection ends; the client's stays open and hears nothing."""
        for link in tuple(self._links):
            link.lose_server()

    def lose_answer_to(self, word: bytes) -> None:
        """The next piece of a client's with this word reaches the server; what the server answers reaches nobody."""
        self._lost = word

    def say_as_client(self, statement: str, after: bytes) -> int:
        """Put a statement into each connection to PostgreSQL whose client has sent this word, and keep the answer from
        the client: as a pooler does that hands the server's side to somebody else in between. Returns how many."""
        links = [link for link in self._links if link.has_sent(after)]
        for link in links:
            link.say(statement)
        return len(links)

    async def heard(self, link: Link, chunk: bytes) -> None:
        """Called by a link for each piece of its client's."""
        for word in [word for word in self.before if word in chunk]:
            await self.before.pop(word)()
        if self._lost is not None and self._lost in chunk:
            self._lost = None
            link.losing = True

    def heard_from_server(self, chunk: bytes) -> None:
        """Called by a link for each piece of its server's."""
        if self._held_from is not None and self._held_from in chunk:
            self._held_from = None
            self.blackhole()

    async def passing(self) -> None:
        """Returns when data may pass."""
        if self.latency:
            await asyncio.sleep(self.latency)
        await self._passing.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._refusing:
                return
            await self.passing()
            with suppress(OSError):
                server = await (asyncio.open_unix_connection(self._target) if isinstance(self._target, Path)
                                else asyncio.open_connection('127.0.0.1', self._target))
                link = Link(self, (reader, writer), server)
                self._links.add(link)
                try:
                    await link.run()
                finally:
                    self._links.discard(link)
        except asyncio.CancelledError:
            pass   # the proxy ends; asyncio.streams would complain of a cancelled connection
        finally:
            writer.transport.abort()
            self._tasks.discard(task)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Link:
    """One connection: the client's side and the server's."""

    def __init__(self, proxy: TcpProxy, client: Ends, server: Ends) -> None:
        self.losing = False
        """Whether the server's next answer is lost, and the connection with it."""
        self.forgotten = False
        """Whether nothing passes, either way."""
        self._proxy = proxy
        self._client = client
        self._server = server
        self._sent_first = bytearray()
        self._silent = False
        self._unwanted = b''

    async def run(self) -> None:
        """Pass everything on until both sides have left."""
        try:
            await asyncio.gather(self._pump(self._client[0], self._server[1], self._to_server),
                                 self._pump(self._server[0], self._client[1], self._to_client))
        finally:
            for _, writer in (self._client, self._server):
                writer.transport.abort()

    def has_sent(self, word: bytes) -> bool:
        """Whether the client sent this, early on."""
        return word in self._sent_first

    def say(self, statement: str) -> None:
        """A statement of somebody else's on the server's side; its answer is kept from the client."""
        text, tag = statement.encode() + b'\0', statement.split(maxsplit=1)[0].encode() + b'\0'
        self._server[1].write(b'Q' + struct.pack('!I', len(text) + 4) + text)
        self._unwanted = b'C' + struct.pack('!I', len(tag) + 4) + tag + b'Z' + struct.pack('!I', 5) + b'I'

    def reset(self) -> None:
        """Both sides get a RST."""
        for _, writer in (self._client, self._server):
            _abort(writer)

    def lose_server(self) -> None:
        """The server's side ends, the client is not notified."""
        self._silent = True
        _abort(self._server[1])

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter,
                    pass_on: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]) -> None:
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                await pass_on(chunk, sink)
        if self._silent or self.forgotten:
            return   # the other side is not notified: it stays open until it closes its own end
        await self._proxy.passing()
        await asyncio.sleep(self._proxy.slow_close)
        with suppress(OSError):
            sink.close()

    async def _to_server(self, chunk: bytes, sink: asyncio.StreamWriter) -> None:
        if len(self._sent_first) < CHUNK:
            self._sent_first += chunk
        await self._proxy.heard(self, chunk)
        await self._proxy.passing()
        if not self._silent and not self.forgotten:
            sink.write(chunk)
            await sink.drain()

    async def _to_client(self, chunk: bytes, sink: asyncio.StreamWriter) -> None:
        if self.losing:
            self._proxy.answers_lost += 1
            self.reset()
            return
        if self._unwanted and self._unwanted in chunk:
            chunk, self._unwanted = chunk.replace(self._unwanted, b'', 1), b''
        self._proxy.heard_from_server(chunk)
        await self._proxy.passing()
        if not self.forgotten:
            sink.write(chunk)
            await sink.drain()


def through(database_url: str, proxy: TcpProxy) -> str:
    """The address of the same database behind the proxy."""
    return f'postgresql://postgres@127.0.0.1:{proxy.port}{urlsplit(database_url).path}'


def _abort(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info('socket')
    if sock is not None and sock.family != socket.AF_UNIX:
        with suppress(OSError):  # it is closed already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    writer.transport.abort()
