"""Reads query parameters, for pages, files and REST.

Invalid parameters are never ignored, since the answer would be to another question. They are collected and raised as
one QueryError, which names each and what is allowed. An empty value counts as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from difflib import get_close_matches
from typing import TypeVar

from .errors import InvalidInputError, QueryError
from .formatting import number
from .moments import parse_day, parse_moment
from .sentences import as_sentence
from .text import shown

MAX_TEXT_LENGTH = 200
MAX_NAMES = 12
YES, NO = frozenset({'1', 'true', 'yes', 'on'}), frozenset({'0', 'false', 'no', 'off'})
ADDED_BY_OTHERS = frozenset({'o', 'fbclid', 'gclid', 'msclkid'})
"""Databricks adds o, the workspace; chat and mail programs add parameters that track links."""

Word = TypeVar('Word', bound=str)
Value = TypeVar('Value')


class Query:
    """The parameters of one address. Each method reads one; `check` raises what was wrong."""

    def __init__(self, query: Mapping[str, str], names: Iterable[str],
                 aliases: Mapping[str, str] | None = None, *, others: bool = False) -> None:
        """names: of all allowed parameters. aliases: former names, each with the present one.

        others: further parameters are read elsewhere.
        """
        self._names = tuple(names)
        self._values: dict[str, list[str]] = {}
        self._written: dict[str, dict[str, None]] = {}
        self.faults: dict[str, str] = {}
        multi_items = getattr(query, 'multi_items', query.items)  # Starlette keeps repeated parameters
        for given, value in multi_items():
            name = (aliases or {}).get(given, given)
            if name in self._names:
                if value.strip():
                    self._written.setdefault(name, {})[given] = None
                    self._values.setdefault(name, []).append(value)
            elif not others and name not in ADDED_BY_OTHERS and not name.startswith('utm_'):
                self.fail(shown(name), unknown_name_message('parameter', name, self._names) if self._names else
                          f'This address takes no parameters: leave out {shown(name)}')

    def fail(self, name: str, sentence: str) -> None:
        """Record a fault of this parameter; only the first counts."""
        self.faults.setdefault(self.written(name), as_sentence(sentence))

    def written(self, name: str) -> str:
        """The parameter's name in the address, which may be a former one."""
        return next(iter(self._written.get(name, ())), name)

    def check(self, understood: object = None) -> None:
        """Call after all have been read. understood: the value that the valid parameters give.

        :raises QueryError: some parameters are not valid
        """
        if self.faults:
            raise QueryError(self.faults, understood)

    def has(self, name: str) -> bool:
        """Whether the address has this parameter."""
        return name in self._values

    def text(self, name: str, longest: int = MAX_TEXT_LENGTH) -> str:
        """The text, empty if absent."""
        values = self._values.get(name, [''])
        text, given = values[0], self.written(name)
        if len(written := self._written.get(name, {})) > 1:
            self.fail(name, f'{" and ".join(written)} mean the same: use one of them')
        elif len(values) > 1:
            self.fail(name, f'Cannot understand {given}, which is there more than once: use it once')
        elif '\0' in text or text != text.encode(errors='replace').decode():
            self.fail(name, f'Cannot understand {given}: it holds a NUL character or half a character')
        elif len(text) > longest:
            self.fail(name, f'Cannot use {given}: it has {number(len(text))} characters, and {number(longest)} at most '
                      'are allowed')
        else:
            return text
        return ''

    def texts(self, name: str) -> list[str]:
        """All texts of a parameter that may be repeated."""
        return [value.strip() for value in self._values.get(name, ())]

    def one_of(self, name: str, words: Iterable[Word]) -> Word | None:
        """One of the words, case-insensitive."""
        return self._word(name, self.text(name), words)

    def some_of(self, name: str, words: Iterable[Word]) -> frozenset[Word]:
        """Any of the words, separated by commas or by repeating the parameter."""
        parts = [part.strip() for value in self._values.get(name, ()) for part in value.split(',')]
        found = [self._word(name, part, words) for part in parts if part]
        return frozenset(word for word in found if word is not None)

    def flag(self, name: str) -> bool:
        """1 or 0, also true and false; false if absent."""
        text = self.text(name).strip().lower()
        if text and text not in YES | NO:
            self.fail(name, f'Cannot understand {self.written(name)}={shown(text)}: use 1 or 0')
        return text in YES

    def number(self, name: str, most: int, default: int) -> int:
        """From 1 to most."""
        text = self.text(name).strip()
        if not text:
            return default
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most:
            return int(text)
        self.fail(name, f'Cannot understand {self.written(name)}={shown(text)}: use a number from 1 to {number(most)}')
        return default

    def moment(self, name: str, zone: tzinfo) -> datetime | None:
        """A time in UTC; zone: for a time without an offset."""
        return self._tried(name, lambda text: parse_moment(text, zone, self.written(name)))

    def day(self, name: str) -> date | None:
        """A date."""
        return self._tried(name, lambda text: parse_day(text, self.written(name)))

    # internal

    def _tried(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return parse(text)
        except InvalidInputError as error:
            self.fail(name, str(error))
            return None

    def _word(self, name: str, text: str, words: Iterable[Word]) -> Word | None:
        known = list(words)
        for same in str.strip, _alike:
            if found := [word for word in known if same(word) == same(text)]:
                return found[0]
        if text.strip():
            self.fail(name, f'Cannot understand {self.written(name)}={shown(text)}: use {listed(known)}')
        return None


def _alike(text: str) -> str:
    """'On hold', 'on-hold' and 'on_hold' are equal."""
    return text.strip().lower().replace(' ', '_').replace('-', '_')


def unknown_name_message(kind: str, name: str, names: Sequence[str], most: int = MAX_NAMES) -> str:
    """An error that a name does not exist, with similar or available names. most: of these."""
    close = get_close_matches(name[:MAX_TEXT_LENGTH], names, n=3, cutoff=0.7)
    if not names:
        return f'There is no {kind} {shown(name)}, nor any other.'
    sentence = f'There is no {kind} {shown(name)}.'
    if close:
        return f'{sentence} Did you mean {listed(close)}?'
    more = len(names) - most
    return f'{sentence} Use {listed(names[:most])}' + (f', or one of {number(more)} more.' if more > 0 else '.')


def listed(words: Iterable[str]) -> str:
    """'a, b or c'."""
    *before, last = map(str, words)
    return f'{", ".join(before)} or {last}' if before else last
