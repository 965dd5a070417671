"""Imports that were made, and what an undo of one takes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from ..core.errors import InvalidInputError
from ..core.formatting import counted, number
from .plant_sheet import LAYOUTS, SheetKind
from .sheet_plan import listed


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import that changed something. file_name is empty for a text that was pasted. is_last: it is the next that an
    undo takes back. undone_at None: it is not undone."""

    id: int
    kind: SheetKind
    at: datetime
    by: str
    file_name: str
    added: int
    changed: int
    unchanged: int
    undone_at: datetime | None
    undone_by: str | None
    is_last: bool

    def __str__(self) -> str:
        """30 people: 29 new, 1 changed, 0 unchanged."""
        return (f'{counted(self.added + self.changed + self.unchanged, *LAYOUTS[self.kind].noun)}: '
                f'{number(self.added)} new, {number(self.changed)} changed, {number(self.unchanged)} unchanged')


class UndoOutcome(StrEnum):
    """What an undo does to something that the import added or changed."""

    DELETED = 'deleted'
    RETIRED = 'retired'
    DEACTIVATED = 'deactivated'
    RESTORED = 'changed back'


@dataclass(frozen=True, slots=True)
class UndoStep:
    """What an undo does to one machine, person or line. details: what is changed back, or why it is not
    deleted."""

    kind: Literal['machine', 'person', 'line']
    item_id: int
    name: str
    outcome: UndoOutcome
    details: str = ''

    def __str__(self) -> str:
        """Press 1: changed back, line from Hall B to Hall A."""
        what = f'line {self.name}' if self.kind == 'line' else self.name
        return f'{what}: {self.outcome}' + (f', {self.details}' if self.details else '')


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What an undo takes back, or the obstacles: what was changed since the import and would be lost."""

    of: PastImport
    steps: tuple[UndoStep, ...]
    obstacles: tuple[str, ...]

    def count(self, outcome: UndoOutcome) -> int:
        """The number of machines or people with this outcome."""
        return sum(step.outcome is outcome for step in self.steps if step.kind != 'line')

    @property
    def refusal(self) -> str:
        """Why it cannot be undone; empty if it can."""
        return f'the import cannot be undone: {listed(self.obstacles)}' if self.obstacles else ''

    def check(self) -> None:
        """:raises InvalidInputError: it cannot be undone; with the first obstacles"""
        if self.refusal:
            raise InvalidInputError(f'{self.refusal}. Nothing was changed')

    def __str__(self) -> str:
        """3 deleted, 1 retired, 2 changed back, 1 line."""
        lines = sum(step.kind == 'line' for step in self.steps)
        return ', '.join([*(f'{number(self.count(outcome))} {outcome}' for outcome in UndoOutcome
                            if self.count(outcome)), *([counted(lines, 'line')] if lines else [])]
                         ) or 'nothing to take back'


Steps = tuple[Sequence[UndoStep], Sequence[str]]
"""The steps of an undo, and its obstacles."""


def to_past_import(row: Any) -> PastImport:
    """A row of the query sheet_imports."""
    return PastImport(row['import_id'], SheetKind(row['kind']), row['imported_at'], row['imported_by'],
                      row['file_name'], row['added'], row['changed'], row['unchanged'], row['undone_at'],
                      row['undone_by'], row['is_last'])
