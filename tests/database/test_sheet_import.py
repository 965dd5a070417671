"""A sheet becomes a plant in one transaction, and the same sheet again changes nothing."""

from __future__ import annotations

import getpass
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from database.people import LISA, MIKE
from database.postgres import Connect

from floor.core.errors import InvalidInputError, NotAllowedError, NotFoundError
from floor.core.people import Role
from floor.core.settings import Settings
from floor.db.connection_source import DatabaseSource, database_source
from floor.db.database import Database
from floor.orders.employees import EmployeeEdit, Employees
from floor.plant import plant_program
from floor.plant.line_commands import LineEdit
from floor.plant.machine_commands import MachineEdit, NewMachine
from floor.plant.plant_commands import PlantCommands
from floor.plant.plant_sheet import SheetKind, read_sheet
from floor.plant.sheet_import import SheetImport, written
from floor.plant.sheet_plan import RowOutcome

MACHINES, PEOPLE = SheetKind
SHEET = ('area;line;machine;type;position;display name\n;Hall 1;Press 1;press;1;\n;Hall 1;Press 2;press;2;Presse am '
         'Tor\n;Hall 1;Oven ä;oven;3;\n;Packing · 梱包;Labeller;labeller;1;梱包機\n;;Compressor;compressor;1;\n')


@pytest.fixture
def sheets(database: Database) -> SheetImport:
    return SheetImport(database, Employees(database, default_role=Role.VIEWER))


@pytest.fixture
def commands(database: Database) -> PlantCommands:
    return PlantCommands(database, Employees(database, default_role=Role.VIEWER))


@pytest.fixture
async def empty(connect: Connect) -> None:
    """The floor is an empty plant of which Mike is the supervisor."""
    await (await connect()).execute('SELECT remove_demo($1)', MIKE.email)


@pytest.mark.usefixtures('empty')
async def test_a_sheet_becomes_a_plant_and_again_changes_nothing(
        sheets: SheetImport, commands: PlantCommands, connect: Connect) -> None:
    connection, rows = await connect(), read_sheet(SHEET)
    plan = await sheets.dry_run(MIKE, rows)
    assert str(plan) == '5 machines: 5 new, 0 changed, 0 unchanged, 0 refused; 2 new lines; 4 new types'
    assert await commands.machines() == []
    assert await sheets.apply(MIKE, rows) == plan
    assert [(machine.line, machine.name, machine.type, machine.position) for machine in await commands.machines()] == [
        ('Hall 1', 'Press 1', 'press', 1), ('Hall 1', 'Press 2', 'press', 2), ('Hall 1', 'Oven ä', 'oven', 3),
        ('Packing · 梱包', 'Labeller', 'labeller', 1), (None, 'Compressor', 'compressor', 1)]
    assert await connection.fetchval('SELECT count(*) FROM machine_feed_stream WHERE status IS NULL') == 5
    before = await commands.machines(), await commands.lines(), await connection.fetch('SELECT * FROM setting_changes')
    again = await sheets.apply(MIKE, rows)
    assert {row.outcome for row in again.rows} == {RowOutcome.UNCHANGED}
    assert before == (await commands.machines(), await commands.lines(),
                      await connection.fetch('SELECT * FROM setting_changes'))
    for xlsx in False, True:
        exported = read_sheet(written(MACHINES, await sheets.export(MACHINES), xlsx=xlsx))
        assert [row.cells for row in exported.rows] == [row.cells for row in rows.rows]


