"""Faults of the feed: transactions that end out of order, storms, and changes behind every trigger's back."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import asyncpg
from database.postgres import SCHEMA, until

from .history import History, Write
from .scene import Scene, scene
from .stage import Fault, Stage
from .writers import STATUSES

STOPS = f'SELECT machine_name, version FROM {SCHEMA}.machine_stops ORDER BY version'
CURSOR = f'SELECT xid::text FROM {SCHEMA}.history_progress'
MAX_REASON = 'Ж' * 3700
"""With it a machine nearly fills a notification: 7.4 kB of two-byte letters."""
TOO_LONG_REASON = '机' * 3000
"""9 kB: more than a notification can hold."""
MESSAGES_PER_SECOND = 10.0


async def late_commits(stage: Stage) -> History:
    """Versions are drawn in one order and committed in another: what is derived from the history misses nothing."""
    async with scene(stage, DASHBOARD_REFRESH_SECONDS='0.2') as floor:
        slow = floor.machines[-(4 if stage.quick else 12):]
        floor.writers.spared |= set(slow)
        for machine in slow:
            await _commit_late(floor, machine)
        history = await floor.settle()
        await asyncio.to_thread(floor.program.stop)
        await _nothing_is_missed(floor)
    return history


async def _commit_late(floor: Scene, machine: str) -> None:
    """A machine goes down in a transaction that stays open while others commit and the history is read past them."""
    transaction = floor.connection.transaction()
    await transaction.start()
    while (write := await floor.change(machine)).status != 'down':
        pass
    onlooker = await asyncpg.connect(floor.database_url)
    try:
        before = await onlooker.fetchval(CURSOR)

        async def read_on() -> bool:
            return bool(await onlooker.fetchval(CURSOR) != before)
        with suppress(TimeoutError):
            await until(read_on, 1.0)   # a sound reader waits for us, and stays where it is
    finally:
        await onlooker.close()
    await transaction.commit()
    for each in floor.history.writes[floor.history.writes.index(write) - 2:]:
        if each.machine == machine and each.acked is None:
            floor.writers.acknowledge(each)


async def _nothing_is_missed(floor: Scene) -> None:
    """The stops as they were derived step by step, and as the whole history gives them."""
    await floor.connection.execute(f'SELECT {SCHEMA}.refresh_history()')
    derived = await floor.connection.fetch(STOPS)
    await floor.connection.execute(f'SELECT {SCHEMA}.history_rebuild(); SELECT {SCHEMA}.refresh_history()')
    rebuilt = await floor.connection.fetch(STOPS)
    floor.history.figures['stops'] = f'{len(derived)} of {len(rebuilt)}'
    if derived != rebuilt:
        floor.history.broken.append(f'the reports know {len(derived)} stops, the history has {len(rebuilt)}')


async def burst(stage: Stage) -> History:
    """All machines at once, repeatedly, with reasons up to and beyond what a notification holds."""
    machines, rounds = (300, 20) if stage.quick else (2000, 100)
    async with scene(stage) as floor:
        await floor.writers.stop()
        await floor.connection.execute(
            f"INSERT INTO {SCHEMA}.machine_feed_stream (machine_name) SELECT 'Prüfstand 机 \"' || n || '\" <b>' "
            'FROM generate_series(1, $1) AS n', machines - len(floor.machines))
        await until(lambda: len(floor.view.tiles) == machines)
        floor.history.samples.clear()
        floor.began_at = await floor.connection.fetchval('SELECT last_value FROM machine_feed_version')
        floor.history.writes.clear()
        page, began = floor.view.page, time.monotonic()
        assert page is not None
        messages = page.tile_messages
        for turn in range(rounds):
            await _change_all(floor, turn)
        a_second = (page.tile_messages - messages) / (time.monotonic() - began)
        floor.history.heal()
        await floor.agree()
        floor.history.figures['messages to a browser'] = f'{a_second:.1f}/s'
        if a_second > MESSAGES_PER_SECOND:
            floor.history.broken.append(f'a browser got {a_second:.0f} messages a second')
        return await floor.settle()


async def _change_all(floor: Scene, turn: int) -> None:
    """One statement over all machines; each gets its own number."""
    first = (1 + turn) * 100_000
    sent = time.monotonic()
    rows = await floor.connection.fetch(
        f"UPDATE {SCHEMA}.machine_feed_stream SET status = $1, reason = 'write ' || ($2::integer + machine_id) || ' ' "
        "|| CASE machine_id % 30 WHEN 0 THEN $3 WHEN 1 THEN $4 ELSE '' END RETURNING machine_name, version, machine_id",
        STATUSES[turn % 3], first, MAX_REASON, TOO_LONG_REASON)
    acked = time.monotonic()
    floor.history.writes += [Write(first + row['machine_id'], row['machine_name'], STATUSES[turn % 3], sent, acked,
                                   row['version']) for row in rows]


async def behind_its_back(stage: Stage) -> History:
    """A trigger that is off, a table emptied and loaded again, an older state put back: nothing reports any of it."""
    settings = {'LISTEN_AUDIT_SECONDS': '1'} if stage.quick else {}
    async with scene(stage, **settings) as floor:  # type: ignore[arg-type]
        floor.history.slack = 1 if stage.quick else 30
        table = f'{SCHEMA}.machine_feed_stream'
        dump = await floor.connection.fetch(f'SELECT * FROM {table}')
        await floor.shown(await floor.change())
        await floor.writers.stop()
        silent = floor.machines[-2]
        await floor.connection.execute(f'ALTER TABLE {table} DISABLE TRIGGER machine_feed_updated')
        await floor.connection.execute(f"UPDATE {table} SET status = 'down' WHERE machine_name = $1", silent)
        await _appears(floor, silent, 'down')
        await floor.connection.execute(f'ALTER TABLE {table} ENABLE TRIGGER machine_feed_updated')
        floor.history.restored = time.monotonic()
        await _put_back(floor.connection, dump)
        floor.history.heal()
        history = await floor.settle()
        if (tiles := floor.view.tiles.get(floor.ours)) != (dump[-1]['status'], 0):
            history.broken.append(f'the older state is not shown: {tiles}')
        if not await floor.connection.fetchval(f"SELECT bool_and(status = 'operational') FROM {table}"):
            history.broken.append('the table is not what was put back')
    if 'the audit found changes without a notification' not in floor.program.log:
        history.broken.append('what was changed without a word is not in the log')
    return history


async def _appears(floor: Scene, machine: str, status: str) -> None:
    began = time.monotonic()
    with suppress(TimeoutError):
        await until(lambda: floor.view.tiles[machine][0] == status, floor.stage.patience + floor.history.slack)
        floor.history.figures['a trigger that is off is found in'] = f'{time.monotonic() - began:.1f} s'
        return
    floor.history.broken.append('a change that no trigger announced was not found in time')


async def _put_back(connection: asyncpg.Connection, dump: list[asyncpg.Record]) -> None:
    """As pg_restore does with triggers off."""
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = 'replica'")
        await connection.execute(f'TRUNCATE {SCHEMA}.machine_feed_stream')
        await connection.copy_records_to_table('machine_feed_stream', schema_name=SCHEMA,
                                               records=[tuple(row) for row in dump])


FAULTS = [
    Fault('late_commits', 'transactions that stay open while the history is read past them', 'reads_all_it_can_see',
          'the reports know', late_commits, short=False),
    Fault('burst', 'all 2,000 machines changed 100 times as fast as it goes, reasons up to 9 kB', 'last_to_finish_wins',
          'I4', burst, short=False),
    Fault('behind_its_back', 'a trigger switched off; the table emptied and an older state put back',
          'keeps_the_newer_version', 'I2', behind_its_back, short=False),
]
