"""The plant's own settings are data: a variable gives the first value, a supervisor the others; everything follows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from database.people import CARLOS, JAMES, LISA, MIKE
from database.postgres import Connect, until

from floor.analytics import Analytics, Window
from floor.core.errors import EditConflictError, InvalidInputError, NotAllowedError
from floor.core.people import Role
from floor.core.plant_calendar import PlantSettings, Weekday
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.migrations import connect_prepared
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums
from floor.orders.employees import Employees
from floor.orders.order_filter import Done, OrderFilter
from floor.orders.work_order_list import WorkOrderList
from floor.plant import plant_program
from floor.plant.plant_commands import PlantCommands, can_take_back
from floor.plant.plant_settings import PlantSettingsEdit

NAME = 'प्लांट · Werk Süd'
KATHMANDU = 'Asia/Kathmandu'


@pytest.fixture
def site(database: Database) -> PlantCommands:
    return PlantCommands(database, Employees(database, default_role=Role.VIEWER))


async def test_the_variable_gives_the_first_value_and_a_supervisor_the_others(
        empty_database_url: str, settings: Settings) -> None:
    def program(zone: str) -> Database:
        return Database(empty_database_url, settings.model_copy(update={'plant_timezone': zone}))

    async def start(database: Database) -> PlantCommands:
        await (await connect_prepared(database)()).close()
        return PlantCommands(database, Employees(database, default_role=Role.SUPERVISOR))
    first = program('America/Detroit')
    plant = await start(first)
    assert await plant.settings() == PlantSettings(zone=ZoneInfo('America/Detroit'))
    assert await plant.changes(10) == [], 'how a floor begins is no change'
    await plant.edit_settings(MIKE, 1, PlantSettingsEdit(time_zone=KATHMANDU))
    await first.close()

    again = program('Europe/Berlin')
    plant = await start(again)
    assert (await plant.settings()).zone.key == KATHMANDU
    await again.close()


async def test_each_change_is_kept_and_needs_a_supervisor_and_the_latest_version(
        connect: Connect, site: PlantCommands) -> None:
    before = await site.settings()
    assert before == PlantSettings()
    with pytest.raises(NotAllowedError):
        await site.edit_settings(CARLOS, before.version, PlantSettingsEdit(name=NAME))
    changed = await site.edit_settings(MIKE, before.version, PlantSettingsEdit(
        f' {NAME} ', KATHMANDU, Weekday.SUNDAY, time(5, 30)))
    assert changed == PlantSettings(NAME, ZoneInfo(KATHMANDU), Weekday.SUNDAY, time(5, 30), before.version + 1)
    with pytest.raises(EditConflictError, match='Mike Johnson changed the settings of the plant') as conflict:
        await site.edit_settings(JAMES, before.version, PlantSettingsEdit(name='Another'))
    assert conflict.value.current == changed
    assert await site.edit_settings(JAMES, changed.version, PlantSettingsEdit(name=NAME)) == changed, 'no change'
    assert (await site.edit_settings(JAMES, changed.version, PlantSettingsEdit(name=''))).name == ''

    for wrong in (PlantSettingsEdit(name='x' * 81), PlantSettingsEdit(name='a\u200bb'),
                  PlantSettingsEdit(time_zone='Mars/Olympus'), PlantSettingsEdit(time_zone='../../etc/passwd')):
        with pytest.raises(InvalidInputError):
            await site.edit_settings(MIKE, changed.version + 1, wrong)
    connection = await connect()
    with pytest.raises(Exception, match='time zone'):
        await connection.execute("UPDATE plant_settings SET time_zone = '+03'")
    with pytest.raises(Exception, match='day_start_check'):
        await connection.execute("UPDATE plant_settings SET day_start = '06:00:30'")
    await connection.execute("UPDATE plant_settings SET first_weekday = 6, machine_silent_after = '1 hour'")
    assert [(each.by, each.field, each.old, each.new) for each in await site.changes(10)][::-1] == [
        ('Mike Johnson', 'plant name', None, NAME), ('Mike Johnson', 'time zone', 'UTC', KATHMANDU),
        ('Mike Johnson', 'first day of the week', 'Monday', 'Sunday'),
        ('Mike Johnson', 'start of the day', '00:00', '05:30'), ('James Wilson', 'plant name', NAME, None),
        (await connection.fetchval('SELECT session_user'), 'first day of the week', 'Sunday', 'Saturday')]


async def test_another_zone_shows_when_it_is_announced_and_its_days_are_summed_up_again(
        connect: Connect, database: Database, site: PlantCommands) -> None:
    """In every instance that listens, without an audit or a beat; reports are right before the sums are."""
    store, connection = Store(), await connect()
    listening = asyncio.create_task(Listener(database.connect, database.queries, store,
                                             timing=Timing(heartbeat=3600, audit=3600, polling=3600)).run())
    await until(lambda: store.is_demo is not None)
    await connection.execute("UPDATE machine_feed_stream SET status = 'operational'")
    await DaySums(database).refresh()
    settings = await site.settings()

    await site.edit_settings(MIKE, settings.version, PlantSettingsEdit('Werk', KATHMANDU))
    await until(lambda: store.plant.zone.key == KATHMANDU)
    assert store.plant.name == 'Werk'
    listening.cancel()

    now = datetime.now(UTC)
    report = await Analytics(database).hourly_pattern(Window(now - timedelta(days=1), now))
    local = now.astimezone(ZoneInfo(KATHMANDU))
    assert report.covered[local.weekday()][local.hour] > 0
    order = await connection.fetchval("""INSERT INTO work_orders (machine_id, issue_description, priority)
        VALUES ('Valve_02_01', 'Leak', 'low') RETURNING id""")
    assert order.split('-')[1] == f'{datetime.now(ZoneInfo(KATHMANDU)):%Y%m%d}'


async def test_orders_and_dashboard_tables_count_by_days_that_begin_at_the_plants_time(
        connect: Connect, database: Database, site: PlantCommands) -> None:
    """The day began 40 minutes ago: of four orders, an hour apart from each other, the latest is of today."""
    connection, zone, now = await connect(), ZoneInfo(KATHMANDU), datetime.now(UTC)
    began = (now - timedelta(minutes=40)).replace(second=0, microsecond=0)
    await site.edit_settings(MIKE, 1, PlantSettingsEdit(time_zone=KATHMANDU, day_start=began.astimezone(zone).time()))
    settings = await site.settings()
    today = settings.calendar('All day 00:00').day_of(now)
    assert today == began.astimezone(zone).date()
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = 'Valve_02_01'")
    await connection.execute("""
        INSERT INTO work_orders (machine_id, issue_description, priority, timestamp, status, completed_at, cause,
                                 action_taken)
        SELECT 'Valve_02_01', 'Leak', 'low', at, 'completed', at + interval '1 minute', 'Wear', 'Replaced'
        FROM generate_series(now() - interval '3 hours 10 minutes', now(), '1 hour') AS at""")

    volume = (await Analytics(database).work_orders(Window(now - timedelta(days=2), now + timedelta(minutes=1)))).volume
    assert [(day.day, day.orders, day.is_over) for day in volume] == [
        (today - timedelta(1), 3, True), (today, 1, False)]
    counts = await WorkOrderList(database, lambda: settings.zone).counts(OrderFilter())
    assert (counts.completed_today, counts.completed_this_week) == (1, 4)
    assert len((await WorkOrderList(database, lambda: settings.zone).page(OrderFilter(done=Done.TODAY))).orders) == 1
    assert await DashboardRefresh(database, DaySums(database)).refresh()
    trends = {row['order_date']: row['daily_count'] for row in await connection.fetch(
        'SELECT order_date, daily_count FROM dashboard_work_order_trends_30days')}
    assert (len(trends), trends[today - timedelta(1)], trends[today]) == (30, 3, 1)
    assert await connection.fetchrow("""
        SELECT status_date, status_hour FROM dashboard_machine_status_changes_7days
        WHERE machine_name = 'Valve_02_01' AND status = 'down'""") == (today, now.astimezone(zone).hour)


def test_the_terminal_shows_and_changes_them(database_url: str, settings: Settings,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    plant_program.own_settings(settings, PlantSettingsEdit('Plant 7', KATHMANDU, Weekday.SUNDAY, time(6)))
    plant_program.own_settings(settings, PlantSettingsEdit())
    assert capsys.readouterr().out.count(
        'name: Plant 7, time zone: Asia/Kathmandu, first day of the week: Sunday, start of the day: 06:00\n') == 2


async def test_the_latest_change_of_each_setting_is_taken_back(site: PlantCommands) -> None:
    before = await site.settings()
    changed = await site.edit_settings(MIKE, before.version, PlantSettingsEdit(
        'Werk', 'Asia/Kathmandu', Weekday.SUNDAY, time(6)))
    await site.edit_settings(MIKE, changed.version, PlantSettingsEdit('Werk 2'))
    changes = {(change.field, change.new): change for change in await site.changes(10)}
    assert [new for (_, new), change in changes.items() if not can_take_back(change)] == ['Werk']
    with pytest.raises(NotAllowedError):
        await site.take_back(LISA, changes['plant name', 'Werk 2'])
    await site.take_back(MIKE, changes['plant name', 'Werk 2'])
    with pytest.raises(InvalidInputError, match='the plant name was changed again since'):
        await site.take_back(MIKE, changes['plant name', 'Werk 2'])
    for setting, new in (('time zone', 'Asia/Kathmandu'), ('first day of the week', 'Sunday'),
                         ('start of the day', '06:00')):
        await site.take_back(MIKE, changes[setting, new])
    assert replace(await site.settings(), version=before.version) == replace(before, name='Werk')