@pytest.mark.usefixtures('empty')
async def test_what_is_changed_moves_comes_back_or_stays(
        sheets: SheetImport, commands: PlantCommands, connect: Connect) -> None:
    await sheets.apply(MIKE, read_sheet(SHEET))
    await (await connect()).execute("UPDATE machine_feed_stream SET status = 'down'")
    by_name = {machine.name: machine for machine in await commands.machines()}
    await commands.retire_machine(MIKE, by_name['Oven ä'].id, by_name['Oven ä'].version)
    await commands.edit_machine(MIKE, by_name['Press 2'].id, by_name['Press 2'].version, MachineEdit(name='Press B'))
    plan = await sheets.apply(MIKE, read_sheet('machine,line,position\nOven ä,hall 1,\nPress 1,PACKING · 梱包,\n'))
    assert [row.outcome for row in plan.rows] == [RowOutcome.CHANGED] * 2
    assert [(machine.line, machine.name, machine.position) for machine in await commands.machines()] == [
        ('Hall 1', 'Press B', 2), ('Hall 1', 'Oven ä', 3), ('Packing · 梱包', 'Labeller', 1),
        ('Packing · 梱包', 'Press 1', 2), (None, 'Compressor', 1)]
    assert {machine.name: machine.id for machine in await commands.machines()}['Oven ä'] == by_name['Oven ä'].id
    with pytest.raises(InvalidInputError, match='row 2: Press 2: refused, this machine is called Press B now'):
        await sheets.apply(MIKE, read_sheet('machine\nPress 2'))


@pytest.mark.usefixtures('empty')
async def test_machines_without_a_position_come_after_the_others_of_their_line(
        sheets: SheetImport, commands: PlantCommands) -> None:
    await sheets.apply(MIKE, read_sheet('machine,line,position\nC,A,\nX,B,\nD,A,\nB,A,2\nA,A,1\nY,B,'))
    await sheets.apply(MIKE, read_sheet('machine,line\nX,A\nE,A\nY,A\n'))
    assert [(machine.name, machine.position) for machine in await commands.machines()] == [
        ('A', 1), ('B', 2), ('C', 3), ('D', 4), ('X', 5), ('Y', 6), ('E', 7)]


@pytest.mark.usefixtures('empty')
async def test_one_row_that_is_refused_stops_the_import(sheets: SheetImport, commands: PlantCommands) -> None:
    rows = read_sheet('machine,line\nPress 1,Hall 1\n' + 'Press 1,Hall 1\n' * 7)
    with pytest.raises(InvalidInputError, match=r'^7 rows refused, and nothing was changed: row 3: Press 1: refused, '
                                                r'this machine is in row 2 already; .*; and 2 more$'):
        await sheets.apply(MIKE, rows)
    assert (await commands.machines(), await commands.lines()) == ([], [])


async def test_only_supervisors_import_and_never_into_a_demo(sheets: SheetImport, commands: PlantCommands) -> None:
    rows = read_sheet(SHEET)
    for attempt in sheets.dry_run, sheets.apply:
        with pytest.raises(NotAllowedError, match='requires the role supervisor'):
            await attempt(LISA, rows)
    with pytest.raises(InvalidInputError, match='this floor is a demo, whose machines and people are invented'):
        await sheets.apply(MIKE, rows)
    assert len(await commands.machines()) == 30


# undo

