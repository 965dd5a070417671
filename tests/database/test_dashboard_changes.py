"""The changes of status of the dashboard, of which a refresh compares only the days that are not right: whatever
happens between two refreshes, the table is as one that was filled at once."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from database.past import age, content, report
from database.postgres import Connect

from floor.db.database import Database
from floor.db.query_files import SQL, read_sql
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums

pytestmark = [pytest.mark.newest_postgres, pytest.mark.long]

CHANGES = 'dashboard_machine_status_changes_7days'
MACHINES = 'Valve_01_01', 'Painter_04_01', 'Sorter_03_01'
STATUSES = 'operational', 'warning', 'down', 'unknown'
CLOCKS = ('America/Detroit', '00:00'), ('America/Detroit', '06:00'), ('Asia/Tokyo', '00:00'), ('UTC', '13:30')


class LivingFloor:
    """Three machines to which something happens, and what refreshes the tables of their floor."""

    def __init__(self, connection: asyncpg.Connection, database: Database, chance: random.Random) -> None:
        self.connection = connection
        self.database = database
        self.chance = chance
        self.numbers: list[int] = []

    async def settle(self) -> None:
        """They have been running for 9 days, and reported a little on each."""
        await age(self.connection, days=9)
        self.numbers = await self.connection.fetchval(
            'SELECT array_agg(machine_id) FROM machines WHERE machine_name = ANY ($1)', MACHINES)
        for _ in range(40):
            await self.report_late()

    async def name(self, number: int | None = None) -> str:
        """As the machine is called now; None: any of the three."""
        name: str = await self.connection.fetchval('SELECT machine_name FROM machines WHERE machine_id = $1',
                                                   number or self.chance.choice(self.numbers))
        return name

    # what happens

    async def report_late(self, connection: asyncpg.Connection | None = None) -> None:
        hours, status = self.chance.uniform(0, 160), self.chance.choice(STATUSES)
        await report(connection or self.connection, await self.name(), (hours, status, f'Reason {hours}'))

    async def report_now(self) -> None:
        await self.connection.execute('UPDATE machine_feed_stream SET status = $1 WHERE machine_name = $2',
                                      self.chance.choice(STATUSES[:3]), await self.name())

    async def move(self) -> None:
        await self.connection.execute('UPDATE machines SET line_id = $1 WHERE machine_name = $2',
                                      self.chance.randint(1, 4), await self.name())

    async def rename(self) -> None:
        await self.connection.execute('UPDATE machines SET machine_name = $1 WHERE machine_name = $2',
                                      f'Machine {self.chance.random()}', await self.name())

    async def swap_names(self) -> None:
        one, other = self.chance.sample(self.numbers, 2)
        names = await self.name(one), await self.name(other)
        for number, name in (one, 'Spare'), (other, names[0]), (one, names[1]):
            await self.connection.execute('UPDATE machines SET machine_name = $2 WHERE machine_id = $1', number, name)

    async def rename_line(self) -> None:
        await self.connection.execute('UPDATE production_lines SET name = $1 WHERE line_id = $2',
                                      f'Line {self.chance.random()}', self.chance.randint(1, 4))

    async def leave_and_come_back(self) -> None:
        name = await self.name()
        await self.connection.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', name)
        if self.chance.random() < 0.5:
            await self.refresh()
        await self.connection.execute('INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, $2)', name,
                                      'down')

    async def change_settings(self) -> None:
        zone, start = self.chance.choice(CLOCKS)
        await self.connection.execute('UPDATE plant_settings SET time_zone = $1, day_start = $2::text::time',
                                      zone, start)

    async def sum_days(self) -> None:
        """As another app does, which then ends."""
        await self.connection.execute('SELECT refresh_days()')

    async def rebuild(self) -> None:
        await self.connection.execute('SELECT rebuild_history()')

    async def delete_rows(self) -> None:
        """Somebody does, by hand."""
        await self.connection.execute(f'DELETE FROM {CHANGES} WHERE version % 3 = 0 OR changed_at < $1',
                                      await self.connection.fetchval("SELECT now() - interval '5 days'"))

    async def refresh_in_vain(self) -> None:
        """It fails when it is nearly complete."""
        transaction = self.connection.transaction(isolation='repeatable_read')
        await transaction.start()
        await self.connection.execute(read_sql(SQL / 'queries' / 'dashboard.sql', self.database.feed_table))
        await transaction.rollback()

    async def refresh_while_a_report_is_written(self) -> None:
        async with self.database.acquire() as other:
            transaction = other.transaction()
            await transaction.start()
            await self.report_late(other)  # type: ignore[arg-type]
            await self.refresh()
            await transaction.commit()

    async def refresh(self) -> None:
        assert await DashboardRefresh(self.database, DaySums(self.database)).refresh()

    @property
    def events(self) -> list[Callable[[], Awaitable[None]]]:
        often = [self.report_late, self.report_now, self.refresh, self.refresh_while_a_report_is_written] * 2
        return [*often, self.move, self.rename, self.swap_names, self.rename_line, self.leave_and_come_back,
                self.change_settings, self.sum_days, self.rebuild, self.delete_rows, self.refresh_in_vain]

    # how the table must be

    async def filled_at_once(self) -> list[Any]:
        transaction = self.connection.transaction(isolation='repeatable_read')
        await transaction.start()
        await self.connection.execute(f'DELETE FROM {CHANGES}; DELETE FROM dashboard_days')
        await self.connection.execute(read_sql(SQL / 'queries' / 'dashboard.sql', self.database.feed_table))
        found = await content(self.connection, CHANGES)
        await transaction.rollback()
        return found


@pytest.mark.parametrize('seed', range(4))
async def test_whatever_happens_between_two_refreshes(seed: int, connect: Connect, database: Database) -> None:
    floor = LivingFloor(await connect(), database, random.Random(seed))
    await floor.settle()
    happened = []
    for _ in range(12):
        for event in floor.chance.choices(floor.events, k=floor.chance.randint(1, 3)):
            happened.append(event.__name__)
            await event()
        await floor.refresh()
        assert await content(floor.connection, CHANGES) == await floor.filled_at_once(), happened
    assert len(await content(floor.connection, CHANGES)) > 20


async def test_forgotten_changes_leave_the_table(connect: Connect, database: Database) -> None:
    floor = LivingFloor(await connect(), database, random.Random(1))
    await floor.settle()
    await floor.refresh()
    before = len(await content(floor.connection, CHANGES))
    while await floor.connection.fetchval('SELECT forget_history(now() - $1::interval, 5)', timedelta(days=3)):
        await floor.refresh()
        assert await content(floor.connection, CHANGES) == await floor.filled_at_once()
    assert len(await content(floor.connection, CHANGES)) < before
