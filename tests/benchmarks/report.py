"""What a benchmark says: rows of a table as in tests/benchmarks/README.md."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured, what it must reach, and what came out. met is None where there is no target."""

    what: str
    target: str
    measured: str
    met: bool | None = None


def at_most(what: str, limit: float, measured: float, unit: str, note: str = '') -> Row:
    """A row for a figure that must not exceed a limit."""
    noted = f' ({note})' if note else ''
    return Row(what, f'at most {limit:g} {unit}', f'{measured:.3g} {unit}{noted}', measured <= limit)


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    marks = {True: 'yes', False: '**no**', None: ''}
    return '\n'.join(['| what | must reach | measured | met |', '|---|---|---|---|',
                      *(f'| {row.what} | {row.target} | {row.measured} | {marks[row.met]} |' for row in rows)])


def say(text: str) -> None:
    """A line of progress, at once."""
    print(f'  {text}', flush=True)


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all lies at or below (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(round(len(ordered) * share, 6)) - 1)]


def spread(values: list[float]) -> str:
    """'3.1 (2.9 to 3.4)': the median and the range of the rounds."""
    return f'{median(values):.3g} ({min(values):.3g} to {max(values):.3g})'
