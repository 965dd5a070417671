"""A wire between browser and server that can be cut in the ways that a network is: with a word, or without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from urllib.parse import urlsplit

CHUNK = 65_536


class State(Enum):
    """What becomes of bytes and of new connections."""

    PASSES = 'passes'
    HOLDS = 'carries nothing, without a word; what was under way arrives after the return, as TCP sends it again'
    REFUSES = 'has reset all connections and takes no new ones'


class Wire:
    """Forwards TCP to one server."""

    def __init__(self, server_address: str) -> None:
        parts = urlsplit(server_address)
        self._target = (str(parts.hostname), int(parts.port or 80))
        self._connections: set[_Connection] = set()
        self._listener: asyncio.Server | None = None
        self.state = State.PASSES
        self.passing = asyncio.Event()
        self.passing.set()

    @property
    def address(self) -> str:
        """Where a browser goes instead."""
        assert self._listener is not None
        return f'http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}'

    async def start(self) -> None:
        """Begin to listen."""
        self._listener = await asyncio.start_server(self._accept, '127.0.0.1', 0)

    async def stop(self) -> None:
        """Cut everything."""
        assert self._listener is not None
        self._listener.close()
        self.passing.set()
        self._end_all()
        await asyncio.sleep(0)

    def hold(self) -> None:
        """Wi-fi that is connected and carries nothing."""
        self.state = State.HOLDS
        self.passing.clear()

    def refuse(self) -> None:
        """A proxy whose server is gone."""
        self.state = State.REFUSES
        self._end_all()

    def forget(self) -> None:
        """Half-open: the connections there are carry nothing any more and nobody is told; new ones are as before."""
        for connection in self._connections:
            connection.forgotten = True

    def heal(self) -> None:
        """Everything passes again."""
        self.state = State.PASSES
        self.passing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer)
        self._connections.add(connection)
        try:
            if self.state is State.REFUSES:
                return
            await self.passing.wait()
            server_reader, connection.server = await asyncio.open_connection(*self._target)
            await asyncio.gather(self._pump(connection, reader, connection.server),
                                 self._pump(connection, server_reader, writer))
        except OSError:
            pass  # one of the two has gone, or there is no server
        finally:
            self._connections.discard(connection)
            connection.end()

    async def _pump(self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes one way until that end closes; a forgotten connection carries none, not even its end."""
        while chunk := await reader.read(CHUNK):
            await self.passing.wait()
            if not connection.forgotten:
                writer.write(chunk)
                await writer.drain()
        await self.passing.wait()
        if not connection.forgotten:
            writer.close()

    def _end_all(self) -> None:
        for connection in tuple(self._connections):
            connection.end()


class _Connection:
    """One connection through the wire."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.client = client
        self.server: asyncio.StreamWriter | None = None
        self.forgotten = False

    def end(self) -> None:
        """Reset both sides."""
        for writer in filter(None, (self.client, self.server)):
            writer.transport.abort()


@asynccontextmanager
async def wire(server_address: str) -> AsyncIterator[Wire]:
    """A wire that passes."""
    one = Wire(server_address)
    await one.start()
    try:
        yield one
    finally:
        with suppress(OSError):
            await one.stop()