@pytest.mark.usefixtures('empty')
async def test_after_an_undo_the_export_is_what_it_was(sheets: SheetImport, commands: PlantCommands,
                                                       connect: Connect) -> None:
    connection = await connect()
    await sheets.apply(MIKE, read_sheet(SHEET))
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = 'Oven ä'")
    by_name = {machine.name: machine for machine in await commands.machines()}
    await commands.retire_machine(MIKE, by_name['Oven ä'].id, by_name['Oven ä'].version)
    before, types = [await sheets.export(MACHINES), await commands.lines()], await commands.machine_types()
    plan = await sheets.apply(MIKE, read_sheet(
        'machine,line,type,position,display name\nOven ä,Hall 2,kiln,1,\nPress 1,Hall 2,press,2,\nPress 2,Hall 1,mill,7'
        ',Mühle\nCompressor,,compressor,1,\nSaw,Hall 2,saw,3,\nDrill,,drill,,\nPump,Hall 1,,,\n'), 'more.csv')
    assert str(plan).startswith('7 machines: 3 new, 3 changed, 1 unchanged')
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name IN ('Saw', 'Press 1')")
    last = (await sheets.past_imports(10))[0]
    assert (last.by, last.file_name, str(last)) == (
        'Mike Johnson', 'more.csv', '7 machines: 3 new, 3 changed, 1 unchanged')
    undo = await sheets.undo_plan(MIKE, MACHINES)
    assert list(map(str, undo.steps)) == [
        'Oven ä: changed back, line from Hall 2 to Hall 1, type from kiln to oven, position from 1 to 3, retired from '
        'no to yes', 'Press 1: changed back, line from Hall 2 to Hall 1, position from 2 to 1',
        'Press 2: changed back, type from mill to press, position from 7 to 2, '
        'display name from Mühle to Presse am Tor',
        'Saw: retired, because it has reported or has work orders', 'Drill: deleted', 'Pump: deleted',
        'line Hall 2: deleted']
    assert await sheets.undo(MIKE, MACHINES, last.id) == undo
    assert [await sheets.export(MACHINES), await commands.lines()] == before
    assert [kind for kind in await commands.machine_types() if kind.name != 'saw'] == types  # which Saw still has
    assert [machine.name for machine in await commands.machines(retired=True)] == ['Oven ä', 'Saw']
    assert [(each.undone_by, each.is_last) for each in await sheets.past_imports(10)] == [
        ('Mike Johnson', False), (None, True)]
    await sheets.undo(MIKE, MACHINES)
    assert await sheets.export(MACHINES) == []
    with pytest.raises(NotFoundError, match='there is no import of machines that could be undone'):
        await sheets.undo(MIKE, MACHINES)


@pytest.mark.usefixtures('empty')
async def test_areas_are_imported_and_an_undo_gives_lines_their_order_back(
        sheets: SheetImport, commands: PlantCommands) -> None:
    await sheets.apply(MIKE, read_sheet('line,machine\nA,1\nB,2\nC,3'))
    before = [(line.name, line.area) for line in await commands.lines()]
    plan = await sheets.apply(MIKE, read_sheet('area,line,machine\nNorth,C,3\nNorth,D,4\nSouth,B,2'))
    assert [(line.name, line.area) for line in await commands.lines()] == [
        ('B', 'South'), ('C', 'North'), ('D', 'North'), ('A', None)]
    exported = read_sheet(written(MACHINES, await sheets.export(MACHINES), xlsx=False))
    assert plan.changes_something and not (await sheets.apply(MIKE, exported)).changes_something
    assert list(map(str, (await sheets.undo(MIKE, MACHINES)).steps)) == [
        '4: deleted', 'line B: changed back, area from South to none', 'line C: changed back, area from North to none',
        'line D: deleted']
    assert [(line.name, line.area) for line in await commands.lines()] == before


@pytest.mark.usefixtures('empty')
async def test_an_undo_is_refused_where_something_would_be_lost(sheets: SheetImport, commands: PlantCommands) -> None:
    await sheets.apply(MIKE, read_sheet('machine,line\nPress 1,Hall 1\nPress 2,Hall 1'))
    await sheets.apply(MIKE, read_sheet('machine,line\nPress 1,Hall 2\nSaw,Hall 2\nMill,Hall 2'))
    lines = {line.name: line for line in await commands.lines()}
    by_name = {machine.name: machine for machine in await commands.machines()}
    await commands.edit_machine(MIKE, by_name['Press 1'].id, by_name['Press 1'].version, MachineEdit(type='press'))
    await commands.edit_machine(MIKE, by_name['Saw'].id, by_name['Saw'].version, MachineEdit(name='Saw 1'))
    await commands.add_machine(MIKE, NewMachine('Drill', line_id=lines['Hall 2'].id))
    await commands.edit_line(MIKE, lines['Hall 2'].id, lines['Hall 2'].version, LineEdit(name='Hall B'))
    before = await sheets.export(MACHINES)
    plan = await sheets.undo_plan(MIKE, MACHINES)
    assert plan.obstacles == (
        'Press 1 was changed since (type from other to press)', 'Saw 1 was changed since (name from Saw to Saw 1)',
        'the line Hall B was changed since', 'Drill was put on the line Hall 2 since')
    with pytest.raises(InvalidInputError, match=r'^the import cannot be undone: Press 1 was .* Nothing was changed$'):
        await sheets.undo(MIKE, MACHINES)
    with pytest.raises(InvalidInputError, match='another import was made or undone since'):
        await sheets.undo(MIKE, MACHINES, plan.of.id - 1)
    with pytest.raises(NotAllowedError, match='requires the role supervisor'):
        await sheets.undo(LISA, MACHINES)
    assert await sheets.export(MACHINES) == before


