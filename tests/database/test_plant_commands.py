"""Supervisors set up lines, machine types and machines; the past follows, and each change is kept with who made it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from database.past import say
from database.people import CARLOS, JAMES, LISA, MIKE, STRANGER
from database.postgres import Connect, until

from floor.analytics import Analytics, Scope, Window
from floor.core.errors import EditConflictError, InvalidInputError, NotAllowedError, NotFoundError
from floor.core.machines import MachineName, Status
from floor.core.people import Role
from floor.db.database import Database
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.snapshot import read_floor
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.orders.employees import EmployeeEdit, Employees
from floor.orders.order_values import NewOrder
from floor.orders.work_orders import WorkOrders
from floor.plant.line_commands import LineEdit
from floor.plant.machine_commands import MachineEdit, NewMachine
from floor.plant.machine_type_commands import MachineTypeEdit
from floor.plant.plant_commands import PlantCommands
from floor.plant.plant_items import PlantChange, PlantMachine
from floor.web.setup.line_changes import LineChanges

VALVE = MachineName('Valve_02_01')
ENGINE = 2


@pytest.fixture
def site(database: Database) -> PlantCommands:
    return PlantCommands(database, Employees(database, default_role=Role.VIEWER))


async def on_line(plant: PlantCommands, line_id: int | None) -> list[str]:
    """The names of its machines in flow order."""
    return [machine.name for machine in await plant.machines() if machine.line_id == line_id]


async def called(plant: PlantCommands, name: str, *, retired: bool = False) -> PlantMachine:
    machine, = [each for each in await plant.machines(retired=retired) if each.name == name]
    return machine


async def noted(plant: PlantCommands) -> list[tuple[str, str | None, str, str | None, str | None]]:
    """All changes, the oldest first."""
    return [(change.by, change.item, change.field, change.old, change.new) for change in await plant.changes(100)][::-1]


async def test_names_are_unique_in_every_script(site: PlantCommands) -> None:
    """lower() of a database without a locale knows ASCII letters only."""
    await site.add_line(MIKE, 'Öfen')
    await site.add_machine_type(MIKE, 'Öfen')
    oven = await site.add_machine(MIKE, NewMachine('Öfen'))
    for act in (site.add_line(MIKE, 'ÖFEN'), site.add_machine_type(MIKE, 'öfen'),
                site.add_machine(MIKE, NewMachine('ÖFEN'))):
        with pytest.raises(InvalidInputError, match=r'there is a .* Öfen already'):
            await act
    assert (await site.edit_machine(MIKE, oven.id, oven.version, MachineEdit(name='ÖFEN'))).name == 'ÖFEN'


async def test_a_plant_from_nothing(connect: Connect, site: PlantCommands) -> None:
    connection = await connect()
    await connection.execute('SELECT remove_demo($1)', MIKE.email)
    press_line = await site.add_line(MIKE, 'Presswerk 1 · プレス')
    assert (press_line.code, press_line.position, press_line.version, press_line.machines) == ('01', 1, 1, 0)
    packing = await site.add_line(MIKE, 'Packing', 'P', position=1)
    assert [line.name for line in await site.lines()] == ['Packing', 'Presswerk 1 · プレス']
    press = await site.add_machine(MIKE, NewMachine('Presse Ä', 'press', press_line.id))
    await site.add_machine(MIKE, NewMachine('Press 0', 'PRESS', press_line.id, position=1))
    await site.add_machine(MIKE, NewMachine('Labeller', 'labeller', packing.id))
    assert [(machine.line, machine.name, machine.type, machine.position) for machine in await site.machines()] == [
        ('Packing', 'Labeller', 'labeller', 1), ('Presswerk 1 · プレス', 'Press 0', 'press', 1),
        ('Presswerk 1 · プレス', 'Presse Ä', 'press', 2)]
    assert [(kind.name, kind.icon, kind.machines) for kind in await site.machine_types()] == [
        ('labeller', None, 1), ('press', None, 2)]
    row = await connection.fetchrow('SELECT status, reported_at, type FROM machine_feed_stream WHERE machine_id = $1',
                                    press.id)
    assert tuple(row) == (None, None, 'press')
    assert not press.has_past


async def test_lines_of_an_area_stand_together(connect: Connect, site: PlantCommands,
                                               caplog: pytest.LogCaptureFixture) -> None:
    async def order() -> list[tuple[str | None, str, int]]:
        return [(line.area, line.name, line.position) for line in await site.lines()]

    connection = await connect()
    await connection.execute('SELECT remove_demo($1)', MIKE.email)
    for name, area in ('Offices', None), ('Press', 'Hall 1'), ('Paint', 'Hall 2'), ('Weld', 'hall 1'):
        await site.add_line(MIKE, name, area=area)
    assert await order() == [('Hall 1', 'Press', 1), ('Hall 1', 'Weld', 2), ('Hall 2', 'Paint', 3),
                             (None, 'Offices', 4)]

    caplog.set_level(logging.INFO)
    await site.move_area(MIKE, 'Hall 2', 1)
    await site.rename_area(MIKE, 'Hall 1', 'ホール 1')
    assert [each.message for each in caplog.records if hasattr(each, 'area')] == ['area moved', 'area renamed']
    assert await order() == [('Hall 2', 'Paint', 1), ('ホール 1', 'Press', 2), ('ホール 1', 'Weld', 3),
                             (None, 'Offices', 4)]
    for refused in site.rename_area(MIKE, 'ホール 1', 'HALL 2'), site.rename_area(MIKE, 'ホール 1', ' '):
        with pytest.raises(InvalidInputError):
            await refused
    for gone in site.rename_area(MIKE, 'Hall 1', 'Hall 3'), site.move_area(MIKE, 'Hall 1', 1):
        with pytest.raises(NotFoundError):
            await gone

    weld = (await site.lines())[2]
    assert weld.version == 2  # renaming its area changed it, making room did not
    await site.edit_line(MIKE, weld.id, weld.version, LineEdit(area=None))
    await site.edit_line(MIKE, weld.id, weld.version + 1, LineEdit(position=1))
    assert await order() == [('Hall 2', 'Paint', 1), ('ホール 1', 'Press', 2), (None, 'Weld', 3), (None, 'Offices', 4)]
    assert [(item, field, old, new) for _, item, field, old, new in await noted(site)
            if field == 'area'] == [('Press', 'area', 'Hall 1', 'ホール 1'), ('Weld', 'area', 'Hall 1', 'ホール 1'),
                                    ('Weld', 'area', 'ホール 1', None)]
    await connection.execute("UPDATE production_lines SET area = 'Hall 2' WHERE area IS NULL")  # by SQL too
    assert [name for _, name, _ in await order()] == ['Paint', 'Weld', 'Offices', 'Press']


async def test_only_supervisors_change_the_plant(site: PlantCommands) -> None:
    machine, line, kind = (await site.machines())[0], (await site.lines())[0], (await site.machine_types())[0]
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: site.add_line(LISA, 'New'), lambda: site.edit_line(LISA, line.id, 1, LineEdit(name='New')),
        lambda: site.delete_line(LISA, line.id, 1, None), lambda: site.add_machine_type(CARLOS, 'new'),
        lambda: site.edit_machine_type(CARLOS, kind.id, 1, MachineTypeEdit(icon='oven')),
        lambda: site.delete_machine_type(CARLOS, kind.id, 1), lambda: site.add_machine(STRANGER, NewMachine('New')),
        lambda: site.edit_machine(STRANGER, machine.id, 1, MachineEdit(name='New')),
        lambda: site.retire_machine(LISA, machine.id, 1), lambda: site.bring_back_machine(LISA, machine.id, 1),
        lambda: site.delete_machine(LISA, machine.id, 1)]
    before = await site.machines(), await site.lines(), await site.machine_types()
    for attempt in attempts:
        with pytest.raises(NotAllowedError, match='requires the role supervisor'):
            await attempt()
    assert (await site.machines(), await site.lines(), await site.machine_types()) == before
    assert await site.changes(10) == []


async def test_history_orders_reports_and_links_follow_a_rename_and_a_move(
        connect: Connect, database: Database, site: PlantCommands) -> None:
    connection = await connect()
    await say(connection, VALVE, (10, 'operational'), (5, 'down', 'Jam'), (4, 'operational'))
    orders = WorkOrders(database, Employees(database, default_role=Role.VIEWER))
    order = await orders.create(MIKE, NewOrder(VALVE, 'Leak'))
    machine = await called(site, VALVE)
    renamed = await site.edit_machine(MIKE, machine.id, machine.version,
                                      MachineEdit(name='Ventil 7', type='Ventil', line_id=3))
    assert (renamed.name, renamed.type, renamed.line, renamed.version > machine.version) == (
        'Ventil 7', 'Ventil', 'Exterior Line', True)
    assert (await on_line(site, 3))[-1] == 'Ventil 7'
    assert (await orders.get(order.id)).machine == 'Ventil 7'
    now = datetime.now(UTC)
    analytics, day = Analytics(database), Window(now - timedelta(days=1), now)
    assert (await analytics.kpis(day, Scope(machine=MachineName('Ventil 7')))).failures == 1
    assert (await analytics.kpis(day, Scope(line='Engine Line'))).failures == 1  # the line of then
    assert await connection.fetchval('SELECT machine_called($1)', VALVE) == machine.id
    row = await connection.fetchrow('SELECT machine_name, type, status FROM machine_feed_stream WHERE machine_id = $1',
                                    machine.id)
    assert tuple(row) == ('Ventil 7', 'Ventil', 'operational')


async def test_the_others_on_a_line_make_room(site: PlantCommands) -> None:
    engine = await on_line(site, ENGINE)
    last, other = await called(site, engine[-1]), await called(site, engine[1])
    await site.edit_machine(MIKE, last.id, last.version, MachineEdit(position=2))
    wanted = [engine[0], engine[-1], *engine[1:-1]]
    assert await on_line(site, ENGINE) == wanted
    assert (await called(site, other.name)).version == other.version  # it can be edited without a conflict
    moved = await called(site, last.name)
    assert (await site.edit_machine(MIKE, last.id, moved.version, MachineEdit(position=9_999))).position == 7
    assert await on_line(site, ENGINE) == engine
    interior = (await site.lines())[-1]
    await site.edit_line(MIKE, interior.id, interior.version, LineEdit(position=1))
    assert [(line.name, line.position) for line in await site.lines()] == [
        ('Interior Line', 1), ('Transmission Line', 2), ('Engine Line', 3), ('Exterior Line', 4)]
    assert [(item, field, old, new) for _, item, field, old, new in await noted(site)] == [
        (last.name, 'position', '7', '2'), (last.name, 'position', '2', '7'), ('Interior Line', 'position', '4', '1')]


async def test_of_two_people_who_edit_the_second_sees_what_the_first_did(site: PlantCommands) -> None:
    machine, line, kind = await called(site, VALVE), (await site.lines())[0], (await site.machine_types())[0]
    await site.edit_machine(MIKE, machine.id, machine.version, MachineEdit(name='Valve A'))
    await site.edit_line(MIKE, line.id, line.version, LineEdit(name='First'))
    await site.edit_machine_type(MIKE, kind.id, kind.version, MachineTypeEdit(icon='press'))
    with pytest.raises(EditConflictError,
                       match=r'Mike Johnson changed Valve A \(name: Valve_02_01 to Valve A\)') as seen:
        await site.edit_machine(JAMES, machine.id, machine.version, MachineEdit(name='Valve B'))
    assert seen.value.current == await called(site, 'Valve A')
    for attempt in (site.retire_machine, site.bring_back_machine, site.delete_machine):
        with pytest.raises(EditConflictError):
            await attempt(JAMES, machine.id, machine.version)
    with pytest.raises(EditConflictError, match='name: Transmission Line to First'):
        await site.delete_line(JAMES, line.id, line.version, None)
    with pytest.raises(EditConflictError, match='icon: none to press'):
        await site.delete_machine_type(JAMES, kind.id, kind.version)


async def test_an_edit_waits_for_one_under_way_and_sees_what_it_did(connect: Connect, site: PlantCommands,
                                                                    database: Database) -> None:
    line, connection = (await site.lines())[0], await connect()
    async with connection.transaction():
        await database.queries.lock_plant(connection)
        edit = asyncio.create_task(site.edit_line(MIKE, line.id, line.version, LineEdit(name='Second')))
        await until(lambda: connection.fetchval("SELECT count(*) = 1 FROM pg_stat_activity "
                                                "WHERE datname = current_database() AND wait_event_type = 'Lock'"))
        await connection.execute("UPDATE production_lines SET name = 'First' WHERE line_id = $1", line.id)
    with pytest.raises(EditConflictError, match='to First'):
        await edit
    assert (await site.line(line.id)).name == 'First'


async def test_of_two_who_add_the_same_name_at_once_one_does(site: PlantCommands) -> None:
    answers = await asyncio.gather(*(site.add_machine(who, NewMachine('Press 1')) for who in (MIKE, JAMES)),
                                   return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ['InvalidInputError', 'PlantMachine']


@pytest.mark.parametrize(('name', 'why'), [
    ('', 'must not be empty'), (' Press', 'begins or ends with a space'), ('Press\u200b1', 'nobody can see'),
    ('x' * 81, '81 characters; at most 80 fit'), ('Pre\ud800ss', 'half a character'),
    ('e\u0301', 'separate characters')])
async def test_a_name_that_cannot_be_one_is_refused_with_why(site: PlantCommands, name: str, why: str) -> None:
    machine, line, kind = (await site.machines())[0], (await site.lines())[0], (await site.machine_types())[0]
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: site.add_line(MIKE, name), lambda: site.add_machine_type(MIKE, name),
        lambda: site.add_machine(MIKE, NewMachine(name)), lambda: site.add_machine(MIKE, NewMachine('New', name)),
        lambda: site.edit_line(MIKE, line.id, line.version, LineEdit(name=name)),
        lambda: site.edit_machine_type(MIKE, kind.id, kind.version, MachineTypeEdit(name=name)),
        lambda: site.edit_machine(MIKE, machine.id, machine.version, MachineEdit(name=name))]
    for attempt in attempts:
        with pytest.raises(InvalidInputError, match=why):
            await attempt()
    assert await site.changes(10) == []


async def test_what_is_there_already_is_named(site: PlantCommands) -> None:
    with pytest.raises(InvalidInputError, match=f'there is a machine {VALVE} already'):
        await site.add_machine(MIKE, NewMachine(VALVE.lower()))
    with pytest.raises(InvalidInputError, match='there is a line Engine Line already'):
        await site.add_line(MIKE, 'engine line')
    with pytest.raises(InvalidInputError, match='Engine Line has the code 02 already'):
        await site.add_line(MIKE, 'Another', '02')
    with pytest.raises(InvalidInputError, match='there is a machine type valve already'):
        await site.add_machine_type(MIKE, 'Valve')
    machine = await called(site, VALVE)
    await site.retire_machine(MIKE, machine.id, machine.version)
    with pytest.raises(InvalidInputError, match=f'{VALVE} has left the floor and keeps its past: bring it back'):
        await site.add_machine(MIKE, NewMachine(VALVE))


async def test_what_cannot_be_is_refused(site: PlantCommands) -> None:
    for machine in NewMachine('New', line_id=99), NewMachine('New', position=0), NewMachine('New', position=10_001):
        with pytest.raises(InvalidInputError):
            await site.add_machine(MIKE, machine)
    for icon in '', '../secret', 'Oven', 'x' * 41:
        with pytest.raises(InvalidInputError, match='key of an icon'):
            await site.add_machine_type(MIKE, 'oven', icon)
    for number in 0, 999, 40_000, 2**40:
        for attempt in site.machine, site.line, site.machine_type:
            with pytest.raises(NotFoundError):
                await attempt(number)
    assert await site.changes(10) == []


async def test_a_machine_with_a_past_is_retired_and_can_come_back(connect: Connect, site: PlantCommands) -> None:
    connection, machine = await connect(), await called(site, VALVE)
    assert machine.has_past
    with pytest.raises(InvalidInputError, match='retire it instead'):
        await site.delete_machine(MIKE, machine.id, machine.version)
    gone = await site.retire_machine(MIKE, machine.id, machine.version)
    assert gone.retired_at is not None
    assert await site.retire_machine(MIKE, machine.id, gone.version) == gone
    assert VALVE not in await on_line(site, ENGINE)
    assert await called(site, VALVE, retired=True) == gone
    back = await site.bring_back_machine(MIKE, machine.id, gone.version)
    assert (back.id, back.retired_at, back.position, back.has_past) == (machine.id, None, 7, True)
    assert (await on_line(site, ENGINE))[-1] == VALVE
    row = await connection.fetchrow('SELECT machine_id, status FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    assert tuple(row) == (machine.id, None)


async def test_a_machine_without_a_past_is_deleted(connect: Connect, site: PlantCommands, database: Database) -> None:
    new = await site.add_machine(MIKE, NewMachine('Mistake', line_id=ENGINE))
    ordered = await site.add_machine(MIKE, NewMachine('Has an order'))
    await WorkOrders(database, Employees(database, default_role=Role.VIEWER)).create(
        MIKE, NewOrder(MachineName('Has an order'), 'Install it'))
    with pytest.raises(InvalidInputError, match='retire it instead'):
        await site.delete_machine(MIKE, ordered.id, ordered.version)
    await site.delete_machine(MIKE, new.id, new.version)
    assert (await noted(site))[-1] == ('Mike Johnson', 'Mistake', 'deleted', 'Mistake', None)
    with pytest.raises(NotFoundError):
        await site.machine(new.id)
    assert await (await connect()).fetchval("SELECT count(*) FROM machine_feed_stream "
                                            "WHERE machine_name = 'Mistake'") == 0


async def test_a_line_that_comes_back_has_its_past(connect: Connect, site: PlantCommands, database: Database) -> None:
    await say(await connect(), VALVE, (10, 'operational'), (5, 'down', 'Jam'), (4, 'operational'))
    now = datetime.now(UTC)
    day, line, machines = Window(now - timedelta(days=1), now), await site.line(ENGINE), await on_line(site, ENGINE)
    deleted = await LineChanges(site, MIKE).delete(line, 3)
    moved = await called(site, machines[0])
    await site.edit_machine(MIKE, moved.id, moved.version, MachineEdit(line_id=4))
    assert deleted.undo is not None
    await deleted.undo()
    assert replace(await site.line(ENGINE), machines=line.machines, version=line.version) == line
    assert await on_line(site, ENGINE) == machines[1:]
    assert (await Analytics(database).kpis(day, Scope(line=line.name))).failures == 1


async def test_the_machines_of_a_deleted_line_go_to_the_named_line(
        connect: Connect, site: PlantCommands, database: Database) -> None:
    await say(await connect(), VALVE, (10, 'operational'), (5, 'down', 'Jam'), (4, 'operational'))
    line, engine, exterior = await site.line(ENGINE), await on_line(site, ENGINE), await on_line(site, 3)
    for machines_to, why in ((..., 'Engine Line has 7 machines: say which line they go to'), (99, 'no line 99'),
                             (ENGINE, 'cannot stay')):
        with pytest.raises(InvalidInputError, match=why):
            await site.delete_line(MIKE, ENGINE, line.version, *(() if machines_to is ... else (machines_to,)))
    await site.delete_line(MIKE, ENGINE, line.version, 3)
    assert await on_line(site, 3) == [*exterior, *engine]
    interior = await site.line(4)
    await site.delete_line(MIKE, 4, interior.version, None)
    assert len(await on_line(site, None)) == interior.machines == 5
    now = datetime.now(UTC)
    stops = await Analytics(database).stops(Window(now - timedelta(days=1), now))
    assert [stop.machine for stop in stops.stops] == [VALVE]
    new = await site.add_line(MIKE, 'New')
    assert new.id == 5  # the past of a line that was deleted is not that of a new one
    await site.delete_line(MIKE, new.id, new.version)
    assert (await noted(site))[-1] == ('Mike Johnson', 'New', 'deleted', 'New', None)


async def test_the_machines_of_a_type_follow_it(connect: Connect, site: PlantCommands) -> None:
    connection = await connect()
    await connection.execute("UPDATE machine_types SET micro_stop = '9 minutes' WHERE type = 'valve'")
    retired = await called(site, VALVE)
    await site.retire_machine(MIKE, retired.id, retired.version)
    kind, = [each for each in await site.machine_types() if each.name == 'valve']
    assert kind.machines == 4
    renamed = await site.edit_machine_type(MIKE, kind.id, kind.version, MachineTypeEdit(name='Ventil', icon='valve'))
    assert renamed == replace(kind, name='Ventil', icon='valve', version=kind.version + 1)
    limit = await connection.fetchval("SELECT micro_stop FROM machine_types WHERE type = 'Ventil'")
    assert limit == timedelta(minutes=9)
    assert await connection.fetchval("SELECT count(*) FROM machine_feed_stream WHERE type = 'Ventil'") == 3
    assert (await site.machine(retired.id)).type == 'Ventil'
    assert [change[1:] for change in (await noted(site))[1:]] == [  # and none of its machines
        ('valve', 'name', 'valve', 'Ventil'), ('valve', 'icon', None, 'valve')]
    with pytest.raises(InvalidInputError, match='4 machines of this type'):
        await site.delete_machine_type(MIKE, kind.id, renamed.version)
    unused = await site.add_machine_type(MIKE, 'oven', 'oven')
    await site.delete_machine_type(MIKE, unused.id, unused.version)
    assert (await noted(site))[-1] == ('Mike Johnson', 'oven', 'deleted', 'oven', None)
    with pytest.raises(NotFoundError):
        await site.machine_type(unused.id)


async def test_each_change_is_noted_in_its_transaction_also_by_sql(connect: Connect, site: PlantCommands) -> None:
    connection = await connect()
    await connection.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Oven_02_09', 'oven')")
    oven = await called(site, 'Oven_02_09')
    assert (oven.line, oven.type) == ('Engine Line', 'oven')
    await site.edit_machine(MIKE, oven.id, oven.version, MachineEdit(name='Oven 9', line_id=None))
    await connection.execute("UPDATE machine_feed_stream SET machine_name = 'Oven 10' WHERE machine_name = 'Oven 9'")
    await connection.execute("DELETE FROM machine_feed_stream WHERE machine_name = 'Oven 10'")
    assert await noted(site) == [
        ('postgres', 'oven', 'added', None, 'oven'), ('postgres', 'Oven_02_09', 'added', None, 'Oven_02_09'),
        ('Mike Johnson', 'Oven_02_09', 'name', 'Oven_02_09', 'Oven 9'),
        ('Mike Johnson', 'Oven 9', 'line', 'Engine Line', None), ('Mike Johnson', 'Oven 9', 'position', '8', '1'),
        ('postgres', 'Oven 9', 'name', 'Oven 9', 'Oven 10'), ('postgres', 'Oven 10', 'retired', 'no', 'yes')]
    changes = await site.changes(3)
    assert await site.changes(100, before=changes[1].id) == (await site.changes(100))[2:]
    assert abs(changes[0].at - datetime.now(UTC)) < timedelta(minutes=5)


async def test_a_change_shows_on_every_instance_at_once(site: PlantCommands, database: Database) -> None:
    """By its announcement: the audit would come after an hour."""
    store = Store()
    task = asyncio.create_task(Listener(database.connect, database.queries, store,
                                        timing=Timing(audit=3600)).run())
    try:
        await until(lambda: store.connection is Freshness.LIVE)
        machine = await called(site, VALVE)
        machine = await site.edit_machine(MIKE, machine.id, machine.version, MachineEdit(name='Valve A'))
        await until(lambda: 'Valve A' in store.machines and VALVE not in store.machines)
        await site.edit_machine(MIKE, machine.id, machine.version, MachineEdit(type='oven', line_id=3))
        await until(lambda: store.machines[MachineName('Valve A')].record.type == 'oven')
        new = await site.add_machine(MIKE, NewMachine('New'))
        await until(lambda: 'New' in store.machines)
        assert store.machines[MachineName('New')].status is Status.UNKNOWN
        await site.retire_machine(MIKE, new.id, new.version)
        await until(lambda: 'New' not in store.machines)
        line = await site.line(ENGINE)
        await site.edit_line(MIKE, ENGINE, line.version, LineEdit(name='Motors'))
        await until(lambda: any(each.name == 'Motors' for each in store.lines))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_installation_gets_its_types_when_it_is_upgraded(connect: Connect, site: PlantCommands) -> None:
    assert [kind.name for kind in await site.machine_types()] == [
        'injection_molder', 'painter', 'robotic_arm', 'sorter', 'valve']
    assert await site.changes(10) == []  # a new demo is no change


async def test_a_display_name_is_shown_and_feeds_report_by_the_name(connect: Connect, site: PlantCommands,
                                                                    database: Database) -> None:
    valve = await called(site, VALVE)
    shown = await site.edit_machine(MIKE, valve.id, valve.version, MachineEdit(display_name='Presse am Tor'))
    assert (shown.name, shown.display_name, shown.version) == (VALVE, 'Presse am Tor', valve.version + 1)
    press = await site.add_machine(MIKE, NewMachine('PR-2', display_name='Presse am Tor'))
    assert press.display_name == 'Presse am Tor'
    connection = await connect()
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = 'Valve_02_01'")
    async with database.acquire() as reader:
        snapshot = await read_floor(reader, database.queries)
    store = Store()
    store.replace(snapshot)
    assert (str(store.machines[VALVE].display), store.machines[VALVE].status) == ('Presse am Tor', Status.DOWN)
    for text, why in ('x' * 81, '81 characters'), (' x', 'space'), ('a\u200bb', 'nobody can see'):
        with pytest.raises(InvalidInputError, match=why):
            await site.edit_machine(MIKE, shown.id, shown.version, MachineEdit(display_name=text))
    for nothing in VALVE, '', None:
        assert (await site.edit_machine(MIKE, valve.id, (await site.machine(valve.id)).version,
                                        MachineEdit(display_name=nothing))).display_name is None
    assert [change[2:] for change in await noted(site) if change[1] == VALVE] == [
        ('display name', None, 'Presse am Tor'), ('display name', 'Presse am Tor', None)]


async def test_the_latest_change_of_an_item_is_taken_back(site: PlantCommands, database: Database) -> None:
    employees = Employees(database, default_role=Role.VIEWER)

    async def latest() -> PlantChange:
        return (await site.changes(1))[0]

    async def valve() -> PlantMachine:
        return next(each for each in await site.machines() if each.id == before.id)

    before = next(each for each in await site.machines() if each.name == 'Valve_01_01')
    await site.edit_machine(MIKE, before.id, before.version, MachineEdit('V1', 'pump', ENGINE, 2, 'Einlass'))
    assert {change.field for change in await site.changes(100, kind='machine')} == {
        'name', 'display name', 'type', 'line', 'position'}
    assert [change.field for change in await site.changes(100, text='MP')] == ['type', 'added']
    assert [change.is_latest for change in await site.changes(100, kind='machine')].count(True) == 1
    assert await site.changes(100, kind='line') == []
    with pytest.raises(NotAllowedError):
        await site.take_back(LISA, await latest())
    renamed = await latest()
    await site.take_back(MIKE, renamed)
    assert replace(await valve(), version=before.version) == before
    with pytest.raises(InvalidInputError, match='changed again since'):
        await site.take_back(MIKE, renamed)

    await site.retire_machine(MIKE, before.id, (await valve()).version)
    await site.take_back(MIKE, await latest())
    assert (await valve()).retired_at is None
    line = await site.add_line(MIKE, 'New', area='Hall')
    await site.edit_line(MIKE, line.id, line.version, LineEdit(area=None))
    await site.take_back(MIKE, await latest())
    assert (await site.line(line.id)).area == 'Hall'
    pump = next(each for each in await site.machine_types() if each.name == 'pump')
    await site.edit_machine_type(MIKE, pump.id, pump.version, MachineTypeEdit('Pumps', 'fan'))
    await site.take_back(MIKE, await latest())
    assert replace(await site.machine_type(pump.id), version=pump.version) == pump
    lisa = next(each for each in await employees.all() if each.email == LISA.email)
    await employees.edit(MIKE, lisa.id, lisa.version, EmployeeEdit(
        last_name='Berg', role=Role.SUPERVISOR, active=False))
    await site.take_back(MIKE, await latest())
    assert replace(await employees.get(lisa.id), version=lisa.version) == lisa
    new = await site.add_line(MIKE, 'Newer')
    await site.take_back(MIKE, await latest())
    assert new.id not in [each.id for each in await site.lines()]
    with pytest.raises(InvalidInputError, match='only the latest'):
        await site.take_back(MIKE, await latest())  # a deletion
