"""Feeds over HTTP: one event or many, in every form of a body, and what cannot be read."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from database.harness import app_of, asking, problem_in
from database.people import MIKE
from database.postgres import Connect
from fastapi import FastAPI
from httpx import AsyncClient, Response
from together import together

from floor.access.api_tokens import ApiTokens, NewToken
from floor.core.errors import NotAllowedError
from floor.core.machines import Status
from floor.core.people import Role
from floor.core.scopes import TokenScope
from floor.core.settings import Settings
from floor.db.database import Database
from floor.feed.ingest import FeedEvent, FeedIngest, Result
from floor.gateway.event_format import body_of, counter_event, status_event, with_id
from floor.gateway.mapping import Reports
from floor.orders.employees import Employees

pytestmark = pytest.mark.newest_postgres

PATH, VALVE, PAINTER = '/api/feed', 'Valve_01_01', 'Painter_02_01'
NDJSON = {'Content-Type': 'application/x-ndjson'}
STATUS = 'SELECT status, reason FROM machine_feed_stream WHERE machine_name = $1'


@pytest.fixture
def tokens(database: Database) -> ApiTokens:
    return ApiTokens(database, Employees(database, default_role=Role.VIEWER))


@pytest.fixture
def app(database: Database, settings: Settings) -> FastAPI:
    return app_of(database, settings)


@pytest.fixture
async def plc(app: FastAPI, tokens: ApiTokens) -> AsyncIterator[AsyncClient]:
    """A program with a token for reporting."""
    async with asking(app, None) as client:
        made = await tokens.make(MIKE, NewToken('gateway', [TokenScope.FEED]))
        client.headers['Authorization'] = f'Bearer {made.secret}'
        yield client


@pytest.fixture
async def connection(connect: Connect) -> asyncpg.Connection:
    return await connect()


async def status_of(sql: asyncpg.Connection, machine: str = VALVE) -> tuple[str, str | None]:
    row = await sql.fetchrow(STATUS, machine)
    assert row is not None
    return row['status'], row['reason']


def results(answer: Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each['result'] for each in answer.json()['results']]


async def test_a_status_in_every_form_of_a_body(plc: AsyncClient, tokens: ApiTokens,
                                                connection: asyncpg.Connection) -> None:
    reader = (await tokens.make(MIKE, NewToken('reader', [TokenScope.READ]))).secret
    one = {'machine': VALVE, 'status': 'Down', 'reason': 'E-047'}
    answer = await plc.post(PATH, json=one)
    assert (answer.status_code, answer.json()) == (200, {'result': 'accepted'})
    assert await status_of(connection) == ('down', 'E-047')

    answer = await plc.post(f'{PATH}/{VALVE}', data={'status': 'warning', 'reason': ''})
    assert (answer.json(), await status_of(connection)) == ({'result': 'accepted'}, ('warning', None))
    answer = await plc.post(f'{PATH}/{VALVE}', json={'status': 'operational'})
    assert (answer.json(), await status_of(connection)) == ({'result': 'accepted'}, ('operational', None))

    answer = await plc.post(f'{PATH}/{VALVE}', data={'status': 'unknown'})
    assert (answer.json(), await status_of(connection)) == ({'result': 'accepted'}, ('operational', None))
    machines = (await plc.get('/api/machines', headers={'Authorization': f'Bearer {reader}'})).json()
    valve = next(each for each in machines if each['machine'] == VALVE)
    assert (valve['status'], valve['status_since'] > valve['reported_at']) == ('unknown', True)

    both = [one, {'machine': PAINTER, 'status': 'down'}]
    assert results(await plc.post(PATH, json=both)) == ['accepted'] * 2
    lines = '\n'.join(map(json.dumps, [{'machine': 'Nowhere', 'status': 'down'}, one])).encode() + b'\n{"machine":\n'
    assert results(await plc.post(PATH, content=lines, headers=NDJSON)) == ['unknown_machine', 'accepted', 'refused']
    answer = await plc.post(PATH, content=gzip.compress(lines), headers=NDJSON | {'Content-Encoding': 'gzip'})
    assert results(answer) == ['unknown_machine', 'accepted', 'refused']
    assert answer.json()['results'][2]['message'].startswith('this line is not JSON')


async def test_a_name_of_a_field_that_cannot_be_stored_disturbs_no_other_event(plc: AsyncClient) -> None:
    lines = [rb'{"machine": "A", "status": "down", "x\u0000": 1}', rb'{"x\u0000": 1, "x\u0000": 2}',
             rb'{"machine": "A", "status": "down", "\ud800": 1}',
             json.dumps({'machine': VALVE, 'status': 'down'}).encode()]
    answer = await plc.post(PATH, content=b'\n'.join(lines), headers=NDJSON)
    assert results(answer) == ['refused'] * 3 + ['accepted']
    assert answer.json()['results'][0]['message'].startswith('x\N{REPLACEMENT CHARACTER}: there is no such field')


async def test_a_feed_says_with_each_request_when_it_is_silent(plc: AsyncClient,
                                                               connection: asyncpg.Connection) -> None:
    announced = 'SELECT extract(epoch FROM announced_silent_after)::int FROM access_keys'
    one = {'machine': VALVE, 'status': 'down'}
    for path, body in ((PATH, one), (f'{PATH}/{VALVE}', {'status': 'down'})):
        for value in ('180', '60'):
            assert (await plc.post(path, json=body, headers={'Silent-After': value})).status_code == 200
            assert await connection.fetchval(announced) == int(value)
        for value in ('9', '86401', '1.5', '-20', 'soon', '', '1' * 400):
            answer = await plc.post(path, json=body | {'status': 'warning'}, headers={'Silent-After': value})
            problem = problem_in(answer, 422)
            assert (f'Silent-After is a whole number of seconds from 10 to 86400, not {value[:40]!r}'[:-1]
                    in problem['detail'])
            assert [each['where'] for each in problem['errors']] == ['header.silent-after']
        assert (await status_of(connection), await connection.fetchval(announced)) == (('down', None), 60)
        assert (await plc.post(path, json=body)).status_code == 200   # another program with the same token
        assert await connection.fetchval(announced) is None


async def test_what_machines_make_is_added_up_by_the_minute(plc: AsyncClient, connection: asyncpg.Connection) -> None:
    at = datetime.now(UTC).replace(second=10, microsecond=0) - timedelta(hours=1)
    made = [{'machine': VALVE, 'good': 3, 'reject': 1, 'at': at.isoformat(), 'id': '1'},
            {'machine': VALVE, 'status': 'down', 'cycles': 4, 'at': (at + timedelta(seconds=49)).isoformat(),
             'id': '2'},
            {'machine': VALVE, 'good': 5, 'at': (at + timedelta(seconds=50)).isoformat(), 'id': '3'}]
    assert results(await plc.post(PATH, json=made)) == ['accepted', 'late', 'accepted']
    assert results(await plc.post(PATH, json=made)) == ['duplicate'] * 3
    answer = await plc.post(f'{PATH}/{VALVE}', data={'good': '2', 'at': at.isoformat()})
    assert answer.json() == {'result': 'accepted'}
    counts = 'SELECT minute, good, reject, cycles FROM machine_counts JOIN machines USING (machine_id) ORDER BY minute'
    assert [tuple(row) for row in await connection.fetch(counts)] == [
        (at.replace(second=0), 5, 1, 4), (at.replace(second=0) + timedelta(minutes=1), 5, 0, 0)]


async def test_a_crash_that_is_over_is_a_stop_of_its_length(plc: AsyncClient, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = $1", VALVE)
    await plc.post(PATH, json={'machine': VALVE, 'status': 'operational'})
    now = datetime.now(UTC)
    events = [{'machine': VALVE, 'status': status, 'at': (now + timedelta(seconds=seconds)).isoformat(), 'id': status}
              for status, seconds in (('down', 10), ('operational', 45))]

    assert results(await plc.post(PATH, json=events)) == ['accepted'] * 2
    assert results(await plc.post(PATH, json=events)) == ['duplicate'] * 2
    stops = await connection.fetch('SELECT until - since AS length FROM machine_stops '
                                   'WHERE machine_id = machine_called($1) ORDER BY since DESC LIMIT 1', VALVE)
    assert [row['length'] for row in stops] == [timedelta(seconds=35)]


@together(('body', 'words'), [
    ({'machine': VALVE}, 'event: send a status, or what was made: good, reject or cycles'),
    ({'machine': VALVE, 'problem': 'a: what is 7?'}, 'a: what is 7?'),
    ({'machine': VALVE, 'problem': 'a: what is 7?', 'good': 3}, 'event: a problem is sent without a status and counts'),
    ({'machine': VALVE, 'problem': 'a' * 501}, 'problem: String should have at most 500 characters'),
    ({'machine': VALVE, 'good': -1}, 'good: Input should be greater than or equal to 0'),
    ({'machine': VALVE, 'good': 1.5}, 'good: Input should be a valid integer'),
    ({'machine': VALVE, 'cycles': True}, 'cycles: must be a whole number'),
    ({'machine': VALVE, 'good': 3, 'at': '2001-03-02T06:31:04Z'}, 'too late'),
    ({'machine': VALVE, 'status': 'broken'}, "status: Input should be 'operational', 'warning', 'down' or 'unknown'"),
    ({'machine': VALVE, 'status': 'down', 'colour': 1}, 'colour: there is no such field. Fields are status,'),
    ({'machine': VALVE, 'status': 'down', 'at': 1_700_000_000}, 'at: must be a time with its offset from UTC'),
    ({'machine': VALVE, 'status': 'down', 'at': '2026-03-02T06:31:04'}, 'at: must be a time with its offset from UTC'),
    ({'machine': VALVE, 'status': 'down', 'at': '2001-03-02T06:31:04Z'}, 'too late'),
    ({'machine': VALVE, 'status': 'down', 'at': '0001-01-01T00:00:00+14:00'}, 'at: must be at most 2 minutes ahead'),
    ({'machine': VALVE, 'status': 'down', 'at': '9999-12-31T23:59:59-14:00'}, 'at: must be at most 2 minutes ahead'),
    ({'machine': VALVE, 'status': 'down', 'reason': 'a\0b'}, 'NUL'),
    ({'machine': '\ud800', 'status': 'down'}, 'half a character'),
    ({'machine': VALVE, 'status': 'down', 'id': ''}, 'id: String should have at least 1 character'),
    (7, 'an event is a JSON object'), ('down', 'an event is a JSON object')])
async def test_an_event_that_is_refused_says_why(plc: AsyncClient, body: Any, words: str) -> None:
    answer = await plc.post(PATH, content=json.dumps(body), headers={'Content-Type': 'application/json'})
    assert (answer.status_code, answer.json()['result']) == (422, 'refused')
    assert words in answer.json()['message']


async def test_an_event_that_is_refused_is_shown_with_its_time(plc: AsyncClient,
                                                               connection: asyncpg.Connection) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    events = [{'machine': 'A', 'problem': 'what is 7?'}, {'machine': 'B', 'status': 'broken'}]
    await plc.post(PATH, json=[*({**each, 'at': at.isoformat()} for each in events), {'machine': 'C', 'at': 'today'}])
    found = await connection.fetch('SELECT machine, at FROM feed_refusals ORDER BY machine')
    assert [tuple(row) for row in found] == [('A', at), ('B', at), ('C', None)]


async def test_a_parameter_of_the_address_is_refused_and_nothing_is_stored(plc: AsyncClient,
                                                                            connection: asyncpg.Connection) -> None:
    before = await status_of(connection)
    for path, body in (PATH, {'machine': VALVE, 'status': 'down'}), (f'{PATH}/{VALVE}', {'status': 'down'}):
        answer = await plc.post(f'{path}?status=warning', json=body)
        assert (answer.status_code, answer.json()['detail']) == (
            422, 'This address takes no parameters: leave out status.')
    assert await status_of(connection) == before


async def test_json_that_curl_sends_as_a_form_is_recognised(plc: AsyncClient) -> None:
    answer = await plc.post(f'{PATH}/{VALVE}', content='{"status": "down", "reason": "a=b&c"}',
                            headers={'Content-Type': 'application/x-www-form-urlencoded'})
    assert (answer.status_code, answer.json()['result']) == (422, 'refused')
    assert 'this is JSON, but was sent as a form' in answer.json()['message']


@together(('content', 'headers', 'status'), [
    (b'{', {'Content-Type': 'application/json'}, 400), (b'status=down', {'Content-Type': 'text/plain'}, 415),
    (b'{}', {'Content-Type': 'application/json', 'Content-Encoding': 'br'}, 415),
    (b'{}', {'Content-Type': 'application/json', 'Content-Encoding': 'gzip'}, 400),
    (gzip.compress(b' ' * 5_000_000), {'Content-Type': 'application/json', 'Content-Encoding': 'gzip'}, 413),
    (gzip.compress(b'{}')[:-4], {'Content-Type': 'application/json', 'Content-Encoding': 'gzip'}, 400),
    (b'{}\n' * 1001, NDJSON, 422), (b'{"status": "down", "status": "up"}', {'Content-Type': 'application/json'}, 422)])
async def test_a_body_that_cannot_be_read_is_refused_whole(plc: AsyncClient, content: bytes, headers: dict[str, str],
                                                           status: int) -> None:
    problem_in(await plc.post(PATH, content=content, headers=headers), status)


async def test_a_request_that_is_interrupted_is_no_fault_of_the_program(
        database: Database, settings: Settings, plc: AsyncClient) -> None:
    headers = [(b'host', b'floor'), (b'content-type', b'application/json'),
               (b'authorization', plc.headers['Authorization'].encode())]
    scope = {'type': 'http', 'method': 'POST', 'path': PATH, 'query_string': b'', 'scheme': 'http',
             'http_version': '1.1', 'headers': headers}
    received = iter([{'type': 'http.request', 'body': b'[{', 'more_body': True}, {'type': 'http.disconnect'}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message)

    await app_of(database, settings)(scope, receive, send)
    assert sent[0]['status'] == 400


async def test_a_token_that_ends_reports_nothing_more_although_it_was_known(
        plc: AsyncClient, connection: asyncpg.Connection) -> None:
    down = {'status': 'down'}
    for end in "revoked_at = now(), revoked_by = 'another instance'", "expires_at = now() - interval '1 second'":
        assert (await plc.post(f'{PATH}/{VALVE}', json=down)).status_code == 200
        await connection.execute(f'UPDATE access_keys SET {end}')
        problem = problem_in(await plc.post(f'{PATH}/{VALVE}', json={'status': 'warning'}), 401)
        assert 'ask a supervisor' in problem['detail']
        assert (await status_of(connection))[0] == 'down'
        await connection.execute('UPDATE access_keys SET revoked_at = NULL, revoked_by = NULL, expires_at = NULL')


async def test_events_are_counted_by_result_and_reason(plc: AsyncClient, tokens: ApiTokens, app: FastAPI) -> None:
    limited = await tokens.make(MIKE, NewToken('press', [TokenScope.FEED], machines=[PAINTER]))
    now = datetime.now(UTC)
    one = {'machine': VALVE, 'status': 'down', 'at': now.isoformat(), 'id': '1'}
    await plc.post(PATH, json=one)
    await plc.post(PATH, json=[one, {**one, 'id': '2', 'status': 'warning'}, {'machine': VALVE},
                                {'machine': 'CNC-01', 'status': 'down'},
                                {**one, 'id': '3', 'at': (now - timedelta(minutes=9)).isoformat()},
                                {**one, 'id': '4', 'at': (now + timedelta(hours=1)).isoformat()},
                                {**one, 'id': '5', 'at': (now - timedelta(days=9)).isoformat()}])
    await plc.post(f'{PATH}/{VALVE}', data={'status': 'down'}, headers={'Authorization': f'Bearer {limited.secret}'})
    assert {key: times for key, times in app.state.feed_counters.events.items() if times} == {
        ('gateway', 'accepted', ''): 1, ('gateway', 'duplicate', ''): 1, ('gateway', 'late', ''): 1,
        ('gateway', 'unknown_machine', ''): 1, ('gateway', 'refused', 'unreadable'): 1,
        ('gateway', 'refused', 'conflict'): 1, ('gateway', 'refused', 'time'): 2,
        ('press', 'refused', 'not_allowed'): 1}


async def test_requests_that_are_refused_whole_are_counted_by_reason(plc: AsyncClient, tokens: ApiTokens,
                                                                     app: FastAPI) -> None:
    old, reader = [await tokens.make(MIKE, NewToken(name, [scope])) for name, scope in (
        ('old', TokenScope.FEED), ('MES', TokenScope.READ))]
    await tokens.revoke(MIKE, old.key.id)
    good = plc.headers.pop('Authorization')
    for times, secret in (3, 'lm_token_guess'), (2, old.secret), (1, reader.secret), (1, ''):
        for _ in range(times):
            header = {'Authorization': f'Bearer {secret}'} if secret else {}
            answer = await plc.post(f'{PATH}/{VALVE}', data={'status': 'down'}, headers=header)
            assert answer.status_code in {401, 403}
    assert (await plc.get('/api/machines', headers={'Authorization': 'Bearer lm_token_guess'})).status_code == 401
    counters = app.state.feed_counters
    assert counters.requests == {'unknown_token': 3, 'ended_token': 2, 'other_token': 1, 'no_token': 1}
    assert [(each.fault, each.address, each.token, each.times) for each in counters.senders] == [
        ('no_token', '127.0.0.1', '', 1), ('other_token', '127.0.0.1', 'MES', 1),
        ('ended_token', '127.0.0.1', '', 2), ('unknown_token', '127.0.0.1', '', 3)]
    answer = await plc.post(f'{PATH}/{VALVE}', data={'status': 'down'}, headers={'Authorization': good})
    assert answer.json() == {'result': 'accepted'}, 'nothing else is disturbed'


async def test_what_arrives_while_its_token_is_revoked_is_refused(database: Database, tokens: ApiTokens) -> None:
    key = (await tokens.make(MIKE, NewToken('gateway', [TokenScope.FEED]))).key
    down = FeedEvent(VALVE, Status.DOWN)
    assert (await FeedIngest(database).report(key.id, [down]))[0].result is Result.ACCEPTED
    await tokens.revoke(MIKE, key.id)
    with pytest.raises(NotAllowedError, match='revoked'):
        await FeedIngest(database).report(key.id, [down])


async def test_only_a_token_for_it_reports_and_only_its_machines(plc: AsyncClient, tokens: ApiTokens,
                                                                 connection: asyncpg.Connection) -> None:
    down = {'status': 'down', 'reason': 'only this token'}
    limited = (await tokens.make(MIKE, NewToken('valves', [TokenScope.FEED], machines=[VALVE]))).secret
    own = {'Authorization': f'Bearer {limited}'}
    assert (await plc.post(f'{PATH}/{PAINTER}', json=down, headers=own)).status_code == 422
    assert (await plc.post(f'{PATH}/{VALVE}', json=down, headers=own)).status_code == 200
    reasons = [(await status_of(connection, machine))[1] for machine in (VALVE, PAINTER)]
    assert [reason == down['reason'] for reason in reasons] == [True, False]

    plc.headers.pop('Authorization')
    problem = problem_in(await plc.post(f'{PATH}/{VALVE}', json=down, headers={'X-Forwarded-Email': str(MIKE.email)}),
                         403)
    assert 'scope feed:write' in problem['detail']


async def test_what_feeds_have_sent_is_read_with_another_token(plc: AsyncClient, tokens: ApiTokens,
                                                              connection: asyncpg.Connection) -> None:
    await plc.post(PATH, json=[{'machine': VALVE, 'status': 'down'}, {'machine': VALVE, 'status': 'broken'}])
    assert (await plc.get('/api/feeds')).status_code == 403  # a token that reports reads nothing
    await connection.execute("UPDATE access_keys SET silent_after = '5 minutes' WHERE name = 'gateway'")
    reader = await tokens.make(MIKE, NewToken('monitoring', [TokenScope.READ]))
    plc.headers['Authorization'] = f'Bearer {reader.secret}'
    found, = (await plc.get('/api/feeds')).json()
    assert datetime.fromisoformat(found.pop('last_event_at')) > datetime.now(UTC) - timedelta(minutes=5)
    assert found.pop('id') and found == {
        'name': 'gateway', 'silent_since': None, 'silent_after_seconds': 300, 'events_per_minute': 2, 'accepted': 1,
        'refused_24_hours': 1, 'is_expired': False}


async def test_events_of_the_gateway_are_understood(plc: AsyncClient, connection: asyncpg.Connection) -> None:
    now = datetime.now(UTC) + timedelta(seconds=2)
    events = [status_event(VALVE, now - timedelta(seconds=1), Status.DOWN, 'E-047'),
              status_event(VALVE, now, Status.UNKNOWN, 'no connection to plant'),
              counter_event(PAINTER, now, Reports.GOOD, 3)]
    for many in (events[:1], events[1:] * 10):   # plain, and compressed
        body, headers = body_of([with_id(each, str(number)) for number, each in enumerate(many, start=len(many))])
        assert results(await plc.post(PATH, content=body, headers=headers))[:2] == ['accepted'] * len(many[:2])
    assert 'Content-Encoding' in headers
    assert await status_of(connection) == ('down', 'E-047')   # as reported last, before the signal was lost
