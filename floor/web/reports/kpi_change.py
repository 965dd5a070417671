"""KPI values as text, and whether a change is an improvement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ...analytics import Unit
from ...core.formatting import Detail, duration, number, percent


class ChangeDirection(StrEnum):
    """What a change means for the plant."""

    BETTER = 'better'
    WORSE = 'worse'
    SAME = 'same'
    UNKNOWN = 'unknown'


@dataclass(frozen=True, slots=True)
class KpiChange:
    """The difference between two values of a KPI, such as '▲ 1.2 pt better': the arrow shows whether it rose."""

    text: str
    direction: ChangeDirection

    @classmethod
    def between(cls, before: float | None, now: float | None, unit: Unit, *, more_is_better: bool) -> KpiChange:
        """Compare two values. A difference that would be rounded to zero is no change."""
        if before is None or now is None:
            return cls('no earlier data', ChangeDirection.UNKNOWN)
        amount = _amount(abs(now - before), unit)
        if not amount:
            return cls('= unchanged', ChangeDirection.SAME)
        rises = now > before
        direction = ChangeDirection.BETTER if rises == more_is_better else ChangeDirection.WORSE
        return cls(f'{"▲" if rises else "▼"} {amount} {direction}', direction)


def value(figure: float | None, unit: Unit) -> str:
    """A value as text."""
    if unit is Unit.SHARE:
        return percent(figure)
    return duration(figure) if unit is Unit.SECONDS else number(figure)


def _amount(difference: float, unit: Unit) -> str:
    if unit is Unit.SHARE:
        points = f'{difference * 100:.1f}'
        return '' if points == '0.0' else f'{points} pt'
    if unit is Unit.SECONDS:
        return duration(difference, Detail.BRIEF) if difference >= 1 else ''
    return number(difference) if round(difference) else ''
