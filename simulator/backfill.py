"""Creates some days of history in a new database, so that reports are not empty: status changes and work orders.

A new database has only the initial machines in its history, no work order, and no report of a machine since.
Everything is written in one transaction that locks out other writers of the floor; of several instances that try at
once, one succeeds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from floor.core.errors import NotADemoError
from floor.core.people import Employee, Role
from floor.db.connection import UNREACHABLE, Connection
from floor.db.queries import Queries
from simulator.order_batch import OrderBatch
from simulator.orders import write_orders
from simulator.simulated_plant import Station
from simulator.timeline import FinalState, SimulatedEvent, Timeline, final_states, stops

log = logging.getLogger(__name__)

SEED = 18
"""The seed of the history of all new floors: it ends with a typical state and open work orders."""
WHO = 'simulator'
DAY = timedelta(days=1)
COPY_TIMEOUT_S = 600.0
ROWS_A_STEP = 50_000

HISTORY_COLUMNS = ('version', 'machine_name', 'old_status', 'new_status', 'reason', 'datetime', 'changed_at',
                   'changed_by')


@dataclass(frozen=True, slots=True)
class Backfill:
    """How much was written, and how many seconds it took."""

    since: datetime
    until: datetime
    changes: int
    orders: int
    took: float


async def backfill(connection: Connection, queries: Queries, *, days: int = 30, seed: int = SEED,
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
        done = await _create(connection, queries, days, seed, now)
    except Exception:
        with suppress(*UNREACHABLE, asyncpg.PostgresError):  # the row of an ended session has no effect
            await queries.give_up_history_creation(connection)
        raise
    if done is None:
        await queries.give_up_history_creation(connection)
        return None
    await _add_up(connection, queries, began)
    return done


async def _create(connection: Connection, queries: Queries, days: int, seed: int,
                  now: datetime | None) -> Backfill | None:
    began = time.monotonic()
    log.info('creating %d days of history for a new database ...', days)
    until = now or await queries.database_time(connection)
    since = until - days * DAY
    events, batch = await _imagine(connection, queries, since, until, seed)
    async with connection.transaction():
        await begin_changes(connection, queries)
        await queries.keep_others_from_writing(connection)
        if not await queries.is_new_floor(connection):
            log.info('another instance created the history')
            return None
        await _write(connection, queries, events, batch)
    done = Backfill(since, until, len(events), batch.orders(), time.monotonic() - began)
    log.info('created %d days of history in %.1f s: %d status changes, %d work orders',
             days, done.took, done.changes, done.orders)
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
    while step := await queries.refresh_history(connection, most=ROWS_A_STEP):
        pass
    await queries.analyze_history(connection)
    if step == 0:
        log.info('the totals of the history are computed, %.1f s after its start', time.monotonic() - began)
    else:
        log.info('another instance computes the totals of the history')


async def _imagine(connection: Connection, queries: Queries, since: datetime, until: datetime,
                   seed: int) -> tuple[list[SimulatedEvent], OrderBatch]:
    """Run in a thread, a day at a time, so that shutdown need not wait for the end."""
    stations = [Station(row['machine_name'], row['type'], row['line_id'])
                async for row in queries.simulated_floor(connection)]
    people = [Employee(**{**row, 'role': Role(row['role'])}) async for row in queries.everybody(connection)]
    timeline = await asyncio.to_thread(Timeline, stations, seed, since)
    events = timeline.events_until(since)
    while since < until:
        since = min(since + DAY, until)
        events += await asyncio.to_thread(timeline.events_until, since)
    return events, await asyncio.to_thread(
        lambda: write_orders(stops(events), people, now=until, seed=seed))


async def _write(connection: Connection, queries: Queries, events: Sequence[SimulatedEvent], batch: OrderBatch) -> None:
    await queries.begin_history(connection)
    first = await queries.draw_versions(connection, amount=len(events))
    await _copy(connection, 'machine_status_history', HISTORY_COLUMNS, (
        (version, event.machine, event.old, event.new, event.reason, event.at, event.at, WHO)
        for version, event in enumerate(events, first)))
    await _set_floor(connection, queries, final_states(events), first)
    for steps in await asyncio.to_thread(lambda: list(batch.as_json())):
        await queries.write_order_steps(connection, steps=steps)
    await queries.end_history(connection)
    await queries.end_history_creation(connection)
    await queries.announce_history(connection)


async def _set_floor(connection: Connection, queries: Queries, floor: Sequence[FinalState], first: int) -> None:
    await queries.set_floor(
        connection,
        names=[state.machine for state in floor], statuses=[state.status for state in floor],
        reasons=[state.reason for state in floor], sinces=[state.since for state in floor],
        moments=[state.at for state in floor],
        versions=[first + state.last for state in floor])


async def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy half a megabyte at a time, so that other tasks of the event loop run in between."""
    await connection.copy_records_to_table(table, columns=columns, records=rows, timeout=COPY_TIMEOUT_S)
