"""The machines of a plant as one sheet: a row for each, with line, machine, type and position.

A file is CSV (separated by , ; or tab, in UTF-8) or XLSX, of which the first sheet counts. What is pasted from a
spreadsheet is CSV with tabs.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from ..core import csv_file
from ..core.csv_file import BYTE_ORDER_MARK, harmless
from ..core.errors import InvalidInputError
from ..core.formatting import number
from ..core.text import shown
from .plant_items import PlantMachine

COLUMNS = ('line', 'machine', 'type', 'position')
OTHER_TITLES = {'production line': 'line', 'machine name': 'machine', 'machine type': 'type'}
MAX_ROWS = 10_000
MAX_SIZE, MAX_UNPACKED_SIZE = 5 * 2**20, 100 * 2**20
"""Bytes of a file, and of what a spreadsheet has in it: a small file could unpack to fill the memory."""
ZIP = b'PK\x03\x04'
WIDTHS = {'A': 28, 'B': 32, 'C': 24, 'D': 10}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A machine as its row has it. number: of the row, the heading is 1. A text is empty where the cell is; None: there
    is no such column, so the value stays as it is."""

    number: int
    machine: str
    line: str | None
    type: str | None
    position: str | None


def read_sheet(content: bytes | str) -> list[SheetRow]:
    """The rows of a file, or of a text that was pasted.

    :raises InvalidInputError: it cannot be read; the message says what to do
    """
    size = len(content)
    if size > MAX_SIZE:
        raise InvalidInputError(f'the file has {number(size)} bytes; at most {number(MAX_SIZE)} are read')
    if isinstance(content, bytes) and content.startswith(ZIP):
        return _to_rows(_xlsx_cells(content))
    return _to_rows(_csv_cells(content if isinstance(content, str) else _decoded(content)))


def to_csv(machines: Iterable[PlantMachine]) -> str:
    """The sheet as a CSV file, with a mark by which Excel knows that it is UTF-8."""
    return csv_file.heading(COLUMNS) + csv_file.written(
        map(_guarded, cells) for cells in map(_cells_of, machines))


def to_xlsx(machines: Iterable[PlantMachine]) -> bytes:
    """The sheet as a spreadsheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet('Machines')
    for column, width in WIDTHS.items():
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = 'A2'

    def cell(text: str, *, bold: bool = False) -> Cell:
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub('\N{REPLACEMENT CHARACTER}', text))
        made.data_type = 's'  # whatever it begins with
        made.font = Font(bold=bold)
        return made

    sheet.append([cell(column, bold=True) for column in COLUMNS])
    for *texts, position in map(_cells_of, machines):
        sheet.append([*(cell(str(text)) for text in texts), position])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cells_of(machine: PlantMachine) -> tuple[str, str, str, int]:
    return machine.line or '', machine.name, machine.type, machine.position


# reading

def _decoded(content: bytes) -> str:
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        if content.startswith((b'\xff\xfe', b'\xfe\xff')):
            raise InvalidInputError('the file is in UTF-16: save it as "CSV UTF-8", or as a spreadsheet (XLSX)'
                                    ) from error
        raise InvalidInputError(f'row {line} is not in UTF-8: save the file as "CSV UTF-8", or as a spreadsheet (XLSX)'
                                ) from error
    if '\0' in text:
        raise InvalidInputError('this is not a text file: save it as "CSV UTF-8", or as a spreadsheet (XLSX)')
    return text


def _csv_cells(text: str) -> list[list[str]]:
    text = text.removeprefix(BYTE_ORDER_MARK)
    heading = next((line for line in text.splitlines() if line.strip()), '')
    separator = max('\t;,', key=heading.count)
    try:
        rows = csv_file.read(text, separator)
    except ValueError as error:
        raise InvalidInputError(f'the file is not CSV: {error}') from error
    return [[_unguarded(cell.strip()) for cell in row] for row in rows]


def _xlsx_cells(content: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED_SIZE:
                raise InvalidInputError('the spreadsheet is too large: remove other sheets and pictures')
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            if not book.worksheets:
                raise InvalidInputError('the spreadsheet has no sheet with cells')
            rows = book.worksheets[0].iter_rows(max_row=MAX_ROWS + 2, max_col=100, values_only=True)
            return [[_cell_text(value) for value in row] for row in rows]
        finally:
            book.close()
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, EOFError) as error:
        raise InvalidInputError('the spreadsheet cannot be read: save it again as XLSX, or as "CSV UTF-8"') from error


def _cell_text(value: Any) -> str:
    if value is None:
        return ''
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _to_rows(cells: Sequence[Sequence[str]]) -> list[SheetRow]:
    filled = [(index, row) for index, row in enumerate(cells, 1) if any(row)]
    if not filled:
        raise InvalidInputError(f'there is nothing in it: the first row has the columns {", ".join(COLUMNS)}')
    columns = _columns(filled[0][1])
    if len(filled) > MAX_ROWS + 1:
        raise InvalidInputError(f'there are more than {number(MAX_ROWS)} machines: split the file')

    def cell(row: Sequence[str], column: str) -> str | None:
        index = columns.get(column)
        return None if index is None else row[index] if index < len(row) else ''

    return [SheetRow(index, cell(row, 'machine') or '', cell(row, 'line'), cell(row, 'type'), cell(row, 'position'))
            for index, row in filled[1:]]


def _columns(heading: Sequence[str]) -> dict[str, int]:
    """The index of each column that there is."""
    titles = [re.sub(r'[\s_]+', ' ', title).strip().lower() for title in heading]
    names = [OTHER_TITLES.get(title, title) for title in titles]
    known = [name for name in names if name in COLUMNS]
    if 'machine' not in known:
        raise InvalidInputError('the first row has to name the columns, one of which is machine: '
                                f'{", ".join(COLUMNS)}')
    for title, name in zip(heading, names, strict=True):
        if name and name not in COLUMNS:
            raise InvalidInputError(f'there is no column {shown(title)}: remove it, or name it as one of '
                                    f'{", ".join(COLUMNS)}')
        if names.count(name) > 1 and name:
            raise InvalidInputError(f'the column {name} is there twice: remove one')
    return {name: index for index, name in enumerate(names) if name}


# A text that a spreadsheet might take for a formula has an apostrophe before it; so has one that looks as if it had.

def _guarded(value: object) -> str:
    text = str(value)
    return f"'{text}" if harmless(text) != text or _unguarded(text) != text else text


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _guarded(cell[1:]) == cell else cell
