"""Gives a database that is new some days of history, so that no report is empty: what machines did, what people wrote.

New means that nothing has ever happened in it: its history holds the delivered machines and nothing else, it has no
work order, and no machine has been heard of since. Everything is written in one transaction while nobody else can write
to the floor; of several instances that try at once one succeeds.
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
from floor.core.model import Employee, Role
from floor.db.database import UNREACHABLE, Connection
from floor.db.queries import Queries
from simulator.order_batch import OrderBatch
from simulator.orders import write_orders
from simulator.plant import Station
from simulator.timeline import Event, FinalState, Timeline, final_states, stops

log = logging.getLogger(__name__)

SEED = 18
"""Every new floor has the same history, up to its own now. This one ends with a typical picture and work to do."""
WHO = 'simulator'
DAY = timedelta(days=1)
COPY_TIMEOUT_S = 600.0
ROWS_A_STEP = 50_000

HISTORY_COLUMNS = ('version', 'machine_name', 'old_status', 'new_status', 'reason', 'datetime', 'changed_at',
                   'changed_by')


@dataclass(frozen=True, slots=True)
class Backfill:
    """What was written, and how many seconds it took."""

    since: datetime
    until: datetime
    changes: int
    orders: int
    took: float


async def backfill(connection: Connection, queries: Queries, *, days: int = 30, seed: int = SEED,
                   now: datetime | None = None) -> Backfill | None:
    """Write the days before now (the database's clock) if the database is new; None if it is not.

    The machines then have the status with which the history ends, and a simulator goes on from there. The connection
    must be in the floor's schema, its login own the tables.

    :raises asyncpg.InsufficientPrivilegeError: it does not own them; nothing was written
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
        with suppress(*UNREACHABLE, asyncpg.PostgresError):  # the row of a session that has ended means nothing
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
    log.info('making %d days of history for a new database ...', days)
    until = now or await queries.database_time(connection)
    since = until - days * DAY
    events, batch = await _imagine(connection, queries, since, until, seed)
    async with connection.transaction():
        await begin_changes(connection, queries)
        await queries.keep_others_from_writing(connection)
        if not await queries.is_new_floor(connection):
            log.info('the history was made by another instance')
            return None
        await _write(connection, queries, events, batch)
    done = Backfill(since, until, len(events), batch.orders(), time.monotonic() - began)
    log.info('made %d days of history in %.1f s: %d status changes, %d work orders',
             days, done.took, done.changes, done.orders)
    return done


async def begin_changes(connection: Connection, queries: Queries) -> None:
    """First in each transaction in which the simulator writes.

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
        log.info('the history is added up, %.1f s after its begin', time.monotonic() - began)
    else:
        log.info('another instance adds up the history')


async def _imagine(connection: Connection, queries: Queries, since: datetime, until: datetime,
                   seed: int) -> tuple[list[Event], OrderBatch]:
    """In a thread, a day at a time: whoever stops us need not wait for the end."""
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


async def _write(connection: Connection, queries: Queries, events: Sequence[Event], batch: OrderBatch) -> None:
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
    """Half a megabyte at a time, between which others get their turn in the event loop."""
    await connection.copy_records_to_table(table, columns=columns, records=rows, timeout=COPY_TIMEOUT_S)
