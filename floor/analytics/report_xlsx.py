"""Reports as spreadsheets (XLSX): times are date-times by the plant's clock, and a text is a text, whatever it begins
with.

openpyxl keeps the rows in a temporary file. It works in threads, so that pages go on while a file is made.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, tzinfo
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from ..core.errors import InvalidInputError
from ..core.formatting import number
from .report_tables import Cell, Kind, ReportColumn, ReportTable
from .row_labels import with_zone

MAX_ROWS = 100_000
CHUNK = 256 * 1024
MAX_TEXT_LENGTH = 32_767
NOT_IN_XML = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
FORMATS = {Kind.SHARE: '0.0%', Kind.SECONDS: '#,##0', Kind.NUMBER: '#,##0.0', Kind.COUNT: '#,##0',
           Kind.MOMENT: 'yyyy-mm-dd hh:mm:ss', Kind.DAY: 'yyyy-mm-dd', Kind.HOUR: '0'}
WIDTHS = {Kind.MOMENT: 20, Kind.DAY: 12, Kind.TEXT: 24, Kind.MACHINE: 24}
LEAST_WIDTH = 11
UNITS = {Kind.SECONDS: ' (s)'}
Facts = Mapping[str, Cell]


async def xlsx_pieces(title: str, pages: AsyncGenerator[ReportTable, None], zone: tzinfo,
                      facts: Facts) -> AsyncGenerator[bytes, None]:
    """The file in pieces. title: of its sheet. zone: of the plant. facts: for a second sheet, what the report is about.

    :raises InvalidInputError: there are more rows than a spreadsheet can show well
    """
    with TemporaryFile() as file:
        sheet = ReportSheet(title, zone)
        try:
            async with aclosing(pages):
                async for page in pages:
                    await asyncio.to_thread(sheet.add, page)
            await asyncio.to_thread(sheet.save, file, facts)
        finally:
            await asyncio.to_thread(sheet.discard)
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece


class ReportSheet:
    """A workbook with the rows of a report, and a sheet about it."""

    def __init__(self, title: str, zone: tzinfo) -> None:
        """zone: of the plant."""
        self._zone = zone
        self._lock = threading.Lock()
        self._book: Workbook | None = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)
        self._columns: tuple[ReportColumn, ...] = ()
        self._cells: tuple[SheetCell, ...] = ()
        self._rows = 0

    def add(self, page: ReportTable) -> None:
        """Add the rows of a page; the first page brings the heading.

        :raises InvalidInputError: there are too many rows
        """
        page = with_zone(page, self._zone)
        with self._lock:
            if not self._columns:
                self._head(page.columns)
            self._rows += len(page.rows)
            if self._rows > MAX_ROWS:
                raise InvalidInputError(
                    f'a spreadsheet has at most {number(MAX_ROWS)} rows: choose a shorter window, a line or a machine, '
                    'or download the CSV file', 'from')
            for row in page.rows:
                self._sheet.append(self._written(row))

    def save(self, file: IO[bytes], facts: Facts) -> None:
        """Write the workbook to a file, and go to its start. facts: for the sheet about the report."""
        with self._lock:
            if self._book is None:
                return
            if self._rows:
                self._sheet.auto_filter.ref = f'A1:{get_column_letter(len(self._cells))}{self._rows + 1}'
            about = self._book.create_sheet('About')
            about.column_dimensions['A'].width, about.column_dimensions['B'].width = 24, 100
            for name, value in (*facts.items(), *self._meanings()):
                about.append([self._text(about, name, bold=True), self._text(about, str(value), wrap=True)])
            book, self._book = self._book, None
            book.save(file)
            file.seek(0)

    def discard(self) -> None:
        """Remove the temporary file of a workbook that was not saved; saving it is openpyxl's only way."""
        self.save(BytesIO(), {})

    # internals

    def _head(self, columns: Sequence[ReportColumn]) -> None:
        self._columns = tuple(columns)
        headings = [heading for column in columns for heading in self._headings(column)]
        for index, (_, width) in enumerate(headings, 1):
            self._sheet.column_dimensions[get_column_letter(index)].width = width
        self._sheet.freeze_panes = 'A2'
        self._sheet.print_title_rows = '1:1'
        self._sheet.page_setup.orientation = 'landscape'
        self._sheet.page_setup.fitToHeight = 0
        self._sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self._cells = tuple(self._styled(kind) for column in columns for kind in self._kinds(column))
        self._sheet.append([self._text(self._sheet, heading, bold=True, wrap=True) for heading, _ in headings])

    def _headings(self, column: ReportColumn) -> list[tuple[str, int]]:
        """Titles and widths; a time is followed by its offset from UTC, for the hours that occur twice."""
        title = column.title + UNITS.get(column.kind, '')
        width = max(WIDTHS.get(column.kind, LEAST_WIDTH), len(title) + 3)
        return [(title, width)] + ([(f'{title}: UTC offset', LEAST_WIDTH)] if column.kind is Kind.MOMENT else [])

    def _kinds(self, column: ReportColumn) -> list[Kind]:
        return [column.kind, Kind.TEXT] if column.kind is Kind.MOMENT else [column.kind]

    def _styled(self, kind: Kind) -> SheetCell:
        """A cell that is written repeatedly: styling one takes longer than writing it."""
        cell = WriteOnlyCell(self._sheet)
        if kind in FORMATS:
            cell.number_format = FORMATS[kind]
        return cell

    def _written(self, row: Sequence[Cell]) -> list[SheetCell | None]:
        values = (value for pair in zip(self._columns, row, strict=True) for value in self._values(*pair))
        return [None if value is None else _filled(cell, value)
                for cell, value in zip(self._cells, values, strict=True)]

    def _values(self, column: ReportColumn, cell: Cell) -> tuple[Cell, ...]:
        if isinstance(cell, datetime):
            local = cell.astimezone(self._zone)
            return local.replace(tzinfo=None), local.isoformat()[-6:]
        if column.kind is Kind.YES:
            return ('yes' if cell else None,)
        return (cell, None) if column.kind is Kind.MOMENT else (cell,)

    def _text(self, sheet: WriteOnlyWorksheet, text: str, *, bold: bool = False, wrap: bool = False) -> SheetCell:
        cell = _filled(WriteOnlyCell(sheet), text)
        cell.font = Font(bold=bold)
        cell.alignment = Alignment(wrap_text=wrap, vertical='top')
        return cell

    def _meanings(self) -> list[tuple[str, str]]:
        return [(column.title, column.meaning) for column in self._columns if column.meaning]


def _filled(cell: SheetCell, value: Cell) -> SheetCell:
    """The cell with this value. openpyxl takes a text with = at its start for a formula, and #N/A for an error."""
    if isinstance(value, str):
        cell.value = NOT_IN_XML.sub('\ufffd', value)[:MAX_TEXT_LENGTH]
        cell.data_type = 's'
    else:
        cell.value = value
    return cell
