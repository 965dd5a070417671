"""The machines or the people of a plant as one sheet: a row for each, whose columns the first row names.

What a sheet is about is recognized by its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ..core.errors import InvalidInputError
from ..core.formatting import number
from ..core.people import Employee
from ..core.text import shown
from . import sheet_file
from .plant_items import PlantMachine
from .sheet_file import MAX_ROWS, Cells


class SheetKind(StrEnum):
    """What the rows of a sheet are."""

    MACHINES = 'machines'
    PEOPLE = 'people'


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """The columns of a kind of sheet. key: the column that says which machine or person a row is about. other_titles:
    that are understood too. widths: in a spreadsheet."""

    kind: SheetKind
    noun: tuple[str, str]
    key: str
    columns: tuple[str, ...]
    other_titles: Mapping[str, str]
    widths: tuple[int, ...]


MACHINES = SheetLayout(SheetKind.MACHINES, ('machine', 'machines'), 'machine', (
    'area', 'line', 'machine', 'type', 'position', 'display name'), {
    'production line': 'line', 'machine name': 'machine', 'machine type': 'type', 'displayname': 'display name',
    'shown as': 'display name'}, (20, 28, 32, 24, 10, 32))
PEOPLE = SheetLayout(SheetKind.PEOPLE, ('person', 'people'), 'e-mail', (
    'first name', 'last name', 'e-mail', 'department', 'role', 'active'), {
    'firstname': 'first name', 'given name': 'first name', 'lastname': 'last name', 'surname': 'last name',
    'family name': 'last name', 'email': 'e-mail', 'mail': 'e-mail', 'e-mail address': 'e-mail',
    'email address': 'e-mail'}, (20, 24, 36, 24, 14, 10))
LAYOUTS = {layout.kind: layout for layout in (MACHINES, PEOPLE)}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A machine or a person as its row has it. number: of the row, the heading is 1. cells: by column, without the
    spaces around; a column that is not there is missing. trimmed: columns that had spaces around their text."""

    number: int
    cells: Mapping[str, str]
    trimmed: tuple[str, ...] = field(default=())

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know about how the row was read."""
        return (f'spaces around {" and ".join(self.trimmed)} are left out',) if self.trimmed else ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet."""

    layout: SheetLayout
    rows: tuple[SheetRow, ...]


def read_sheet(content: bytes | str) -> Sheet:
    """The rows of a file, or of a text that was pasted.

    :raises InvalidInputError: it cannot be read; the message says what to do
    """
    filled = [(index, row) for index, row in enumerate(sheet_file.read_cells(content), 1)
              if any(cell.strip() for cell in row)]
    if not filled:
        raise InvalidInputError(f'there is nothing in it: the first row names the columns, which are {_choices()}')
    layout, columns = _columns(filled[0][1])
    if len(filled) > MAX_ROWS + 1:
        raise InvalidInputError(f'there are more than {number(MAX_ROWS)} {layout.noun[1]}: split the file')
    return Sheet(layout, tuple(_row(index, row, columns) for index, row in filled[1:]))


def to_csv(layout: SheetLayout, rows: Iterable[Cells]) -> str:
    """A sheet as a CSV file."""
    return sheet_file.to_csv(layout.columns, rows)


def to_xlsx(layout: SheetLayout, rows: Iterable[Cells]) -> bytes:
    """A sheet as a spreadsheet."""
    return sheet_file.to_xlsx(layout.kind.capitalize(), layout.columns, layout.widths, rows)


def machine_cells(machine: PlantMachine, area: str | None) -> Cells:
    """The row of a machine. area: of its line."""
    return area or '', machine.line or '', machine.name, machine.type, machine.position, machine.display_name or ''


def person_cells(person: Employee) -> Cells:
    """The row of a person."""
    return (person.first_name, person.last_name, person.email, person.department, person.role.value,
            'yes' if person.active else 'no')


def _row(index: int, row: Sequence[str], columns: Mapping[str, int]) -> SheetRow:
    cells = {name: row[column] if column < len(row) else '' for name, column in columns.items()}
    trimmed = {name: text.strip() for name, text in cells.items()}
    return SheetRow(index, trimmed, tuple(name for name, text in trimmed.items() if text and text != cells[name]))


def _columns(heading: Sequence[str]) -> tuple[SheetLayout, dict[str, int]]:
    """What the sheet is about, and the index of each column that there is."""
    titles = [re.sub(r'[\s_]+', ' ', title).strip().lower() for title in heading]
    for layout in LAYOUTS.values():
        names = [layout.other_titles.get(title, title) for title in titles]
        if layout.key in names:
            break
    else:
        raise InvalidInputError(f'the first row has to name the columns, which are {_choices()}')
    for title, name in zip(heading, names, strict=True):
        if name and name not in layout.columns:
            raise InvalidInputError(f'there is no column {shown(title.strip())}: remove it, or name it as one of '
                                    f'{", ".join(layout.columns)}')
        if names.count(name) > 1 and name:
            raise InvalidInputError(f'the column {name} is there twice: remove one')
    return layout, {name: index for index, name in enumerate(names) if name}


def _choices() -> str:
    return '; or '.join(f'for {layout.noun[1]} {", ".join(layout.columns)}' for layout in LAYOUTS.values())
