"""Files that many take away slowly: nobody else waits for a connection, and nobody's memory is full of them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from browser.program import Program
from database.postgres import Connect, until
from starlette.datastructures import Address

from floor.core.errors import TooManyDownloadsError
from floor.core.machines import MachineName
from floor.core.people import Identity, Role
from floor.db.database import Database
from floor.orders.employees import Employees
from floor.orders.order_filter import OrderFilter
from floor.orders.order_values import NewOrder
from floor.orders.work_order_list import WorkOrderList
from floor.orders.work_orders import WorkOrders
from floor.web.http.downloads import Downloads

pytestmark = [pytest.mark.newest_postgres, pytest.mark.long]

ADD_ORDERS = """
    INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name)
    SELECT 'WO-20261123-' || lpad(n::text, 8, '0'), 'Valve_01_01', repeat('x', $2), 'medium', 'Lisa Garcia'
    FROM generate_series(1, $1::integer) AS n"""
PHOTO = b'\x89PNG\r\n\x1a\n' + os.urandom(10_000_000)
MANUAL = b'%PDF-1.7' + os.urandom(5_000_000)
LISA = Identity('Lisa Garcia', 'lisa.garcia@example.com')
DESK, TABLET = Address('10.0.0.7', 50_001), Address('10.0.0.8', 50_001)


@pytest.fixture
def book(database: Database) -> WorkOrders:
    return WorkOrders(database, Employees(database, default_role=Role.SUPERVISOR))


async def test_a_file_of_orders_holds_no_connection_while_it_waits(database: Database, connect: Connect) -> None:
    admin = await connect()
    await admin.execute(ADD_ORDERS, 1_200, 100)
    pieces = WorkOrderList(database, lambda: ZoneInfo('UTC')).csv(OrderFilter())
    text = await anext(pieces)
    assert database.pool_use.busy == 0
    await admin.execute("UPDATE work_orders SET priority = 'critical' WHERE id LIKE '%7'")  # sorted elsewhere now
    await admin.execute(ADD_ORDERS.replace('20261123', '20261124'), 10, 100)
    async for piece in pieces:
        assert database.pool_use.busy == 0
        text += piece
    ids = [line.partition(',')[0] for line in text.splitlines()[1:]]
    assert len(ids) == 1_200
    assert set(ids) == {f'WO-20261123-{number:08}' for number in range(1, 1_201)}


async def test_an_attachment_comes_in_small_pieces_and_holds_no_connection(
        database: Database, book: WorkOrders) -> None:
    order = await book.create(LISA, NewOrder(MachineName('Valve_01_01'), 'Leak'))
    file = await book.attach(LISA, order.id, 'leak.pdf', MANUAL)
    content = b''
    async for piece in book.content(file):
        assert len(piece) <= 64 * 1024
        assert database.pool_use.busy == 0
        content += piece
    assert content == MANUAL
    part = b''.join([piece async for piece in book.content(file, range(100_000, 300_000))])
    assert part == MANUAL[100_000:300_000]


async def test_a_person_has_a_few_downloads_at_once_and_another_person_their_own() -> None:
    async def file() -> AsyncGenerator[str, None]:
        yield 'text'

    downloads = Downloads(at_once=2, queue_timeout=0.05)
    for _ in range(2):
        await downloads.response(LISA, DESK, file(), 'text/csv', {})
    with pytest.raises(TooManyDownloadsError, match='You have 2 downloads in progress'):
        await downloads.response(LISA, DESK, file(), 'text/csv', {})
    await downloads.response(Identity('Mike', 'mike@example.com'), DESK, file(), 'text/csv', {})


async def test_who_has_as_many_downloads_as_they_may_gets_the_next_one_when_one_has_ended() -> None:
    async def file() -> AsyncGenerator[str, None]:
        yield 'text'

    downloads = Downloads(at_once=1, queue_timeout=60)
    first = await downloads.response(LISA, DESK, file(), 'text/csv', {})
    waiting = asyncio.create_task(downloads.response(LISA, DESK, file(), 'text/csv', {}))
    await asyncio.sleep(0)
    assert not waiting.done()
    await first({'type': 'http', 'path': '/'}, asyncio.Event().wait, _ignore)  # type: ignore[arg-type]
    assert (await waiting).status_code == 200


async def test_people_who_all_have_one_name_have_their_own_downloads_by_where_they_come_from() -> None:
    async def file() -> AsyncGenerator[str, None]:
        yield 'text'

    downloads, anonymous = Downloads(at_once=1, queue_timeout=0.05), Identity('Anonymous', None)
    await downloads.response(anonymous, DESK, file(), 'text/csv', {})
    await downloads.response(anonymous, TABLET, file(), 'text/csv', {})
    with pytest.raises(TooManyDownloadsError):
        await downloads.response(anonymous, DESK._replace(port=50_002), file(), 'text/csv', {})
    await downloads.response(LISA, DESK, file(), 'text/csv', {})
    with pytest.raises(TooManyDownloadsError):
        await downloads.response(LISA, TABLET, file(), 'text/csv', {})


async def _ignore(message: object) -> None:
    """Takes every message of an answer."""


# the real program, over real sockets

@pytest.fixture
def program(folder: Path) -> Iterator[Program]:
    """With four connections to the database for all pages."""
    program = Program(folder, DB_POOL_SIZE='2', DB_MAX_OVERFLOW='2', DB_POOL_TIMEOUT='20')
    program.start()
    yield program
    program.stop()


def slow_reader(program: Program, path: str) -> socket.socket:
    """Asks, and then reads nothing more than the first bytes."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(60)
    host, port = program.host.split(':')
    reader.connect((host, int(port)))
    reader.sendall(f'GET {path} HTTP/1.1\r\nHost: {program.host}\r\n\r\n'.encode())
    return reader


async def test_slow_readers_keep_nobody_from_the_database(program: Program) -> None:
    await until(lambda: program.health().get('status') == 'live', 60)
    connection = await asyncpg.connect(program.database_url)
    await connection.execute(ADD_ORDERS, 3_000, 9_000)
    order = await connection.fetchval('SELECT min(id) FROM work_orders')
    attachment = await connection.fetchval(
        'INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) '
        "VALUES ($1, 'leak.png', 'image/png', $2, 'Lisa') RETURNING attachment_id", order, PHOTO)
    await connection.close()
    file = f'/work-orders/{order}/attachments/{attachment}'
    readers = [slow_reader(program, path) for path in ['/work-orders.csv'] * 6 + [file] * 2]
    try:
        for reader in readers:
            assert await asyncio.to_thread(reader.recv, 15) == b'HTTP/1.1 200 OK'
        async with httpx.AsyncClient(base_url=program.url, timeout=60) as client:
            assert (await client.get('/api/work-orders?per_page=1')).status_code == 200
            for path in '/work-orders.csv', '/reports/figures.csv', file, f'/api{file}':
                answer = await client.get(path)
                assert (answer.status_code, answer.headers['retry-after']) == (429, '5'), path
            for reader in readers:
                reader.close()
            answer = await client.get(file)
            assert answer.content == PHOTO
    finally:
        for reader in readers:
            reader.close()


def test_a_head_that_does_not_come_is_cut_off(program: Program) -> None:
    host, port = program.host.split(':')
    with closing(socket.create_connection((host, int(port)), timeout=60)) as peer:
        peer.sendall(b'GET / HTTP/1.1\r\nHost: floor\r\nX-Slow: ')
        try:
            assert peer.recv(1) == b''
        except ConnectionResetError:
            pass
