"""Given less processor than it would need, the floor shows fewer frames and never wrong ones, answers, and recovers."""

from __future__ import annotations

import ast
import asyncio
import re
import threading
import time
import uuid
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest
from benchmarks.browsers import QUERY, FloorBrowser
from benchmarks.changes import writer
from benchmarks.crowd import crowd
from benchmarks.websocket import WebSocketClient
from browser.program import Program
from database.postgres import until

from floor.web.live.socket_fanout import MAX_WAITING
from floor.web.middleware.unconnected_pages import MAX_PAGES

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

BROWSERS, RATE, SECONDS = 20, 100, 5.0
RUNS_S, STANDS_S = 0.03, 0.37   # a thirteenth of a processor: fewer turns than frames on any machine
PATIENCE_S = 60.0   # other tests want the processor too
ATTEMPTS = 4   # they may take it for some seconds
STOOD_S, LATE_S = 5.0, 0.5
PAUSES = 5   # on a machine that has other work the program may stand still for longer than it was paused


class Brake:
    """Lets a process run for a thirteenth of the time."""

    def __init__(self, process: Any) -> None:
        self._process, self._ended = process, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._process.suspend()
            time.sleep(STANDS_S)
            self._process.resume()
            time.sleep(RUNS_S)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


async def test_fewer_frames_never_wrong_ones_and_back_to_normal(program: Program,
                                                                connection: asyncpg.Connection) -> None:
    statuses, asked_enough = set(), asyncio.Event()

    async def ask_on() -> None:
        while not asked_enough.is_set():
            statuses.add((await http.get('/healthz')).status_code)
            await asyncio.sleep(0.1)

    async with crowd('floor', program.url, BROWSERS) as browsers, writer(program.database_url) as write, \
            httpx.AsyncClient(base_url=program.url, timeout=60) as http:
        calm = await browsers.observed(await write.write(RATE, SECONDS), PATIENCE_S)
        asking = asyncio.create_task(ask_on())
        with Brake(program.process):  # no longer, or browsers whose answer to a ping is not read are given up
            changes = await write.write(RATE, SECONDS)
        asked_enough.set()
        await asking
        braked = await browsers.observed(changes, PATIENCE_S)
        afterwards = [await browsers.observed(await write.write(RATE, SECONDS), PATIENCE_S)]
        while len(afterwards) < ATTEMPTS and afterwards[-1].messages <= braked.messages * 5 / 4:
            afterwards.append(await browsers.observed(await write.write(RATE, SECONDS), PATIENCE_S))

    for seen in calm, braked, *afterwards:
        assert (seen.missed, seen.backwards, seen.lost) == (0, 0, 0)
    assert braked.messages < calm.messages / 2   # several changes in each
    assert set() < statuses <= {200, 503}   # an answer, be it that the picture is late
    assert afterwards[-1].messages > braked.messages * 5 / 4


async def test_who_stood_still_for_five_seconds_loses_no_browser(program: Program,
                                                                 connection: asyncpg.Connection) -> None:
    """A paused program, a busy machine. It stands still when most of the pings are about to be sent."""
    for number in range(PAUSES):
        browsers = [FloorBrowser(program.url) for _ in range(20)]
        try:
            async with httpx.AsyncClient(timeout=60) as http:
                for browser in browsers:
                    await browser.open(http)
            stood_s = await stand_still(program, browsers)
            await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = $1 "
                                     "WHERE machine_name = 'Valve_01_01'", f'change {number}')
            change = 'Valve_01_01', number
            await until(lambda browsers=browsers, change=change: all(
                browser.lost or any(change in shown for _, shown in browser.seen) for browser in browsers))
            if not any(browser.lost for browser in browsers):
                return
            assert stood_s > STOOD_S + LATE_S   # it is the machine that stood still for longer
        finally:
            for browser in browsers:
                browser.close()
    pytest.fail('the machine is too busy for a pause of five seconds')


async def stand_still(program: Program, browsers: list[FloorBrowser]) -> float:
    """Pause the program; the seconds until the last browser was sent a ping again, or had given up."""
    await until(lambda: any(browser.unpinged_s > browser.ping_interval * 0.8 for browser in browsers))
    program.process.suspend()
    since = time.monotonic()
    try:
        await asyncio.sleep(STOOD_S)
    finally:
        program.process.resume()
    await until(lambda: all(browser.lost or browser.pinged_at > since + STOOD_S for browser in browsers))
    return time.monotonic() - since


async def test_pages_that_no_browser_comes_for_are_bounded_and_a_late_browser_loads_again(program: Program) -> None:
    """A crawler, a health check, curl: each request builds a page."""
    async def connect(query: dict[str, Any]) -> Any:
        answers: asyncio.Queue[Any] = asyncio.Queue()
        parameters = {**query, 'implicit_handshake': 'true', 'document_id': uuid.uuid4(), 'tab_id': uuid.uuid4(),
                      'old_tab_id': 'null', 'EIO': 4, 'transport': 'websocket'}
        host, port = program.host.split(':')
        _, socket = await asyncio.get_running_loop().create_connection(lambda: WebSocketClient(
            f'{program.url}/_nicegui_ws/socket.io/?{urlencode(parameters)}', answers.put_nowait), host, int(port))
        async with asyncio.timeout(30):
            await answers.get()
            socket.send('40')
            while (answer := await answers.get()) == b'2':  # a ping
                pass
        socket.close()
        return answer

    async with httpx.AsyncClient(base_url=program.url, timeout=60) as http:
        stays = FloorBrowser(program.url)
        await stays.open(http)
        queries = [ast.literal_eval(QUERY.search((await http.get('/employees')).text)[1]) for _ in range(MAX_PAGES + 1)]

        assert b'Implicit handshake failed' in await connect(queries[0])   # on which NiceGUI's script reloads
        assert (await connect(queries[1])).startswith(b'40')
        assert (await connect(queries[-1])).startswith(b'40')
        assert not stays.lost
        stays.close()


async def test_who_never_reads_is_given_up_and_holds_nobody_up(program: Program,
                                                               connection: asyncpg.Connection) -> None:
    """What is sent stays in the network, at most 16 messages in the program; its ping is not answered."""
    numbers, backlogs = iter(range(1, 100_000)), set()

    async def write_all() -> int:
        number = next(numbers)
        await connection.execute('UPDATE machine_feed_stream SET status = $1, reason = $2',
                                 ('warning', 'down')[number % 2], f'change {number}')
        return number

    async def measures() -> dict[str, float]:
        text = (await http.get('/metrics')).text
        return {name: float(value) for name, value in re.findall(r'^(floor_browser\w+) (\S+)$', text, re.MULTILINE)}

    async def only_one_is_left() -> bool:
        await write_all()
        measured = await measures()
        backlogs.add(measured['floor_browser_backlog_messages'])
        return measured['floor_browsers_connected'] == before['floor_browsers_connected'] - 1

    def latest(browser: Any) -> dict[str, Any]:
        return {machine: number for _, shown in browser.seen for machine, number in shown}

    async with httpx.AsyncClient(base_url=program.url, timeout=60) as http:
        deaf, other = FloorBrowser(program.url), FloorBrowser(program.url)
        try:
            await deaf.open(http)
            await other.open(http)
            before = await measures()
            deaf.socket.listen(False)
            await until(only_one_is_left)
            last = await write_all()
            await until(lambda: len(latest(other)) == 30 and set(latest(other).values()) == {last})
            assert max(backlogs) <= MAX_WAITING
            assert not other.lost
            deaf.socket.listen(True)
            await until(lambda: deaf.lost)   # and so a browser comes back
        finally:
            deaf.close()
            other.close()
