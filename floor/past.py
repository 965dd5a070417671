"""Which moment of the past somebody wants to see, and what stretch of time their slider spans, as an address has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from .errors import InvalidInput

SPAN = timedelta(hours=24)
LONGEST_SPAN = timedelta(days=31)
FIRST_YEAR = 1970
LONGEST_TEXT = 40


@dataclass(frozen=True, slots=True)
class PastMoment:
    """A moment in UTC to the second, within the stretch that the slider spans."""

    at: datetime
    start: datetime
    end: datetime

    @classmethod
    def from_query(cls, query: Mapping[str, str], now: datetime, zone: tzinfo) -> PastMoment:
        """at, and the stretch as from and to; without at it is now. zone: of a time that names none.

        :raises InvalidInput: a time that is none or is yet to come; a stretch that does not hold at is left out
        """
        now = now.astimezone(UTC).replace(microsecond=0)
        at = parse_moment(query['at'], zone) if query.get('at') else now
        if at > now:
            raise InvalidInput(f'this moment is yet to come: it is {now.astimezone(zone):%Y-%m-%d %H:%M:%S} now', 'at')
        end = max(at, min(now, at + SPAN / 2))
        whole = cls(at, end - SPAN, end)
        try:
            start, end = (parse_moment(query.get(name, ''), zone) for name in ('from', 'to'))
        except InvalidInput:
            return whole
        end = min(end, now)
        return cls(at, start, end) if start <= at <= end and timedelta() < end - start <= LONGEST_SPAN else whole

    def to(self, moment: datetime) -> PastMoment:
        """Another moment of the same stretch, or as near to it as the stretch goes."""
        return replace(self, at=min(max(moment.astimezone(UTC).replace(microsecond=0), self.start), self.end))


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """An ISO time in UTC to the second; zone: of a time that names none.

    :raises InvalidInput: it is none
    """
    try:
        # a + in an address arrives as a blank
        moment = datetime.fromisoformat(text.strip()[:LONGEST_TEXT].replace(' ', '+' if 'T' in text else ' '))
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError) as error:
        raise InvalidInput('this is no time; write it as 2026-11-23T10:42:07', 'at') from error
    if moment.year < FIRST_YEAR:
        raise InvalidInput('no history goes back that far', 'at')
    return moment