# people

THIRTY = 'first name\tlast name\te-mail\tdepartment\trole\tactive\n' + ''.join(
    f'Anna{number}\tBerg\tanna{number}@example.com\tTool shop\t{"technician" if number % 2 else ""}\t\n'
    for number in range(30))


@pytest.mark.usefixtures('empty')
async def test_thirty_colleagues_are_pasted_and_taken_back(sheets: SheetImport, connect: Connect) -> None:
    connection, before = await connect(), await sheets.export(PEOPLE)
    sheet = read_sheet(THIRTY)
    assert str(await sheets.dry_run(MIKE, sheet)) == '30 people: 30 new, 0 changed, 0 unchanged, 0 refused'
    await sheets.apply(MIKE, sheet)
    for xlsx in False, True:
        exported = read_sheet(written(PEOPLE, await sheets.export(PEOPLE), xlsx=xlsx))
        assert not (await sheets.apply(MIKE, exported)).changes_something
    assert len(await sheets.past_imports(10)) == 1
    assert await connection.fetch('SELECT kind, changed_by, count(*) FROM setting_changes GROUP BY 1, 2') == [
        ('person', 'Mike Johnson', 30)]
    await connection.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Press 1', 'press')")
    await connection.execute("INSERT INTO work_orders (machine_id, issue_description, reporter_name, assignee) "
                             "VALUES ('Press 1', 'Leaks', 'Mike Johnson', 'anna1@example.com')")
    plan = await sheets.undo(MIKE, PEOPLE)
    assert str(plan) == '29 deleted, 1 deactivated'
    assert await sheets.export(PEOPLE) == [
        ('Anna1', 'Berg', 'anna1@example.com', 'Tool shop', 'technician', 'no'), *before]


@pytest.mark.usefixtures('empty')
async def test_a_changed_role_is_taken_back_unless_it_was_changed_again(sheets: SheetImport, database: Database,
                                                                       connect: Connect) -> None:
    employees, connection = Employees(database, default_role=Role.VIEWER), await connect()
    await sheets.apply(MIKE, read_sheet(f'{THIRTY}Lisa\tGarcia\t{LISA.email}\tOffice\tsupervisor\t'))
    before = await sheets.export(PEOPLE)
    await sheets.apply(MIKE, read_sheet('e-mail,role\nanna1@example.com,operator'))
    assert dict(await connection.fetchrow(
        'SELECT changed_by, item, setting, old_value, new_value FROM setting_changes ORDER BY change_id DESC')) == {
        'changed_by': 'Mike Johnson', 'item': 'Anna1 Berg', 'setting': 'role', 'old_value': 'technician',
        'new_value': 'operator'}
    await sheets.undo(MIKE, PEOPLE)
    assert await sheets.export(PEOPLE) == before
    anna, = [each for each in await employees.all() if each.email == 'anna2@example.com']
    await employees.edit(MIKE, anna.id, anna.version, EmployeeEdit(department='Office'))
    with pytest.raises(InvalidInputError, match=r'Anna2 Berg was changed since \(department from'):
        await sheets.undo(MIKE, PEOPLE)


