"""What people can see of a text, and which texts can name something.

The same characters stand in sql/functions/01_visible_text.sql (invisible_characters), where they hold for everybody.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = (
    '\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f'
    '\u205f-\u206f\u2800\u3000\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff'
    '\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff')
"""Controls, blanks other than the space, zero-width and direction marks, fillers, variation selectors, tags."""
_HALVES = '\ud800-\udfff'

_SEEN = re.compile(f'[^ {_INVISIBLE}{_HALVES}]')
_HIDDEN = re.compile(f'[{_INVISIBLE}]')
_HALF = re.compile(f'[{_HALVES}]')


def is_visible(text: str) -> bool:
    """Whether there is anything in it that people can see."""
    return _SEEN.search(text) is not None


def without_invisible_start(text: str) -> str:
    """The text from the first character that people can see."""
    seen = _SEEN.search(text)
    return text[seen.start():] if seen else ''


def identity_problem(text: str) -> str:
    """Why this text cannot name a machine, a person or an order, as the end of a sentence; empty if it can.

    A name is never changed on its way: two names that look alike would become one, or one name two.
    """
    half, hidden = _HALF.search(text), _HIDDEN.search(text)
    return next((problem for is_so, problem in (
        (half, f'has half a character in it (a lone surrogate, {_code(half)}), which cannot be stored'),
        ('\0' in text, 'has a NUL character in it, which cannot be stored'),
        (not is_visible(text), 'must not be empty'),
        (text != text.strip(' '), 'begins or ends with a space: remove it'),
        (hidden, f'has a character in it that nobody can see ({_code(hidden)}): remove it'),
        (not unicodedata.is_normalized('NFC', text),
         'has letters and accents as separate characters: write each as one character (Unicode NFC)')) if is_so), '')


def _code(letter: re.Match[str] | None) -> str:
    return f'U+{ord(letter[0]):04X}' if letter else ''
