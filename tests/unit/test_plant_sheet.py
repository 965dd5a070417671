"""A sheet of machines: what is read of it, what is written, and what it would change."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from floor.core.errors import InvalidInputError
from floor.core.people import Employee, Role
from floor.core.text import identity_problem
from floor.plant.machine_plan import MachineRowPlan, PresentMachines
from floor.plant.people_plan import PersonRowPlan, PresentPeople
from floor.plant.plant_items import PlantMachine
from floor.plant.plant_sheet import (
    MACHINES,
    PEOPLE,
    Sheet,
    SheetRow,
    machine_cells,
    person_cells,
    read_sheet,
    to_csv,
    to_xlsx,
)
from floor.plant.sheet_plan import RowOutcome, RowPlan, SheetPlan

AT = datetime(2026, 3, 2, tzinfo=UTC)
PRESS = SheetRow(2, {'line': 'Hall A', 'machine': 'Press 1', 'type': 'press', 'position': '1'})


def machine(name: str, kind: str = 'press', line: str | None = 'Hall A', position: int = 1, *, number: int = 1,
            retired_at: datetime | None = None, display_name: str | None = None) -> PlantMachine:
    return PlantMachine(number, name, kind, 1 if line else None, line, position, AT, retired_at, 1, False, display_name)


def plan_of(text: str, *machines: PlantMachine) -> SheetPlan[MachineRowPlan]:
    return present_machines(machines).plan(read_sheet(text).rows)


def present_machines(machines: Sequence[PlantMachine]) -> PresentMachines:
    return PresentMachines(machines, {each.line: None for each in machines if each.line},
                           {each.type for each in machines}, {'Old name': 'Press 1'})


def outcomes(plan: SheetPlan[RowPlan]) -> list[tuple[str, str]]:
    return [(row.outcome.value, row.details) for row in plan.rows]


@pytest.mark.parametrize('text', [
    'line,machine,type,position\nHall A,Press 1,press,1\n', 'LINE;Machine;TYPE;position\r\nHall A;Press 1;press;1',
    'Type\tposition\tMachine_Name\tProduction  line\npress\t1\tPress 1\tHall A',
    '\ufeff"line","machine","type","position"\n"Hall A","Press 1","press","1"\n,,,\n'])
def test_a_sheet_is_read_whatever_separates_its_cells_and_however_its_columns_stand(text: str) -> None:
    assert read_sheet(text) == read_sheet(text.encode()) == Sheet(MACHINES, (PRESS,))


def test_a_spreadsheet_is_read_with_its_numbers() -> None:
    book = openpyxl.Workbook()
    for row in ['Machine', 'Line', 'Position'], [101, 'Hall A', 1.0], [None, None, None], ['=1+1', None, None]:
        book.active.append(row)
    book.active['A4'].data_type = 's'
    book.create_sheet('Another').append(['not read'])
    file = io.BytesIO()
    book.save(file)
    assert [row.cells for row in read_sheet(file.getvalue()).rows] == [
        {'machine': '101', 'line': 'Hall A', 'position': '1'}, {'machine': '=1+1', 'line': '', 'position': ''}]


@pytest.mark.parametrize(('content', 'why'), [
    (b'', 'there is nothing in it'), ('machine\nÖfen'.encode('latin-1'), 'row 2 is not in UTF-8: save the file as'),
    ('machine\nOven'.encode('utf-16'), 'the file is in UTF-16: save it as'), (b'machine\n\0', 'not a text file'),
    (b'Press 1,Hall A', 'the first row has to name the columns'),
    (b'line,type\nHall A,press',
     'for machines area, line, machine, type, position, display name; or for people first name, last'),
    (b'machine,colour\nPress 1,red', 'there is no column colour'), (b'machine,Machine\na,b', 'is there twice'),
    (b'machine\n"Press', 'the file is not CSV'), (b'PK\x03\x04 and no more', 'the spreadsheet cannot be read'),
    (b'machine\n' + b'x\n' * 10_001, 'more than 10,000 machines'), (b'x' * (5 * 2**20 + 1), 'at most 5,242,880')])
def test_what_cannot_be_read_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        read_sheet(content)


names = st.text(st.characters(exclude_categories=['Cs', 'Cc'])).filter(lambda name: not identity_problem(name))


@given(st.lists(st.tuples(names, names, st.none() | names, st.integers(1, 99), st.none() | names),
                unique_by=lambda row: row[0]))
@example([("'=x", '=x', '@line', 1, '=1'), ("''", '-1', "'", 2, None), ('a;b,c\t"d"', '+', 'x', 3, 'a;b'),
          ('#N/A', '=1', '1e5', 4, "'x")])
def test_what_is_written_is_read_again_and_changes_nothing(
        rows: list[tuple[str, str, str | None, int, str | None]]) -> None:
    machines = [machine(name, kind, line, position, number=number, display_name=shown)
                for number, (name, kind, line, position, shown) in enumerate(rows, 1)]
    cells = [machine_cells(each, None) for each in machines]
    for written in to_csv(MACHINES, cells), to_csv(MACHINES, cells).encode(), to_xlsx(MACHINES, cells):
        read = read_sheet(written)
        assert [dict(row.cells) for row in read.rows] == [
            {'area': '', 'machine': name, 'type': kind, 'line': line or '', 'position': str(position),
             'display name': shown or ''} for name, kind, line, position, shown in rows]
        assert {row.outcome for row in present_machines(machines).plan(read.rows).rows} <= {RowOutcome.UNCHANGED}


def test_each_row_is_new_changed_or_unchanged() -> None:
    present = machine('Press 1'), machine('Oven', 'oven', None, number=2), machine('Gone', number=3, retired_at=AT)
    plan = plan_of('machine;line;type;position\nPress 1;hall a;PRESS;\nOven;Hall B;;4\nGone;Hall A;press;1\n'
                   'Saw;hall b;saw;\nMill;;;7', *present)
    assert outcomes(plan) == [
        ('unchanged', ''), ('changed', 'line from none to Hall B, position from 1 to 4'), ('changed', 'comes back'),
        ('new', 'line Hall B, type saw'), ('new', 'on no line, type other')]
    assert [(row.line, row.type, row.position) for row in plan.rows] == [
        ('Hall A', 'press', None), ('Hall B', 'oven', 4), ('Hall A', 'press', 1), ('Hall B', 'saw', None),
        (None, 'other', 7)]
    assert (plan.new_lines, plan.new_types) == (('Hall B',), ('saw', 'other')[:1])
    assert str(plan) == '5 machines: 2 new, 2 changed, 1 unchanged, 0 refused; 1 new line; 1 new type'
    assert str(plan.rows[1]) == 'row 3: Oven: changed, line from none to Hall B, position from 1 to 4'


def test_a_display_name_is_given_kept_and_taken_away() -> None:
    present = machine('Press 1', display_name='Tor'), machine('Press 2', number=2, display_name='Tor')
    assert outcomes(plan_of('machine,display name\nPress 1,\nPress 2,Tor\nSaw,Säge am Tor\nMill,Mill', *present)) == [
        ('changed', 'display name from Tor to none'), ('unchanged', ''),
        ('new', 'on no line, type other, shown as Säge am Tor'), ('new', 'on no line, type other')]
    assert [row.display_name for row in plan_of('machine,shown as\nSaw,Säge\nMill,Mill\nPress 1,', *present).rows] == [
        'Säge', None, None]
    assert outcomes(plan_of('machine\nPress 1', *present)) == [('unchanged', '')]
    refused, = plan_of('machine,display name\nSaw,' + 'x' * 81).rows
    assert 'display name has 81 characters' in str(refused)


def test_a_column_that_is_not_there_changes_nothing() -> None:
    assert outcomes(plan_of('machine\nPress 1', machine('Press 1'))) == [('unchanged', '')]
    assert outcomes(plan_of('machine,line\nPress 1,', machine('Press 1'))) == [('changed', 'line from Hall A to none')]


@pytest.mark.parametrize(('row', 'why'), [
    (',Hall A,,', 'machine must not be empty'), ('press 1,,,', 'there is a machine Press 1 already'),
    ('Gone,x\u200by,,', 'line has a character in it that nobody can see'), ('x' * 81 + ',,,', '81 characters'),
    ('Saw,,,0', 'position has to be a whole number'), ('Saw,,,1.5', 'position has to be'), ('Saw,,,²', 'position has'),
    ('GONE,,,', 'has left the floor and keeps its past'), ('Old name,,,', 'is called Press 1 now: use that name')])
def test_a_row_that_cannot_be_is_refused_with_why(row: str, why: str) -> None:
    plan = plan_of(f'machine,line,type,position\n{row}\nFine,,,', machine('Press 1'),
                   machine('Gone', number=2, retired_at=AT))
    assert [each.outcome for each in plan.rows] == [RowOutcome.REFUSED, RowOutcome.NEW]
    assert why in str(plan.rows[0])
    assert plan.rows[0].number == 2


def test_a_machine_that_is_there_twice_is_refused_the_second_time() -> None:
    assert outcomes(plan_of('machine\nSaw\nsaw')) == [
        ('new', 'on no line, type other'), ('refused', 'this machine is in row 2 already')]


def test_an_area_is_of_a_line_and_the_same_in_all_of_its_rows() -> None:
    plan = plan_of('area,line,machine\nNorth,Hall A,Press 1\nNorth,Hall A,Saw\n,Hall A,Mill\nnorth,Hall B,Oven\n'
                   'South,Hall A,Drill\nNorth,,Pump\n', machine('Press 1'))
    assert outcomes(plan) == [
        ('changed', 'area of Hall A from none to North'), *[('new', f'line Hall {line}, type other') for line in 'AAB'],
        ('refused', 'the line Hall A is in the area North in row 2'),
        ('refused', 'an area is of a line: name the line, or leave the area empty')]
    assert plan.areas == {'Hall A': 'North', 'Hall B': 'North'}


def test_spaces_around_a_cell_are_left_out_and_the_plan_says_so() -> None:
    plan = plan_of('machine\tline\n Press 1\tHall A\nSaw\t\u00a0Hall A \n', machine('Press 1'))
    assert list(map(str, plan.rows)) == [
        'row 2: Press 1: unchanged, spaces around machine are left out',
        'row 3: Saw: new, line Hall A, type other, spaces around line are left out']


# names

def test_a_new_line_that_is_nearly_another_one_is_doubted() -> None:
    plan = plan_of('machine,line\nA,Wellenlinie\nB,Wellen-linie\nC,Montage\n')
    assert [row.notes for row in plan.rows] == [(), ('the line Wellen-linie is new: is it Wellenlinie?',), ()]


# people

ANNA = Employee(1, 'Anna', 'Berg', 'anna@x.example', 'Maintenance', True, AT, Role.SUPERVISOR)
OEZ = Employee(2, 'Öz', "O'Neil", 'ÖZ@x.example', 'Tool shop', False, AT, Role.VIEWER)
TITLES = 'first name,last name,e-mail,department,role,active\n'


def test_people_that_are_written_are_read_again_and_change_nothing() -> None:
    cells = [person_cells(each) for each in (ANNA, OEZ)]
    for written in to_csv(PEOPLE, cells), to_xlsx(PEOPLE, cells):
        assert outcomes(people_plan_of(written, ANNA, OEZ)) == [('unchanged', ''), ('unchanged', '')]


def people_plan_of(written: str | bytes, *people: Employee) -> SheetPlan[PersonRowPlan]:
    sheet = read_sheet(written)
    assert sheet.layout is PEOPLE
    return PresentPeople(people).plan(sheet.rows)


def test_each_person_is_new_changed_or_unchanged() -> None:
    plan = people_plan_of('Surname;Given_name;EMAIL;Department;Role;Active\nBerg;Anna;ANNA@x.example;;;\n'
                          "O'Neil;Öz;öz@X.example;Tools;Technician;TRUE\nKim;Grace;Grace@x.example;Quality;;\n",
                          ANNA, OEZ)
    assert outcomes(plan) == [
        ('unchanged', ''), ('changed', 'department from Tool shop to Tools, role from viewer to technician, active '
                                       'from no to yes'), ('new', 'Grace Kim, operator (the sheet has no role)')]
    assert plan.rows[2].fields == {'first_name': 'Grace', 'last_name': 'Kim', 'email': 'grace@x.example',
                                   'department': 'Quality', 'role': Role.OPERATOR, 'active': True}
    assert str(plan) == '3 people: 1 new, 1 changed, 1 unchanged, 0 refused'


@pytest.mark.parametrize(('row', 'why'), [
    ('Eve,Fox,eve@x.example,,,', 'department must not be empty'), ('Eve,,eve@x.example,Lab,,', 'last name must not be'),
    ('Eve,Fox,eve,Lab,,', 'this is not an e-mail address'), ('Eve,Fox,,Lab,,', 'email must not be empty'),
    ('Eve,Fox,eve@x.example,Lab,boss,', 'role has to be one of viewer, operator, technician, supervisor'),
    ('Eve,Fox,eve@x.example,Lab,,maybe', 'active has to be yes or no'),
    ('E\u200bve,Fox,eve@x.example,Lab,,', 'nobody can see (U+200B)'),
    ('Ann,Other,ANNA@x.example,Lab,,', 'this person is in row 2 already')])
def test_a_person_that_cannot_be_is_refused_with_why(row: str, why: str) -> None:
    plan = people_plan_of(f'{TITLES}Anna,Berg,anna@x.example,,,\n{row}\n', ANNA)
    assert [each.outcome for each in plan.rows] == [RowOutcome.UNCHANGED, RowOutcome.REFUSED]
    assert why in plan.rows[1].details


@pytest.mark.parametrize(('rows', 'is_refused'), [
    ('anna@x.example,technician,yes', True), ('anna@x.example,,no', True),
    ('anna@x.example,technician,yes\nöz@x.example,supervisor,yes', False),
    ('anna@x.example,technician,yes\nöz@x.example,supervisor,no', True), ('öz@x.example,technician,yes', False)])
def test_a_sheet_never_takes_away_the_last_supervisor(rows: str, is_refused: bool) -> None:
    plan = people_plan_of(f'e-mail,role,active\n{rows}', ANNA, OEZ)
    assert [row.name for row in plan.of(RowOutcome.REFUSED)] == (['anna@x.example'] if is_refused else [])
    other = replace(ANNA, id=3, email='other@x.example')
    assert people_plan_of(f'e-mail,role,active\n{rows}', ANNA, OEZ, other).of(RowOutcome.REFUSED) == []
