"""Text in the cells of a CSV file: as it is, but for what a spreadsheet would evaluate."""

from __future__ import annotations

import re

from .visible_text import without_invisible_start

FORMULA_STARTS = tuple('=+-@\t\r\n＝＋－＠﹦﹢﹣﹫')

_LIST_ITEM = re.compile(r'[-+－＋﹢﹣][ \u00a0]')
_WORD = re.compile(r'(?<![\w:$!])[^\W\d_]{2,}(?![\w:$!|])')
_REMARK = re.compile(r'\s\((?:[^\W\d_]|[ ,.-])+\)')
"""Words in brackets after a space: as arguments they would be unknown names, of which every function makes an error."""
_ACTS = re.compile(r'[(|]|![\w$\'"]')
"""A call of a function, a command for another program (DDE), a cell of another file."""


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
