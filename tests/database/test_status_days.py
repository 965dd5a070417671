"""The floor at a moment is the same whether it is read from status_days or from the intervals, whatever came late."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from database.past import age, set_clock
from database.postgres import Connect

from floor.analytics import Analytics
from floor.core.machines import Status
from floor.db.database import Database

HOUR = timedelta(hours=1)
NAMES = ('Valve_01_01', 'Painter_04_01', 'Injection_Molder_01_01')
KEPT = """
    SELECT coalesce(array_agg(day), '{}') FROM history_days
    WHERE has_statuses AND day IN (SELECT day FROM status_days) AND day NOT IN (SELECT day FROM changed_days)"""


class Floor:
    """A floor of a few machines, which report in any order while the days go by."""

    def __init__(self, connection: asyncpg.Connection, database: Database, chance: random.Random) -> None:
        self.connection, self.database, self.chance = connection, database, chance
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def start(self) -> None:
        """As it has been for nine days; a machine of which nothing is heard for five hours is silent."""
        await age(self.connection, days=9)
        await self.connection.execute('DELETE FROM machine_feed_stream WHERE NOT machine_name = ANY ($1)', NAMES)
        await self.connection.execute("UPDATE plant_settings SET machine_silent_after = '5 hours', time_zone = 'UTC'")

    async def step(self) -> None:
        """Something happens: mostly a report, of now or up to five days late."""
        name = self.chance.choice(NAMES)
        kind = self.chance.choices(['report', 'hours', 'refresh', 'leave', 'come'], [10, 3, 2, 1, 2])[0]
        if kind == 'report':
            late = self.chance.choice([0, 0, self.chance.uniform(0, 120)])
            status = self.chance.choice(['operational', 'operational', 'warning', 'down', 'unknown'])
            reason = self.chance.choice([None, 'Jam', 'Oil low']) if status != 'unknown' else None
            if await self.connection.fetchval('SELECT count(*) FROM machine_feed_stream WHERE machine_name = $1', name):
                await self.connection.execute('SELECT report_status($1, $2, $3, $4)', name, status, reason,
                                              self.now() - late * HOUR if late else None)
        elif kind == 'hours':
            self.ahead += self.chance.uniform(0, 20) * HOUR
            await set_clock(self.connection, self.ahead)
        elif kind == 'refresh':
            await self.connection.fetchval('SELECT refresh_days()')
        elif kind == 'leave':
            await self.connection.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', name)
        else:
            await self.connection.execute('INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, $2) '
                                          'ON CONFLICT DO NOTHING', name, self.chance.choice(['operational', 'down']))

    async def at(self, moments: list[datetime]) -> list[Any]:
        analytics = Analytics(self.database, now=self.now())
        return [(await analytics.floor_at(moment)).machines for moment in moments]

    async def moments(self) -> list[datetime]:
        """When something began or ended, just before that, and midnights, of the days that are kept."""
        rows = await self.connection.fetch("""
            SELECT DISTINCT edge FROM (
                SELECT unnest(ARRAY[since, until, since - interval '1 us']) AS edge FROM status_intervals
                UNION ALL SELECT unnest(ARRAY[since, until - interval '1 us']) FROM history_days) AS edges
            WHERE edge > floor_clock() - interval '12 days' AND edge < floor_clock() ORDER BY 1""")
        return self.chance.sample([row['edge'] for row in rows], min(len(rows), 30))

    async def from_the_intervals(self, moments: list[datetime]) -> list[Any]:
        async with self.connection.transaction():
            await self.connection.execute('CREATE TABLE kept AS SELECT day FROM history_days WHERE has_statuses')
            await self.connection.execute('UPDATE history_days SET has_statuses = false')
        floors = await self.at(moments)
        await self.connection.execute('UPDATE history_days SET has_statuses = true WHERE day IN (SELECT day FROM kept)')
        await self.connection.execute('DROP TABLE kept')
        return floors


@pytest.mark.newest_postgres
@pytest.mark.long
@pytest.mark.parametrize('seed', range(2))
async def test_what_is_kept_is_what_the_intervals_say(connect: Connect, database: Database, seed: int) -> None:
    floor = Floor(await connect(), database, random.Random(seed))
    await floor.start()
    used = 0
    for _ in range(6):
        for _ in range(15):
            await floor.step()
        used += len(await floor.connection.fetchval(KEPT))
        moments = await floor.moments()
        for moment, kept, read in zip(moments, await floor.at(moments), await floor.from_the_intervals(moments),
                                      strict=True):
            assert kept == read, moment
    assert used > 20


@pytest.mark.newest_postgres
async def test_a_status_of_a_silent_machine_that_no_trigger_saw_is_kept_as_silent(
        connect: Connect, database: Database) -> None:
    floor = Floor(await connect(), database, random.Random(0))
    await floor.start()
    await floor.connection.execute('SELECT refresh_days()')
    await floor.connection.execute("""
        SET session_replication_role = replica;
        UPDATE machine_feed_stream SET status = 'down', reported_at = now() - interval '4 days',
            status_since = now() - interval '2 days';
        SET session_replication_role = origin;
        SELECT record_missed_changes(); SELECT refresh_days()""")
    moment = floor.now() - 30 * HOUR
    [kept] = await floor.at([moment])
    assert {machine.status for machine in kept if machine.name in NAMES} == {Status.UNKNOWN}
    assert [kept] == await floor.from_the_intervals([moment])
