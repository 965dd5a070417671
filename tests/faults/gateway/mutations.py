"""Runs the gateway with something in it broken, to see that the comparison finds it.

    python mutations.py NAME ... -- FILE

Each mutation is what a reasonable person might have written instead. The product knows nothing of this.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

MUTATIONS: dict[str, Callable[[], None]] = {}


def mutation(patch: Callable[[], None]) -> Callable[[], None]:
    """Names it by its function."""
    MUTATIONS[patch.__name__] = patch
    return patch


@mutation
def soon() -> None:
    """Not broken: it only tries again soon."""
    from floor.gateway import sender, source

    sender.FIRST_BACKOFF_S = source.FIRST_BACKOFF_S = 0.05
    sender.MAX_BACKOFF_S = source.MAX_BACKOFF_S = 0.2
    sender.TIMEOUT_S = 10.0


@mutation
def acknowledges_before_it_is_on_disk() -> None:
    """Messages wait in memory for a moment, after the broker got its acknowledgement."""
    from floor.gateway.mqtt_source import MqttSource

    take = MqttSource._take
    MqttSource._take = lambda self, message: asyncio.get_running_loop().call_later(  # type: ignore[method-assign,assignment]
        0.2, take, self, message)


@mutation
def removes_before_the_answer() -> None:
    """Events are removed when they are sent."""
    from floor.gateway.sender import Sender

    request = Sender._request

    async def naive(self: Any, events: Any) -> Any:
        self._queue.remove(events[-1].number)
        return await request(self, events)
    Sender._request = naive   # type: ignore[method-assign]


@mutation
def makes_new_ids() -> None:
    """An event that is sent again has another id."""
    from floor.gateway.event_queue import EventQueue

    first = EventQueue.first
    EventQueue.first = lambda self, most: [  # type: ignore[method-assign]
        replace(each, event=re.sub('"id":"[^"]*"', f'"id":"{uuid.uuid4()}"', each.event)) for each in first(self, most)]


@mutation
def sends_the_newest_first() -> None:
    """The queue is a stack."""
    from floor.gateway.event_queue import EventQueue, QueuedEvent

    given: list[int] = []

    def first(self: Any, most: int) -> list[QueuedEvent]:
        rows = self._database.execute('SELECT id, event, queued_at FROM events ORDER BY id DESC LIMIT ?',
                                      (most,)).fetchall()
        given[:] = [number for number, _, _ in rows]
        return [QueuedEvent(number, event, queued_at / 1000) for number, event, queued_at in rows]

    def remove(self: Any, through: int) -> None:
        self._database.executemany('DELETE FROM events WHERE id = ?', [(number,) for number in given])
        self._first = self._last + 1 - self._database.execute('SELECT count(*) FROM events').fetchone()[0]
    EventQueue.first, EventQueue.remove = first, remove   # type: ignore[method-assign]


@mutation
def commits_once_a_second() -> None:
    """What was put is in a transaction that is still open."""
    from floor.gateway.event_queue import EventQueue

    committed = [time.monotonic()]

    @contextmanager
    def transaction(self: Any) -> Iterator[None]:
        if not self._database.in_transaction:
            self._database.execute('BEGIN IMMEDIATE')
        yield
        if time.monotonic() > committed[0] + 1:
            self._database.execute('COMMIT')
            committed[0] = time.monotonic()
    EventQueue._transaction = transaction   # type: ignore[method-assign]
    EventQueue.sync = lambda _self: None   # type: ignore[method-assign,assignment]


@mutation
def forgets_totals() -> None:
    """The totals of counters are in memory only."""
    from floor.gateway.event_queue import EventQueue

    put = EventQueue.put
    kept: dict[str, Any] = {}

    def forgetful(self: Any, events: Any, totals: Any = None) -> None:
        put(self, events)
        kept.update(totals or {})
    EventQueue.put = forgetful   # type: ignore[method-assign]
    EventQueue.total = lambda _self, point: kept.get(point)   # type: ignore[method-assign,assignment]


@mutation
def keeps_no_session() -> None:
    """The broker forgets a gateway that is away."""
    from floor.gateway.broker import Broker

    make = Broker.__init__

    def clean(self: Any, config: Any, **options: Any) -> None:
        make(self, config, **options | {'keeps_session': False})
    Broker.__init__ = clean   # type: ignore[method-assign]


@mutation
def believes_an_open_connection() -> None:
    """A connection to a broker that is not closed counts as alive."""
    from floor.gateway.paced_client import PacedClient

    make = PacedClient.__init__

    def patient(self: Any, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options | {'keepalive': 3_600})
    PacedClient.__init__ = patient   # type: ignore[method-assign]


@mutation
def repeats_as_of_now() -> None:
    """A status of which nothing else was heard is taken for the present one, although nothing at all was heard."""
    from floor.gateway.source import SourceState

    SourceState.heard_at = property(lambda _self: time.time(), lambda _self, _at: None)   # type: ignore[assignment]


@mutation
def keeps_few_events() -> None:
    """A short queue, of which the oldest make room."""
    from floor.gateway.event_queue import EventQueue

    make = EventQueue.__init__

    def short(self: Any, folder: Path | None, limit: int) -> None:
        make(self, folder, min(limit, 300))
    EventQueue.__init__ = short   # type: ignore[method-assign]


@mutation
def says_nothing_of_a_lost_source() -> None:
    """Machines keep their status when their source is lost."""
    from floor.gateway.reporter import Reporter

    Reporter._lose = lambda self, source, _since: self._lost.add(source)   # type: ignore[method-assign,assignment]


@mutation
def takes_everything_as_of_now() -> None:
    """The time in a message is not used."""
    import floor.gateway.reporter

    reporter: Any = floor.gateway.reporter
    reading_time = reporter.reading_time
    reporter.reading_time = lambda _at, before, now: reading_time(None, before, now)


@mutation
def believes_every_clock() -> None:
    """A time in a message is used, however wrong."""
    import floor.gateway.reporter
    from floor.gateway.point_times import ReadingTime

    reporter: Any = floor.gateway.reporter
    reporter.reading_time = lambda at, _before, now: ReadingTime(at or now)
    reporter.event_time = lambda at, *_, **__: ReadingTime(at)


@mutation
def checks_no_sequence() -> None:
    """A message of an edge node that is missing is not noticed."""
    from floor.gateway.sparkplug.edge_node import EdgeNode

    EdgeNode._in_sequence = (   # type: ignore[method-assign]
        lambda self, topic, payload, now: self._apply(topic, payload))


@mutation
def takes_history_as_present() -> None:
    """A value of the past is taken for the present one."""
    from floor.gateway.sparkplug.edge_node import EdgeNode

    value = EdgeNode._value
    EdgeNode._value = (   # type: ignore[method-assign]
        lambda self, *metric: replace(value(self, *metric), is_historical=False))


@mutation
def believes_every_death() -> None:
    """The death of an earlier connection counts."""
    from floor.gateway.sparkplug.edge_node import EdgeNode

    end = EdgeNode._end
    EdgeNode._end = lambda self, payload: end(self, replace(payload, metrics=()))   # type: ignore[method-assign]


@mutation
def keeps_no_subscription() -> None:
    """A new one with each connection: it begins with the values of now."""
    from floor.gateway.opcua.kept_subscription import KeptSubscriptionFile

    KeptSubscriptionFile.read = lambda _self, _url: None   # type: ignore[method-assign,assignment]


@mutation
def asks_for_no_missed_message() -> None:
    """Messages that an OPC UA server sent and nobody heard are not asked for."""
    from floor.gateway.opcua.subscription import Subscription

    async def nothing(*_: object) -> None:
        return None
    Subscription._again = nothing   # type: ignore[method-assign,assignment]


if __name__ == '__main__':
    sys.path[0] = str(Path(__file__).parents[3])
    names, file = sys.argv[1:sys.argv.index('--')], sys.argv[-1]
    for name in names:
        MUTATIONS[name]()
    from floor.gateway.program import main

    sys.argv = ['gateway', file]
    sys.exit(main())
