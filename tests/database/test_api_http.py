"""The REST interface by the book of HTTP: HEAD, OPTIONS, Allow, entity tags, and how many changes are left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from database.harness import (
    LEAK,
    OPERATOR,
    PATH,
    PNG,
    SUPERVISOR,
    TECHNICIAN,
    app_of,
    asking,
    problem_in,
    reported,
)
from database.postgres import Connect, until
from together import together

from floor.core.rate_limit import ChangeRateLimit
from floor.core.settings import Settings
from floor.db.database import Database
from floor.orders.pictures import Picture, Pictures
from floor.orders.upload_queue import UploadQueue
from floor.orders.work_order_files import MAX_FILE_BYTES

pytestmark = pytest.mark.newest_postgres
Client = httpx.AsyncClient
NOWHERE = 'WO-20260302-00000000'


@pytest.fixture
async def supervisor(database: Database, settings: Settings) -> AsyncIterator[Client]:
    async with database.acquire(), asking(app_of(database, settings), SUPERVISOR) as client:
        yield client


async def attached(client: Client, order_id: str) -> str:
    """The path of a new attachment."""
    answer = await client.post(f'{PATH}/{order_id}/attachments', params={'file_name': 'leak.png'}, content=PNG,
                               headers={'Content-Type': 'application/octet-stream'})
    assert answer.status_code == 201, answer.text
    return answer.headers['location']


# methods

async def test_head_is_get_without_its_body(supervisor: Client) -> None:
    order = await reported(supervisor)
    file = await attached(supervisor, order['id'])
    for path in (PATH, f'{PATH}/{order["id"]}', f'{PATH}/{order["id"]}/comments', f'{PATH}/{order["id"]}/events', file,
                 '/api/machines', '/api/employees', '/api/floor', '/api/machines/current-status', '/openapi.json',
                 f'{PATH}/{NOWHERE}', f'{PATH}?status=closed'):
        head, get = await supervisor.head(path), await supervisor.get(path)
        assert (head.status_code, head.content) == (get.status_code, b''), path
        assert head.headers == get.headers, path


@together(('path', 'allowed'), [
    (PATH, 'GET, HEAD, OPTIONS, POST'), (f'{PATH}/{NOWHERE}', 'GET, HEAD, OPTIONS, PATCH'),
    (f'{PATH}/{NOWHERE}/comments', 'GET, HEAD, OPTIONS, POST'), (f'{PATH}/{NOWHERE}/events', 'GET, HEAD, OPTIONS'),
    (f'{PATH}/{NOWHERE}/attachments', 'OPTIONS, POST'), (f'{PATH}/{NOWHERE}/attachments/1', 'GET, HEAD, OPTIONS'),
    ('/api/machines', 'GET, HEAD, OPTIONS'), ('/api/employees', 'GET, HEAD, OPTIONS, POST'),
    ('/api/floor', 'GET, HEAD, OPTIONS')])
async def test_options_says_what_a_path_takes_and_so_does_a_refusal(supervisor: Client, path: str, allowed: str
                                                                    ) -> None:
    options = await supervisor.options(path)
    assert (options.status_code, options.headers['allow'], options.content) == (204, allowed, b'')
    refused = await supervisor.delete(path)
    problem_in(refused, 405)
    assert refused.headers['allow'] == allowed


async def test_options_of_nothing_is_not_found(supervisor: Client) -> None:
    problem_in(await supervisor.options('/api/nothing'), 404)


# what has not changed

async def test_an_answer_that_is_still_the_same_comes_without_its_body(supervisor: Client) -> None:
    order = await reported(supervisor)
    for path in PATH, f'{PATH}/{order["id"]}', f'{PATH}/{order["id"]}/events', '/api/machines', '/api/employees':
        first = await supervisor.get(path)
        for tags in (first.headers['etag'], f'"other", {first.headers["etag"]}', f'W/{first.headers["etag"]}', '*'):
            again = await supervisor.get(path, headers={'If-None-Match': tags})
            assert (again.status_code, again.content) == (304, b''), (path, tags)
            assert again.headers['etag'] == first.headers['etag']
        assert (await supervisor.get(path, headers={'If-None-Match': '"other", nonsense'})).json() == first.json()


async def test_whatever_changes_in_an_answer_changes_its_tag(supervisor: Client, connect: Connect) -> None:
    order = await reported(supervisor)
    path, sql = f'{PATH}/{order["id"]}', await connect()

    async def tags() -> tuple[str, str]:
        return (await supervisor.get(PATH)).headers['etag'], (await supervisor.get(path)).headers['etag']

    listed, one = await tags()
    await attached(supervisor, order['id'])
    assert (await tags())[1] != one
    one = (await tags())[1]
    await sql.execute("UPDATE employees SET last_name = 'Garcia-Lopez' WHERE email = $1", TECHNICIAN)
    await supervisor.patch(path, json={'version': 1, 'assignee': TECHNICIAN})
    assert (await tags())[0] != listed
    assert (await tags())[1] != one


# changes from a version

async def test_a_change_may_name_its_version_by_a_tag(supervisor: Client) -> None:
    path = f'{PATH}/{(await reported(supervisor))["id"]}'
    for tag, priority in (('1', 'low'), ('2', 'high'), ('3', 'low'), ('4', 'high')):
        seen = (await supervisor.get(path)).headers['etag']
        assert seen.startswith(f'"{tag}-')
        for sent in {'1': seen, '2': f'"{tag}"', '3': f'"99", W/{seen}', '4': '*'}[tag],:
            answer = await supervisor.patch(path, json={'priority': priority}, headers={'If-Match': sent})
            assert (answer.status_code, answer.json()['priority']) == (200, priority)
            assert answer.headers['etag'] == f'"{int(tag) + 1}"'


@together('tag', ['"1"', '"1-0123456789abcdef"', 'W/"1"', '"nonsense"', '2', '""', '"1", "3"', '"2'])
@together('step', [{'priority': 'low'}, {'status': 'cancelled', 'cancel_reason': 'Reported twice'}])
async def test_a_change_of_another_version_is_refused_with_the_order_as_it_is(
        supervisor: Client, tag: str, step: dict[str, Any]) -> None:
    order = await reported(supervisor)
    path = f'{PATH}/{order["id"]}'
    now = (await supervisor.patch(path, json={'version': 1, 'priority': 'critical'})).json()
    answer = await supervisor.patch(path, json=step, headers={'If-Match': tag})
    assert problem_in(answer, 412)['current'] == now
    assert (await supervisor.get(path)).json()['version'] == 2
    problem_in(await supervisor.patch(f'{PATH}/{NOWHERE}', json=step, headers={'If-Match': tag}), 404)


async def test_a_change_of_no_version_is_refused(supervisor: Client) -> None:
    path = f'{PATH}/{(await reported(supervisor))["id"]}'
    problem = problem_in(await supervisor.patch(path, json={'priority': 'low'}), 428)
    assert 'the version of the order is missing' in problem['detail']


async def test_of_many_changes_from_one_tag_one_is_made(supervisor: Client) -> None:
    path = f'{PATH}/{(await reported(supervisor))["id"]}'
    answers = await asyncio.gather(*(supervisor.patch(
        path, json={'issue_description': f'Leak {n}'}, headers={'If-Match': '"1"'}) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert (await supervisor.get(path)).json()['version'] == 2


# null

async def test_null_is_as_good_as_absent(supervisor: Client, connect: Connect) -> None:
    order = await reported(supervisor, priority=None, reporter_name=None, assignee=None, timestamp=None,
                           even_if_open=None)
    path = f'{PATH}/{order["id"]}'
    words = dict.fromkeys(('hold_reason', 'cause', 'action_taken', 'cancel_reason', 'note', 'status'))
    edited = await supervisor.patch(path, json={
        **words, 'version': 1, 'issue_description': None, 'priority': 'low', 'assignee': TECHNICIAN})
    assert (edited.json()['priority'], edited.json()['issue_description']) == ('low', LEAK['issue_description'])
    moved = await supervisor.patch(path, json={
        **words, 'version': 2, 'status': 'in_progress', 'issue_description': None, 'priority': None, 'assignee': None})
    assert (moved.status_code, moved.json()['status'], moved.json()['assignee']) == (200, 'in_progress', 'Lisa Garcia')
    alone = await supervisor.patch(path, json={'version': 3, 'assignee': None})
    assert alone.json()['assignee'] is None


# a stop that has an order

async def test_a_second_order_for_a_stop_is_made_only_when_it_is_meant(
        supervisor: Client, connect: Connect) -> None:
    sql: asyncpg.Connection = await connect()
    await sql.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", LEAK['machine_id'])
    first = await reported(supervisor)
    for silent in {}, {'even_if_open': False}, {'even_if_open': None}:
        problem = problem_in(await supervisor.post(PATH, json={**LEAK, **silent}), 409)
        assert problem['current'] == first
        assert 'is already open for this stop: comment on it, or send even_if_open true' in problem['detail']
    second = await reported(supervisor, even_if_open=True)
    assert second['stop_since'] == first['stop_since']
    again = await supervisor.post(PATH, json={**LEAK, 'machine_id': 'Valve_02_01'})
    assert again.status_code == 201


# attaching

@pytest.mark.parametrize(('media_type', 'content', 'status'), [
    ('application/octet-stream', PNG, 201), ('image/png', PNG, 201), ('text/plain', PNG, 415), ('', PNG, 415),
    ('multipart/form-data; boundary=x', PNG, 415), ('application/json', PNG, 415),
    ('application/octet-stream', b'#!/bin/sh', 422), ('application/octet-stream', b'', 422)])
async def test_a_file_is_attached_as_it_is(supervisor: Client, media_type: str, content: bytes, status: int) -> None:
    path = f'{PATH}/{(await reported(supervisor))["id"]}'
    answer = await supervisor.post(f'{path}/attachments', params={'file_name': 'leak.png'}, content=content,
                                   headers={'Content-Type': media_type})
    assert answer.status_code == status, answer.text
    files = (await supervisor.get(path)).json()['attachments']
    assert files == ([answer.json()] if status == 201 else [])
    if status == 201:
        assert (await supervisor.get(answer.headers['location'])).status_code == 200
    else:
        problem_in(answer, status)


class Decoder:
    """Stands for the program that reads pictures: it is done with none before it is allowed to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.go_on = asyncio.Event()
        monkeypatch.setattr(Pictures, 'rewritten', self.rewritten)

    async def rewritten(self, content: bytes, media_type: str) -> Picture:
        self.asked += 1
        await self.go_on.wait()
        return Picture(media_type, PNG, b'small')


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> Decoder:
    return Decoder(monkeypatch)


