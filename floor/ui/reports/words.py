"""How figures read: shares, lengths of time, and whether a change is for the better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..words import DAY, HOUR, MINUTE

NOTHING = '–'
ALL, TENTH = 1.0, 0.1


def percent(share: float | None) -> str:
    """'91.4 %' of 0.914; '–' of nothing. Only all of it is 100.0 %, and only nothing of it 0.0 %."""
    if share is None:
        return NOTHING
    if 0 < share < TENTH / 200:
        return '<0.1 %'
    if 1 - TENTH / 200 <= share < ALL:
        return '99.9 %'
    return f'{share * 100:.1f} %'


def duration(seconds: float | None) -> str:
    """'40 s', '3 min 05 s', '1 h 52 min', '3 d 4 h': rounded to the nearest of the smaller unit; '–' of nothing."""
    if seconds is None:
        return NOTHING
    if (rounded := round(seconds)) < MINUTE:
        return '<1 s' if 0 < seconds < 0.5 else f'{rounded} s'  # noqa: PLR2004 (what rounds to 0)
    if rounded < HOUR:
        return f'{rounded // MINUTE} min {rounded % MINUTE:02} s'
    if (rounded := round(seconds / MINUTE)) < DAY // MINUTE:
        return f'{rounded // 60} h {rounded % 60:02} min'
    rounded = round(seconds / HOUR)
    return f'{rounded // 24:,} d {rounded % 24} h'


def brief(seconds: float) -> str:
    """The same in one unit, or two where the first is small: '40 s', '9 min', '1 h 52 min', '3 d 4 h'."""
    if seconds < MINUTE:
        return duration(seconds)
    minutes = round(seconds / MINUTE)
    return f'{minutes} min' if minutes < HOUR // MINUTE else duration(seconds)


def minutes(seconds: float) -> str:
    """'212': whole minutes, without the unit; '<1' where there was something."""
    whole = round(seconds / MINUTE)
    return '<1' if whole == 0 and seconds > 0 else f'{whole:,}'


def counted(number: int, word: str) -> str:
    """'1 stop', '17 stops', '1,204 stops'."""
    return f'{number:,} {word}' if number == 1 else f'{number:,} {word}s'


class Verdict(StrEnum):
    """What a change means for the plant."""

    BETTER = 'better'
    WORSE = 'worse'
    SAME = 'same'
    UNKNOWN = 'unknown'


class Unit(StrEnum):
    """What a figure counts."""

    SHARE = 'share'
    SECONDS = 'seconds'
    COUNT = 'count'


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against the one before: '▲ 1.2 pt better'. The shape is the direction, the word the verdict."""

    text: str
    verdict: Verdict

    @classmethod
    def between(cls, before: float | None, now: float | None, unit: Unit, *, more_is_better: bool) -> Change:
        """What is too small to be shown is no change."""
        if before is None or now is None:
            return cls('nothing to compare with', Verdict.UNKNOWN)
        amount = _amount(abs(now - before), unit)
        if not amount:
            return cls('= as before', Verdict.SAME)
        rises = now > before
        verdict = Verdict.BETTER if rises == more_is_better else Verdict.WORSE
        return cls(f'{"▲" if rises else "▼"} {amount} {verdict}', verdict)


def value(number: float | None, unit: Unit) -> str:
    """A figure for people."""
    if unit is Unit.SHARE:
        return percent(number)
    if unit is Unit.SECONDS:
        return duration(number)
    return NOTHING if number is None else f'{number:,.0f}'


def _amount(difference: float, unit: Unit) -> str:
    if unit is Unit.SHARE:
        points = f'{difference * 100:.1f}'
        return '' if points == '0.0' else f'{points} pt'
    if round(difference) == 0:
        return ''
    return brief(difference) if unit is Unit.SECONDS else f'{difference:,.0f}'
