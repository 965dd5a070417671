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

SUMS = f"""SELECT (SELECT count(*) FROM {SCHEMA}.machine_stops) AS stops,
                  (SELECT sum(down)::bigint / 1000000 FROM {SCHEMA}.machine_days JOIN {SCHEMA}.summed_days USING (day))
                  AS seconds"""
REFRESHED = f'SELECT refreshed_at FROM {SCHEMA}.history_upkeep'
LONG_AGO = f"""
    SET session_replication_role = replica;
    UPDATE {SCHEMA}.machine_status_history SET happened_at = now() - interval '4 days' WHERE old_status IS NULL;
    SET session_replication_role = origin;
    INSERT INTO {SCHEMA}.machine_status_history (version, machine_id, old_status, new_status, happened_at)
    SELECT nextval('{SCHEMA}.machine_feed_version'), machine_id, 'operational', status, now() - ago
    FROM {SCHEMA}.machines
    CROSS JOIN (VALUES ('warning', interval '48 hours'), ('operational', '47 hours')) AS word (status, ago);
    SELECT {SCHEMA}.rebuild_history()"""
LATE = f"SELECT {SCHEMA}.report_status($1, $2, 'Reported late', now() - $3 * interval '1 hour')"
MAX_REASON = 'Ж' * 3700
"""With it a machine nearly fills a notification: 7.4 kB of two-byte letters."""
TOO_LONG_REASON = '机' * 3000
"""9 kB: more than a notification can hold."""
MESSAGES_PER_SECOND = 10.0


async def late_commits(stage: Stage) -> History:
    """Versions are drawn in one order and committed in another, and days are summed up meanwhile: nothing is missed."""
    async with scene(stage, DASHBOARD_REFRESH_SECONDS='0.2') as floor:
        slow = floor.machines[-(4 if stage.quick else 12):]
        floor.writers.spared |= set(slow)
        await floor.connection.execute(LONG_AGO)
        for machine in slow:
            await _commit_late(floor, machine)
        history = await floor.settle()
        await asyncio.to_thread(floor.program.stop)
        await _nothing_is_missed(floor)
    return history


async def _commit_late(floor: Scene, machine: str) -> None:
    """A machine goes down, and was down yesterday, in a transaction that stays open while others commit and days are
    summed up."""
    await _sum_up(floor)
    transaction = floor.connection.transaction()
    await transaction.start()
    for status, hours_ago in ('down', 50), ('operational', 49):
        await floor.connection.execute(LATE, machine, status, hours_ago)
    while (write := await floor.change(machine)).status != 'down':
        pass
    await _sum_up(floor)
    await transaction.commit()
    for each in floor.history.writes[floor.history.writes.index(write) - 2:]:
        if each.machine == machine and each.acked is None:
            floor.writers.acknowledge(each)


async def _sum_up(floor: Scene) -> None:
    """Wait until the program has looked for days to sum up, twice: the first may have begun before."""
    onlooker = await asyncpg.connect(floor.database_url)
    try:
        for _ in range(2):
            before = await onlooker.fetchval(REFRESHED)

            async def has_looked(before: object = before) -> bool:
                return bool(await onlooker.fetchval(REFRESHED) != before)
            await until(has_looked, floor.stage.patience)
    finally:
        await onlooker.close()


async def _nothing_is_missed(floor: Scene) -> None:
    """The stops and days as they were kept step by step, and as the whole log gives them."""
    await floor.connection.execute(f'SELECT {SCHEMA}.refresh_days()')
    kept = await floor.connection.fetchrow(SUMS)
    await floor.connection.execute(f'SELECT {SCHEMA}.rebuild_history(); SELECT {SCHEMA}.refresh_days()')
    rebuilt = await floor.connection.fetchrow(SUMS)
    floor.history.figures['stops'] = f'{kept["stops"]} of {rebuilt["stops"]}'
    floor.history.figures['seconds down on days that were over'] = f'{kept["seconds"]} of {rebuilt["seconds"]}'
    if kept != rebuilt or not kept['seconds']:
        floor.history.broken.append(f'the reports know {kept["stops"]} stops and {kept["seconds"]} s of yesterday, '
                                    f'the history has {rebuilt["stops"]} and {rebuilt["seconds"]} s')


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
    Fault('late_commits', 'transactions that stay open while days are summed up, and change them', 'marks_no_day',
          'the reports know', late_commits, short=False),
    Fault('burst', 'all 2,000 machines changed 100 times as fast as it goes, reasons up to 9 kB', 'last_to_finish_wins',
          'I4', burst, short=False),
    Fault('behind_its_back', 'a trigger switched off; the table emptied and an older state put back',
          'keeps_the_newer_version', 'I2', behind_its_back, short=False),
]
