"""Files for Excel: RFC 4180, UTF-8 with a mark that says so, and no text that counts as a formula.

Numbers are bare, and times are by the plant's clock with their offset from UTC, as 2026-11-23 10:42:07+01:00.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from .moments import file_time
from .text import without_invisible_start

FORMULA_STARTS = tuple('=+-@\t\r\n＝＋－＠﹦﹢﹣﹫')

_LIST_ITEM = re.compile(r'[-+－＋﹢﹣][ \u00a0]')
_WORD = re.compile(r'(?<![\w:$!])[^\W\d_]{2,}(?![\w:$!|])')
_REMARK = re.compile(r'\s\((?:[^\W\d_]|[ ,.-])+\)')
"""Words in brackets after a space: as arguments they would be unknown names, of which every function makes an error."""
_ACTS = re.compile(r'[(|]|![\w$\'"]')
"""A call of a function, a command for another program (DDE), a cell of another file."""


BYTE_ORDER_MARK = '\ufeff'
"""Without it Excel takes UTF-8 for the code page of its country."""


def heading(titles: Iterable[str]) -> str:
    """The first line of a file, with the mark before it."""
    return BYTE_ORDER_MARK + written([list(titles)])


def lines(rows: Iterable[Iterable[object]], zone: tzinfo) -> str:
    """Rows of a file. zone: of the plant."""
    return written([[_cell(value, zone) for value in row] for row in rows])


def read(text: str, separator: str) -> list[list[str]]:
    """The cells of a file.

    :raises ValueError: a quote is out of place, or a cell is too long
    """
    try:
        return list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=''), delimiter=separator,
                               strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def written(rows: Iterable[Iterable[str]]) -> str:
    """Rows of a file as they are: texts have to be harmless."""
    text = io.StringIO(newline='')
    csv.writer(text, lineterminator='\r\n').writerows(rows)
    return text.getvalue()


def _cell(value: object, zone: tzinfo) -> str:
    if value is None:
        return ''
    if isinstance(value, datetime):
        return file_time(value, zone)
    if isinstance(value, float):
        return f'{value:.6f}'.rstrip('0').rstrip('.')
    return harmless(value) if isinstance(value, str) else str(value)


def harmless(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet might take it for a formula; otherwise as it is.

    "- bearing noisy" is a line of a list: it begins as a formula does, but it calls nothing, and has words in it that
    no spreadsheet knows.
    """
    bare = without_invisible_start(text)
    if not (text.startswith(FORMULA_STARTS) or bare.startswith(FORMULA_STARTS)):
        return text
    return text if _is_line_of_a_list(bare) else f"'{text}"


def _is_line_of_a_list(text: str) -> bool:
    if _LIST_ITEM.match(text) is None:
        return False
    words = _REMARK.sub(' ', text[2:])
    return _WORD.search(words) is not None and _ACTS.search(words) is None
