"""SIGTERM, while people look and a request is under way: the program ends in order, and its log has no traceback."""

from __future__ import annotations

import asyncio

import pytest
from browser.program import Program

pytestmark = pytest.mark.asyncio(loop_scope='session')


async def test_it_stops_in_order_with_pages_open_and_a_request_under_way(folder, visitor_of):
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
        assert 'a request that was under way was cut off, because the program ends' in program.log
        assert 'Traceback' not in program.log
    finally:
        program.stop()
