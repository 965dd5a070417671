"""SIGTERM, while people look and a request is under way: the program ends in order, and its log has no traceback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import pytest
from benchmarks.browsers import FloorBrowser
from browser.harness import until
from browser.program import Program
from browser.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]


async def test_it_stops_in_order_with_pages_open_and_a_request_under_way(
        folder: Path, visitor_of: Callable[[Program], Visitor]) -> None:
    program = Program(folder)
    program.start()
    visitor = visitor_of(program)
    try:
        for path in ('/', '/work-orders', '/reports'):
            await visitor.open(path)
        reader, writer = await asyncio.open_connection(*program.host.split(':'))
        writer.write(b'POST /api/work-orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'
                     b'Content-Length: 100\r\nExpect: 100-continue\r\n\r\n')
        assert (await reader.readuntil(b'\r\n\r\n')).startswith(b'HTTP/1.1 100')
        process = program.process
        await asyncio.to_thread(program.stop)
        writer.close()
        assert not process.is_running()
        assert 'line-monitor: stopped' in program.log
        assert 'a running request was cancelled, because the program is shutting down' in program.log
        assert 'Traceback' not in program.log
    finally:
        program.stop()


async def test_it_is_gone_with_sixty_pages_open(program: Program) -> None:
    """Taking their elements apart took Python up to half a minute. Figures: python -m tests.benchmarks stop."""
    program = program.joined('sixty')
    program.start()
    browsers = [FloorBrowser(program.url, path=path) for path in ('/', '/employees', '/work-orders') for _ in range(20)]
    try:
        async with httpx.AsyncClient(timeout=60) as http:
            for browser in browsers:
                await browser.open(http)
        process = program.process
        assert await asyncio.to_thread(program.stop) == 0
        assert not process.is_running()
        # the second only where other tests take the processor
        assert program.log.endswith(('line-monitor: stopped\n', 'the rest is abandoned\n')), 'nothing follows it'
        assert 'Traceback' not in program.log
    finally:
        for browser in browsers:
            browser.close()
        program.stop()


async def test_it_is_gone_while_a_download_is_read_slowly_and_an_upload_goes_on(folder: Path) -> None:
    program = Program(folder)
    program.start()
    writers = []
    try:
        await until(lambda: program.health().get('status') == 'live')
        await sql(program, "INSERT INTO machine_feed_stream (machine_id, machine_name, type) SELECT 10000 + number, "
                           "'Press_' || number, 'press' FROM generate_series(1, 3000) AS number")
        reader, down = await asyncio.open_connection(*program.host.split(':'), limit=1)
        writers.append(down)
        down.write(b'GET /api/machines HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
        assert await reader.read(1)
        _, up = await asyncio.open_connection(*program.host.split(':'))
        writers.append(up)
        up.write(b'POST /api/work-orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\n' + b'x' * 999)
        await up.drain()
        assert await asyncio.to_thread(program.stop) == 0
        assert 'Traceback' not in program.log
    finally:
        for writer in writers:
            writer.close()
        program.stop()


async def test_it_is_gone_while_its_database_does_not_answer(folder: Path) -> None:
    with socket.create_server(('127.0.0.1', 0)) as silent:  # takes connections, and never says a word
        url = f'postgresql://floor:secret@127.0.0.1:{silent.getsockname()[1]}/floor'
        program = Program(folder, DATABASE_URL=url)
        program.start()
        assert await asyncio.to_thread(program.stop) == 0
        assert 'Traceback' not in program.log


async def sql(program: Program, statement: str) -> None:
    database = await asyncpg.connect(program.database_url)
    try:
        await database.execute(statement)
    finally:
        await database.close()