@pytest.mark.usefixtures('empty')
async def test_an_undo_keeps_the_last_supervisor(sheets: SheetImport, connect: Connect) -> None:
    await sheets.apply(MIKE, read_sheet(f'e-mail,first name,last name,department,role\n{LISA.email},Lisa,Garcia,Lab,'
                                        f'supervisor'))
    await (await connect()).execute('UPDATE employees SET active = false WHERE email = $1', MIKE.email)
    with pytest.raises(InvalidInputError, match='nobody active as a supervisor'):
        await sheets.undo(LISA, PEOPLE)


# the program

def test_the_program_imports_and_exports_the_same_file(
        settings: Settings, psql: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    psql('-c', 'SELECT remove_demo()')
    file = tmp_path / 'plant.csv'
    file.write_text(SHEET, encoding='utf-8')
    plant_program.import_sheet(settings, str(file), dry_run=True)
    assert 'row 2: Press 1: new, line Hall 1, type press\n' in (printed := capsys.readouterr().out)
    assert 'new line: Hall 1\n' in printed and 'Nothing was changed' in printed
    assert psql('-c', 'SELECT count(*) FROM machines') == '0\n'
    plant_program.import_sheet(settings, str(file), dry_run=False)
    assert '5 machines: 5 new' in capsys.readouterr().out
    for name in 'out.csv', 'out.XLSX':
        plant_program.export_sheet(settings, str(tmp_path / name))
        assert '5 machines written to' in capsys.readouterr().out
        plant_program.import_sheet(settings, str(tmp_path / name), dry_run=False)
        assert '0 new, 0 changed, 5 unchanged' in capsys.readouterr().out
    plant_program.undo_import(settings, MACHINES, dry_run=True)
    assert 'Press 1: deleted\n' in capsys.readouterr().out
    plant_program.undo_import(settings, MACHINES, dry_run=False)
    assert 'Undone: 5 deleted, 2 lines' in capsys.readouterr().out
    assert psql('-c', 'SELECT count(*) FROM machines') == '0\n'
    assert psql('-c', 'SELECT DISTINCT changed_by FROM setting_changes') == f'{getpass.getuser()}\n'


def test_the_program_reads_and_writes_pipes(
        settings: Settings, psql: Callable[..., str], monkeypatch: pytest.MonkeyPatch,
        capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    psql('-c', 'SELECT remove_demo()')
    monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(io.BytesIO(SHEET.encode())))
    plant_program.import_sheet(settings, '-', dry_run=False)
    capfdbinary.readouterr()

    @contextmanager
    def slow_source(settings: Settings, report: Callable[[str], None]) -> Iterator[DatabaseSource]:
        report('Started the embedded database')
        with database_source(settings, report) as source:
            yield source

    monkeypatch.setattr(plant_program, 'database_source', slow_source)
    plant_program.export_sheet(settings, '-')
    assert [row.cells for row in read_sheet(capfdbinary.readouterr().out).rows] == [
        row.cells for row in read_sheet(SHEET).rows]


@pytest.mark.parametrize(('arguments', 'why'), [
    (['import', 'not-there.csv'], 'plant: not-there.csv cannot be read: No such file or directory'),
    (['export', 'plant.txt'], 'plant: plant.txt is neither .csv nor .xlsx')])
def test_the_program_says_in_one_line_what_is_wrong(
        arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert plant_program.main(arguments) == 1
    assert capsys.readouterr().err == f'{why}\n'
    with pytest.raises(SystemExit) as ended:
        plant_program.main([])
    assert ended.value.code == 2


@pytest.mark.parametrize(('kind', 'name'), [(MACHINES, 'example.csv'), (PEOPLE, 'example_people.csv')])
async def test_the_example_in_the_folder_is_the_demo(sheets: SheetImport, kind: SheetKind, name: str) -> None:
    example = Path(plant_program.__file__).with_name(name)
    assert example.read_bytes() == written(kind, await sheets.export(kind), xlsx=False)
