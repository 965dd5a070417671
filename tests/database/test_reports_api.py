"""Reports in REST against a real history: the numbers of the files, page after page, and wrong questions refused."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.harness import Client, asking, problem_in
from database.past import load
from database.postgres import Connect
from fastapi import FastAPI
from starlette.datastructures import Address
from starlette.requests import HTTPConnection
from together import together

from floor.analytics import Analytics, Scope, Window
from floor.analytics.report_csv import csv_pieces
from floor.analytics.report_pages import ReportPages, ReportPart
from floor.core.machines import MachineName
from floor.core.people import Identity
from floor.core.plant_calendar import PlantSettings
from floor.db.database import Database
from floor.web.api import floor_api
from floor.web.exports import reports_api
from floor.web.http.downloads import Downloads
from floor.web.middleware.identity_required import IdentityRequired

pytestmark = pytest.mark.newest_postgres

BERLIN = ZoneInfo('Europe/Berlin')
CALENDAR = PlantSettings(zone=BERLIN).calendar('Early 06:00,Late 14:00,Night 22:00')
EIGHT = datetime(2026, 9, 7, 8, tzinfo=UTC)  # a Monday
NOON = EIGHT + timedelta(hours=4)
QUERY = 'from=2026-09-07T10:00&to=2026-09-07T14:00'
VALVE = MachineName('Valve_01_01')
Changes = tuple[tuple[int, str, str | None], ...]
CHANGES: Changes = ((0, 'operational', None), (60, 'down', 'Leak'), (90, 'operational', None), (120, 'down', 'Jam'),
                    (122, 'operational', None), (230, 'down', None))


@pytest.fixture
async def client(database: Database, connect: Connect) -> AsyncIterator[Client]:
    """At noon. One machine had a stop of 30 minutes, a micro-stop of two, and stands since ten to twelve."""
    await record(await connect(), CHANGES)
    async with asking(app_of(database), None) as client:
        yield client


async def record(connection: asyncpg.Connection, changes: Changes) -> None:
    """Make this the history: minutes after eight, status and reason of one machine."""
    await load(connection, VALVE, [(EIGHT + timedelta(minutes=minute), status, reason)
                                   for minute, status, reason in changes], alone=True)


async def mike(_connection: HTTPConnection) -> Identity:
    return Identity('Mike', None)


def app_of(database: Database, downloads: Downloads | None = None, at: datetime = NOON) -> FastAPI:
    async def now() -> datetime:
        return at

    app = FastAPI(docs_url=None, openapi_url=None)
    floor_api.register(app, database=database)
    reports_api.register(app, analytics=Analytics(database), calendar=lambda: CALENDAR, database_now=now,
                         downloads=downloads or Downloads())
    app.add_middleware(IdentityRequired, sources=[mike])
    return app


async def listed(client: Client, path: str) -> list[dict[str, Any]]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


async def test_a_stop_has_its_machine_shift_and_times(client: Client) -> None:
    newest, micro, first = await listed(client, f'/api/reports/stops?{QUERY}')
    assert dict(list(first.items())[:5]) == {
        'machine_name': 'Valve_01_01', 'display_name': 'Valve 01·01', 'production_line': 'Transmission Line',
        'shift': 'Early', 'shift_day': '2026-09-07'}
    assert (first['since'], first['until'], first['reason'], first['length'], first['micro_stop']) == \
        ('2026-09-07T09:00:00Z', '2026-09-07T09:30:00Z', 'Leak', 1800.0, False)
    assert (micro['micro_stop'], newest['until'], newest['reason'], newest['work_order_id']) == (True, None, None, None)


async def test_json_says_what_the_file_says(client: Client, database: Database) -> None:
    pages = ReportPages(Analytics(database, now=NOON), lambda: CALENDAR)
    for name, path in (('stops', f'/api/reports/stops?machine={VALVE}&{QUERY}'),
                       ('machine-kpis', f'/api/reports/kpis?group_by=machine&machine={VALVE}&{QUERY}'),
                       ('intervals', f'/api/machines/{VALVE}/intervals?{QUERY}')):
        part = ReportPart(name, Window(EIGHT, NOON), scope=Scope(machine=VALVE))
        text = ''.join([piece async for piece in csv_pieces(pages.pages(part), UTC)])
        rows = [[*(written(cell) for cell in row.values()), 'UTC'] for row in await listed(client, path)]
        assert rows == list(csv.reader(io.StringIO(text)))[1:], name
        assert rows


def written(cell: object) -> str:
    """A value of JSON as the file has it."""
    if isinstance(cell, bool) or cell is None:
        return 'yes' if cell else ''
    if isinstance(cell, float):
        return f'{cell:.6f}'.rstrip('0').rstrip('.')
    text = str(cell)
    return text.replace('T', ' ').replace('Z', '+00:00') if text.startswith('2026-') and 'T' in text else text


async def test_kpis_of_lines_and_machines_add_up_to_the_floor(client: Client) -> None:
    whole, = await listed(client, f'/api/reports/kpis?{QUERY}')
    for group in 'line', 'machine':
        rows = await listed(client, f'/api/reports/kpis?{QUERY}&group_by={group}')
        for name in 'failures', 'micro_stops', 'machines', 'down':
            assert sum(row[name] for row in rows) == whole[name], (group, name)
    assert (whole['failures'], whole['micro_stops'], whole['mttr'], whole['machine_name']) == (2, 1, 1800.0, None)
    line, = await listed(client, f'/api/reports/kpis?{QUERY}&group_by=line&line=Transmission+Line')
    assert (line['production_line'], line['failures']) == ('Transmission Line', 2)


@together('path', ['/api/reports/stops', f'/api/machines/{VALVE}/intervals',
                                  '/api/reports/kpis?group_by=machine'])
async def test_pages_by_cursor_are_the_list(client: Client, path: str) -> None:
    address = f'{path}{"&" if "?" in path else "?"}{QUERY}'
    whole, rows, cursor = await listed(client, address), list[dict[str, Any]](), ''
    while len(rows) <= len(whole):
        answer = await client.get(f'{address}&per_page=2&cursor={cursor}')
        rows += answer.json()
        assert answer.headers['x-total-count'] == str(len(whole))
        assert ('rel="prev"' in answer.headers['link']) is bool(cursor)
        if not (cursor := answer.headers.get('x-next-cursor', '')):
            break
        assert f'cursor={cursor}>; rel="next"' in answer.headers['link']
    assert rows == whole
    assert len(whole) > 2


async def test_a_stop_that_begins_after_the_first_page_is_on_none(client: Client, database: Database,
                                                                  connect: Connect) -> None:
    first = await client.get('/api/reports/stops?window=today&per_page=2')
    cursor = first.headers['x-next-cursor']
    await record(await connect(), (*CHANGES, (245, 'operational', None), (250, 'down', 'Later')))
    async with asking(app_of(database, at=NOON + timedelta(hours=1)), None) as later:
        newest = await later.get('/api/reports/stops?window=today&per_page=1')
        assert newest.json()[0]['reason'] == 'Later'
        second = await later.get(f'/api/reports/stops?window=today&per_page=2&cursor={cursor}')
    assert [stop['reason'] for stop in (*first.json(), *second.json())] == [None, 'Jam', 'Leak']


@together(('path', 'where', 'sentence'), [
    ('/api/reports/stops?window=8d', 'window', 'Cannot understand window=8d: use shift, last-shift, today'),
    ('/api/reports/stops?from=2026-09-07', 'from', 'Cannot use from alone: a range needs from and to'),
    ('/api/reports/kpis?from=2026-09-08&to=2026-09-09', 'from',
     'This window has not started yet: it is 2026-09-07 14:00:00 now'),
    ('/api/reports/kpis?line=Moon', 'line', 'There is no line Moon. Use Transmission Line'),
    ('/api/reports/kpis?machine=Valve_1', 'machine', 'There is no machine Valve_1. Did you mean Valve_04_01'),
    ('/api/reports/kpis?group_by=shift', 'group_by', 'Cannot understand group_by=shift: use floor, line or machine'),
    (f'/api/reports/kpis?group_by=line&machine={VALVE}', 'group_by', 'Cannot group one machine by line'),
    ('/api/reports/stops?by=count', 'by', 'There is no parameter by. Use window, from, to, line, machine'),
    ('/api/reports/stops?cursor=x', 'cursor', 'Cannot understand cursor: use X-Next-Cursor'),
    ('/api/reports/stops?per_page=1001', 'per_page', 'Cannot understand per_page=1001: use a number from 1 to 1,000'),
    (f'/api/machines/{VALVE}/intervals?machine=Valve_01_01', 'machine', 'There is no parameter machine'),
    ('/api/reports/kpi-definitions?kpi=mttr', 'kpi', 'This address takes no parameters'),
])
async def test_a_wrong_question_is_refused_with_what_is_allowed(client: Client, path: str, where: str,
                                                                sentence: str) -> None:
    problem = problem_in(await client.get(path), 422)
    assert problem['detail'].startswith(sentence)
    assert problem['errors'][0]['where'] == f'query.{where}'


async def test_what_a_machine_made_comes_minute_by_minute_page_by_page(client: Client, connect: Connect) -> None:
    await (await connect()).execute(
        "INSERT INTO machine_counts SELECT machine_called($1), $2::timestamptz + n * interval '1 minute', abs(n), 1, "
        '2 * abs(n) FROM generate_series(-1, 241) AS n', VALVE, EIGHT)
    path = f'/api/machines/{VALVE}/counts?{QUERY}'
    first = await client.get(f'{path}&per_page=200')
    second = await client.get(f'{path}&per_page=200&cursor={first.headers["x-next-cursor"]}')
    rows = first.json() + second.json()
    assert (first.headers['x-total-count'], len(rows)) == ('240', 240), 'the minutes that began in the window'
    assert rows[1] == {'minute': '2026-09-07T08:01:00Z', 'good': 1, 'reject': 1, 'cycles': 2}
    assert [row['good'] for row in rows] == list(range(240))
    assert (await client.get(f'/api/machines/Painter_02_01/counts?{QUERY}')).json() == []


async def test_a_machine_that_never_was_is_not_found(client: Client) -> None:
    assert problem_in(await client.get('/api/machines/Valve_1/intervals'), 404)['detail'] == \
        'there is no machine Valve_1'


async def test_a_renamed_machine_is_found_by_its_former_name(client: Client, connect: Connect) -> None:
    await (await connect()).execute("UPDATE machines SET machine_name = 'Main valve' WHERE machine_name = $1", VALVE)
    for path in f'/api/machines/{VALVE}/intervals?', f'/api/reports/stops?machine={VALVE}&', \
            f'/api/reports/kpis?machine={VALVE}&':
        rows = await listed(client, path + QUERY)
        assert {row['machine_name'] for row in rows} == {'Main valve'}, path


async def test_a_renamed_line_is_found_by_its_former_name(client: Client, connect: Connect) -> None:
    connection = await connect()
    line = await connection.fetchval('SELECT name FROM production_lines JOIN machines USING (line_id) '
                                     'WHERE machine_name = $1', VALVE)
    before = await listed(client, f'/api/reports/stops?line={line}&{QUERY}')
    await connection.execute("UPDATE production_lines SET name = 'Hall 1' WHERE name = $1", line)
    after = await listed(client, f'/api/reports/stops?line={line}&{QUERY}')
    assert [row['machine_name'] for row in after] == [row['machine_name'] for row in before] != []


async def test_of_many_requests_of_one_person_few_are_answered_at_once(database: Database) -> None:
    downloads = Downloads(at_once=1, queue_timeout=0.01)
    host = Address('127.0.0.1', 1)
    async with downloads.slot(Identity('Mike', None), host), asking(app_of(database, downloads), None) as client:
        answer = await client.get('/api/reports/kpi-definitions')
    assert problem_in(answer, 429)['detail'].startswith('You have 1 downloads in progress')
    assert 'retry-after' in answer.headers