class Uploads:
    """Files that are sent at once; in memory: those whose body was read and that are not answered."""

    def __init__(self, client: Client, order: str, size: int) -> None:
        self._client, self._order, self._content = client, order, PNG.ljust(size, b'\0')
        self.in_memory = self.most_in_memory = 0
        self.answers: list[httpx.Response] = []

    async def send(self) -> None:
        answer = await self._client.post(
            f'{PATH}/{self._order}/attachments', params={'file_name': 'leak.png'}, content=self._body(),
            headers={'Content-Type': 'image/png', 'Content-Length': str(len(self._content))})
        self.in_memory -= answer.status_code == 201
        self.answers.append(answer)

    async def _body(self) -> AsyncIterator[bytes]:
        self.in_memory += 1
        self.most_in_memory = max(self.most_in_memory, self.in_memory)
        yield self._content


async def test_of_many_large_photos_at_once_few_are_in_memory_and_all_are_kept(supervisor: Client, decoder: Decoder
                                                                               ) -> None:
    uploads = Uploads(supervisor, (await reported(supervisor))['id'], MAX_FILE_BYTES)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(uploads.send())
        await until(lambda: decoder.asked >= 2)
        assert uploads.in_memory == 2
        decoder.go_on.set()
    assert [answer.status_code for answer in uploads.answers] == [201] * 8
    assert uploads.most_in_memory == 2


