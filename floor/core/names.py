"""Folding and sorting of texts, like fold_text and name_sort_key of sql/functions/30_text_search.sql.

Python and the database sort in the same order; a test compares the two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .people import Employee

_MAX_DIGITS = 20
_UNSEEN = re.compile(
    '[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670'
    '\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f'
    '\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]+')
_SPACES = re.compile('[\x01-\x20\x7f-\xa0\u1680\u2028\u2029]+')
_CAPITALS = [(0xc0, 0x557), (0x1c90, 0x1cc0), (0x1e9e, 0x1e9f), (0x2c60, 0x2c80), (0xa640, 0xa69c), (0xa722, 0xa7c0)]
"""Ranges of letters that can have a lower case and no accent: Latin, Greek, Cyrillic, Armenian, Georgian."""
_ALIKE = {**dict(zip('øłđðħıŧŋĸȷςƒ×⁄·', 'olddhitnkjσfx/_', strict=True)), **dict.fromkeys('‘’‚‛ʼ′', "'"),
          **dict.fromkeys('“”„‟«»', '"'), **dict.fromkeys('‐‒–—―−⁃', '-'), 'ß': 'ss', 'æ': 'ae', 'œ': 'oe', 'þ': 'th'}
_LETTERS = str.maketrans({
    **{letter: _ALIKE.get(letter.lower(), letter.lower()) for first, end in _CAPITALS
       for letter in map(chr, range(first, end)) if len(letter.lower()) == 1}, **_ALIKE})
_PUNCTUATION = str.maketrans({letter: chr(2 + index) for index, letter in enumerate(
    ' _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$')})


def name_identity(name: str) -> str:
    """What is equal for two names that differ only in upper and lower case, in any script: only one of them may name a
    line, a type or a machine. In Python, because lower() of a database without a locale knows ASCII letters only."""
    return name.casefold()


def is_same_name(name: str, other: str) -> bool:
    """Whether two names are equal, regardless of upper and lower case."""
    return name_identity(name) == name_identity(other)


def fold(text: str) -> str:
    """A text folded for searches: lower case, without accents, one form of each letter, single spaces."""
    if not text.isascii():
        text = _UNSEEN.sub('', unicodedata.normalize('NFKD', text)).translate(_LETTERS)
        text = unicodedata.normalize('NFC', text)
    return _SPACES.sub(' ', text.translate(_ASCII_LOWER)).strip(' ')


_ASCII_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord('A'), ord('Z') + 1)})


def letters_of(name: str) -> str:
    """The letters and digits of a name, folded: names that are equal in them are probably meant to be one."""
    return ''.join(each for each in fold(name) if each.isalnum())


def name_key(text: str) -> tuple[str, str]:
    """The sort key of a name: case- and accent-insensitive, numbers by their value ('Machine 2' before 'Machine 10');
    names that are equal in this, by code points."""
    return sort_key(text), text


def sort_key(text: str) -> str:
    """The same as name_sort_key() of the database, compared by code points."""
    return re.sub('[0-9]+', lambda number: number[0].lstrip('0').rjust(_MAX_DIGITS, '0'),
                  fold(text).translate(_PUNCTUATION))


def in_order_of_names(people: Iterable[Employee]) -> list[Employee]:
    """People by last name, first name and id."""
    return sorted(people, key=lambda each: (sort_key(each.last_name), sort_key(each.first_name), each.last_name,
                                            each.first_name, each.id))
