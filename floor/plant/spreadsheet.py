"""The first sheet of a spreadsheet (XLSX), read and written with openpyxl."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from ..core.errors import InvalidInputError

MAX_COLUMNS = 100
MAX_UNPACKED_SIZE = 100 * 2**20
"""Bytes of what a spreadsheet has in it: a small file could unpack to fill the memory."""


def written(title: str, titles: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str | int]]) -> bytes:
    """A sheet as a spreadsheet. title: of the sheet. widths: of the columns, in characters."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for index, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = 'A2'

    def cell(text: str, *, bold: bool = False) -> Cell:
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub('\N{REPLACEMENT CHARACTER}', text))
        made.data_type = 's'  # whatever it begins with
        made.font = Font(bold=bold)
        return made

    sheet.append([cell(name, bold=True) for name in titles])
    for cells in rows:
        sheet.append([value if isinstance(value, int) else cell(value) for value in cells])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content: bytes, max_rows: int) -> list[list[str]]:
    """The cells of a spreadsheet, with the heading and one row more than are allowed.

    :raises InvalidInputError: it cannot be read; the message says what to do
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED_SIZE:
                raise InvalidInputError('the spreadsheet is too large: remove other sheets and pictures')
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            if not book.worksheets:
                raise InvalidInputError('the spreadsheet has no sheet with cells')
            rows = book.worksheets[0].iter_rows(max_row=max_rows + 2, max_col=MAX_COLUMNS, values_only=True)
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
    return str(value)