@pytest.mark.parametrize(('most', 'refusal'), [
    ({'max_per_person': 5}, (429, 'you are already sending 5 files')),
    ({'max_total': 5}, (503, 'too many files are being sent'))])
async def test_more_uploads_than_there_is_room_for_are_refused_unread(
        database: Database, settings: Settings, decoder: Decoder, most: dict[str, int], refusal: tuple[int, str]
        ) -> None:
    app = app_of(database, settings, uploads=UploadQueue(**most))
    async with database.acquire(), asking(app, SUPERVISOR) as supervisor:
        uploads = Uploads(supervisor, (await reported(supervisor))['id'], 1_000)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(uploads.send())
            await until(lambda: len(uploads.answers) == 3 and decoder.asked == 5)
            assert uploads.in_memory == 5
            for answer in uploads.answers:
                assert refusal[1] in problem_in(answer, refusal[0])['detail']
                assert int(answer.headers['retry-after']) > 0
            decoder.go_on.set()
        assert [answer.status_code for answer in uploads.answers[3:]] == [201] * 5
        await uploads.send()
        assert uploads.answers[-1].status_code == 201


async def test_nothing_is_decoded_for_who_has_made_too_many_changes(database: Database, settings: Settings,
                                                                    decoder: Decoder) -> None:
    decoder.go_on.set()
    app = app_of(database, settings, limit=ChangeRateLimit(3))
    async with database.acquire(), asking(app, SUPERVISOR) as supervisor:
        uploads = Uploads(supervisor, (await reported(supervisor))['id'], 1_000)
        for _ in range(4):
            await uploads.send()
    assert [answer.status_code for answer in uploads.answers] == [201, 201, 429, 429]  # each file is one change
    assert decoder.asked == 2


# how many changes are left

async def test_answers_say_how_many_changes_are_left(database: Database, settings: Settings) -> None:
    app = app_of(database, settings, limit=ChangeRateLimit(3))
    async with database.acquire(), asking(app, OPERATOR) as operator, asking(app, TECHNICIAN) as technician:
        left = []
        for _ in range(3):
            answer = await operator.post(PATH, json=LEAK)
            assert answer.headers['ratelimit-policy'] == '"changes";q=3;w=60'
            left.append(answer.headers['ratelimit'].rpartition(';t=')[0])
        assert left == ['"changes";r=2', '"changes";r=1', '"changes";r=0']
        refused = await operator.post(PATH, json=LEAK)
        problem_in(refused, 429)
        assert refused.headers['ratelimit'].startswith('"changes";r=0;t=')
        assert 1 <= int(refused.headers['retry-after']) <= int(refused.headers['ratelimit'].rpartition('=')[2]) <= 60
        assert (await technician.get(PATH)).headers['ratelimit'] == '"changes";r=3;t=0'
        assert 'ratelimit' not in (await operator.get('/api/machines')).headers


async def test_without_a_limit_nothing_is_shown_of_one(supervisor: Client) -> None:
    assert 'ratelimit' not in (await supervisor.post(PATH, json=LEAK)).headers
