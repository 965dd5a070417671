"""The query of an address of the past: a moment, and the range of the slider."""

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
    """A moment in UTC, in whole seconds, within the range of the slider."""

    at: datetime
    start: datetime
    end: datetime

    @classmethod
    def from_query(cls, query: Mapping[str, str], now: datetime, zone: tzinfo) -> PastMoment:
        """Parse at, and the range as from and to; the default of at is now. zone: for times without an offset.

        :raises QueryError: a time is invalid or in the future; the range is too long or does not contain at
        """
        parsed = Query(query, NAMES)
        now = now.astimezone(UTC).replace(microsecond=0)
        at, start, end = (moment and moment.replace(microsecond=0)
                          for moment in (parsed.moment(name, zone) for name in NAMES))
        at = at or now
        if at > now:
            parsed.fail('at', f'Cannot show the future: it is {local_time(now, zone, Form.FULL)} now')
        default_end = max(at, min(now, at + SPAN / 2))
        default = cls(at, default_end - SPAN, default_end)
        if start is not None and end is not None:
            end = min(end, now)
            if not start <= at <= end or start == end:
                parsed.fail('from', f'Cannot use this range: {at_text(at)} must be between from and to')
            elif end - start > MAX_SPAN:
                parsed.fail('from', f'Cannot show more than {MAX_SPAN.days} days: bring from and to closer together')
        elif parsed.has('from') != parsed.has('to'):
            parsed.fail('from' if parsed.has('from') else 'to', 'Cannot use from without to, or to without from')
        parsed.check(default)
        return default if start is None or end is None else cls(at, start, end)

    def to(self, moment: datetime) -> PastMoment:
        """Another moment in the same range; a moment outside is moved to the nearest end."""
        return replace(self, at=min(max(moment.astimezone(UTC).replace(microsecond=0), self.start), self.end))


def at_text(at: datetime) -> str:
    """A moment as in addresses of the past: '2026-11-23T10:42:07Z'."""
    return at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
