"""Which time a reading counts from: clocks of machines are wrong, and messages overtake each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .event_format import MAX_AHEAD_S, MAX_BEHIND_S

OUT_OF_ORDER = timedelta(minutes=10)
"""A reading that is older than the one before, by less than this, was overtaken; by more, the clock was set back."""
SKEW = timedelta(minutes=2)
"""A machine's clock may be so far behind what was reported last before it counts as wrong."""
STEP = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ReadingTime:
    """at: when the value began. is_overtaken: a newer reading was here before. fault: what is wrong with the clock."""

    at: datetime
    is_overtaken: bool = False
    fault: str | None = None


def reading_time(at: datetime | None, before: datetime | None, now: datetime) -> ReadingTime:
    """The time of a reading. at: by the source's clock; None: now. before: of the point's last reading."""
    if at is None:
        return ReadingTime(now)
    if (at - now).total_seconds() > MAX_AHEAD_S:
        return ReadingTime(now, fault='the clock is ahead')
    if before is not None and at < before:
        if before - at < OUT_OF_ORDER:
            return ReadingTime(at, is_overtaken=True)
        return ReadingTime(now, fault='the clock went back')
    if (now - at).total_seconds() > MAX_BEHIND_S:
        return ReadingTime(now)
    return ReadingTime(at)


def event_time(at: datetime, reported: datetime | None, now: datetime, *, was_lost: bool = False) -> ReadingTime:
    """The time of a change, which must be later than what was reported of the machine before: it would not be shown.

    reported: the time of the machine's last event. was_lost: that was no signal, since then nothing is known. Whole
    milliseconds, as in events: the app takes a second event of a status at the same time for the first.
    """
    at, now = _whole(at), _whole(now)
    if reported is None or at > reported:
        return ReadingTime(at)
    if was_lost:
        return ReadingTime(max(now, reported + STEP))
    if reported - at > SKEW:
        return ReadingTime(max(now, reported + STEP), fault='the clock is behind')
    return ReadingTime(reported + STEP)


def _whole(moment: datetime) -> datetime:
    """In milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
