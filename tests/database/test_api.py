"""The REST interface against a real database, and against one that is away."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from database.postgres import Connect
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.requests import Request
from together import together

from floor.core.machines import MachineName, Status
from floor.core.settings import Settings
from floor.db.database import Database
from floor.feed import recent_events
from floor.feed.database_clock import DatabaseClock
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.operations import health
from floor.operations.event_loop_latency import event_loop_latency
from floor.operations.freshness_log import FreshnessLog
from floor.operations.runtime_status import RuntimeStatus
from floor.web.api import floor_api
from floor.web.live.render_probe import browser_latency

pytestmark = pytest.mark.newest_postgres

PATIENCE = 0.5
HANGS_S = 60.0
"""Only an answer that never comes takes so long."""


def client_of(database: Database) -> httpx.AsyncClient:
    """A program that asks a floor which consists of the REST interface only."""
    app = FastAPI(docs_url=None, openapi_url=None)
    floor_api.register(app, database=database, timeout=PATIENCE)
    return asking(app)


def asking(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor')


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with database.acquire():
        pass  # the pool is open now: patience is for the questions
    async with client_of(database) as client:
        yield client


@pytest.fixture
async def client_without_database() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(Database('postgresql://nobody@127.0.0.1:1/nothing', Settings.load(_env_file=None))) as client:
        yield client


async def test_machines_come_in_flow_order_with_their_line(client: httpx.AsyncClient) -> None:
    answer = await client.get('/api/machines')
    assert answer.status_code == 200
    assert answer.headers['cache-control'] == 'no-store'
    machines = answer.json()
    assert [machine['feed_id'] for machine in machines] == list(range(1, 31))
    lines = list(dict.fromkeys(machine['production_line'] for machine in machines))
    assert lines == ['Transmission Line', 'Engine Line', 'Exterior Line', 'Interior Line']
    positions = [machine['position'] for machine in machines if machine['production_line'] == 'Engine Line']
    assert positions == list(range(1, 8))


async def test_programs_can_read_whether_it_is_simulated(client: httpx.AsyncClient, connect: Connect) -> None:
    for kind, change in (('demo', 'SELECT'), ('plant', "UPDATE plant SET kind = 'plant'")):
        await (await connect()).execute(change)
        floor = (await client.get('/api/floor')).json()
        assert (floor['kind'], floor['machines']) == (kind, 30)
        assert datetime.fromisoformat(floor['since']) <= datetime.now(UTC)
        for path in '/api/machines', '/api/machines/current-status':
            assert (await client.get(path)).headers['x-floor-kind'] == kind


async def test_flow_order_is_that_of_the_layout_not_of_the_ids(client: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect()
    await connection.execute('UPDATE production_lines SET position = 0 WHERE code = $1', '04')
    await connection.execute('UPDATE machines SET line_id = NULL WHERE machine_name = $1', 'Valve_02_01')
    machines = (await client.get('/api/machines')).json()
    assert machines[0]['machine_name'] == 'Injection_Molder_04_01'
    assert (machines[-1]['machine_name'], machines[-1]['production_line']) == ('Valve_02_01', None)


async def test_a_change_by_hand_shows_in_the_next_answer(client: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect()
    await connection.execute("""UPDATE machine_feed_stream SET status = 'WARNING', reason = 'Mould too hot',
                                datetime = '2026-03-02 06:31:04+00' WHERE machine_name = 'Injection_Molder_02_01'""")
    machine = (await client.get('/api/machines')).json()[9]
    since, reported = datetime.fromisoformat(machine['status_since']), datetime.fromisoformat(machine['reported_at'])
    assert since == reported
    assert abs((datetime.now(UTC) - since).total_seconds()) < 60
    assert {key: machine[key] for key in ('machine_name', 'type', 'status', 'reason', 'datetime')} == {
        'machine_name': 'Injection_Molder_02_01', 'type': 'injection_molder', 'status': 'warning',
        'reason': 'Mould too hot', 'datetime': '2026-03-02T06:31:04Z'}


async def test_current_status_is_the_short_answer(client: httpx.AsyncClient) -> None:
    machines = (await client.get('/api/machines/current-status')).json()
    assert len(machines) == 30
    assert set(machines[0]) == {'machine_id', 'machine', 'machine_name', 'feed_id', 'status', 'type', 'datetime',
                                'reason', 'status_since'}
    assert machines[0]['machine_id'] == machines[0]['machine'] == 'Source_Sorter_01_01'
    assert (machines[0]['machine_name'], machines[0]['status']) == ('Source_Sorter_01_01', 'operational')


async def test_a_machine_that_was_silent_before_its_signal_was_lost_is_unknown_since_then(
        client: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect()
    await connection.execute("UPDATE plant_settings SET machine_silent_after = '10 minutes'")
    await connection.execute("INSERT INTO machine_feed_stream (machine_name) VALUES ('Press')")
    for status, ago in ('down', '1 hour'), ('unknown', '30 minutes'):
        await connection.execute("SELECT report_status('Press', $1, NULL, now() - $2::text::interval)", status, ago)
    machines = (await client.get('/api/machines')).json()
    press = next(machine for machine in machines if machine['machine'] == 'Press')
    reported, since = (datetime.fromisoformat(press[name]) for name in ('reported_at', 'status_since'))
    assert (press['status'], since - reported) == ('unknown', timedelta(minutes=10))


@pytest.mark.parametrize('odd', ['infinity', '-infinity', '10000-01-01 00:00+00', '0044-03-15 12:00+00 BC', None])
async def test_a_datetime_that_is_none_comes_as_null(client: httpx.AsyncClient, connect: Connect,
                                                     odd: str | None) -> None:
    connection = await connect()
    await connection.execute('UPDATE machine_feed_stream SET datetime = $1::text::timestamptz WHERE machine_id = 3',
                             odd)
    for path in ('/api/machines', '/api/machines/current-status'):
        machines = (await client.get(path)).json()
        assert [machine['feed_id'] for machine in machines if machine['datetime'] is None] == [3]


async def test_machines_that_come_and_go_are_in_the_answer(client: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect()
    await connection.execute('DELETE FROM machine_feed_stream WHERE machine_id = 1')
    await connection.execute("INSERT INTO machine_feed_stream (machine_id, machine_name, type) "
                             "VALUES (77, 'Valve_02_09', 'valve')")
    machines = (await client.get('/api/machines')).json()
    assert 1 not in [machine['feed_id'] for machine in machines]
    assert [machine['production_line'] for machine in machines if machine['feed_id'] == 77] == ['Engine Line']


async def test_an_empty_floor_is_an_empty_list(client: httpx.AsyncClient, connect: Connect) -> None:
    await (await connect()).execute('TRUNCATE machine_feed_stream')
    assert (await client.get('/api/machines')).json() == []


async def test_employees_by_name_and_by_whether_they_are_active(client: httpx.AsyncClient, connect: Connect) -> None:
    await (await connect()).execute("UPDATE employees SET active = false WHERE last_name = 'Okafor'")
    everybody = (await client.get('/api/employees')).json()
    assert len(everybody) == 15
    assert set(everybody[0]) == {'id', 'first_name', 'last_name', 'email', 'department', 'active', 'role',
                                 'created_at', 'version'}
    assert [person['last_name'] for person in everybody] == sorted(person['last_name'] for person in everybody)
    active = (await client.get('/api/employees?active=true')).json()
    left = (await client.get('/api/employees?active=false')).json()
    assert ([person['last_name'] for person in left], len(active)) == (['Okafor'], 14)


@together(('address', 'sentence'), [
    ('/api/employees?activ=true', 'There is no parameter activ. Did you mean active?'),
    ('/api/machines?line=Engine+Line', 'This address takes no parameters: leave out line.'),
    ('/api/machines/current-status?status=down', 'This address takes no parameters: leave out status.'),
    ('/api/floor?x=1', 'This address takes no parameters: leave out x.')])
async def test_a_parameter_that_there_is_not_is_refused_instead_of_left_out(
        client: httpx.AsyncClient, address: str, sentence: str) -> None:
    answer = await client.get(address)
    name = address.partition('?')[2].partition('=')[0]
    assert (answer.status_code, answer.json()['detail']) == (422, sentence)
    assert answer.json()['errors'] == [{'where': f'query.{name}', 'what': sentence}]


async def test_parameters_that_others_add_to_a_link_are_no_error(client: httpx.AsyncClient) -> None:
    assert (await client.get('/api/employees?active=true&utm_source=mail&o=12')).status_code == 200


# when it can't be done

@pytest.mark.parametrize('path', ['/api/machines', '/api/machines/current-status', '/api/employees'])
async def test_without_a_database_the_answer_is_a_problem_and_when_to_ask_again(
        client_without_database: httpx.AsyncClient, path: str) -> None:
    answer = await client_without_database.get(path)
    problem = problem_in(answer, 503)
    assert problem['title'] == 'Service Unavailable'
    assert 'database does not answer' in problem['detail']
    assert int(answer.headers['retry-after']) > 0


async def test_a_database_that_hangs_is_away_after_our_patience(database: Database, connect: Connect) -> None:
    blocker = await connect()
    async with database.acquire(), client_of(database) as client, blocker.transaction():
        await blocker.execute('LOCK TABLE machine_feed_stream IN ACCESS EXCLUSIVE MODE')
        begin = time.monotonic()
        async with asyncio.timeout(HANGS_S):
            answer = await client.get('/api/machines')
        assert PATIENCE <= time.monotonic() - begin
        assert 'within 0.5 s' in problem_in(answer, 503)['detail']
    async with client_of(database) as client:
        assert (await client.get('/api/machines')).status_code == 200


async def test_a_server_that_never_says_a_word_is_away_after_our_patience(settings: Settings) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()   # until who asks gives up
        writer.close()
        gone.set()

    gone = asyncio.Event()

    silent = await asyncio.start_server(say_nothing, '127.0.0.1')
    port = silent.sockets[0].getsockname()[1]
    async with client_of(Database(f'postgresql://nobody@127.0.0.1:{port}/nothing?sslmode=disable', settings)) as client:
        async with asyncio.timeout(HANGS_S):
            assert 'within 0.5 s' in problem_in(await client.get('/api/machines'), 503)['detail']
    await asyncio.wait_for(gone.wait(), 20)   # no socket of the program stays behind
    silent.close()
    await silent.wait_closed()


async def test_a_database_without_our_tables_is_a_problem_not_a_crash(empty_database_url: str,
                                                                      settings: Settings) -> None:
    database = Database(empty_database_url, settings)
    async with database.acquire(), client_of(database) as client:
        assert 'does not exist' in problem_in(await client.get('/api/machines'), 503)['detail']
    await database.close()


async def test_the_same_program_answers_again_once_the_database_is_back(client: httpx.AsyncClient,
                                                                        connect: Connect) -> None:
    assert (await client.get('/api/employees')).status_code == 200
    await (await connect()).execute('SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
                                    'WHERE datname = current_database() AND pid <> pg_backend_pid()')
    answers = [(await client.get('/api/employees')).status_code for _ in range(3)]
    assert answers[-1] == 200
    assert set(answers) <= {200, 503}


@together(('method', 'path', 'status'), [
    ('GET', '/api', 404), ('GET', '/api/nothing', 404), ('GET', '/api/machines/nothing/at/all', 404),
    ('DELETE', '/api/machines', 405), ('GET', '/api/employees?active=perhaps', 422)])
async def test_what_is_not_understood_is_answered_with_a_problem(
        client_without_database: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    problem = problem_in(await client_without_database.request(method, path), status)
    assert problem['detail']
    if status == 422:
        assert problem['errors'][0]['where'] == 'query.active'


async def test_other_paths_keep_the_answers_they_had(database: Database) -> None:
    app = FastAPI()

    @app.exception_handler(404)
    async def page_not_found(_: Request, __: Exception) -> PlainTextResponse:
        return PlainTextResponse('a page for people', 404)

    floor_api.register(app, database=database)
    async with asking(app) as client:
        assert (await client.get('/apiary')).text == 'a page for people'
        problem_in(await client.get('/api/nothing'), 404)


# what it says of itself

async def test_the_description_holds_every_path_of_the_program_and_no_page(database: Database) -> None:
    app = FastAPI(openapi_url=None)
    floor_api.register(app, database=database)

    @app.get('/reports')
    async def page() -> str:
        return ''

    store = Store()
    health.register(app, runtime_of(database, store))
    async with asking(app) as client:
        described = (await client.get('/openapi.json')).json()
    assert set(described['paths']) == {'/api/floor', '/api/machines', '/api/machines/current-status', '/api/employees',
                                       '/livez', '/healthz', '/metrics'}
    for path, operations in described['paths'].items():
        assert operations['get']['summary'], path
        if path.startswith('/api/'):
            assert 'application/problem+json' in operations['get']['responses']['503']['content'], path
    examples = {name: field.get('examples')
                for name, field in described['components']['schemas']['Machine']['properties'].items()}
    assert all(examples.values()), examples


async def test_the_page_to_try_it_needs_nothing_from_elsewhere(client_without_database: httpx.AsyncClient) -> None:
    page = await client_without_database.get('/docs')
    assert page.status_code == 200
    assert re.findall(r'https?:|//[a-z]', page.text) == []
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assets = [address for address in addresses if address.startswith('docs/')]
    assert len(assets) == 2
    for asset in assets:
        assert (await client_without_database.get(f'/{asset}')).status_code == 200, asset


async def test_metrics_tell_how_full_the_notification_queue_is(database: Database) -> None:
    app, store = FastAPI(), Store()
    health.register(app, runtime_of(database, store))
    async with database.acquire(), asking(app) as client:
        assert 'floor_notification_queue_usage_ratio' not in (await client.get('/metrics')).text
        store.prove()
        assert '\nfloor_notification_queue_usage_ratio 0.0\n' in (await client.get('/metrics')).text


async def test_the_history_of_one_machine_newest_first(database: Database, connect: Connect) -> None:
    connection = await connect()
    for status in ('warning', 'down', 'operational'):
        await connection.execute('UPDATE machine_feed_stream SET status = $1 WHERE machine_id = 11', status)
    events_of = recent_events.events_of(database, DatabaseClock())
    assert [(event.old, event.new) for event in await events_of(MachineName('Valve_02_01'), 2)] == [
        (Status.DOWN, Status.OPERATIONAL), (Status.WARNING, Status.DOWN)]
    assert await events_of(MachineName('Nobody'), 5) == []


async def test_the_history_of_one_machine_has_the_times_without_a_signal(database: Database, connect: Connect) -> None:
    """From when it had not been heard of for too long, or its feed reported it; also the one that goes on."""
    connection, clock = await connect(), DatabaseClock(monotonic=lambda: 0.0)
    await connection.execute("UPDATE plant_settings SET machine_silent_after = '2 minutes'; "
                             "INSERT INTO machine_feed_stream (machine_name) VALUES ('New')")
    began = await connection.fetchval("SELECT date_trunc('second', now()) - interval '1 hour'")

    async def report(minute: int, status: str, reason: str | None = None) -> None:
        await connection.execute("SELECT report_status('New', $1, $2, $3)", status, reason,
                                 began + timedelta(minutes=minute))

    async def events(most: int = 20) -> list[tuple[float, str | None, str | None, str | None]]:
        return [((event.changed_ms / 1000 - began.timestamp()) / 60, event.old, event.new, event.reason)
                for event in await recent_events.events_of(database, clock)(MachineName('New'), most)]

    for minute, status, reason in ((0, 'operational', None), (10, 'operational', None), (11, 'down', 'Leak'),
                                   (12, 'unknown', None), (13, 'down', None), (14, 'unknown', None)):
        await report(minute, status, reason)
    expected = [(14, 'down', 'unknown', None), (13, 'unknown', 'down', 'Leak'), (12, 'down', 'unknown', None),
                (11, 'operational', 'down', 'Leak'), (10, 'unknown', 'operational', None),
                (2, 'operational', 'unknown', None), (0, None, 'operational', None)]
    assert await events() == expected
    assert await events(3) == expected[:3]
    await report(15, 'warning')
    seen = await connection.fetchval("SELECT epoch_ms(reported_at) FROM machine_feed_stream WHERE machine_name = 'New'")
    expected[:1] = [(15, 'unknown', 'warning', None), (14, 'down', 'unknown', None)]
    clock.show(seen + 120_000)
    assert await events() == expected
    clock.show(seen + 120_001)
    assert await events() == [(17, 'warning', 'unknown', None), *expected]
    await report(5, 'down')  # late, in a time without a signal
    assert (await events())[6:10] == [(10, 'unknown', 'operational', None), (7, 'down', 'unknown', None),
                                      (5, 'unknown', 'down', None), (2, 'operational', 'unknown', None)]


class NoPages:
    """Nobody looks."""

    pages = pages_gone = 0


def runtime_of(database: Database, store: Store) -> RuntimeStatus:
    """What a floor of which nothing else runs knows of itself."""
    return RuntimeStatus(database=database, store=store, watch=FreshnessLog(store), pages=NoPages(),
                         loop=event_loop_latency(),
                         listener=Listener(database.connect, database.queries, store),
                         browser=browser_latency())


def problem_in(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details of an answer that has to be one."""
    assert answer.status_code == status
    assert answer.headers['content-type'] == 'application/problem+json'
    problem: dict[str, Any] = answer.json()
    assert (problem['type'], problem['status']) == ('about:blank', status)
    return problem
