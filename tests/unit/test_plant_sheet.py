"""A sheet of machines: what is read of it, what is written, and what it would change."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from floor.core.errors import InvalidInputError
from floor.core.text import identity_problem
from floor.plant.plant_items import PlantMachine
from floor.plant.plant_sheet import SheetRow, read_sheet, to_csv, to_xlsx
from floor.plant.sheet_plan import PresentPlant, RowOutcome, SheetPlan

AT = datetime(2026, 3, 2, tzinfo=UTC)
PRESS = SheetRow(2, 'Press 1', 'Hall A', 'press', '1')


def machine(name: str, kind: str = 'press', line: str | None = 'Hall A', position: int = 1, *, number: int = 1,
            retired_at: datetime | None = None) -> PlantMachine:
    return PlantMachine(number, name, kind, 1 if line else None, line, position, AT, retired_at, 1, False)


def plan_of(text: str, *machines: PlantMachine) -> SheetPlan:
    present = PresentPlant(machines, {each.line for each in machines if each.line}, {each.type for each in machines},
                           {'Old name': 'Press 1'})
    return present.plan(read_sheet(text))


def outcomes(plan: SheetPlan) -> list[tuple[str, str]]:
    return [(row.outcome.value, row.details) for row in plan.rows]


@pytest.mark.parametrize('text', [
    'line,machine,type,position\nHall A,Press 1,press,1\n', 'LINE;Machine;TYPE;position\r\nHall A;Press 1;press;1',
    'Type\tposition\tMachine_Name\tProduction  line\npress\t1\tPress 1\tHall A',
    '\ufeff"line","machine","type","position"\n"Hall A"," Press 1 ","press","1"\n,,,\n'])
def test_a_sheet_is_read_whatever_separates_its_cells_and_however_its_columns_stand(text: str) -> None:
    assert read_sheet(text) == read_sheet(text.encode()) == [PRESS]


def test_a_spreadsheet_is_read_with_its_numbers() -> None:
    book = openpyxl.Workbook()
    for row in ['Machine', 'Line', 'Position'], [101, 'Hall A', 1.0], [None, None, None], ['=1+1', None, None]:
        book.active.append(row)
    book.active['A4'].data_type = 's'
    book.create_sheet('Another').append(['not read'])
    file = io.BytesIO()
    book.save(file)
    assert read_sheet(file.getvalue()) == [SheetRow(2, '101', 'Hall A', None, '1'), SheetRow(4, '=1+1', '', None, '')]


@pytest.mark.parametrize(('content', 'why'), [
    (b'', 'there is nothing in it'), ('machine\nÖfen'.encode('latin-1'), 'row 2 is not in UTF-8: save the file as'),
    ('machine\nOven'.encode('utf-16'), 'the file is in UTF-16: save it as'), (b'machine\n\0', 'not a text file'),
    (b'Press 1,Hall A', 'the first row has to name the columns'),
    (b'line,type\nHall A,press', 'one of which is machine'),
    (b'machine,colour\nPress 1,red', 'there is no column colour'), (b'machine,Machine\na,b', 'is there twice'),
    (b'machine\n"Press', 'the file is not CSV'), (b'PK\x03\x04 and no more', 'the spreadsheet cannot be read'),
    (b'machine\n' + b'x\n' * 10_001, 'more than 10,000 machines'), (b'x' * (5 * 2**20 + 1), 'at most 5,242,880')])
def test_what_cannot_be_read_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        read_sheet(content)


names = st.text(st.characters(exclude_categories=['Cs', 'Cc'])).filter(lambda name: not identity_problem(name))


@given(st.lists(st.tuples(names, names, st.none() | names, st.integers(1, 99)), unique_by=lambda row: row[0]))
@example([("'=x", '=x', '@line', 1), ("''", '-1', "'", 2), ('a;b,c\t"d"', '+', 'x', 3), ('#N/A', '=1', '1e5', 4)])
def test_what_is_written_is_read_again_and_changes_nothing(rows: list[tuple[str, str, str | None, int]]) -> None:
    machines = [machine(*row, number=number) for number, row in enumerate(rows, 1)]
    present = PresentPlant(machines, {each.line for each in machines if each.line}, {each.type for each in machines},
                           {})
    for written in to_csv(machines), to_csv(machines).encode(), to_xlsx(machines):
        read = read_sheet(written)
        assert [(row.machine, row.type, row.line or None, row.position) for row in read] == [
            (name, kind, line, str(position)) for name, kind, line, position in rows]
        assert {row.outcome for row in present.plan(read).rows} <= {RowOutcome.UNCHANGED}


def test_each_row_is_new_changed_or_unchanged() -> None:
    present = machine('Press 1'), machine('Oven', 'oven', None, number=2), machine('Gone', number=3, retired_at=AT)
    plan = plan_of('machine;line;type;position\nPress 1;hall a;PRESS;\nOven;Hall B;;4\nGone;Hall A;press;1\n'
                   'Saw;hall b;saw;\nMill;;;7', *present)
    assert outcomes(plan) == [
        ('unchanged', ''), ('changed', 'line from none to Hall B, position from 1 to 4'), ('changed', 'comes back'),
        ('new', ''), ('new', '')]
    assert [(row.line, row.type, row.position) for row in plan.rows] == [
        ('Hall A', 'press', None), ('Hall B', 'oven', 4), ('Hall A', 'press', 1), ('Hall B', 'saw', None),
        (None, 'other', 7)]
    assert (plan.new_lines, plan.new_types) == (('Hall B',), ('saw', 'other')[:1])
    assert str(plan) == '5 machines: 2 new, 2 changed, 1 unchanged, 0 refused; 1 new line; 1 new type'
    assert str(plan.rows[1]) == 'row 3: Oven: changed, line from none to Hall B, position from 1 to 4'


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
    assert outcomes(plan_of('machine\nSaw\nsaw')) == [('new', ''), ('refused', 'this machine is in row 2 already')]
