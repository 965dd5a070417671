"""Creates some days of history in a new database, so that reports are not empty: status changes and work orders.

A new database has only the initial machines in its history, no work order, and no report of a machine since.
Everything is written in one transaction that locks out other writers of the floor; of several instances that try at
once, one succeeds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import asyncpg

from floor.core.errors import NotADemoError
from floor.db.connection import UNREACHABLE, Connection
from floor.db.queries import Queries
from floor.db.row_mapping import to_zone
from simulator.floor_rows import people_of, read_floor
from simulator.order_batch import OrderBatch
from simulator.orders import PlannedOrders, write_orders
from simulator.simulated_plant import Station
from simulator.timeline import (
    LAST_HOURS,
    FinalState,
    SimulatedEvent,
    Timeline,
    final_states,
    stops,
    typical_end,
)

log = logging.getLogger(__name__)

SEED = 18
"""The seed of the history of all new floors: it ends with a typical state and open work orders."""
WHO = 'simulator'
DAY = timedelta(days=1)
HISTORY_TIMEOUT_S = 600.0
"""For what grows with the days: a year takes longer than DB_COMMAND_TIMEOUT."""
REBUILD = 'SELECT rebuild_history()'
DAYS_A_STEP = 5
ROWS_A_TURN = 1_000

LOG_COLUMNS = ('version', 'machine_id', 'old_status', 'new_status', 'reason', 'datetime', 'happened_at', 'recorded_at',
               'changed_by')


@dataclass(frozen=True, slots=True)
class Backfill:
    """How much was written, how many seconds it took, and the plant and its orders, which go on from there."""

    since: datetime
    until: datetime
    changes: int
    orders: int
    took: float
    stations: tuple[Station, ...]
    timeline: Timeline
    planned: PlannedOrders


@dataclass(frozen=True, slots=True)
class _Wanted:
    days: int
    seed: int
    now: datetime | None
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class _Imagined:
    stations: tuple[Station, ...]
    events: list[SimulatedEvent]
    timeline: Timeline
    batch: OrderBatch
    planned: PlannedOrders


async def backfill(connection: Connection, queries: Queries, *, days: int = 60, seed: int = SEED,
                   now: datetime | None = None) -> Backfill | None:
    """Write the days before now (the database's clock) if the database is new; None if it is not.

    The machines then have the last status of the history, and a simulator continues from there. The connection must
    be in the floor's schema, and its login must own the tables.

    :raises asyncpg.InsufficientPrivilegeError: the login does not own the tables; nothing was written
    :raises NotADemoError: the floor is a plant; nothing was written
    """
    began = time.monotonic()
    await begin_changes(connection, queries)
    if not await queries.is_new_floor(connection):
        await queries.end_history_creation(connection)  # of a session that was killed
        return None
    await queries.begin_history_creation(connection, days=days)
    try:
        zone = to_zone((await queries.simulated_times(connection))['zone'])
        done = await _create(connection, queries, _Wanted(days, seed, now, zone))
    except Exception:
        with suppress(*UNREACHABLE, asyncpg.PostgresError):  # the row of an ended session has no effect
            await queries.give_up_history_creation(connection)
        raise
    if done is None:
        await queries.give_up_history_creation(connection)
        return None
    await _add_up(connection, queries, began)
    return done


async def _create(connection: Connection, queries: Queries, wanted: _Wanted) -> Backfill | None:
    began = time.monotonic()
    log.info('creating %d days of history for a new database ...', wanted.days)
    until = wanted.now or await queries.database_time(connection)
    since = until - wanted.days * DAY
    imagined = await _imagine(connection, queries, since, until, wanted)
    async with connection.transaction():
        await begin_changes(connection, queries)
        await queries.keep_others_from_writing(connection)
        if not await queries.is_new_floor(connection):
            log.info('another instance created the history')
            return None
        await _write(connection, queries, imagined.events, imagined.batch)
    done = Backfill(since, until, len(imagined.events), imagined.batch.orders(), time.monotonic() - began,
                    imagined.stations, imagined.timeline, imagined.planned)
    log.info('created %d days of history in %.1f s: %d status changes, %d work orders',
             wanted.days, done.took, done.changes, done.orders)
    return done


async def begin_changes(connection: Connection, queries: Queries) -> None:
    """Call first in each transaction in which the simulator writes.

    :raises NotADemoError: the floor is a plant
    """
    try:
        await queries.begin_simulated_changes(connection)
    except asyncpg.LockNotAvailableError:  # a subclass of the next
        raise
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        raise NotADemoError(str(error)) from error


async def _add_up(connection: Connection, queries: Queries, began: float) -> None:
    """Step by step, so that no statement takes longer than DB_COMMAND_TIMEOUT, however long the history is."""
    while (step := await queries.refresh_days(connection, most=DAYS_A_STEP)) == DAYS_A_STEP:
        pass
    await queries.analyze_history(connection)
    if step is not None:
        log.info('the totals of the history are computed, %.1f s after its start', time.monotonic() - began)
    else:
        log.info('another instance computes the totals of the history')


async def _imagine(connection: Connection, queries: Queries, since: datetime, until: datetime,
                   wanted: _Wanted) -> _Imagined:
    """Run in a thread, a day at a time, so that shutdown need not wait for the end."""
    stations = tuple(row.station for row in await read_floor(connection, queries))
    people = await people_of(connection, queries)
    timeline = await asyncio.to_thread(Timeline, stations, wanted.seed, since, until, wanted.zone)
    events = timeline.events_until(since)
    while since < until - LAST_HOURS:
        since = min(since + DAY, until - LAST_HOURS)
        events += await asyncio.to_thread(timeline.events_until, since)
    rest, timeline = await asyncio.to_thread(typical_end, timeline, until)
    events += rest
    batch, planned = await asyncio.to_thread(lambda: write_orders(
        timeline.with_ends(stops(events)), people, now=until, seed=wanted.seed, calendar=timeline.calendar))
    return _Imagined(stations, events, timeline, batch, planned)


async def _write(connection: Connection, queries: Queries, events: Sequence[SimulatedEvent], batch: OrderBatch) -> None:
    await queries.begin_history(connection)
    first = await _write_events(connection, queries, events)
    await _set_floor(connection, queries, await asyncio.to_thread(final_states, events), first)
    for steps in await asyncio.to_thread(lambda: list(batch.as_json())):
        async for _ in queries.write_order_steps(connection, steps=steps, live=False):
            pass
    await queries.end_history(connection)
    await queries.end_history_creation(connection)
    await queries.announce_history(connection)


async def _write_events(connection: Connection, queries: Queries, events: Sequence[SimulatedEvent]) -> int:
    """Write the log, of which the database makes the rest; returns the first version."""
    first: int = await queries.draw_versions(connection, amount=len(events))
    numbers = {row['machine_name']: row['machine_id'] async for row in queries.simulated_floor(connection)}
    rows = ((version, numbers[event.machine], event.old, event.new, event.reason, event.at, event.at, event.at, WHO)
            for version, event in enumerate(events, first))
    await connection.copy_records_to_table('machine_status_history', columns=LOG_COLUMNS, records=_in_turns(rows),
                                           timeout=HISTORY_TIMEOUT_S)
    await connection.execute(REBUILD, timeout=HISTORY_TIMEOUT_S)
    return first


async def _in_turns(rows: Iterable[tuple[Any, ...]]) -> AsyncIterator[tuple[Any, ...]]:
    """Piece by piece, so that other tasks of the event loop run in between."""
    for number, row in enumerate(rows):
        if number % ROWS_A_TURN == 0:
            await asyncio.sleep(0)
        yield row


async def _set_floor(connection: Connection, queries: Queries, floor: Sequence[FinalState], first: int) -> None:
    await queries.set_floor(
        connection,
        names=[state.machine for state in floor], statuses=[state.status for state in floor],
        reasons=[state.reason for state in floor], sinces=[state.since for state in floor],
        moments=[state.at for state in floor],
        versions=[first + state.last for state in floor])
