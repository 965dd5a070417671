"""Work orders by REST: the real commands, a real database, people who are who the proxy of Databricks Apps says."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from database.harness import (
    LEAK,
    OPERATOR,
    PATH,
    PNG,
    SUPERVISOR,
    TECHNICIAN,
    Client,
    app_of,
    asking,
    described_paths,
    problem_in,
    reported,
)
from database.postgres import Connect
from pictures import SECRETS, TURNED, encoded, motif, opened, telling
from together import together

from floor.core.errors import DatabaseUnavailableError
from floor.core.orders import Attachment
from floor.core.people import Identity, Role
from floor.core.rate_limit import ChangeRateLimit
from floor.core.settings import Settings
from floor.db.database import Database
from floor.orders.employees import Employees
from floor.orders.order_attachments import MAX_ATTACHMENTS
from floor.orders.work_orders import WorkOrders
from floor.web.api.attachment_responses import disposition
from floor.web.middleware.request_limits import MAX_BODY_BYTES

pytestmark = pytest.mark.newest_postgres


@pytest.fixture
async def acting_for(database: Database, settings: Settings) -> AsyncIterator[Callable[[str | None], Client]]:
    """Call it with an e-mail address for a program that acts for this person.

    In the end every answer that came has to be one that the description of its path names.
    """
    async with database.acquire(), AsyncExitStack() as stack:   # the pool is open: patience is for the questions
        app = app_of(database, settings)
        clients: dict[str | None, Client] = {}
        seen: set[tuple[str, str, str]] = set()

        async def remember(answer: httpx.Response) -> None:
            template = re.sub(r'(?<=/attachments/)[^/]+', '{attachment_id}',
                              re.sub(r'(?<=/work-orders/)[^/]+', '{order_id}', answer.request.url.path))
            seen.add((template, answer.request.method.lower(), str(answer.status_code)))

        def client(email: str | None) -> Client:
            if email not in clients:
                clients[email] = asking(app, email)
                clients[email].event_hooks['response'].append(remember)
                stack.push_async_callback(clients[email].aclose)
            return clients[email]

        yield client
        described = described_paths()
        assert [answer for answer in sorted(seen) if answer[0].startswith(PATH)
                and answer[2] not in described[answer[0]][answer[1]]['responses']] == []


@pytest.fixture
def supervisor(acting_for: Callable[[str | None], Client]) -> Client:
    return acting_for(SUPERVISOR)


@pytest.fixture
def technician(acting_for: Callable[[str | None], Client]) -> Client:
    return acting_for(TECHNICIAN)


@pytest.fixture
def operator(acting_for: Callable[[str | None], Client]) -> Client:
    return acting_for(OPERATOR)


@pytest.fixture
def nobody(acting_for: Callable[[str | None], Client]) -> Client:
    return acting_for(None)


# reporting

async def test_what_the_seed_sends_becomes_an_order(supervisor: Client) -> None:
    answer = await supervisor.post(PATH, json={
        **LEAK, 'reporter_name': 'Shift lead', 'assignee': 'Lisa Garcia', 'timestamp': '2026-03-02T06:31:04+01:00'})
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers['cache-control'] == 'no-store'
    assert re.fullmatch(r'WO-\d{8}-[0-9a-f]{8}', order['id'])
    assert answer.headers['location'] == f'{PATH}/{order["id"]}'
    contract = ('machine_id', 'issue_description', 'priority', 'reporter_name', 'assignee', 'timestamp', 'status')
    assert {name: order[name] for name in contract} == {
        **LEAK, 'reporter_name': 'Shift lead', 'assignee': 'Lisa Garcia', 'timestamp': '2026-03-02T05:31:04Z',
        'status': 'open'}
    assert (order['due_at'], order['overdue'], order['version']) == ('2026-03-02T13:31:04Z', True, 1)
    assert list(order)[:9] == ['id', 'machine_id', 'issue_description', 'priority', 'reporter_name', 'assignee',
                               'timestamp', 'created_at', 'status']
    assert (await supervisor.get(answer.headers['location'])).json() == {**order, 'checklist': [], 'attachments': []}


async def test_who_says_less_gets_what_goes_without_saying(operator: Client) -> None:
    order = (await operator.post(PATH, json={
        'machine_id': 'Valve_02_01', 'issue_description': 'Sticks', 'assignee': '', 'reporter_name': ''})).json()
    assert (order['priority'], order['assignee'], order['overdue']) == ('medium', None, False)
    assert (order['reporter_name'], order['reporter_email']) == ('Carlos Mendez', OPERATOR)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(order['timestamp'])).total_seconds()) < 60


async def test_an_assignee_is_known_by_name_or_email_case_insensitively(supervisor: Client) -> None:
    for given in ('lisa garcia', 'Lisa.Garcia@Example.com'):
        assert (await reported(supervisor, assignee=given))['assignee'] == 'Lisa Garcia'


@together('name', [' Lisa Garcia', 'Lisa Garcia\u00a0', 'Lisa\u200b Garcia', ' ', 'Lisa\ud800'])
@together('field', ['machine_id', 'assignee', 'reporter_name'])
async def test_a_name_is_taken_exactly_or_refused(supervisor: Client, field: str, name: str) -> None:
    answer = await supervisor.post(PATH, content=json.dumps(LEAK | {field: name}),
                                   headers={'Content-Type': 'application/json'})
    assert answer.status_code == 422
    assert answer.json()['errors'][0]['where'] == f'body.{field}'


async def test_the_same_key_twice_is_one_order(operator: Client) -> None:
    first = await operator.post(PATH, json=LEAK, headers={'Idempotency-Key': 'tablet-7:4711'})
    again = await operator.post(PATH, json=LEAK, headers={'Idempotency-Key': 'tablet-7:4711'})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers['location'] == first.headers['location']
    other = await operator.post(PATH, json=LEAK, headers={'Idempotency-Key': 'tablet-7:4712'})
    assert other.status_code == 201
    assert (await operator.get(PATH)).headers['x-total-count'] == '2'


async def test_thirty_requests_with_one_key_at_once_make_one_order(operator: Client) -> None:
    answers = await asyncio.gather(*(operator.post(PATH, json=LEAK, headers={'Idempotency-Key': '1'})
                                     for _ in range(30)))
    assert sorted(answer.status_code for answer in answers) == [200] * 29 + [201]
    assert len({answer.text for answer in answers}) == len({answer.headers['location'] for answer in answers}) == 1
    assert (await operator.get(PATH)).headers['x-total-count'] == '1'


@pytest.mark.parametrize('other', [{'issue_description': 'Smoke'}, {'machine_id': 'Valve_02_01'}, {'priority': 'low'},
                                   {'priority': None}, {'assignee': TECHNICIAN}, {'reporter_name': 'Night shift'},
                                   {'timestamp': '2026-03-02T06:31:04Z'}])
async def test_a_key_sent_with_another_body_is_refused_and_says_so(supervisor: Client, other: dict[str, Any]) -> None:
    key = {'Idempotency-Key': 'tablet-7:4711'}
    order = (await supervisor.post(PATH, json=LEAK, headers=key)).json()
    problem = problem_in(await supervisor.post(PATH, json={**LEAK, **other}, headers=key), 422)
    assert order['id'] in problem['detail']
    assert 'nothing of this request is saved. Send it with a new key' in problem['detail']
    assert problem['errors'][0]['where'] == 'header.idempotency-key'
    assert [each['id'] for each in (await supervisor.get(PATH)).json()] == [order['id']]
    assert (await supervisor.post(PATH, json={**LEAK, **other}, headers={'Idempotency-Key': 'new'})).status_code == 201


async def test_the_same_body_in_other_words_is_the_same(supervisor: Client) -> None:
    key, body = {'Idempotency-Key': '1'}, {**LEAK, 'assignee': 'Lisa Garcia', 'timestamp': '2026-03-02T07:31:04+01:00'}
    first = await supervisor.post(PATH, json=body, headers=key)
    again = await supervisor.post(PATH, headers=key, json={
        'timestamp': '2026-03-02T06:31:04Z', 'assignee': TECHNICIAN, 'reporter_name': None, **LEAK})
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())


async def upload(client: Client, order: dict[str, Any], content: bytes, key: str, name: str = 'leak.pdf'
                 ) -> httpx.Response:
    return await client.post(f'{PATH}/{order["id"]}/attachments', params={'file_name': name}, content=content,
                             headers={'Content-Type': 'application/octet-stream', 'Idempotency-Key': key})


async def names_of_files(client: Client, order: dict[str, Any]) -> list[str]:
    return [file['file_name'] for file in (await client.get(f'{PATH}/{order["id"]}')).json()['attachments']]


async def test_an_upload_sent_again_with_its_key_is_one_file(operator: Client) -> None:
    order = await reported(operator)
    for content, name in (b'%PDF-1.7', 'leak.pdf'), (telling('HEIF', TURNED), 'leak.heic'):
        first, again = [await upload(operator, order, content, name, name) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert again.headers['location'] == first.headers['location']
    assert await names_of_files(operator, order) == ['leak.pdf', 'leak.jpg']
    assert (await upload(operator, order, b'%PDF-1.7', 'another key')).status_code == 422  # it has a space
    assert (await upload(operator, order, b'%PDF-1.7', 'another-key')).status_code == 201


async def test_thirty_uploads_with_one_key_at_once_are_one_file(operator: Client) -> None:
    order = await reported(operator)
    answers = await asyncio.gather(*(upload(operator, order, b'%PDF-1.7', '1') for _ in range(30)))
    assert sorted(answer.status_code for answer in answers) == [200] * 29 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert await names_of_files(operator, order) == ['leak.pdf']


async def test_thirty_comments_with_one_key_at_once_are_one_comment(operator: Client) -> None:
    path = f'{PATH}/{(await reported(operator))["id"]}/comments'
    answers = await asyncio.gather(*(operator.post(path, json={'text': 'It drips'}, headers={'Idempotency-Key': '1'})
                                     for _ in range(30)))
    assert sorted(answer.status_code for answer in answers) == [200] * 29 + [201]
    assert [comment['text'] for comment in (await operator.get(path)).json()] == ['It drips']


async def test_a_key_sent_with_another_file_name_or_order_is_refused_and_nothing_is_kept(operator: Client,
                                                                                         technician: Client) -> None:
    order, other = await reported(operator), await reported(operator)
    assert (await upload(operator, order, b'%PDF-1.7', '1')).status_code == 201
    for where, content, name in ((order, b'%PDF-1.8', 'leak.pdf'), (order, PNG, 'leak.pdf'),
                                 (order, b'%PDF-1.7', 'drip.pdf'), (other, b'%PDF-1.7', 'leak.pdf')):
        problem = problem_in(await upload(operator, where, content, '1', name), 422)
        assert problem['errors'][0]['where'] == 'header.idempotency-key'
        assert 'made the attachment leak.pdf: nothing of this request is saved' in problem['detail']
    assert (await upload(technician, other, b'%PDF-1.7', '1')).status_code == 201  # keys of other people are theirs
    assert await names_of_files(operator, order) == await names_of_files(operator, other) == ['leak.pdf']


async def test_uploads_with_one_key_to_many_orders_at_once_are_one_file(operator: Client) -> None:
    orders = [await reported(operator) for _ in range(8)]
    answers = await asyncio.gather(*(upload(operator, order, b'%PDF-1.7', '1') for order in orders))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    assert [name for order in orders for name in await names_of_files(operator, order)] == ['leak.pdf']


async def test_a_key_of_a_full_order_still_gives_the_file_it_made(operator: Client) -> None:
    order = await reported(operator)
    for number in range(MAX_ATTACHMENTS):
        assert (await upload(operator, order, b'%PDF-1.7', str(number))).status_code == 201
    assert (await upload(operator, order, b'%PDF-1.7', '0')).status_code == 200
    assert (await upload(operator, order, b'%PDF-1.7', 'one-more')).status_code == 422


async def test_a_key_is_its_owners_alone(operator: Client, technician: Client) -> None:
    key = {'Idempotency-Key': '1'}
    first = await operator.post(PATH, json=LEAK, headers=key)
    other = await technician.post(PATH, json={**LEAK, 'issue_description': 'Smoke'}, headers=key)
    assert (first.status_code, other.status_code) == (201, 201)
    path = f'{PATH}/{first.json()["id"]}/comments'
    for client, text in (operator, 'It drips'), (technician, 'On my way'):
        assert (await client.post(path, json={'text': text}, headers=key)).status_code == 201
    problem = problem_in(await operator.post(path, json={'text': 'It pours'}, headers=key), 422)
    assert problem['errors'][0]['where'] == 'header.idempotency-key'
    assert len((await operator.get(path)).json()) == 2


@together('key', ['', ' ', 'a b', 'x' * 201, 'schl\u00fcssel', '\u200b', '\U0001f600', 'a\tb', 'a\x7f'])
async def test_a_key_of_strange_characters_or_length_is_refused(operator: Client, key: str) -> None:
    headers = {'Idempotency-Key': key.encode()}
    order = await reported(operator)
    before = (await operator.get(PATH)).json()
    for path, body in (PATH, LEAK), (f'{PATH}/{order["id"]}/comments', {'text': 'It drips'}):
        problem = problem_in(await operator.post(path, json=body, headers=headers), 422)  # type: ignore[arg-type]
        assert problem['errors'][0]['where'] == 'header.idempotency-key'
    path, octets = f'{PATH}/{order["id"]}/attachments', {'Content-Type': 'application/octet-stream'}
    problem = problem_in(await operator.post(path, params={'file_name': 'a.pdf'}, content=b'%PDF-1.7',
                                             headers={**headers, **octets}), 422)  # type: ignore[arg-type]
    assert problem['errors'][0]['where'] == 'header.idempotency-key'
    assert (await operator.get(PATH)).json() == before
    assert await names_of_files(operator, order) == []


async def test_two_keys_are_none(operator: Client) -> None:
    answer = await operator.post(PATH, json=LEAK, headers=[('Idempotency-Key', '1'), ('Idempotency-Key', '2')])
    assert problem_in(answer, 422)['errors'][0]['where'] == 'header.idempotency-key'


@together(('wrong', 'where'), [
    ({'machine_id': 'Valve_99_01'}, 'body.machine_id'),
    ({'machine_id': None}, 'body.machine_id'),
    ({'machine_id': 'a\0b'}, 'body.machine_id'),
    ({'issue_description': ' '}, 'body.issue_description'),
    ({'issue_description': 'x' * 10_001}, 'body.issue_description'),
    ({'issue_description': 'x\0'}, 'body.issue_description'),
    ({'priority': 'urgent'}, 'body.priority'),
    ({'reporter_name': 'x' * 201}, 'body.reporter_name'),
    ({'assignee': 'Nobody Here'}, 'body.assignee'),
    ({'assignee': 7}, 'body.assignee'),
    ({'timestamp': 'yesterday'}, 'body.timestamp'),
    ({'timestamp': '2026-03-02T06:31:04'}, 'body.timestamp'),
    ({'timestamp': '9999-12-31T23:59:59Z'}, 'body.timestamp'),
    ({'timestamp': '1969-07-20T20:17:40Z'}, 'body.timestamp'),
    ({'status': 'completed'}, 'body.status'),
])
async def test_a_field_that_cannot_be_is_named(supervisor: Client, wrong: dict[str, Any], where: str) -> None:
    problem = problem_in(await supervisor.post(PATH, json={**LEAK, **wrong}), 422)
    assert [fault['where'] for fault in problem['errors']] == [where]
    assert problem['detail']
    assert (await supervisor.get(PATH)).json() == []


@together('name', ['machine_id', 'issue_description', 'reporter_name', 'assignee'])
async def test_half_a_character_is_refused_where_it_stands(supervisor: Client, name: str) -> None:
    answer = await supervisor.post(PATH, content=json.dumps({**LEAK, name: 'half \ud83d'}),
                                   headers={'Content-Type': 'application/json'})
    assert problem_in(answer, 422)['errors'][0]['where'] == f'body.{name}'


@together('name', ['machine_id', 'issue_description'])
async def test_what_is_missing_is_named(supervisor: Client, name: str) -> None:
    form = {key: value for key, value in LEAK.items() if key != name}
    assert problem_in(await supervisor.post(PATH, json=form), 422)['errors'][0]['where'] == f'body.{name}'


@together('hostile', [
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE work_orders; --", '{{ 7*7 }}',
    '\u202egnp.exe', 'x' * 10_000, '😀\n\tÄ', '%s %(x)s {0}', '\\u0000', '=1+1'])
async def test_a_text_comes_back_as_it_was(operator: Client, hostile: str) -> None:
    order = await reported(operator, issue_description=hostile)
    await operator.post(f'{PATH}/{order["id"]}/comments', json={'text': hostile})
    assert (await operator.get(f'{PATH}/{order["id"]}')).json()['issue_description'] == hostile
    assert [given['text'] for given in (await operator.get(f'{PATH}/{order["id"]}/comments')).json()] == [hostile]
    assert len((await operator.get(PATH, params={'q': hostile[:200]})).json()) == 1


# what may be sent

@together('media_type', ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '',
                                        'text/plain; x=application/json', 'application/jsonp'])
@together('path', ['', '/WO-20260302-3f2a91bc/comments'])
async def test_what_a_page_of_another_site_can_send_is_refused(operator: Client, media_type: str, path: str) -> None:
    content = ('{"machine_id": "Valve_02_01", "issue_description": "not by me"}' if not path else '{"text": "no"}')
    problem_in(await operator.post(PATH + path, content=content, headers={'Content-Type': media_type}), 415)
    problem_in(await operator.post(PATH + path, content=content.encode()), 415)   # no media type at all
    assert (await operator.get(PATH)).json() == []


async def test_a_media_type_may_say_more(operator: Client) -> None:
    for media_type in ('application/json; charset=utf-8', 'Application/JSON', 'application/merge-patch+json'):
        answer = await operator.post(PATH, content='{"machine_id": "Valve_02_01", "issue_description": "Sticks"}',
                                     headers={'Content-Type': media_type})
        assert answer.status_code == 201, media_type


@together('chunked', [False, True])
async def test_a_body_that_is_too_long_is_refused(operator: Client, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b' ' * 100_000

    content = pieces() if chunked else b' ' * (MAX_BODY_BYTES + 1)
    answer = await operator.post(PATH, content=content, headers={'Content-Type': 'application/json'})
    assert '1,000,000 bytes' in problem_in(answer, 413)['detail']


@together('content', [b'', b'{', b'[]', b'nonsense', b'\xff\xfe', b'{"machine_id": "\\ud800"}', b'null',
                                     b'{"\\ud800": 1}', b'[' * 100_000, b'{"a": ' + b'1' * 5000 + b'}'])
async def test_a_body_that_is_no_form_is_a_problem_not_a_crash(operator: Client, content: bytes) -> None:
    answer = await operator.post(PATH, content=content, headers={'Content-Type': 'application/json'})
    assert answer.status_code in {400, 422}
    assert problem_in(answer, answer.status_code)['detail']


VALVE = '{"machine_id": "Valve_02_01", "issue_description": "Grünspan"%s}'
PLAIN_JSON = {'Content-Type': 'application/json'}


@together(('content', 'detail'), [
    ((VALVE % '').encode('latin-1'), 'not in UTF-8'), ((VALVE % '').encode('utf-16'), 'not in UTF-8'),
    (b'{"machine_id": "Valve_02_01",\n nonsense}', 'line 2, column 2'), ((VALVE % '').encode() + b'{}', 'Extra data'),
    (b'[' * 100_000, 'nested too deeply'), ((VALVE % f', "x": {"9" * 5000}').encode(), 'a number that is too'),
    ((VALVE % ', "priority": NaN').encode(), 'NaN is not a number'),
    ((VALVE % ', "x": -Infinity').encode(), '-Infinity')])
async def test_a_body_that_is_not_json_is_refused_with_where(operator: Client, content: bytes, detail: str) -> None:
    assert detail in problem_in(await operator.post(PATH, content=content, headers=PLAIN_JSON), 400)['detail']
    assert (await operator.get(PATH)).json() == []


async def test_a_mark_before_the_body_is_no_part_of_it(operator: Client) -> None:
    answer = await operator.post(PATH, content=(VALVE % '').encode('utf-8-sig'), headers=PLAIN_JSON)
    assert (answer.status_code, answer.json()['issue_description']) == (201, 'Grünspan')


@together('name', ['machine_id', 'issue_description', 'machine\\u005fid', 'issue_description\\ud800'])
async def test_a_name_that_comes_twice_is_refused_for_nobody_knows_which_one_is_meant(
        operator: Client, name: str) -> None:
    twice = f', "{name}": "Valve_01_01"' * (2 if 'ud800' in name else 1)
    problem = problem_in(await operator.post(PATH, content=VALVE % twice, headers=PLAIN_JSON), 422)
    assert 'duplicate field' in problem['detail']
    assert problem['errors'][0]['where'].startswith(('body.machine_id', 'body.issue_description'))
    assert (await operator.get(PATH)).json() == []


@together('headers', [{'Content-Type': 'application/json; charset=iso-8859-1'},
                                     {'Content-Type': 'application/json; charset=utf-16'},
                                     {**PLAIN_JSON, 'Content-Encoding': 'gzip'}])
async def test_other_letters_and_compressed_bodies_are_refused(operator: Client, headers: dict[str, str]) -> None:
    problem_in(await operator.post(PATH, content=VALVE % '', headers=headers), 415)
    assert (await operator.get(PATH)).json() == []


@together('value', [1_795_000_000, '1795000000', True, 1.5, '0001-01-01T00:00:00+14:00',
                                   '9999-12-31T23:59:59-14:00'])
async def test_a_time_that_is_no_moment_of_the_program_is_refused(operator: Client, value: Any) -> None:
    problem = problem_in(await operator.post(PATH, json={**LEAK, 'timestamp': value}), 422)
    assert problem['errors'][0]['where'] == 'body.timestamp'


# too much

async def test_who_changes_too_much_has_to_wait_and_nobody_else_does(database: Database, settings: Settings) -> None:
    app = app_of(database, settings, limit=ChangeRateLimit(3))
    async with asking(app, OPERATOR) as operator, asking(app, TECHNICIAN) as technician:
        order = (await operator.post(PATH, json=LEAK)).json()
        path = f'{PATH}/{order["id"]}'
        await operator.post(f'{path}/comments', json={'text': 'One'})
        await operator.patch(path, json={'version': order['version'], 'priority': 'low'})
        for answer in [await operator.post(PATH, json=LEAK),
                       await operator.post(f'{path}/comments', json={'text': 'Two'}),
                       await operator.patch(path, json={'version': 2, 'priority': 'high'})]:
            assert 'more than 3 changes within a minute' in problem_in(answer, 429)['detail']
            assert 1 <= int(answer.headers['retry-after']) <= 20
        assert len((await operator.get(PATH)).json()) == 1
        assert len((await technician.post(f'{path}/comments', json={'text': 'Two'})).json()) == 2


# lists

async def test_the_list_is_an_array_the_newest_first(supervisor: Client) -> None:
    ids = [(await reported(supervisor))['id'] for _ in range(3)]
    answer = await supervisor.get(PATH)
    assert [order['id'] for order in answer.json()] == ids[::-1]
    assert answer.headers['cache-control'] == 'no-store'


async def test_filters_narrow_the_list(supervisor: Client, technician: Client) -> None:
    late = await reported(supervisor, issue_description='100% late', timestamp='2026-01-01T00:00:00Z')
    mine = await reported(supervisor, assignee=TECHNICIAN, priority='low', machine_id='Valve_02_01')
    moved = await reported(supervisor, priority='critical')
    await technician.patch(f'{PATH}/{moved["id"]}', json={'version': 1, 'status': 'on_hold', 'hold_reason': 'parts'})

    async def found(**asked: Any) -> list[str]:
        return [order['id'] for order in (await supervisor.get(PATH, params=asked)).json()]

    assert await found(status='on_hold') == [moved['id']]
    assert await found(status=['open', 'on_hold']) == [moved['id'], mine['id'], late['id']]
    assert await found(priority=['low', 'CRITICAL']) == [moved['id'], mine['id']]
    assert await found(machine_id='Valve_02_01') == [mine['id']]
    assert await found(overdue='true') == [late['id']]
    assert await found(q='100%') == [late['id']]
    assert await found(assignee='Lisa Garcia') == await found(assignee=mine['assignee_id']) == [mine['id']]
    assert await found(assignee='none') == [moved['id'], late['id']]
    assert await found(sort='-age') == [late['id'], mine['id'], moved['id']]
    assert await found(sort='priority') == [moved['id'], late['id'], mine['id']]
    assert await found(assignee=SUPERVISOR) == await found(machine='Valve_01_01') == []
    assert await found(status='open,on_hold', machine='Injection_Molder_02_01') == [moved['id'], late['id']]
    assert await found(state='on_hold') == await found(status=' On hold ') == [moved['id']]  # as on the page


async def test_a_list_comes_in_pages_that_name_each_other(supervisor: Client) -> None:
    ids = [(await reported(supervisor, priority='low'))['id'] for _ in range(5)][::-1]
    first = await supervisor.get(PATH, params={'per_page': 2, 'priority': 'low'})
    assert first.headers['x-total-count'] == '5'
    assert set(first.links) == {'first', 'next', 'last'}
    seen, page = first.json(), first
    while 'next' in page.links:
        page = await supervisor.get(page.links['next']['url'])
        seen += page.json()
    assert [order['id'] for order in seen] == ids
    assert set(page.links) == {'first', 'prev', 'last'}
    before = await supervisor.get(page.links['prev']['url'])
    assert [order['id'] for order in before.json()] == ids[2:4]
    assert page.links['last']['url'] == f'{PATH}?per_page=2&priority=low&page=3'
    assert (await supervisor.get(page.links['first']['url'])).json() == first.json()
    beyond = await supervisor.get(PATH, params={'per_page': 2, 'page': 9})
    assert beyond.json() == []
    assert (await supervisor.get(beyond.links['prev']['url'])).json()[0]['id'] == ids[4]


@pytest.mark.parametrize('sort', ['age', '-age', 'priority', '-priority', 'pressing', 'assignee', 'status',
                                  'description'])
async def test_pages_skip_and_double_nothing_while_others_write(supervisor: Client, sort: str) -> None:
    ids = {(await reported(supervisor, priority='low', issue_description=f'Leak {n}'))['id'] for n in range(8)}
    seen: list[str] = []
    page = await supervisor.get(PATH, params={'per_page': 3, 'sort': sort})
    while True:
        seen += [order['id'] for order in page.json()]
        await reported(supervisor, priority='critical', issue_description='Added meanwhile')
        # one that was read and one that is still to come
        for order_id in seen[-1], next((order_id for order_id in sorted(ids) if order_id not in seen), seen[0]):
            version = (await supervisor.get(f'{PATH}/{order_id}')).json()['version']
            for turn, change in enumerate(({'priority': 'high', 'issue_description': 'A changed leak'},
                                           {'assignee': TECHNICIAN}, {'status': 'on_hold', 'hold_reason': 'parts'})):
                if version > turn + 1:
                    continue
                answer = await supervisor.patch(f'{PATH}/{order_id}', json={'version': version, **change})
                version = answer.json()['version']
        if 'next' not in page.links:
            break
        assert page.headers['x-next-cursor'] in page.links['next']['url']
        page = await supervisor.get(page.links['next']['url'])
    mine = [order_id for order_id in seen if order_id in ids]
    assert mine == list(dict.fromkeys(mine)), 'twice'
    assert ids <= set(seen), 'skipped'
    assert 'x-next-cursor' not in page.headers


async def test_a_cursor_goes_on_with_the_filters_of_its_list(supervisor: Client) -> None:
    ids = [(await reported(supervisor, priority='low'))['id'] for _ in range(4)][::-1]
    await reported(supervisor, priority='high')
    asked: dict[str, Any] = {'per_page': 2, 'priority': 'low'}
    first = await supervisor.get(PATH, params=asked)
    second = await supervisor.get(PATH, params={**asked, 'cursor': first.headers['x-next-cursor'], 'page': 1})
    assert [order['id'] for order in (*first.json(), *second.json())] == ids


async def test_orders_that_were_changed_since_a_moment(supervisor: Client, technician: Client) -> None:
    old, changed = [await reported(supervisor) for _ in range(2)]
    answer = await supervisor.patch(f'{PATH}/{old["id"]}', json={'version': 1, 'priority': 'low'})
    moment = answer.json()['updated_at']
    await technician.patch(f'{PATH}/{changed["id"]}', json={'version': 1, 'status': 'in_progress'})
    new = await reported(supervisor)
    later = datetime.fromisoformat(moment).astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
    for asked in moment, later:
        answer = await supervisor.get(PATH, params={'updated_after': asked})
        assert [order['id'] for order in answer.json()] == [new['id'], changed['id']]
        assert answer.headers['x-total-count'] == '2'
    pages = await supervisor.get(PATH, params={'updated_after': moment, 'per_page': 1})
    assert [order['id'] for order in (await supervisor.get(pages.links['next']['url'])).json()] == [changed['id']]
    assert (await supervisor.get(PATH, params={'updated_after': new['updated_at']})).json() == []


@pytest.mark.parametrize('zone', ['Europe/Berlin', 'Asia/Kolkata'])
async def test_a_moment_without_an_offset_is_by_the_plants_clock(database: Database, settings: Settings, zone: str
                                                                 ) -> None:
    plant = settings.model_copy(update={'plant_timezone': zone})
    async with asking(app_of(database, plant), SUPERVISOR) as client:
        order = await reported(client)
        local = datetime.fromisoformat(order['updated_at']).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for minutes, found in (-1, [order['id']]), (1, []):
            asked = (local + timedelta(minutes=minutes)).isoformat()
            assert [each['id'] for each in (await client.get(PATH, params={'updated_after': asked})).json()] == found
        skipped = await client.get(PATH, params={'updated_after': '2026-03-29T02:30'})
        assert skipped.status_code == (422 if zone == 'Europe/Berlin' else 200)


async def test_an_empty_list_has_one_page(supervisor: Client) -> None:
    answer = await supervisor.get(PATH)
    assert (answer.json(), answer.headers['x-total-count'], set(answer.links)) == ([], '0', {'first', 'last'})


@together(('query', 'where'), [
    ('status=done', 'query.status'), ('status=open&status=closed', 'query.status'), ('state=done', 'query.state'),
    ('priority=urgent', 'query.priority'), ('done=month', 'query.done'),
    ('assignee=Nobody%20Here', 'query.assignee'), ('assignee=99999999999', 'query.assignee'),
    ('overdue=perhaps', 'query.overdue'), ('sort=colour', 'query.sort'), ('sort=--age', 'query.sort'),
    ('page=0', 'query.page'), ('page=1e99', 'query.page'), ('page=99999999999999999999', 'query.page'),
    ('per_page=201', 'query.per_page'), ('machine=a%00b', 'query.machine'), ('q=%00', 'query.q'),
    ('machine=Valve_99_01', 'query.machine'), ('machine_id=Valve_99_01', 'query.machine_id'),
    ('state=closed', 'query.state'), ('status=closed', 'query.status'),
    ('colour=red', 'query.colour'), ('cursor=garbage', 'query.cursor'), ('cursor=' + 'A' * 9000, 'query.cursor'),
    ('cursor=%00', 'query.cursor'), ('updated_after=yesterday', 'query.updated_after'),
    ('updated_after=2026-13-01T00:00:00Z', 'query.updated_after'),
    ('q=' + 'x' * 201, 'query.q'), ('sort=-pressing', 'query.sort')])
async def test_a_filter_that_makes_no_sense_is_named(operator: Client, query: str, where: str) -> None:
    assert problem_in(await operator.get(f'{PATH}?{query}'), 422)['errors'][0]['where'] == where


async def test_a_parameter_that_there_is_not_is_refused_on_every_path(supervisor: Client) -> None:
    order = await reported(supervisor)
    for path in f'{PATH}/{order["id"]}', f'{PATH}/{order["id"]}/comments', f'{PATH}/{order["id"]}/events':
        answer = problem_in(await supervisor.get(f'{path}?version=1'), 422)
        assert answer['errors'] == [{'where': 'query.version',
                                     'what': 'This address takes no parameters: leave out version.'}]
    assert problem_in(await supervisor.get(f'{PATH}?stauts=open'), 422)['detail'] == \
        'There is no parameter stauts. Did you mean status?'


# changing and moving

async def test_an_edit_changes_what_it_names_and_nothing_else(supervisor: Client) -> None:
    order = await reported(supervisor, assignee='Lisa Garcia')
    after = (await supervisor.patch(f'{PATH}/{order["id"]}', json={'version': 1, 'priority': 'critical'})).json()
    changed = {name for name in order if order[name] != after[name]}
    assert changed == {'priority', 'due_at', 'updated_at', 'version'}
    after = (await supervisor.patch(f'{PATH}/{order["id"]}', json={'version': 2, 'assignee': None})).json()
    assert (after['assignee'], after['priority'], after['version']) == (None, 'critical', 3)


async def test_the_whole_life_of_an_order(operator: Client, technician: Client, supervisor: Client) -> None:
    order = await reported(operator)
    path = f'{PATH}/{order["id"]}'
    steps: list[dict[str, Any]] = [
        {'assignee': TECHNICIAN}, {'status': 'in_progress'}, {'status': 'on_hold', 'hold_reason': 'parts'},
        {'status': 'in_progress', 'note': 'the seal is here'},
        {'status': 'completed', 'cause': 'Seal worn', 'action_taken': 'Seal replaced'}]
    for step in steps:
        answer = await technician.patch(path, json={'version': order['version'], **step})
        assert answer.status_code == 200, answer.text
        order = answer.json()
    assert (order['status'], order['cause'], order['assignee']) == ('completed', 'Seal worn', 'Lisa Garcia')
    assert order['acknowledged_at'] <= order['started_at'] <= order['completed_at']
    reopened = (await technician.patch(path, json={'version': order['version'], 'status': 'open'})).json()
    cancelled = (await supervisor.patch(path, json={'version': reopened['version'], 'status': 'cancelled',
                                                    'cancel_reason': 'double'})).json()
    assert (cancelled['status'], cancelled['completed_at'], cancelled['cancel_reason']) == ('cancelled', None, 'double')
    events = (await operator.get(f'{path}/events')).json()
    assert [(event['new_value'], event['who_email']) for event in events if event['kind'] == 'status_changed'] == [
        ('in_progress', TECHNICIAN), ('on_hold', TECHNICIAN), ('in_progress', TECHNICIAN), ('completed', TECHNICIAN),
        ('open', TECHNICIAN), ('cancelled', SUPERVISOR)]
    assert [event['note'] for event in events if event['new_value'] == 'in_progress'] == [None, 'the seal is here']
    assert (events[0]['kind'], events[0]['who']) == ('created', 'Carlos Mendez')
    reasons = ('hold_reason', 'cause', 'action_taken', 'cancel_reason', 'note')
    assert [[event[name] for name in reasons] for event in events if event['new_value'] in {
        'on_hold', 'completed', 'cancelled'}] == [
        ['parts', None, None, None, None], [None, 'Seal worn', 'Seal replaced', None, None],
        [None, None, None, 'double', None]]


async def test_who_edits_what_has_changed_sees_how_it_is_now(supervisor: Client, technician: Client) -> None:
    order = await reported(supervisor)
    path = f'{PATH}/{order["id"]}'
    await technician.patch(path, json={'version': 1, 'status': 'in_progress'})
    for late in ({'priority': 'low'}, {'status': 'cancelled', 'cancel_reason': 'not needed'}):
        problem = problem_in(await supervisor.patch(path, json={'version': 1, **late}), 409)
        assert (problem['title'], problem['current']['status'], problem['current']['version']) == (
            'Conflict', 'in_progress', 2)
    now = (await supervisor.get(path)).json()
    assert (now['status'], now['priority']) == ('in_progress', 'high')
    assert problem['current'] == {name: value for name, value in now.items() if name in problem['current']}


@together(('wrong', 'where'), [
    ({'status': 'open', 'hold_reason': 'lunch'}, 'body.hold_reason'),
    ({'status': 'on_hold'}, 'body.hold_reason'),
    ({'status': 'completed'}, 'body.cause'),
    ({'status': 'completed', 'cause': 'Seal'}, 'body.action_taken'),
    ({'status': 'completed', 'cause': 'x' * 2001, 'action_taken': 'y'}, 'body.cause'),
    ({'status': 'cancelled'}, 'body.cancel_reason'),
    ({'status': 'asleep'}, 'body.status'),
    ({'status': 'in_progress', 'priority': 'low'}, 'body'),
    ({'cause': 'Seal worn'}, 'body'),
    ({}, 'body'),
    ({'version': 0, 'priority': 'low'}, 'body.version'),
    ({'version': 2**63, 'priority': 'low'}, 'body.version'),
    ({'version': None, 'priority': 'low'}, 'body.version'),
    ({'version': True, 'priority': 'low'}, 'body.version'), ({'version': '1', 'priority': 'low'}, 'body.version'),
    ({'issue_description': ' '}, 'body.issue_description'),
    ({'assignee': 'Nobody Here'}, 'body.assignee'),
    ({'machine_id': 'Valve_02_01'}, 'body.machine_id'),
])
async def test_a_change_that_cannot_be_is_named(supervisor: Client, wrong: dict[str, Any], where: str) -> None:
    order = await reported(supervisor)
    answer = await supervisor.patch(f'{PATH}/{order["id"]}', json={'version': 1, **wrong})
    assert problem_in(answer, 422)['errors'][0]['where'] == where
    assert (await supervisor.get(f'{PATH}/{order["id"]}')).json()['version'] == 1


async def test_a_move_that_is_not_allowed_says_where_it_goes_from_here(supervisor: Client) -> None:
    order = await reported(supervisor)
    path = f'{PATH}/{order["id"]}'
    await supervisor.patch(path, json={'version': 1, 'status': 'cancelled', 'cancel_reason': 'double'})
    problem = problem_in(await supervisor.patch(path, json={'version': 2, 'status': 'in_progress'}), 422)
    assert 'cancelled cannot become in progress: the allowed statuses are open' in problem['detail']
    assert problem['errors'][0]['where'] == 'body.status'


# comments and attachments

async def test_comments_are_stored_once_and_kept(operator: Client, technician: Client) -> None:
    path = f'{PATH}/{(await reported(operator))["id"]}/comments'
    assert (await operator.get(path)).json() == []
    for _ in range(2):
        await operator.post(path, json={'text': 'It drips'}, headers={'Idempotency-Key': 'tablet-7:1'})
    await technician.post(path, json={'text': 'On my way'})
    given = (await operator.get(path)).json()
    assert [(comment['who'], comment['text']) for comment in given] == [('Carlos Mendez', 'It drips'),
                                                                        ('Lisa Garcia', 'On my way')]
    assert set(given[0]) == {'id', 'at', 'who', 'who_email', 'text'}


@together('form', [{}, {'text': ''}, {'text': ' \n'}, {'text': None}, {'text': 'x' * 10_001},
                                  {'text': '\0'}])
async def test_an_empty_or_endless_comment_is_refused(operator: Client, form: dict[str, Any]) -> None:
    path = f'{PATH}/{(await reported(operator))["id"]}/comments'
    assert problem_in(await operator.post(path, json=form), 422)['errors'][0]['where'] == 'body.text'
    assert (await operator.get(path)).json() == []


async def test_an_attachment_is_saved_under_its_name_and_never_opened_in_place(
        database: Database, operator: Client) -> None:
    order = await reported(operator)
    orders = WorkOrders(database, Employees(database, default_role=Role.VIEWER))
    await orders.attach(Identity('Carlos', OPERATOR), order['id'], 'pump "left".png', PNG)
    files = (await operator.get(f'{PATH}/{order["id"]}')).json()['attachments']
    assert [(file['media_type'], file['size'], file['added_by']) for file in files] == [
        ('image/png', len(PNG), 'Carlos Mendez')]
    answer = await operator.get(f'{PATH}/{order["id"]}/attachments/{files[0]["id"]}')
    assert (answer.status_code, answer.content, answer.headers['content-type']) == (200, PNG, 'image/png')
    assert answer.headers['content-disposition'].startswith('attachment; filename="pump _left_.png"')
    assert answer.headers['x-content-type-options'] == 'nosniff'
    assert 'sandbox' in answer.headers['content-security-policy']
    assert answer.headers['cache-control'] == 'private, max-age=31536000, immutable'
    other = await reported(operator)
    problem_in(await operator.get(f'{PATH}/{other["id"]}/attachments/{files[0]["id"]}'), 404)
    problem_in(await operator.get(f'{PATH}/{order["id"]}/attachments/99999999999'), 422)


async def test_a_part_of_an_attachment_and_one_that_is_known_already(database: Database, operator: Client) -> None:
    order = await reported(operator)
    orders = WorkOrders(database, Employees(database, default_role=Role.VIEWER))
    manual = b'%PDF-1.7' + bytes(range(256)) * 1_000
    file = await orders.attach(Identity('Carlos', OPERATOR), order['id'], 'manual.pdf', manual)
    path = f'{PATH}/{order["id"]}/attachments/{file.id}'
    whole = await operator.get(path)
    assert (whole.content, whole.headers['accept-ranges']) == (manual, 'bytes')
    for asked, first, last in (('bytes=0-9', 0, 9), ('bytes=100000-199999', 100_000, 199_999),
                               ('bytes=250000-', 250_000, len(manual) - 1),
                               ('bytes=-5', len(manual) - 5, len(manual) - 1),
                               ('bytes=5-999999999', 5, len(manual) - 1)):
        part = await operator.get(path, headers={'Range': asked, 'If-Range': whole.headers['etag']})
        assert (part.status_code, part.content) == (206, manual[first:last + 1]), asked
        assert part.headers['content-range'] == f'bytes {first}-{last}/{len(manual)}'
    for ignored in 'bytes=9-2', 'bytes=1-2,5-6', 'lines=1-2', 'bytes=-', 'bytes=a-b':
        assert (await operator.get(path, headers={'Range': ignored})).status_code == 200
    outdated = await operator.get(path, headers={'Range': 'bytes=0-9', 'If-Range': '"another"'})
    assert outdated.status_code == 200
    for beyond in f'bytes={len(manual)}-', 'bytes=-0':
        refused = await operator.get(path, headers={'Range': beyond})
        problem_in(refused, 416)
        assert refused.headers['content-range'] == f'bytes */{len(manual)}'
    known = await operator.get(path, headers={'If-None-Match': f'"x", {whole.headers["etag"]}'})
    assert (known.status_code, known.content) == (304, b'')


async def test_a_photo_that_is_sent_by_rest_is_kept_as_one_that_a_page_sends(operator: Client) -> None:
    path = f'{PATH}/{(await reported(operator))["id"]}/attachments'
    octets = {'Content-Type': 'application/octet-stream'}
    sent = await operator.post(path, params={'file_name': 'pump.heic'}, content=telling('HEIF', TURNED), headers=octets)
    assert (sent.status_code, sent.json()['file_name'], sent.json()['media_type']) == (201, 'pump.jpg', 'image/jpeg')
    kept = (await operator.get(f'{path}/{sent.json()["id"]}')).content
    assert [secret for secret in SECRETS if secret in kept] == []
    assert opened(kept).size == (480, 640)
    cut_off = encoded(motif(), 'JPEG')[:3_000]
    refused = await operator.post(path, params={'file_name': 'cut.jpg'}, content=cut_off, headers=octets)
    assert 'damaged or incomplete' in problem_in(refused, 422)['detail']


@pytest.mark.parametrize(('name', 'saved'), [
    ('pump.png', 'attachment; filename="pump.png"; filename*=UTF-8\'\'pump.png'),
    ('../../etc/passwd', 'attachment; filename="_.._etc_passwd.png"; filename*=UTF-8\'\'_.._etc_passwd.png'),
    ('a"; b\r\nSet-Cookie: x', 'attachment; filename="a_; b__Set-Cookie_ x.png"; '
                                "filename*=UTF-8''a_%3B%20b__Set-Cookie_%20x.png"),
    ('Ventil ü.PNG', 'attachment; filename="Ventil _.PNG"; filename*=UTF-8\'\'Ventil%20%C3%BC.PNG'),
    ('page.html', 'attachment; filename="page.html.png"; filename*=UTF-8\'\'page.html.png'),
    ('gnp\u202e.exe', 'attachment; filename="gnp_.exe.png"; filename*=UTF-8\'\'gnp_.exe.png'),
    ('50%41.png', 'attachment; filename="50_41.png"; filename*=UTF-8\'\'50%2541.png'),
    ('...', 'attachment; filename="attachment.png"; filename*=UTF-8\'\'attachment.png')])
def test_a_file_name_can_do_no_harm(name: str, saved: str) -> None:
    assert disposition(Attachment(1, name, 'image/png', 38, datetime.now(UTC), 'Carlos'), 'attachment') == saved


# who may not, and what is not there

async def test_nobody_is_asked_to_sign_in(nobody: Client, operator: Client) -> None:
    path = f'{PATH}/{(await reported(operator))["id"]}'
    answers = [await nobody.get(PATH), await nobody.post(PATH, json=LEAK), await nobody.get(path),
               await nobody.patch(path, json={'version': 1, 'priority': 'low'}), await nobody.get(f'{path}/comments'),
               await nobody.post(f'{path}/comments', json={'text': 'x'}), await nobody.get(f'{path}/events'),
               await nobody.get(f'{path}/attachments/1')]
    for answer in answers:
        assert problem_in(answer, 401)['detail'].startswith('nobody is signed in')
        assert answer.headers['www-authenticate'] == 'Bearer'
    assert (await operator.get(path)).json()['version'] == 1


async def test_a_role_that_is_not_enough_hears_which_one_is(acting_for: Callable[[str], Client],
                                                            operator: Client, technician: Client) -> None:
    order = await reported(operator)
    path, viewer = f'{PATH}/{order["id"]}', acting_for('stranger@example.com')
    assert (await viewer.get(path)).status_code == 200
    refusals = [
        (viewer.post(PATH, json=LEAK), 'operator'),
        (viewer.post(f'{path}/comments', json={'text': 'hello'}), 'operator'),
        (viewer.patch(path, json={'version': 1, 'priority': 'low'}), ''),
        (operator.post(PATH, json={**LEAK, 'assignee': TECHNICIAN}), 'supervisor'),
        (operator.patch(path, json={'version': 1, 'status': 'in_progress'}), 'technician'),
        (technician.patch(path, json={'version': 1, 'assignee': SUPERVISOR}), 'supervisor'),
        (technician.patch(path, json={'version': 1, 'status': 'cancelled', 'cancel_reason': 'no'}), 'supervisor')]
    for refusal, needed in refusals:
        assert needed in problem_in(await refusal, 403)['detail']
    assert (await viewer.get(path)).json()['version'] == 1
    assert (await viewer.get(PATH)).headers['x-total-count'] == '1'


async def test_who_has_left_only_looks(acting_for: Callable[[str], Client], connect: Connect) -> None:
    await (await connect()).execute('UPDATE employees SET active = false WHERE email = $1', SUPERVISOR)
    problem_in(await acting_for(SUPERVISOR).post(PATH, json=LEAK), 403)


@together('order_id', ['WO-20260302-00000000', 'WO-1', 'x', '%00', '%2e%2e', '%F0%9F%98%80', 'x' * 5000])
async def test_an_order_that_is_not_there(supervisor: Client, order_id: str) -> None:
    path = f'{PATH}/{order_id}'
    problem_in(await supervisor.get(path), 404)
    problem_in(await supervisor.get(f'{path}/events'), 404)
    problem_in(await supervisor.get(f'{path}/comments'), 404)
    problem_in(await supervisor.get(f'{path}/attachments/1'), 404)
    problem_in(await supervisor.post(f'{path}/comments', json={'text': 'x'}), 404)
    problem_in(await supervisor.patch(path, json={'version': 1, 'priority': 'low'}), 404)
    problem_in(await supervisor.patch(path, json={'version': 1, 'status': 'in_progress'}), 404)


async def test_without_a_database_it_says_so_and_when_to_ask_again(settings: Settings) -> None:
    away = Database('postgresql://nobody@127.0.0.1:1/nothing', settings)
    async with asking(app_of(away, settings), SUPERVISOR) as client:
        for answer in [await client.get(PATH), await client.get(f'{PATH}/WO-20260302-00000000'),
                       await client.post(PATH, json=LEAK),
                       await client.patch(f'{PATH}/WO-20260302-00000000', json={'version': 1, 'priority': 'low'})]:
            problem_in(answer, 503)
            assert int(answer.headers['retry-after']) > 0


async def test_a_database_that_fails_besides_the_change_leaves_no_change_that_is_denied(
        supervisor: Client, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await reported(supervisor)
    path = f'{PATH}/{order["id"]}'

    async def gone(*_: object) -> None:
        raise DatabaseUnavailableError('the database is away')

    with monkeypatch.context() as patch:
        patch.setattr(database, 'now', gone)
        problem_in(await supervisor.post(PATH, json={**LEAK, 'machine_id': 'Valve_02_01'}), 503)
        for change in {'priority': 'low'}, {'status': 'in_progress'}:
            problem_in(await supervisor.patch(path, json={'version': 1, **change}), 503)
    assert (await supervisor.get(PATH)).json() == [order], '503 is: nothing was done'
    with monkeypatch.context() as patch:
        patch.setattr(WorkOrders, 'details', gone)
        answer = await supervisor.post(f'{path}/comments', json={'text': 'It drips'})
    assert (answer.status_code, [comment['text'] for comment in answer.json()]) == (201, ['It drips'])


async def test_a_database_that_hangs_leaves_nothing_half_done(database: Database, settings: Settings, connect: Connect,
                                                              operator: Client) -> None:
    order, blocker = await reported(operator), await connect()
    async with asking(app_of(database, settings, patience=0.5), TECHNICIAN) as client:
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute('SELECT FROM work_orders WHERE id = $1 FOR UPDATE', order['id'])
        answer = await client.patch(f'{PATH}/{order["id"]}', json={'version': 1, 'status': 'in_progress'})
        assert 'within 0.5 s' in problem_in(answer, 503)['detail']
        await transaction.rollback()
    after = (await operator.get(f'{PATH}/{order["id"]}')).json()
    assert (after['status'], after['version']) == ('open', 1)


# what it says of itself

async def test_the_description_names_every_answer(technician: Client) -> None:
    described = (await technician.get('/openapi.json')).json()
    statuses = {f'{method.upper()} {path.removeprefix(PATH)}': set(operation['responses'])
                for path, operations in described['paths'].items() if path.startswith(PATH)
                for method, operation in operations.items()}
    always = {'401', '403', '422', '500', '503'}
    reads, changes = always | {'200', '304'}, always | {'400', '413', '415', '429'}
    assert statuses == {
        'GET ': reads,
        'POST ': {'200', '201', '409'} | changes,
        'GET /{order_id}': {'404'} | reads,
        'PATCH /{order_id}': {'200', '404', '409', '412', '428'} | changes,
        'GET /{order_id}/comments': {'404'} | reads,
        'POST /{order_id}/comments': {'200', '201', '404'} | changes,
        'GET /{order_id}/events': {'404'} | reads,
        'POST /{order_id}/attachments': {'200', '201', '404', '408'} | changes,
        'GET /{order_id}/attachments/{attachment_id}': {'206', '404', '416', '429'} | reads}
    for path, operations in described['paths'].items():
        for operation in operations.values():
            if path.startswith(PATH):
                assert operation['summary'] and operation['description'] and operation['tags'] == ['work orders']
                for status, answer in operation['responses'].items():
                    assert answer['description']
                    assert status < '400' or answer['content'] == {'application/problem+json': {
                        'schema': {'$ref': '#/components/schemas/Problem'}}}, (path, status)
    order = described['components']['schemas']['WorkOrder']
    assert {'id', 'machine_id', 'issue_description', 'due_at', 'overdue', 'version'} <= set(order['required'])


# the clock of the database

async def test_what_is_overdue_does_not_ask_the_clock_of_this_machine(
        supervisor: Client, wrong_clock: Callable[[str], None]) -> None:
    wrong_clock('floor.web.api.order_answers')
    order = await reported(supervisor)
    listed, = (await supervisor.get(PATH)).json()
    one = (await supervisor.get(f'{PATH}/{order["id"]}')).json()
    patched = (await supervisor.patch(f'{PATH}/{order["id"]}', json={'version': 1, 'priority': 'low'})).json()
    conflict = (await supervisor.patch(f'{PATH}/{order["id"]}', json={'version': 1, 'priority': 'high'})).json()
    assert [answer['overdue'] for answer in (order, listed, one, patched, conflict['current'])] == [False] * 5


async def test_what_is_yet_to_come_cannot_have_been_reported_whatever_this_machine_thinks(
        supervisor: Client, wrong_clock: Callable[[str], None]) -> None:
    wrong_clock('floor.orders.order_values')
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    answer = await supervisor.post(PATH, json={**LEAK, 'timestamp': tomorrow.isoformat()})
    assert answer.status_code == 422
    assert 'between the year 2000 and now' in answer.text
