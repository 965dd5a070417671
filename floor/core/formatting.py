"""Formats of durations, shares, counts and sizes, the same everywhere.

A duration is rounded down: 100,000 s is '1 d 3 h' on the floor, in a report and in a log line. A clock never shows a
time that has not passed. A sum of durations is rounded half up, so that parts add up to about their total.
"""

from __future__ import annotations

from enum import Enum

NOTHING = '–'
"""Where there is no value."""

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400
KILOBYTE = 1024
MEGABYTE, GIGABYTE = KILOBYTE ** 2, KILOBYTE ** 3

_NOISE = 1e-6
"""Seconds. A mean of whole seconds may be a little less than a whole one."""
_SUM_IN_HOURS = 10 * HOUR
"""From here on a sum has no minutes."""
_SMALLEST_SHARE = 0.0005
"""A smaller share is '<0.1 %', and one that is closer to 1 is '99.9 %'."""


class Detail(Enum):
    """The level of detail of a duration."""

    FULL = 'its two largest units: 40 s, 3 min 05 s, 2 h 05 min, 3 d 4 h'
    BRIEF = 'no seconds beside minutes: 40 s, 3 min, 2 h 05 min, 3 d 4 h'
    MINUTES = 'no seconds at all: <1 min, 3 min, 2 h 05 min, 3 d 4 h'
    NARROW = 'the same where every letter counts: <1 min, 3 min, 2 h 05, 3 d 4 h'
    LARGEST = 'the largest unit alone: <1 min, 3 min, 2 h, 3 d'


def duration(seconds: float | None, detail: Detail = Detail.FULL) -> str:
    """A duration, rounded down. A negative one is 0; None is '–'."""
    if seconds is None:
        return NOTHING
    whole = int(max(0.0, seconds) + _NOISE)
    if whole < MINUTE:
        if detail in {Detail.FULL, Detail.BRIEF}:
            return f'{whole} s' if whole or seconds <= 0 else '<1 s'
        return '<1 min'
    if whole < HOUR:
        seconds_too = f' {whole % MINUTE:02} s' if detail is Detail.FULL else ''
        return f'{whole // MINUTE} min{seconds_too}'
    if whole < DAY:
        minutes_too = f' {whole % HOUR // MINUTE:02}{"" if detail is Detail.NARROW else " min"}'
        return f'{whole // HOUR} h{"" if detail is Detail.LARGEST else minutes_too}'
    return f'{whole // DAY:,} d{"" if detail is Detail.LARGEST else f" {whole % DAY // HOUR} h"}'


def downtime(seconds: float) -> str:
    """A sum over machines, in hours however many: '40 min', '6 h 20 min', '41 h'; minutes below ten hours; '0 min'.
    Rounded half up."""
    if seconds <= 0:
        return '0 min'
    whole = _rounded(seconds, MINUTE)
    if whole < _SUM_IN_HOURS:
        return duration(whole if seconds >= MINUTE else seconds, Detail.MINUTES)
    return f'{number(_rounded(seconds, HOUR) // HOUR)} h'


def _rounded(seconds: float, unit: int) -> int:
    """To whole units, half up, in seconds."""
    return int((seconds + _NOISE + unit / 2) // unit) * unit


def delay(seconds: float | None) -> str:
    """A delay with milliseconds: '12 ms', '1.4 s'; from a minute on like any duration."""
    if seconds is None or seconds >= MINUTE:
        return duration(seconds)
    milliseconds = int(max(0.0, seconds) * 1000 + _NOISE * 1000)
    return f'{milliseconds} ms' if milliseconds < 1000 else f'{milliseconds // 100 / 10:.1f} s'  # noqa: PLR2004


def minutes(seconds: float) -> str:
    """'212': whole minutes of a sum, rounded half up, without the unit; '<1' for less than a minute."""
    return '<1' if 0 < seconds < MINUTE - _NOISE else number(_rounded(seconds, MINUTE) // MINUTE)


def percent(share: float | None) -> str:
    """0.914 is '91.4 %', None is '–'. Only the whole is 100.0 %, and only nothing is 0.0 %."""
    if share is None:
        return NOTHING
    if 0 < share < _SMALLEST_SHARE:
        return '<0.1 %'
    if 1 - _SMALLEST_SHARE <= share < 1:
        return '99.9 %'
    return f'{share * 100:.1f} %'


def number(value: float | None, decimals: int = 0) -> str:
    """'1,204', or '1,204.5' with a decimal; None is '–'."""
    return NOTHING if value is None else f'{value:,.{decimals}f}'


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """'1 stop', '17 stops', '1,204 stops'; plural: if it is not the singular with an s."""
    return f'{number(count)} {singular if count == 1 else plural or f"{singular}s"}'


def file_size(size: int) -> str:
    """'840 kB', '2.4 MB', '1.2 GB', rounded up, so that a file above a limit reads as above it.
    size: in bytes; 1 kB is 1,024 bytes."""
    if size < MEGABYTE:
        return f'{number(-(-size // KILOBYTE))} kB'
    unit, name = (MEGABYTE, 'MB') if size < GIGABYTE else (GIGABYTE, 'GB')
    return f'{number(-(-size * 10 // unit) / 10, 1)} {name}'


def line_label(name: str, area: str | None) -> str:
    """'Hall 1 · Press line': a line in a list to choose from. area None: it is in none."""
    return name if area is None else f'{area} · {name}'
