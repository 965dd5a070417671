"""What a sheet would change, row by row. Machines and people that are not in the sheet stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from ..core.errors import InvalidInputError
from ..core.formatting import counted, number
from .plant_sheet import SheetKind, SheetLayout, SheetRow

LISTED = 5
"""Most problems in one message."""


class RowOutcome(StrEnum):
    """What happens to the machine or person of a row."""

    NEW = 'new'
    CHANGED = 'changed'
    UNCHANGED = 'unchanged'
    REFUSED = 'refused'


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlan:
    """The outcome of one row. name: as the sheet has it. details: what changes, or why it is refused, as a sentence
    without its full stop. notes: on how the row was read."""

    number: int
    name: str
    outcome: RowOutcome
    details: str = ''
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Row 3: Press 1: changed, line from none to Hall A."""
        more = ''.join(f', {text}' for text in (self.details, *self.notes) if text)
        return f'row {self.number}: {self.name or "(no name)"}: {self.outcome}{more}'


Row_co = TypeVar('Row_co', bound=RowPlan, covariant=True)


@dataclass(frozen=True, slots=True)
class SheetPlan(Generic[Row_co]):
    """What a sheet would change, in the order of its rows; new_lines and new_types are added with the machines. areas:
    of lines that are new, or get another area, by their names."""

    layout: SheetLayout
    rows: tuple[Row_co, ...]
    new_lines: tuple[str, ...] = ()
    new_types: tuple[str, ...] = ()
    areas: Mapping[str, str] = field(default_factory=dict)

    def of(self, outcome: RowOutcome) -> list[Row_co]:
        """The rows with this outcome."""
        return [row for row in self.rows if row.outcome is outcome]

    @property
    def changes_something(self) -> bool:
        """Whether an import would change anything."""
        return any(row.outcome in {RowOutcome.NEW, RowOutcome.CHANGED} for row in self.rows)

    def check(self) -> None:
        """:raises InvalidInputError: a row is refused; with the first reasons"""
        if refused := self.of(RowOutcome.REFUSED):
            raise InvalidInputError(f'{counted(len(refused), "row")} refused, and nothing was changed: '
                                    f'{listed(map(str, refused))}')

    def __str__(self) -> str:
        """12 machines: 10 new, 1 changed, 1 unchanged, 0 refused; 2 new lines; 3 new types."""
        outcomes = ', '.join(f'{number(len(self.of(outcome)))} {outcome}' for outcome in RowOutcome)
        added = '' if self.layout.kind is SheetKind.PEOPLE else (
            f'; {counted(len(self.new_lines), "new line")}; {counted(len(self.new_types), "new type")}')
        return f'{counted(len(self.rows), *self.layout.noun)}: {outcomes}{added}'


def listed(problems: Iterable[str]) -> str:
    """The first of several problems, and how many more there are."""
    texts = list(problems)
    more = f'; and {number(len(texts) - LISTED)} more' if len(texts) > LISTED else ''
    return '; '.join(texts[:LISTED]) + more


def differences(values: Iterable[tuple[str, object, object]]) -> Iterator[str]:
    """What changes, as 'line from none to Hall A'. values: name, old and new value."""
    return (f'{name} from {_value(old)} to {_value(new)}' for name, old, new in values if old != new)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return 'none' if value is None or value == '' else str(value)


def twice(row: SheetRow, key: str, noun: str, seen: dict[str, int]) -> None:
    """:raises InvalidInputError: an earlier row has this key. seen: the row of each key so far"""
    if key and (first := seen.setdefault(key, row.number)) != row.number:
        raise InvalidInputError(f'this {noun} is in row {first} already')
