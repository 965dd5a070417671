"""Runs the program with one thing in it broken, to see that a fault test finds it: python mutated.py NAME ...

Each mutation is what a reasonable person might have written instead. The product knows nothing of this: what is patched
is patched here, before main.py runs as it always does.
"""

from __future__ import annotations

import asyncio
import os
import random
import runpy
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MUTATIONS: dict[str, Callable[[], None]] = {}


def mutation(patch: Callable[[], None]) -> Callable[[], None]:
    """Names it by its function."""
    MUTATIONS[patch.__name__] = patch
    return patch


# conditions: nothing is broken, but the program runs where something is wrong

@mutation
def an_hour_ahead() -> None:
    """The clock of this machine is wrong."""
    right = time.time
    time.time = lambda: right() + 3600


@mutation
def an_hour_behind() -> None:
    """The clock of this machine is wrong."""
    right = time.time
    time.time = lambda: right() - 3600


# the way to the database


@mutation
def believes_an_open_connection() -> None:
    """No heartbeat: a connection that isn't closed counts as alive."""
    from floor.feed.heartbeat import Heartbeat

    async def beat(self: Any, session: Any) -> None:
        self._changes.drain(session)
        if not session.connection.is_closed():
            self._store.prove()
    Heartbeat.beat = beat   # type: ignore[method-assign]


@mutation
def asks_select_1() -> None:
    """A heartbeat that proves that the database answers, not that it delivers."""
    from floor.feed.heartbeat import Heartbeat

    async def beat(self: Any, session: Any) -> None:
        async with asyncio.timeout(self._timing.heartbeat_timeout), session.asking:
            await session.connection.fetchval('SELECT 1')
        self._changes.drain(session)
        self._store.prove()
    Heartbeat.beat = beat   # type: ignore[method-assign]


@mutation
def does_not_read_again() -> None:
    """A connection that is back listens, and takes it that nothing was sent meanwhile."""
    from floor.feed.change_applier import ChangeApplier

    read_floor = ChangeApplier.read_floor

    async def read_once(self: Any, session: Any) -> None:
        if not self._counters.connections:
            await read_floor(self, session)
    ChangeApplier.read_floor = read_once   # type: ignore[method-assign]


@mutation
def reads_before_it_listens() -> None:
    """Snapshot first, then LISTEN: the natural order, and wrong."""
    from floor.feed.listener import Listener

    async def start(self: Any, session: Any) -> None:
        await self._changes.read_floor(session)
        await session.connection.add_listener(session.channel, session.on_feed)
        await session.connection.add_listener(self._heartbeat.channel, session.on_beat)
        await self._heartbeat.beat(session)
    Listener._start = start   # type: ignore[method-assign]


@mutation
def server_waits_forever() -> None:
    """The server does not know when to give a client up that has vanished."""
    from floor.db.database_login import DatabaseLogin

    options = DatabaseLogin.options.fget   # type: ignore[attr-defined]

    def without(self: Any) -> dict[str, Any]:
        given = options(self)
        return {**given, 'server_settings': {name: value for name, value in given['server_settings'].items()
                                             if not name.startswith('tcp_')}}
    DatabaseLogin.options = property(without)   # type: ignore[assignment,method-assign]


@mutation
def keeps_its_first_password() -> None:
    """A token is fetched at the start, as if it lived forever."""
    from auth.lakebase import Lakebase

    current = Lakebase._current

    async def first(self: Any) -> Any:
        return self._login or await current(self)
    Lakebase._current = first   # type: ignore[method-assign]


# the program itself

@mutation
def waits_in_the_event_loop() -> None:
    """Asks whether the database answers by a call that blocks."""
    from floor.db.embedded.database_url import accepts, database_url_of
    from floor.feed.heartbeat import Heartbeat

    beat = Heartbeat.beat

    async def blocking(self: Any, session: Any) -> None:
        until = time.monotonic() + 3
        while not accepts(database_url_of(Path(os.environ['DATA_DIR'])) or '') and time.monotonic() < until:
            pass
        await beat(self, session)
    Heartbeat.beat = blocking   # type: ignore[method-assign]


@mutation
def does_not_restart_the_server() -> None:
    """The embedded database is started once and not looked after."""
    from floor.db.embedded.server import EmbeddedPostgres

    async def supervise(_self: Any) -> None:
        await asyncio.Event().wait()
    EmbeddedPostgres.supervise = supervise  # type: ignore[assignment, method-assign]


@mutation
def remembers_that_it_was_live() -> None:
    """Freshness is a flag that is set and taken back, not an age."""
    from floor.feed.freshness import DeliveryProof, Freshness

    DeliveryProof.freshness = property(   # type: ignore[assignment,method-assign]
        lambda self: Freshness.LIVE if self._proven_at is not None and not self._is_broken else Freshness.STALE)


@mutation
def believes_its_own_clock() -> None:
    """Ages and the time of day by this machine's clock."""
    from floor.feed.store import Store

    Store.now_ms = property(lambda _: int(time.time() * 1000))   # type: ignore[assignment,method-assign]


