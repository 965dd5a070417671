"""/healthz and /metrics, from a store and a listener that never saw a database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from unit.clock import Clock
from unit.harness import client_of, samples

from floor.core.floor_snapshot import FloorSnapshot
from floor.core.machines import MachineChange, MachineName, MachineRecord, Status
from floor.core.version import program_version
from floor.db.connection import Connection
from floor.feed.feed_counters import FeedCounters, RequestFault
from floor.feed.ingest import EventResult, FeedEvent, Result
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.operations import health

NOWHERE = 'postgresql://nobody@127.0.0.1:1/nothing'
STALE_AFTER = 8.0


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(stale_after=STALE_AFTER, monotonic=clock)


@pytest.fixture
def listener(store: Store) -> Listener:
    async def nobody() -> Connection:
        raise ConnectionRefusedError
    return Listener(nobody, None, store)


@pytest.fixture
async def client(store: Store, listener: Listener) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(NOWHERE, store, listener) as client:
        yield client


def machine(number: int, line: str, status: Status) -> MachineRecord:
    return MachineRecord(number, MachineName(f'Valve_01_0{number}'), 'valve', line, status, None, number, 0, 0)


@pytest.fixture
def make_live(store: Store) -> Callable[[], None]:
    def make_live() -> None:
        store.replace(FloorSnapshot((machine(1, 'Engine Line', Status.DOWN), machine(2, 'Engine Line', Status.DOWN),
                                     machine(3, 'Interior Line', Status.OPERATIONAL)), (), now_ms=1_000_000))
        store.prove()
    return make_live


async def test_a_floor_that_was_never_live_is_not_healthy(client: httpx.AsyncClient) -> None:
    answer = await client.get('/healthz')
    assert answer.status_code == 503
    body = answer.json()
    assert (body['status'], body['database'], body['store_age_seconds']) == ('connecting', 'not known', None)


async def test_a_live_floor_is_healthy_and_tells_its_age(client: httpx.AsyncClient, clock: Clock, listener: Listener,
                                                         make_live: Callable[[], None]) -> None:
    make_live()
    listener.counters.notifications = 17
    clock.now += 1.5
    answer = await client.get('/healthz')
    assert answer.status_code == 200
    assert answer.headers['cache-control'] == 'no-store'
    body = answer.json()
    assert body['listener'].pop('notifications') == 17
    assert set(body.pop('listener').values()) == {0}
    assert body.pop('version') == program_version()
    assert body == {'status': 'live', 'database': 'ok', 'store_age_seconds': 1.5, 'machines': 3, 'demo': False,
                    'feed_warning': None, 'connection_error': None, 'tasks': {}}


async def test_a_lost_database_is_named_and_the_floor_unhealthy(client: httpx.AsyncClient, store: Store,
                                                                make_live: Callable[[], None]) -> None:
    make_live()
    store.lose('connection refused')
    answer = await client.get('/healthz')
    assert answer.status_code == 503
    assert answer.json()['status'] == 'stale'
    assert answer.json()['database'] == 'unavailable: connection refused'
    assert answer.json()['machines'] == 3


async def test_the_program_lives_while_its_database_does_not(client: httpx.AsyncClient, store: Store) -> None:
    """A supervisor that restarted it for that would fix nothing."""
    store.lose('the database does not answer')
    assert (await client.get('/healthz')).status_code == 503
    answer = await client.get('/livez')
    assert (answer.status_code, answer.text, answer.headers['cache-control']) == (200, 'ok', 'no-store')


async def test_a_missing_heartbeat_alone_makes_the_floor_unhealthy(client: httpx.AsyncClient, clock: Clock,
                                                       make_live: Callable[[], None]) -> None:
    make_live()
    clock.now += STALE_AFTER - 0.1
    assert (await client.get('/healthz')).status_code == 200
    clock.now += 0.2
    assert (await client.get('/healthz')).status_code == 503


async def test_trouble_with_the_feed_is_reported_but_the_floor_stays_healthy(client: httpx.AsyncClient, store: Store,
                                                                             make_live: Callable[[], None]) -> None:
    make_live()
    store.set_feed_warning('a trigger is missing')
    answer = await client.get('/healthz')
    assert (answer.status_code, answer.json()['feed_warning']) == (200, 'a trigger is missing')
    assert samples(await client.get('/metrics'))['floor_feed_warning', ()] == 1


@pytest.mark.parametrize('live', [True, False])
async def test_head_says_the_same_without_a_body(client: httpx.AsyncClient, make_live: Callable[[], None],
                                                 live: bool) -> None:
    if live:
        make_live()
    for path in '/livez', '/healthz':
        head, get = await client.head(path), await client.get(path)
        assert (head.status_code, head.content, head.headers) == (get.status_code, b'', get.headers)


async def test_every_line_has_every_status_so_that_an_alert_finds_its_series(client: httpx.AsyncClient,
                                                                             make_live: Callable[[], None]) -> None:
    make_live()
    measures = samples(await client.get('/metrics'))
    machines = {labels: value for (name, labels), value in measures.items() if name == 'floor_machines'}
    assert len(machines) == 2 * len(Status)
    assert machines['Engine Line', 'down'] == 2
    assert machines['Interior Line', 'operational'] == 1
    assert sum(machines.values()) == 3


async def test_both_say_whether_the_floor_is_a_demo(client: httpx.AsyncClient, store: Store) -> None:
    assert ('floor_demo', ()) not in samples(await client.get('/metrics'))
    for is_demo in True, False:
        store.replace(FloorSnapshot((), (), now_ms=1_000_000, is_demo=is_demo))
        assert samples(await client.get('/metrics'))['floor_demo', ()] == is_demo
        assert (await client.get('/healthz')).json()['demo'] is is_demo


async def test_metrics_follow_the_connection_and_the_clock(client: httpx.AsyncClient, clock: Clock, store: Store,
                                                           make_live: Callable[[], None]) -> None:
    before = samples(await client.get('/metrics'))
    assert before['floor_connection_state', ('connecting',)] == 1
    assert ('floor_store_age_seconds', ()) not in before
    make_live()
    clock.now += 2
    store.apply([MachineChange(MachineName('Valve_01_03'), Status.WARNING, None, 9, 1_001_750, 1_001_750, 1_001_750)])
    measures = samples(await client.get('/metrics'))
    states = {labels[0]: value for (name, labels), value in measures.items() if name == 'floor_connection_state'}
    assert states == {'connecting': 0, 'live': 1, 'stale': 0}
    assert measures['floor_store_age_seconds', ()] == 2
    assert measures['floor_notification_lag_seconds', ()] == 0.25
    assert measures['floor_browsers_connected', ()] == 4


async def test_what_the_listener_counts_is_exported_as_counters(client: httpx.AsyncClient, listener: Listener) -> None:
    names = {'connections': 'connections', 'notifications': 'notifications', 'unreadable': 'unreadable_notifications',
             'snapshots': 'snapshots', 'heartbeats': 'heartbeats', 'audits_with_difference': 'audit_differences'}
    assert set(names) == set(listener.counters.__slots__), 'a new counter has to be exported, too'
    for number, field in enumerate(names, start=1):
        setattr(listener.counters, field, number)
    measures = samples(await client.get('/metrics'))
    exported = [measures[f'floor_listener_{name}_total', ()] for name in names.values()]
    assert exported == list(range(1, 7))


async def test_a_scrape_waits_only_a_moment_for_a_database_that_never_answers(
        store: Store, listener: Listener, make_live: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.SCRAPE_PATIENCE_S <= 1
    monkeypatch.setattr(health, 'SCRAPE_PATIENCE_S', 0.1)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()   # until who asks gives up
        writer.close()
        gone.set()

    gone = asyncio.Event()
    silent = await asyncio.start_server(say_nothing, '127.0.0.1')
    url = f'postgresql://nobody@127.0.0.1:{silent.sockets[0].getsockname()[1]}/nothing?sslmode=disable'
    make_live()   # the listener has not noticed yet
    async with client_of(url, store, listener) as client:
        begin = time.monotonic()
        async with asyncio.timeout(60):  # much less than it waits for a connection
            measures = samples(await client.get('/metrics'))
        assert health.SCRAPE_PATIENCE_S <= time.monotonic() - begin
    assert ('floor_notification_queue_usage_ratio', ()) not in measures
    assert measures['floor_connection_state', ('live',)] == 1
    await asyncio.wait_for(gone.wait(), 20)   # no socket of the program stays behind
    silent.close()
    await silent.wait_closed()


async def test_every_measure_of_the_program_has_a_help_and_a_type(client: httpx.AsyncClient,
                                                                  make_live: Callable[[], None]) -> None:
    make_live()
    families = [family for family in text_string_to_metric_families((await client.get('/metrics')).text)
                if family.name.startswith('floor_')]
    assert len(families) > 10
    assert [family.name for family in families if not family.documentation or family.type == 'unknown'] == []


async def test_what_feeds_send_is_counted(store: Store, listener: Listener) -> None:
    feeds = FeedCounters()
    feeds.count('press "7"', [FeedEvent('Valve', Status.DOWN)], [EventResult(Result.ACCEPTED)])
    feeds.refuse(RequestFault.UNKNOWN, '192.168.4.17')
    async with client_of('postgresql://nobody@127.0.0.1:1/nothing', store, listener, feeds=feeds) as client:
        measures = samples(await client.get('/metrics'))
    assert measures['floor_feed_events_total', ('press "7"', '', 'accepted')] == 1
    assert measures['floor_feed_events_total', ('press "7"', '', 'late')] == 0
    assert measures['floor_feed_requests_refused_total', ('unknown_token',)] == 1
    assert measures['floor_feed_requests_refused_total', ('no_token',)] == 0


async def test_openmetrics_is_spoken_to_who_asks_for_it(client: httpx.AsyncClient) -> None:
    answer = await client.get('/metrics', headers={'Accept': 'application/openmetrics-text; version=1.0.0'})
    assert answer.headers['content-type'].startswith('application/openmetrics-text')
    assert answer.text.endswith('# EOF\n')


