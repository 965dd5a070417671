"""What a supervisor sets for reports holds in the next report, and is noted with who, when, old and new."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from database.past import say
from database.people import LISA, MIKE
from database.postgres import Connect

from floor.analytics import Analytics, Scope, Window
from floor.core.errors import InvalidInputError, NotAllowedError
from floor.core.machines import MachineName
from floor.core.people import Role
from floor.db.database import Database
from floor.orders.employees import Employees
from floor.plant.report_settings import ReportSettings, ReportSettingsCommands

VALVE = MachineName('Valve_01_01')
NOW = datetime.now(UTC)
DAY = Window(NOW - timedelta(days=1), NOW)


@pytest.fixture
def commands(database: Database) -> ReportSettingsCommands:
    return ReportSettingsCommands(database, Employees(database, default_role=Role.VIEWER))


async def tell_of_a_stop(connect: Connect, minutes: int) -> str:
    """Of the valve, for a jam; returns its line."""
    feed = await connect()
    await say(feed, VALVE, (10, 'operational'), (5, 'down', 'Jam'), (5 - minutes / 60, 'operational'))
    line: str = await feed.fetchval('SELECT name FROM machines JOIN production_lines USING (line_id) '
                                    'WHERE machine_name = $1', VALVE)
    return line


async def test_the_limit_of_micro_stops_holds_in_the_next_report_and_in_the_tables(
        connect: Connect, database: Database, commands: ReportSettingsCommands) -> None:
    await tell_of_a_stop(connect, 10)
    analytics = Analytics(database)
    before = await analytics.kpis(DAY, Scope(machine=VALVE))
    assert (before.failures, before.micro_stops) == (1, 0)

    settings = await commands.read()
    assert await commands.save(MIKE, replace(settings, micro_stop=timedelta(minutes=15))) == 1

    after = await analytics.kpis(DAY, Scope(machine=VALVE))
    assert (after.failures, after.micro_stops) == (0, 1)
    assert [stop.is_micro for stop in (await analytics.stops(DAY)).stops] == [True]
    async with database.acquire() as connection:  # as at each start
        await database.queries.write_first_plant_settings(connection, time_zone='Asia/Tokyo')
        assert (await database.queries.report_settings(connection))['micro_stop'] == timedelta(minutes=15)


async def test_a_type_of_machine_has_its_own_limit(
        connect: Connect, database: Database, commands: ReportSettingsCommands) -> None:
    await tell_of_a_stop(connect, 10)
    analytics, settings = Analytics(database), await commands.read()
    assert settings.type_limits['valve'] is None
    assert await commands.save(MIKE, replace(settings, type_limits={'valve': timedelta(minutes=15)})) == 1
    assert (await analytics.kpis(DAY, Scope(machine=VALVE))).micro_stops == 1
    assert await commands.save(MIKE, replace(settings, type_limits={'valve': None})) == 1
    assert (await analytics.kpis(DAY, Scope(machine=VALVE))).micro_stops == 0
    assert [(change.setting, change.old, change.new) for change in await commands.changes(10)] == [
        ('micro-stop limit of valve', '15 min 00 s', None), ('micro-stop limit of valve', None, '15 min 00 s')]


async def test_each_change_is_noted_with_who_when_old_and_new(connect: Connect,
                                                              commands: ReportSettingsCommands) -> None:
    line = await tell_of_a_stop(connect, 10)
    settings = await commands.read()
    wanted = ReportSettings(timedelta(minutes=3), 'EUR', {**settings.costs, line: Decimal('120.5')},
                            settings.type_limits)
    assert await commands.save(MIKE, wanted) == 3
    assert await commands.save(MIKE, wanted) == 0
    assert await commands.read() == wanted
    assert await commands.save(MIKE, replace(wanted, costs={line: None})) == 1
    changes = await commands.changes(10)
    assert [(change.setting, change.old, change.new) for change in changes] == [
        (f'cost per hour of {line}', '120.5', None), (f'cost per hour of {line}', None, '120.5'),
        ('currency', None, 'EUR'), ('micro-stop limit', '5 min 00 s', '3 min 00 s')]
    assert {change.by for change in changes} == {'Mike Johnson'}
    assert all(abs(change.at - datetime.now(UTC)) < timedelta(minutes=5) for change in changes)


async def test_only_supervisors_change_them_and_only_to_what_makes_sense(commands: ReportSettingsCommands) -> None:
    settings = await commands.read()
    with pytest.raises(NotAllowedError, match='requires the role supervisor'):
        await commands.save(LISA, replace(settings, currency='EUR'))
    for wrong in (replace(settings, micro_stop=timedelta(hours=5)),
                  replace(settings, type_limits={'valve': timedelta(hours=-1)}), replace(settings, currency='x' * 13),
                  replace(settings, costs={line: Decimal(-1) for line in settings.costs})):
        with pytest.raises(InvalidInputError):
            await commands.save(MIKE, wrong)
    assert (await commands.read(), await commands.changes(10)) == (settings, [])


async def test_losses_are_in_money_where_a_line_has_a_cost(connect: Connect, database: Database,
                                                           commands: ReportSettingsCommands) -> None:
    line = await tell_of_a_stop(connect, 30)
    analytics = Analytics(database)
    assert await analytics.costs(DAY) is None
    await commands.save(MIKE, ReportSettings(timedelta(minutes=5), 'EUR', {line: Decimal(100)}))
    costs = await analytics.costs(DAY)
    assert costs is not None and not costs.is_complete
    assert costs.by_reason == {'Jam': pytest.approx(50)}
    assert await analytics.currency() == 'EUR'
    assert (costs.total, costs.text(costs.total)) == (pytest.approx(50), 'EUR 50')
    assert (costs.by_machine, costs.by_line) == ({VALVE: pytest.approx(50)}, {line: pytest.approx(50)})
    stop, = (await analytics.stops(DAY)).stops
    assert stop.cost == pytest.approx(50)
    part = Window(stop.since + timedelta(minutes=12), DAY.end)  # a stop costs what it takes of the window
    costs, (stop,) = await analytics.costs(part), (await analytics.stops(part)).stops
    assert costs is not None and (costs.total, stop.cost) == (pytest.approx(30), pytest.approx(30))


async def test_a_stop_costs_what_the_line_costs_on_which_it_began(connect: Connect, database: Database,
                                                                  commands: ReportSettingsCommands) -> None:
    line = await tell_of_a_stop(connect, 30)
    await commands.save(MIKE, ReportSettings(timedelta(minutes=5), 'EUR', {line: Decimal(100)}))
    await (await connect()).execute('UPDATE machines SET line_id = NULL WHERE machine_name = $1', VALVE)
    costs = await Analytics(database).costs(DAY)
    assert costs is not None and costs.by_line == {line: pytest.approx(50)}