# what is announced

@mutation
def last_to_finish_wins() -> None:
    """Notifications are handled by coroutines, and what is applied last stands."""
    from floor.feed.feed_session import FeedSession
    from floor.feed.store import Store

    async def on_feed(self: Any, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        await asyncio.sleep(random.uniform(0, 2))
        self._payloads.append(str(payload))
        self.something_came.set()
    FeedSession.on_feed = on_feed   # type: ignore[assignment,method-assign]
    apply = Store.apply

    def overwrite(self: Any, changes: Any) -> Any:
        changes = list(changes)
        for change in changes:
            if change.name in self.machines:
                self.machines[change.name].version = -1
        return apply(self, changes)
    Store.apply = overwrite   # type: ignore[method-assign]


@mutation
def keeps_the_newer_version() -> None:
    """A snapshot is merged into what is known, and an older version never wins."""
    from floor.feed.store import Store

    take = Store.replace

    def merge(self: Any, snapshot: Any, *asked: Any) -> Any:
        def newer(record: Any) -> Any:
            known = self.machines.get(record.name)
            return record if known is None or known.version <= record.version else replace(
                record, status=known.status, reason=known.reason, version=known.version, since_ms=known.since_ms)
        return take(self, replace(snapshot, machines=tuple(map(newer, snapshot.machines))), *asked)
    Store.replace = merge  # type: ignore[assignment, method-assign]


@mutation
def marks_no_day() -> None:
    """What comes late is put where it belongs, and the sums of its day are left as they are."""
    from floor.jobs.day_sums import DaySums

    refresh = DaySums.refresh

    async def naive(self: Any) -> int | None:
        async with self._database.acquire() as connection:
            await connection.execute('CREATE OR REPLACE FUNCTION mark_days(from_at timestamptz, until_at timestamptz) '
                                     "RETURNS void LANGUAGE sql AS 'SELECT'")
        return await refresh(self)
    DaySums.refresh = naive   # type: ignore[method-assign]


# what feeds report

@mutation
def forgets_event_ids() -> None:
    """The id of an event is accepted, and nothing done with it."""
    from floor.feed.ingest import FeedIngest

    report = FeedIngest.report

    async def forgetful(self: Any, feed_id: int, events: Any, silent_after: Any = None) -> Any:
        return await report(self, feed_id, [replace(each, id=None) if hasattr(each, 'id') else each for each in events],
                            silent_after)
    FeedIngest.report = forgetful   # type: ignore[method-assign]


@mutation
def counts_late_events_from_now() -> None:
    """An event that comes late is one of now."""
    from floor.feed.ingest import FeedIngest

    report = FeedIngest.report

    async def naive(self: Any, feed_id: int, events: Any, silent_after: Any = None) -> Any:
        old = datetime.now(UTC) - timedelta(minutes=2)
        return await report(self, feed_id, [
            replace(each, at=None) if getattr(each, 'at', None) and each.at < old else each for each in events],
            silent_after)
    FeedIngest.report = naive   # type: ignore[method-assign]


@mutation
def answers_before_it_is_stored() -> None:
    """A feed is answered at once, and its events are stored right after that."""
    from floor.feed.ingest import EventResult, FeedIngest, Result

    report, tasks = FeedIngest.report, set()

    async def later(self: Any, feed_id: int, events: Any, silent_after: Any) -> None:
        await asyncio.sleep(0.2)
        await report(self, feed_id, events, silent_after)

    async def hasty(self: Any, feed_id: int, events: Any, silent_after: Any = None) -> Any:
        tasks.add(asyncio.create_task(later(self, feed_id, events, silent_after)))
        return [EventResult(Result.ACCEPTED)] * len(events)
    FeedIngest.report = hasty   # type: ignore[method-assign]


# several instances, and orders

@mutation
def every_instance_plays() -> None:
    """The simulator does not look whether another instance has the plant."""
    import simulator.runner

    simulator.runner.timedelta = lambda seconds: timedelta(0)  # type: ignore[assignment, attr-defined, misc]


@mutation
def ignores_a_newer_schema() -> None:
    """The schema is taken for what it should be."""
    import floor.db.connection_check
    import floor.db.migrations

    for module in floor.db.connection_check, floor.db.migrations:
        module.refuse_unknown = lambda *_: None   # type: ignore[attr-defined]


@mutation
def forgets_the_key() -> None:
    """An Idempotency-Key is accepted, and nothing done with it."""
    from floor.orders.work_orders import WorkOrders

    create_once = WorkOrders.create_once

    async def forgetful(self: Any, who: Any, new: Any) -> Any:
        return await create_once(self, who, replace(new, client_reference=None))
    WorkOrders.create_once = forgetful   # type: ignore[method-assign]


if __name__ == '__main__':
    for name in sys.argv[1:]:
        MUTATIONS[name]()
    sys.argv, sys.path[0] = [str(ROOT / 'main.py')], str(ROOT)
    runpy.run_path(sys.argv[0], run_name='__main__')
