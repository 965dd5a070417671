"""Texts from outside: what people can see of them, what can be stored, what can name something, and how they are shown.

How texts are compared and sorted is in names.py.

sql/functions/01_visible_text.sql (invisible_characters) has the same characters, for all clients of the database.
"""

from __future__ import annotations

import json
import re
import unicodedata

from .errors import InvalidInputError
from .formatting import number

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


LONG_TEXT = 10_000
"""Most characters of a description or a comment."""
TEXT = 2_000
"""Most characters of any other text."""

_WORDS = {'machine_id': 'machine', 'issue_description': 'description', 'checklist': 'an item of the checklist'}


def clean_text(text: str, field: str, most: int = TEXT, *, required: bool = True) -> str:
    """The text without white space around it, as long as PostgreSQL can store it.

    Without anything that people can see it counts as empty.

    :raises InvalidInputError: it is empty though required, too long, or holds what no text in PostgreSQL may
    """
    words = _WORDS.get(field, field.replace('_', ' '))
    text = text.strip()
    if text and not is_visible(text) and '\0' not in text and _is_whole(text):
        if required:
            raise InvalidInputError(f'{words} has nothing in it that people can see', field)
        return ''
    if required and not text:
        raise InvalidInputError(f'{words} must not be empty', field)
    if len(text) > most:
        raise InvalidInputError(f'{words} has {number(len(text))} characters; at most {number(most)} fit', field)
    if '\0' in text:
        raise InvalidInputError(f'{words} has a NUL character in it, which cannot be stored', field)
    if not _is_whole(text):
        raise InvalidInputError(f'{words} has half a character in it (a lone surrogate), which cannot be stored', field)
    return text


def exact_name(text: str, field: str, most: int = TEXT) -> str:
    """What names a machine, a person or an order: exactly as it is.

    :raises InvalidInputError: it is empty, too long, or another text could look the same (identity_problem)
    """
    words = _WORDS.get(field, field.replace('_', ' '))
    if problem := identity_problem(text):
        raise InvalidInputError(f'{words} {problem}', field)
    if len(text) > most:
        raise InvalidInputError(f'{words} has {number(len(text))} characters; at most {number(most)} fit', field)
    return text


def one_line(text: str, field: str, most: int = TEXT) -> str:
    """clean_text for a single line, such as a name. Line breaks and runs of spaces become one space."""
    return clean_text(' '.join(text.split()), field, most)


def clean_reference(reference: str | None) -> str | None:
    """A client reference, which is optional.

    :raises InvalidInputError: as exact_name
    """
    return None if reference is None else exact_name(reference, 'client_reference', 200)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shortened(text: str | None, most: int = 200, rest: str = '…') -> str:
    """The text on one line. rest: stands for what does not fit."""
    line = ' '.join((text or '')[:10 * most].split())  # a text of megabytes is not looked through
    return line if len(line) <= most else f'{line[:most]}{rest}'


def shown(text: str, most: int = 80) -> str:
    """What an address or a header has, as a sentence can repeat it: every character can be seen."""
    whole = ''.join(letter if letter.isprintable() else '\N{REPLACEMENT CHARACTER}' for letter in text)
    return whole if len(whole) <= most else f'{whole[:most]}…'


def escaped(text: str) -> str:
    """The text with control characters as \\u escapes, so that it cannot forge a log line."""
    return ''.join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
