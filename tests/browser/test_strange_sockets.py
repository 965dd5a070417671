"""Sockets that speak another language than a page's: the real program says so in a line, and ends them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from benchmarks.websocket import WebSocketClient
from browser.harness import until
from browser.program import Program
from browser.visitor import Visitor, tiles
from playwright.async_api import expect
from unit.harness import CLIENT, WRONG

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

SOCKET = '/_nicegui_ws/socket.io/?EIO=4&transport='
MAX_HERE = 60_000
INVALID = 'invalid frame over a socket'
BAD_HANDSHAKE = f'&implicit_handshake=true&client_id={CLIENT}'


class Stranger:
    """A socket of a program that is no browser."""

    def __init__(self, program: Program) -> None:
        self._address = program.url.replace('http', 'ws') + SOCKET + 'websocket'
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.client: WebSocketClient

    async def connect(self) -> Stranger:
        parts = urlsplit(self._address)
        _, self.client = await asyncio.get_running_loop().create_connection(
            lambda: WebSocketClient(self._address, self.receive), parts.hostname, parts.port)
        async with asyncio.timeout(30):
            assert (await self.received.get()).startswith(b'0')
            self.client.send('40')
            assert (await self.received.get()).startswith(b'40')
        return self

    def receive(self, message: bytes) -> None:
        """Pings come at any time."""
        if message != b'2':
            self.received.put_nowait(message)

    async def is_answered(self) -> bool:
        """Whether an event in order is acknowledged."""
        self.client.send('427["ack",{"client_id":"nobody","next_message_id":0}]')
        async with asyncio.timeout(30):
            return (await self.received.get()).startswith(b'437')


@pytest.fixture(scope='module')
def own(program: Program) -> Iterator[Program]:
    """One that has reported nothing yet."""
    own = program.joined('strange')
    try:
        own.start()
        yield own
    finally:
        own.stop()


async def test_a_socket_that_goes_on_with_what_is_no_protocol_is_closed_and_costs_a_line(own: Program) -> None:
    stranger = await Stranger(own).connect()
    stranger.client.send('42["event",{"id":{},"client_id":[],"args":7}]')
    assert await stranger.is_answered(), 'one is only left out'
    for frame in '42{', 'x', '42["event",1]':
        stranger.client.send(frame)
    async with asyncio.timeout(30):
        await stranger.client.closed
    await until(lambda: own.log.count(INVALID) == 2)
    for frame in (frame for frame in WRONG if len(frame) < MAX_HERE):
        other = await Stranger(own).connect()
        for _ in range(4):
            other.client.send(frame.encode(errors='replace').decode())
        async with asyncio.timeout(30):
            await other.client.closed
    assert own.log.count(INVALID) < 25, 'not a line for each of thousands'
    assert 'Traceback' not in own.log


async def test_a_second_connect_and_a_large_message_end_a_socket(program: Program) -> None:
    seen = len(program.log)
    again, huge = await Stranger(program).connect(), await Stranger(program).connect()
    for _ in range(4):
        again.client.send('40')
    huge.client.send('42["event",{"id":"' + 'x' * MAX_HERE + '"}]')
    for stranger in again, huge:
        for _ in range(4):
            stranger.client.send('x')
        async with asyncio.timeout(30):
            await stranger.client.closed
    assert 'Traceback' not in program.log[seen:]


async def test_what_follows_a_close_is_not_looked_at(program: Program) -> None:
    seen = len(program.log)
    stranger = await Stranger(program).connect()
    for frame in '1', '40', '42["event",{}]':
        stranger.client.send(frame)
    async with asyncio.timeout(30):
        await stranger.client.closed
    fresh = Stranger(program)
    parts = urlsplit(program.url)
    _, fresh.client = await asyncio.get_running_loop().create_connection(
        lambda: WebSocketClient(fresh._address, fresh.receive), parts.hostname, parts.port)
    async with asyncio.timeout(30):
        assert (await fresh.received.get()).startswith(b'0')
        for frame in '1', '40':
            fresh.client.send(frame)
        await fresh.client.closed
    assert 'Traceback' not in program.log[seen:]


async def test_another_version_of_the_protocol_and_a_session_that_has_ended_are_refused(program: Program) -> None:
    seen = len(program.log)
    async with httpx.AsyncClient(base_url=program.url, timeout=30) as client:
        for query in 'EIO=3&transport=polling', 'EIO=4&transport=polling&j=x', 'EIO=4&transport=polling&sid=gone':
            assert (await client.get(f'/_nicegui_ws/socket.io/?{query}')).status_code == 400
    received = program.log[seen:]
    assert 'ERROR' not in received
    assert all(line.startswith('20') for line in received.splitlines()), 'each line is one of the program'


async def test_requests_that_are_not_http_are_one_line(own: Program) -> None:
    for request in b'\0\1\2\r\n\r\n', b'GE T / HTTP/1.1\r\n\r\n', b'GET / HTTP/1.1\r\nHost x\r\n\r\n', b'x' * 9999:
        reader, writer = await asyncio.open_connection(*own.host.split(':'))
        writer.write(request)
        assert (await reader.readline()).startswith(b'HTTP/1.1 400')
        writer.close()
    assert own.log.count('a request that is not HTTP was answered with 400') == 1
    assert 'Traceback' not in own.log


async def test_what_is_posted_or_is_in_the_address_is_looked_at_too(program: Program) -> None:
    seen = len(program.log)
    async with httpx.AsyncClient(base_url=program.url, timeout=30) as client:
        opened = await client.get(SOCKET + 'polling')
        sid = re.search(r'"sid":"([^"]+)"', opened.text)[1]
        for body in b'42["event",{"id":{}}]', b'3\x1ex', b'\xff':
            answer = await client.post(f'{SOCKET}polling&sid={sid}', content=body)
            assert answer.status_code == 400
        assert (await client.post(f'{SOCKET}polling&sid={sid}', content=b'40')).text == 'OK'
        assert (await client.get(f'{SOCKET}polling&sid={sid}')).text.startswith('40')
        assert (await client.post(f'{SOCKET}polling&sid={sid}', content=b'40\x1e42["event",[]]')).status_code == 400
        answer = await client.get(f'{SOCKET}polling&sid={sid}')
        assert (answer.status_code, 'disconnected' in answer.text) == (400, True), 'who goes on is disconnected'
        assert (await client.get(SOCKET + 'polling' + BAD_HANDSHAKE)).status_code == 400
    assert 'Traceback' not in program.log[seen:]


async def test_an_event_for_an_element_that_has_changed_is_left_out_and_the_page_lives_on(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    seen, visitor.forges_events = len(visitor.program.log), True
    page = await visitor.open('/')
    await expect(tiles(page)).to_have_count(30)
    for _ in range(6):
        await page.evaluate("""() => window.socket.emit('event', {
            id: 0, client_id: window.clientId, listener_id: 'gone', args: []})""")
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = 'Valve_01_01'")
    await expect(page.locator('[data-machine=Valve_01_01]')).to_have_attribute('data-status', 'down')
    await expect(page.locator('[data-connection]')).to_have_attribute('data-connection', 'live')
    assert 'Traceback' not in visitor.program.log[seen:]
    assert INVALID not in visitor.program.log[seen:]


async def test_of_what_a_browser_posts_only_the_event_for_an_element_that_has_changed_is_left_out(
        visitor: Visitor) -> None:
    page, seen = await visitor.open('/'), len(visitor.program.log)
    outdated = json.dumps(['event', {'id': 0, 'client_id': await page.evaluate('window.clientId'),
                                     'listener_id': 'gone', 'args': []}])
    async with httpx.AsyncClient(base_url=visitor.program.url, timeout=30) as client:
        sid = re.search(r'"sid":"([^"]+)"', (await client.get(SOCKET + 'polling')).text)[1]
        path = f'{SOCKET}polling&sid={sid}'
        await client.post(path, content='40')
        assert (await client.get(path)).text.startswith('40')
        for body in [f'42{outdated}'] * 5 + [f'42{outdated}\x1e427["ack",{{"client_id":"x","next_message_id":0}}]']:
            answer = await client.post(path, content=body)
            assert (answer.status_code, answer.text) == (200, 'OK')
        frames = (await client.get(path)).text.split('\x1e')   # a ping may come before it
        assert any(frame.startswith('437') for frame in frames), 'the other frame has arrived'
    assert INVALID not in visitor.program.log[seen:]
