"""What the app answers, and what becomes of the events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gateway.harness import FakeApp, running_app, until

from floor.gateway.config_file import parse_config
from floor.gateway.event_queue import EventQueue
from floor.gateway.sender import Sender


@pytest.fixture
async def app() -> AsyncIterator[FakeApp]:
    async with running_app() as app:
        yield app


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[EventQueue]:
    queue = EventQueue(tmp_path, 100_000)
    yield queue
    queue.close()


@pytest.fixture
async def sender(app: FakeApp, queue: EventQueue) -> AsyncIterator[Sender]:
    sender = Sender(queue, app.url, 'lm_token_x', silent_after=180)
    yield sender
    await sender.close(0)


def put(queue: EventQueue, *machines: str) -> None:
    queue.put([f'{{"machine":"{each}","at":{place}}}' for place, each in enumerate(machines)])


def received(app: FakeApp) -> list[str]:
    return [each['machine'] for each in app.events]


async def test_batches_of_a_thousand_in_order(app: FakeApp, queue: EventQueue, sender: Sender) -> None:
    put(queue, *map(str, range(2_500)))
    while queue.waiting:
        assert await sender.send_once()
    assert app.requests == [1_000, 1_000, 500]
    assert received(app) == [str(number) for number in range(2_500)]
    assert (sender.sent, sender.error) == (2_500, None)


async def test_every_request_says_when_the_gateway_is_silent(app: FakeApp, queue: EventQueue, sender: Sender) -> None:
    put(queue, 'a')
    assert await sender.send_once()
    assert app.silent_after == ['180']
    config = parse_config("""
        app: {url: http://localhost:8080, token: {env: TOKEN}}
        queue: {folder: queue}
        sources:
          - {type: mqtt, name: a, host: a, points: [{topic: a, machine: A}]}
          - {type: mqtt, name: b, host: b, repeat: 300, points: [{topic: b, machine: B, debounce: 20}]}
        """, 'gateway.yaml')
    assert config.silent_after == 3 * 300 + 20 + 60


async def test_what_the_app_does_not_store_is_counted_and_not_sent_again(
        app: FakeApp, queue: EventQueue, sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    put(queue, 'a', 'no-1', 'b', 'no-1')
    assert await sender.send_once()
    assert (queue.waiting, received(app), sender.sent) == (0, ['a', 'b'], 2)
    assert sender.not_stored == {'no machine is called no-1': 2}
    assert caplog.text.count('no machine is called no-1') == 1


async def test_a_problem_is_refused_as_it_must_be(queue: EventQueue, sender: Sender) -> None:
    queue.put(['{"machine":"a","problem":"what is 7?"}'])
    assert await sender.send_once()
    assert (queue.waiting, sender.not_stored, sender.error) == (0, {}, None)


@pytest.mark.parametrize(('status', 'answer', 'words'), [
    (503, {'detail': 'the database does not answer'}, 'the app answers 503: the database does not answer'),
    (401, {'detail': 'this token was revoked'}, 'the app answers 401: this token was revoked'),
    (404, {'title': 'Not Found'}, 'the app answers 404: Not Found'),
    (302, {}, 'the app answers 302'),
    (200, {'results': []}, 'not as the app does'), (200, 'hotel Wi-Fi', 'not as the app does')])
async def test_a_response_that_is_no_result_loses_nothing(
        sender: Sender, app: FakeApp, status: int, answer: Any, words: str) -> None:
    queue = sender._queue
    put(queue, 'a')
    app.answer = lambda _events: (status, answer)
    assert not await sender.send_once()
    assert sender.error is not None
    assert words in sender.error
    assert queue.waiting == 1
    app.answer = lambda _events: None
    assert await sender.send_once()
    assert (received(app), sender.error) == (['a'], None)


async def test_an_app_that_is_away_loses_nothing(app: FakeApp, queue: EventQueue, sender: Sender) -> None:
    await app.stop()
    put(queue, 'a')
    assert not await sender.send_once()
    assert 'does not answer' in str(sender.error)
    await app.start()
    assert await sender.send_once()
    assert received(app) == ['a']


async def test_a_response_that_is_lost_stores_events_once(app: FakeApp, queue: EventQueue, sender: Sender) -> None:
    put(queue, 'a', 'b')

    def store_and_fail(events: list[dict[str, Any]]) -> tuple[int, Any]:
        for each in events:
            app._result(each)
        return 504, {'detail': 'the proxy gave up'}

    app.answer = store_and_fail
    assert not await sender.send_once()
    app.answer = lambda _events: None
    assert await sender.send_once()
    assert (received(app), queue.waiting) == (['a', 'b'], 0)


@pytest.mark.parametrize('status', [400, 413, 422])
async def test_an_event_that_spoils_its_request_is_found_and_the_others_are_stored(
        app: FakeApp, queue: EventQueue, sender: Sender, status: int) -> None:
    put(queue, *'abcdefg', 'bad', 'h')
    app.answer = lambda events: (status, {'detail': 'broken'}) if any(
        each['machine'] == 'bad' for each in events) else None
    while queue.waiting:
        assert await sender.send_once()
    assert ''.join(received(app)) == 'abcdefgh'
    assert sender.not_stored == {'broken': 1}


async def test_pauses_grow_and_a_refused_token_is_tried_seldom(
        app: FakeApp, queue: EventQueue, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('random.uniform', lambda _low, high: high)
    put(queue, 'a')
    app.answer = lambda _events: (503, {})
    pauses = []
    for _ in range(8):
        assert not await sender.send_once()
        pauses.append(sender._pause())
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]
    app.answer = lambda _events: None
    assert await sender.send_once()
    put(queue, 'b')
    app.answer = lambda _events: (403, {})
    assert not await sender.send_once()
    assert sender._pause() == 30


async def test_events_that_follow_closely_share_requests(app: FakeApp, queue: EventQueue, sender: Sender) -> None:
    import asyncio

    queue.on_put = sender.wake
    running = asyncio.create_task(sender.run())
    for number in range(100):
        put(queue, str(number))
        await asyncio.sleep(0)
    await until(lambda: not queue.waiting)
    running.cancel()
    assert received(app) == [str(number) for number in range(100)]
    assert len(app.requests) <= 5


async def test_an_app_that_is_too_slow_for_many_events_gets_fewer(
        app: FakeApp, queue: EventQueue, sender: Sender) -> None:
    app.answer = lambda events: (503, {'detail': 'the database does not answer in time'}) if len(events) > 100 else None
    put(queue, *map(str, range(1_000)))
    for _ in range(40):
        await sender.send_once()
    assert received(app) == [str(number) for number in range(1_000)]


async def test_the_proxy_of_the_environment_is_asked(
        app: FakeApp, queue: EventQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('http_proxy', app.url)
    monkeypatch.setenv('no_proxy', 'direct.invalid')
    put(queue, 'a')
    for host, is_sent in (('direct.invalid', False), ('app.invalid', True)):
        sender = Sender(queue, f'http://{host}', 'lm_token_x', silent_after=180)
        assert await sender.send_once() == is_sent
        await sender.close(0)
    assert received(app) == ['a']


async def test_a_netrc_changes_nothing(
        app: FakeApp, queue: EventQueue, sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'netrc').write_text('machine 127.0.0.1 login someone password secret')
    monkeypatch.setenv('NETRC', str(tmp_path / 'netrc'))
    put(queue, 'a')
    assert await sender.send_once()
    assert received(app) == ['a']
