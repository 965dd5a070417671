"""The proxy breaks a connection in the way it says, and in no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import asyncpg
import pytest
from database.postgres import until
from tcp_proxy import TcpProxy, through

from floor.db.embedded.sockets import SOCKET_NAME, socket_folder_of

SOON = 0.1
"""Seconds in which an answer over this machine comes, and in which one that must not come has been waited for."""


@pytest.fixture
async def parted() -> asyncio.Event:
    """Set when the echo has lost its client."""
    return asyncio.Event()


@pytest.fixture
async def proxy(parted: asyncio.Event) -> AsyncIterator[TcpProxy]:
    """Before a server that says everything back."""
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(line)
        except ConnectionError:
            pass
        parted.set()
        writer.close()

    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    async with server, TcpProxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


class Client:
    """Somebody who talks through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, line: bytes = b'hello\n', patience: float = 5.0) -> bytes:
        self.writer.write(line)
        async with asyncio.timeout(patience):
            return await self.reader.readline()


Enter = Callable[[], Awaitable[Client]]


@pytest.fixture
async def enter(proxy: TcpProxy) -> AsyncIterator[Enter]:
    """A new client each time it is called; they leave with the test."""
    clients: list[Client] = []

    async def enter() -> Client:
        clients.append(Client(*await asyncio.open_connection('127.0.0.1', proxy.port)))
        return clients[-1]

    yield enter
    for client in clients:
        client.writer.transport.abort()
    await asyncio.gather(*(client.writer.wait_closed() for client in clients), return_exceptions=True)


async def test_everything_passes(proxy: TcpProxy, enter: Enter) -> None:
    client = await enter()
    assert await client.ask() == b'hello\n'
    assert proxy.links == 1
    client.writer.close()
    await until(lambda: proxy.links == 0)


async def test_latency_delays_both_ways(proxy: TcpProxy, enter: Enter) -> None:
    client = await enter()
    await client.ask()
    proxy.latency = 0.2
    began = time.monotonic()
    await client.ask()
    assert time.monotonic() - began >= 0.4


async def test_a_blackhole_holds_everything_and_closes_nothing(
        proxy: TcpProxy, enter: Enter, parted: asyncio.Event) -> None:
    client, leaving = await enter(), await enter()
    await asyncio.gather(client.ask(), leaving.ask())
    proxy.blackhole()
    with pytest.raises(TimeoutError):
        await client.ask(patience=SOON)
    leaving.writer.close()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(parted.wait(), SOON)
    newcomer = await enter()
    assert not client.reader.at_eof()
    proxy.heal()
    assert await newcomer.ask() == b'hello\n'
    async with asyncio.timeout(30):
        assert await client.reader.readline() == b'hello\n'
        await parted.wait()


async def test_a_reset_is_heard_on_both_sides(proxy: TcpProxy, enter: Enter, parted: asyncio.Event) -> None:
    client = await enter()
    await client.ask()
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await client.reader.read()
    await asyncio.wait_for(parted.wait(), 20)


async def test_a_half_open_client_hears_nothing_and_receives_nothing(
        proxy: TcpProxy, enter: Enter, parted: asyncio.Event) -> None:
    client = await enter()
    await client.ask()
    proxy.half_open()
    await asyncio.wait_for(parted.wait(), 20)
    with pytest.raises(TimeoutError):
        await client.ask(patience=SOON)
    assert not client.reader.at_eof()
    assert await (await enter()).ask() == b'hello\n'


async def test_a_forgotten_connection_carries_nothing_and_neither_side_is_notified(
        proxy: TcpProxy, enter: Enter, parted: asyncio.Event) -> None:
    client, leaving = await enter(), await enter()
    await asyncio.gather(client.ask(), leaving.ask())
    proxy.forget()
    leaving.writer.close()
    with pytest.raises(TimeoutError):
        await client.ask(patience=SOON)
    assert await (await enter()).ask() == b'hello\n'
    assert not client.reader.at_eof()
    assert not parted.is_set()
    proxy.heal()
    with pytest.raises(TimeoutError):
        await client.ask(patience=SOON)


async def test_a_refusing_proxy_ends_all_connections_and_accepts_none(proxy: TcpProxy, enter: Enter) -> None:
    client = await enter()
    await client.ask()
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        await client.reader.read()
    newcomer = await enter()
    with suppress(ConnectionResetError):
        assert await newcomer.ask() == b''
    proxy.heal()
    assert await (await enter()).ask() == b'hello\n'


async def test_a_slow_close_is_heard_late(proxy: TcpProxy, enter: Enter, parted: asyncio.Event) -> None:
    client = await enter()
    await client.ask()
    proxy.slow_close = 0.3
    began = time.monotonic()
    client.writer.close()
    await asyncio.wait_for(parted.wait(), 20)
    assert time.monotonic() - began >= 0.3


async def test_something_is_done_before_a_word_is_passed_on(proxy: TcpProxy, enter: Enter) -> None:
    client = await enter()
    done: list[str] = []

    async def do() -> None:
        done.append('done')

    proxy.before[b'now'] = do
    await client.ask(b'later\n')
    assert done == []
    await client.ask(b'now\n')
    await client.ask(b'now\n')
    assert done == ['done']


async def test_an_answer_is_lost_and_its_connection_with_it(proxy: TcpProxy, enter: Enter) -> None:
    client, other = await enter(), await enter()
    await other.ask()
    proxy.lose_answer_to(b'commit')
    assert await client.ask() == b'hello\n'
    with pytest.raises(ConnectionResetError):
        await client.ask(b'commit\n')
    assert proxy.answers_lost == 1
    assert await other.ask(b'commit\n') == b'commit\n'


async def test_a_statement_is_slipped_in_and_its_answer_kept_back(database_url: str) -> None:
    async with TcpProxy(socket_folder_of(database_url) / SOCKET_NAME) as proxy:
        ours = await asyncpg.connect(through(database_url, proxy))
        heard: list[object] = []
        await ours.add_listener('news', lambda *message: heard.append(message[3]))
        await ours.execute("NOTIFY news, 'first'")
        assert proxy.say_as_client('UNLISTEN *', after=b'LISTEN "news"') == 1
        await ours.execute("NOTIFY news, 'second'")
        assert await ours.fetchval('SELECT 7') == 7
        assert heard == ['first']
        ours.terminate()
