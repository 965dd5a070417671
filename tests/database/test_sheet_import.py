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

from floor.core.errors import InvalidInputError, NotAllowedError
from floor.core.people import Role
from floor.core.settings import Settings
from floor.db.connection_source import DatabaseSource, database_source
from floor.db.database import Database
from floor.orders.employees import Employees
from floor.plant import plant_program
from floor.plant.machine_commands import MachineEdit
from floor.plant.plant_commands import PlantCommands
from floor.plant.plant_sheet import read_sheet, to_csv, to_xlsx
from floor.plant.sheet_import import SheetImport
from floor.plant.sheet_plan import RowOutcome

SHEET = ('line;machine;type;position\nHall 1;Press 1;press;1\nHall 1;Press 2;press;2\nHall 1;Oven ä;oven;3\n'
         'Packing · 梱包;Labeller;labeller;1\n;Compressor;compressor;1\n')


@pytest.fixture
def commands(database: Database) -> SheetImport:
    return SheetImport(database, Employees(database, default_role=Role.VIEWER))


@pytest.fixture
async def empty(connect: Connect) -> None:
    """The floor is an empty plant of which Mike is the supervisor."""
    await (await connect()).execute('SELECT remove_demo($1)', MIKE.email)


@pytest.mark.usefixtures('empty')
async def test_a_sheet_becomes_a_plant_and_again_changes_nothing(commands: SheetImport, connect: Connect) -> None:
    connection, rows = await connect(), read_sheet(SHEET)
    plan = await commands.dry_run(MIKE, rows)
    assert str(plan) == '5 machines: 5 new, 0 changed, 0 unchanged, 0 refused; 2 new lines; 4 new types'
    assert await commands.machines() == []
    assert await commands.apply(MIKE, rows) == plan
    assert [(machine.line, machine.name, machine.type, machine.position) for machine in await commands.machines()] == [
        ('Hall 1', 'Press 1', 'press', 1), ('Hall 1', 'Press 2', 'press', 2), ('Hall 1', 'Oven ä', 'oven', 3),
        ('Packing · 梱包', 'Labeller', 'labeller', 1), (None, 'Compressor', 'compressor', 1)]
    assert await connection.fetchval('SELECT count(*) FROM machine_feed_stream WHERE status IS NULL') == 5
    before = await commands.machines(), await commands.lines(), await connection.fetch('SELECT * FROM setting_changes')
    again = await commands.apply(MIKE, rows)
    assert {row.outcome for row in again.rows} == {RowOutcome.UNCHANGED}
    assert before == (await commands.machines(), await commands.lines(),
                      await connection.fetch('SELECT * FROM setting_changes'))
    for written in to_csv(before[0]), to_xlsx(before[0]):
        exported = read_sheet(written)
        assert [(row.machine, row.line, row.type, row.position) for row in exported] == [
            (row.machine, row.line, row.type, row.position) for row in rows]


@pytest.mark.usefixtures('empty')
async def test_what_is_changed_moves_comes_back_or_stays(commands: SheetImport, connect: Connect) -> None:
    await commands.apply(MIKE, read_sheet(SHEET))
    await (await connect()).execute("UPDATE machine_feed_stream SET status = 'down'")
    by_name = {machine.name: machine for machine in await commands.machines()}
    await commands.retire_machine(MIKE, by_name['Oven ä'].id, by_name['Oven ä'].version)
    await commands.edit_machine(MIKE, by_name['Press 2'].id, by_name['Press 2'].version, MachineEdit(name='Press B'))
    plan = await commands.apply(MIKE, read_sheet('machine,line,position\nOven ä,hall 1,\nPress 1,PACKING · 梱包,\n'))
    assert [row.outcome for row in plan.rows] == [RowOutcome.CHANGED] * 2
    assert [(machine.line, machine.name, machine.position) for machine in await commands.machines()] == [
        ('Hall 1', 'Press B', 2), ('Hall 1', 'Oven ä', 3), ('Packing · 梱包', 'Labeller', 1),
        ('Packing · 梱包', 'Press 1', 2), (None, 'Compressor', 1)]
    assert {machine.name: machine.id for machine in await commands.machines()}['Oven ä'] == by_name['Oven ä'].id
    with pytest.raises(InvalidInputError, match='row 2: Press 2: refused, this machine is called Press B now'):
        await commands.apply(MIKE, read_sheet('machine\nPress 2'))


@pytest.mark.usefixtures('empty')
async def test_machines_without_a_position_come_after_the_others_of_their_line(commands: SheetImport) -> None:
    await commands.apply(MIKE, read_sheet('machine,line,position\nC,A,\nX,B,\nD,A,\nB,A,2\nA,A,1\nY,B,'))
    await commands.apply(MIKE, read_sheet('machine,line\nX,A\nE,A\nY,A\n'))
    assert [(machine.name, machine.position) for machine in await commands.machines()] == [
        ('A', 1), ('B', 2), ('C', 3), ('D', 4), ('X', 5), ('Y', 6), ('E', 7)]


@pytest.mark.usefixtures('empty')
async def test_one_row_that_is_refused_stops_the_import(commands: SheetImport) -> None:
    rows = read_sheet('machine,line\nPress 1,Hall 1\n' + 'Press 1,Hall 1\n' * 7)
    with pytest.raises(InvalidInputError, match=r'^7 rows refused, and nothing was changed: row 3: Press 1: refused, '
                                                r'this machine is in row 2 already; .*; and 2 more$'):
        await commands.apply(MIKE, rows)
    assert (await commands.machines(), await commands.lines()) == ([], [])


async def test_only_supervisors_import_and_never_into_a_demo(commands: SheetImport) -> None:
    rows = read_sheet(SHEET)
    for attempt in commands.dry_run, commands.apply:
        with pytest.raises(NotAllowedError, match='requires the role supervisor'):
            await attempt(LISA, rows)
    with pytest.raises(InvalidInputError, match='this floor is a demo, whose machines are simulated'):
        await commands.apply(MIKE, rows)
    assert len(await commands.machines()) == 30


# the program

def test_the_program_imports_and_exports_the_same_file(
        settings: Settings, psql: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    psql('-c', 'SELECT remove_demo()')
    file = tmp_path / 'plant.csv'
    file.write_text(SHEET, encoding='utf-8')
    plant_program.import_sheet(settings, str(file), dry_run=True)
    assert 'row 2: Press 1: new\n' in (printed := capsys.readouterr().out)
    assert 'new line: Hall 1\n' in printed and 'Nothing was changed' in printed
    assert psql('-c', 'SELECT count(*) FROM machines') == '0\n'
    plant_program.import_sheet(settings, str(file), dry_run=False)
    assert '5 machines: 5 new' in capsys.readouterr().out
    for name in 'out.csv', 'out.XLSX':
        plant_program.export_sheet(settings, str(tmp_path / name))
        assert '5 machines written to' in capsys.readouterr().out
        plant_program.import_sheet(settings, str(tmp_path / name), dry_run=False)
        assert '0 new, 0 changed, 5 unchanged' in capsys.readouterr().out
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
    assert [row.machine for row in read_sheet(capfdbinary.readouterr().out)] == [
        row.machine for row in read_sheet(SHEET)]


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


async def test_the_example_in_the_folder_is_the_demo(database: Database) -> None:
    commands = PlantCommands(database, Employees(database, default_role=Role.VIEWER))
    example = Path(plant_program.__file__).with_name('example.csv')
    assert example.read_bytes().decode() == to_csv(await commands.machines())
