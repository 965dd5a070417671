"""Machines: what they are called, what they do, and when that changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from .names import sort_key
from .text import shortened

MachineName = NewType('MachineName', str)
_CODED_NAME = re.compile(r'(.*[^\s_])_([0-9]{2})_([0-9]+)')
_CODE = re.compile(r'[0-9]{2}·[0-9]+')
_NUMBERED_NAME = re.compile(r'(.*[^\s0-9_-])([\s_-]*)([0-9][0-9.\-/]*)')
_FITS_A_TILE, _MAX_LENGTH = 14, 300
"""The number of letters of a name that fit on a tile; a Chinese, Japanese or Korean one is twice as wide."""


class Status(StrEnum):
    """The status of a machine. unknown: it has not reported, has stopped reporting, or its feed says that it gives no
    data."""

    OPERATIONAL = 'operational'
    WARNING = 'warning'
    DOWN = 'down'
    UNKNOWN = 'unknown'

    @property
    def word(self) -> str:
        """The label for people."""
        return _WORDS[self]

    @property
    def severity(self) -> int:
        """0 to 3: the worst status of a group is the one with the largest severity."""
        return _SEVERITIES[self]


_WORDS = {Status.OPERATIONAL: 'Running', Status.WARNING: 'Warning', Status.DOWN: 'Down', Status.UNKNOWN: 'No signal'}
_SEVERITIES = {Status.OPERATIONAL: 0, Status.UNKNOWN: 1, Status.WARNING: 2, Status.DOWN: 3}


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """One machine in the database. Times are in ms since 1970 by the database's clock; reported_ms is None for a
    machine that has never reported. former_names: those that it had before and nobody has now. type_id: the number of
    its type; 0: unknown."""

    machine_id: int
    name: MachineName
    type: str
    line: str | None
    status: Status
    reason: str | None
    version: int
    reported_ms: int | None
    since_ms: int
    former_names: tuple[str, ...] = ()
    area: str | None = None
    """Of its line."""
    type_id: int = 0
    silent_after: int | None = None
    """Seconds after which its feed has promised the next report."""


@dataclass(frozen=True, slots=True)
class MachineChange:
    """The change of one machine in a notification; times as in MachineRecord. written_ms: when it was written, perhaps
    long after it happened."""

    name: MachineName
    status: Status
    reason: str | None
    version: int
    reported_ms: int
    since_ms: int
    written_ms: int


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One row of the status history. old is None for the first report, new is None for a removed machine."""

    version: int
    name: MachineName
    old: Status | None
    new: Status | None
    reason: str | None
    changed_ms: int
    changed_by: str | None = None


@dataclass(frozen=True, slots=True)
class DisplayName:
    """A machine's name for display: title 'Injection Molder' and code '02·01'. The code differs between machines of a
    kind, so it is never cut. It is empty if the name has none or fits as a whole."""

    title: str
    code: str
    between: str = ' '

    @classmethod
    def of(cls, name: str, given: str | None = None) -> DisplayName:
        """What a machine is called: the display name that somebody gave it, to the letter; without one, its name, and
        Injection_Molder_02_01 is Injection Molder 02·01, in any script. The code of another long name that ends with a
        number is that number."""
        if not given and (match := _CODED_NAME.fullmatch(name)):
            return cls(match[1].replace('_', ' '), f'{match[2]}·{match[3]}')
        text = given or name
        if _FITS_A_TILE < _width(text) < _MAX_LENGTH and (match := _NUMBERED_NAME.fullmatch(text)):
            return cls(match[1], match[3], match[2])
        return cls(text, '')

    def __str__(self) -> str:
        return f'{self.title}{self.between}{self.code}' if self.code else self.title

    def cut(self, most: int) -> str:
        """On one line of about this many letters, whose end may not be visible: 02·01 Injection Molder. Of a name that
        ends with a number, and is one to read from its beginning, the number is kept: Verpackungsanlage Hal… 12."""
        if not self.code:
            return shortened(self.title, most)
        if _CODE.fullmatch(self.code):
            return shortened(f'{self.code} {self.title}', most)
        end = f'{self.between}{self.code}'
        return f'{shortened(self.title, max(1, most - len(end)))}{end}'


@dataclass(frozen=True, slots=True)
class DisplayNames:
    """What machines are called on pages and in files. by_name: of those that have a display name."""

    by_name: Mapping[MachineName, str] = field(default_factory=dict)

    def of(self, name: MachineName) -> DisplayName:
        """The display name of a machine; made of its name if it has none."""
        return DisplayName.of(name, self.by_name.get(name))

    def sorted(self, names: Iterable[MachineName]) -> dict[MachineName, str]:
        """A list to choose from, by what machines are called. A name that somebody gave has the name of the machine
        beside it, because several machines may be called the same: Press 1 (PR-0417)."""
        return {name: f'{self.of(name)} ({name})' if name in self.by_name else str(self.of(name))
                for name in sorted(names, key=self.sort_key)}

    def sort_key(self, name: MachineName) -> tuple[str, str]:
        """The place of a machine in a list that is sorted by what machines are called."""
        return sort_key(self.by_name.get(name, name)), name


def _width(text: str) -> int:
    """The width in Latin letters."""
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in 'WF' else 1
               for each in text)
