"""The file of a sheet: cells of CSV (separated by , ; or tab, in UTF-8) or of the first sheet of a spreadsheet (XLSX).

What is pasted from a spreadsheet is CSV with tabs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..core import csv_file
from ..core.csv_file import BYTE_ORDER_MARK, harmless
from ..core.errors import InvalidInputError
from ..core.formatting import number

MAX_ROWS = 10_000
MAX_SIZE = 5 * 2**20
"""Bytes of a file."""
ZIP = b'PK\x03\x04'
Cells = Sequence[str | int]


def read_cells(content: bytes | str) -> list[list[str]]:
    """The cells of a file, or of a text that was pasted, as they are; the heading is a row of them.

    :raises InvalidInputError: it cannot be read; the message says what to do
    """
    size = len(content)
    if size > MAX_SIZE:
        raise InvalidInputError(f'the file has {number(size)} bytes; at most {number(MAX_SIZE)} are read')
    if isinstance(content, bytes) and content.startswith(ZIP):
        from . import spreadsheet  # noqa: PLC0415 (takes a twentieth of all imports, and few need it)

        return spreadsheet.read(content, MAX_ROWS)
    return _csv_cells(content if isinstance(content, str) else _decoded(content))


def to_csv(titles: Sequence[str], rows: Iterable[Cells]) -> str:
    """A sheet as a CSV file, with a mark by which Excel knows that it is UTF-8."""
    return csv_file.heading(titles) + csv_file.written(map(_guarded, cells) for cells in rows)


def to_xlsx(title: str, titles: Sequence[str], widths: Sequence[int], rows: Iterable[Cells]) -> bytes:
    """A sheet as a spreadsheet. title: of the sheet. widths: of the columns, in characters."""
    from . import spreadsheet  # noqa: PLC0415 (takes a twentieth of all imports, and few need it)

    return spreadsheet.written(title, titles, widths, rows)


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
    return [[_plain(cell) for cell in row] for row in rows]


# A text that a spreadsheet might take for a formula has an apostrophe before it; so has one that looks as if it had.

def _guarded(value: object) -> str:
    text = str(value)
    return f"'{text}" if harmless(text) != text or _unguarded(text) != text else text


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _guarded(cell[1:]) == cell else cell


def _plain(cell: str) -> str:
    text = cell.strip()
    return cell if _unguarded(text) == text else cell.replace(text, _unguarded(text), 1)
