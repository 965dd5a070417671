"""Reads the parameters of an address, of pages, files and the REST interface alike.

What cannot be understood is never left out silently, since the answer would be about something else: it is collected
and raised as one QueryError, which says what was not understood and what is allowed. An empty value counts as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from difflib import get_close_matches
from typing import TypeVar

from .errors import InvalidInput, QueryError
from .formatting import number
from .moments import parse_day, parse_moment
from .sentences import as_sentence
from .text import shown

LONGEST_TEXT = 200
MOST_NAMES = 12
YES, NO = frozenset({'1', 'true', 'yes', 'on'}), frozenset({'0', 'false', 'no', 'off'})
ADDED_BY_OTHERS = frozenset({'o', 'fbclid', 'gclid', 'msclkid'})
"""Databricks adds o, the workspace; chats and mail programs add what they track links by."""

Word = TypeVar('Word', bound=str)
Value = TypeVar('Value')


class Query:
    """The parameters of one address. Each method reads one of them; `check` says at the end what was wrong."""

    def __init__(self, query: Mapping[str, str], names: Iterable[str],
                 aliases: Mapping[str, str] | None = None, *, others: bool = False) -> None:
        """names: of all parameters that there are. aliases: former names of some, each with the name of today.

        others: there are others too, which are read elsewhere.
        """
        self._names = tuple(names)
        self._values: dict[str, list[str]] = {}
        self._written: dict[str, dict[str, None]] = {}
        self.faults: dict[str, str] = {}
        multi_items = getattr(query, 'multi_items', query.items)  # Starlette's keeps what is given more than once
        for said, value in multi_items():
            name = (aliases or {}).get(said, said)
            if name in self._names:
                if value.strip():
                    self._written.setdefault(name, {})[said] = None
                    self._values.setdefault(name, []).append(value)
            elif not others and name not in ADDED_BY_OTHERS and not name.startswith('utm_'):
                self.fail(shown(name), no_such('parameter', name, self._names) if self._names else
                          f'This address takes no parameters: leave out {shown(name)}')

    def fail(self, name: str, sentence: str) -> None:
        """This parameter cannot be understood; the first that is wrong with it counts."""
        self.faults.setdefault(self.written(name), as_sentence(sentence))

    def written(self, name: str) -> str:
        """The name that the address has: perhaps a former one."""
        return next(iter(self._written.get(name, ())), name)

    def check(self, understood: object = None) -> None:
        """All has been read. understood: what the parts that could be read ask for.

        :raises QueryError: something was not understood
        """
        if self.faults:
            raise QueryError(self.faults, understood)

    def has(self, name: str) -> bool:
        """Whether the address says anything of this parameter."""
        return name in self._values

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """A text as it is; empty: there is none."""
        values = self._values.get(name, [''])
        text, said = values[0], self.written(name)
        if len(written := self._written.get(name, {})) > 1:
            self.fail(name, f'{" and ".join(written)} mean the same: use one of them')
        elif len(values) > 1:
            self.fail(name, f'Cannot understand {said}, which is there more than once: use it once')
        elif '\0' in text or text != text.encode(errors='replace').decode():
            self.fail(name, f'Cannot understand {said}: it holds a NUL character or half a character')
        elif len(text) > longest:
            self.fail(name, f'Cannot use {said}: it has {number(len(text))} characters, and {number(longest)} at most '
                      'are allowed')
        else:
            return text
        return ''

    def texts(self, name: str) -> list[str]:
        """Every text of a parameter that may be given more than once."""
        return [value.strip() for value in self._values.get(name, ())]

    def one_of(self, name: str, words: Iterable[Word]) -> Word | None:
        """One of the words, in lower or upper case."""
        return self._word(name, self.text(name), words)

    def some_of(self, name: str, words: Iterable[Word]) -> frozenset[Word]:
        """Any of the words, separated by commas or with the parameter given more than once."""
        parts = [part.strip() for value in self._values.get(name, ()) for part in value.split(',')]
        found = [self._word(name, part, words) for part in parts if part]
        return frozenset(word for word in found if word is not None)

    def flag(self, name: str) -> bool:
        """1 or 0, also true and false; absent: false."""
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
        """A time in UTC; zone: of one without an offset."""
        return self._tried(name, lambda text: parse_moment(text, zone, self.written(name)))

    def day(self, name: str) -> date | None:
        """A day of the calendar."""
        return self._tried(name, lambda text: parse_day(text, self.written(name)))

    # within

    def _tried(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return parse(text)
        except InvalidInput as error:
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
    """'On hold', 'on-hold' and 'on_hold' are the same word."""
    return text.strip().lower().replace(' ', '_').replace('-', '_')


def no_such(kind: str, name: str, names: Sequence[str]) -> str:
    """There is none of this name, and which are meant perhaps, or which there are."""
    close = get_close_matches(name[:LONGEST_TEXT], names, n=3, cutoff=0.7)
    if not names:
        return f'There is no {kind} {shown(name)}, nor any other.'
    sentence = f'There is no {kind} {shown(name)}.'
    if close:
        return f'{sentence} Did you mean {listed(close)}?'
    more = len(names) - MOST_NAMES
    return f'{sentence} Use {listed(names[:MOST_NAMES])}' + (f', or one of {number(more)} more.' if more > 0 else '.')


def listed(words: Iterable[str]) -> str:
    """'a, b or c'."""
    *before, last = map(str, words)
    return f'{", ".join(before)} or {last}' if before else last
