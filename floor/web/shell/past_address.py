"""Which moment of the past somebody wants to see, and what stretch of time their slider spans, as an address has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from ...core.moments import Form, local_time
from ...core.query_parameters import Query

SPAN = timedelta(hours=24)
MAX_SPAN = timedelta(days=31)
NAMES = ('at', 'from', 'to')


@dataclass(frozen=True, slots=True)
class PastMoment:
    """A moment in UTC to the second, within the stretch that the slider spans."""

    at: datetime
    start: datetime
    end: datetime

    @classmethod
    def from_query(cls, query: Mapping[str, str], now: datetime, zone: tzinfo) -> PastMoment:
        """at, and the stretch as from and to; without at it is now. zone: of a time without an offset.

        :raises QueryError: a time that is none or is yet to come; a stretch that is too long or does not hold at
        """
        asked = Query(query, NAMES)
        now = now.astimezone(UTC).replace(microsecond=0)
        at, start, end = (moment and moment.replace(microsecond=0)
                          for moment in (asked.moment(name, zone) for name in NAMES))
        at = at or now
        if at > now:
            asked.fail('at', f'Cannot show the future: it is {local_time(now, zone, Form.FULL)} now')
        whole_end = max(at, min(now, at + SPAN / 2))
        whole = cls(at, whole_end - SPAN, whole_end)
        if start is not None and end is not None:
            end = min(end, now)
            if not start <= at <= end or start == end:
                asked.fail('from', f'Cannot use this range: {at_text(at)} must be between from and to')
            elif end - start > MAX_SPAN:
                asked.fail('from', f'Cannot show more than {MAX_SPAN.days} days: bring from and to closer together')
        elif asked.has('from') != asked.has('to'):
            asked.fail('from' if asked.has('from') else 'to', 'Cannot use from without to, or to without from')
        asked.check(whole)
        return whole if start is None or end is None else cls(at, start, end)

    def to(self, moment: datetime) -> PastMoment:
        """Another moment of the same stretch, or as near to it as the stretch goes."""
        return replace(self, at=min(max(moment.astimezone(UTC).replace(microsecond=0), self.start), self.end))


def at_text(at: datetime) -> str:
    """A moment as addresses of the past have it: '2026-11-23T10:42:07Z'."""
    return at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
