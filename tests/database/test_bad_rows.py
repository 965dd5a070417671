"""A row that no writer of this project could have made: the rest of the floor is live and right all the same."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from database.postgres import Connect, until

from floor.core.machines import MachineName, Status
from floor.db.database import Database
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.protocol import MAX_REASON_LENGTH
from floor.feed.store import Store
from floor.feed.timing import Timing

pytestmark = pytest.mark.newest_postgres
BAD, GOOD = MachineName('Source_Sorter_01_01'), MachineName('Valve_01_01')
QUICK = Timing(heartbeat=0.02, heartbeat_timeout=5, audit=0.04, gap=0.005, first_backoff=0.01)
TIMES = 'infinity', '-infinity', '294276-01-01', '4000-01-01 BC', '20000-01-01'


@pytest.mark.parametrize('statement', [
    *(f"UPDATE machine_feed_stream SET {column} = '{time}' WHERE machine_name = '{BAD}'"
      for column in ('status_since', 'reported_at', 'datetime') for time in TIMES),
    *(f"UPDATE employees SET created_at = '{time}' WHERE id = 1" for time in TIMES),
    *('INSERT INTO machine_status_history (version, machine_id, new_status, happened_at) '
      f"VALUES (1000000, 1, 'down', '{time}')" for time in TIMES if 'infinity' not in time),  # a CHECK refuses these
    f"UPDATE machine_feed_stream SET reason = repeat('x', 50000000) WHERE machine_name = '{BAD}'",
    'INSERT INTO machine_status_history (version, machine_id, new_status, happened_at, reason) '
    "VALUES (1000000, 1, 'down', now(), repeat('x', 50000000))",
])
async def test_one_bad_row_takes_nothing_else_with_it(database: Database, connect: Connect, statement: str) -> None:
    writer = await connect()
    async with writer.transaction():
        await writer.execute('SET LOCAL session_replication_role = replica')  # behind every trigger
        await writer.execute(statement)
    store = Store(stale_after=60)
    listener = Listener(database.connect, database.queries, store, timing=QUICK)
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: store.connection is Freshness.LIVE)
        assert len(store.machines) == 30
        await writer.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", GOOD)
        await until(lambda: store.machines[GOOD].status is Status.DOWN)
        beats = listener.counters.heartbeats
        await until(lambda: listener.counters.heartbeats > beats + 10)  # some audits are among them
        assert listener.counters.connections == 1
        assert listener.counters.audits_with_difference == 0
        assert max(len(machine.reason or '') for machine in store.machines.values()) <= MAX_REASON_LENGTH
        assert max(len(event.reason or '') for event in store.events) <= MAX_REASON_LENGTH
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
