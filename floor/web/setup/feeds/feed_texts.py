"""Feeds in words: their state, what became of an event, and when."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from ....core.formatting import Detail, duration
from ....core.machines import Status
from ....core.moments import Form, local_time
from ....feed.ingest import Result
from ....plant.feed_items import NEVER, Feed

QUIET_AFTER = timedelta(minutes=5)
"""Of a feed that never counts as silent."""
RESULTS = {Result.ACCEPTED: ('Accepted', Status.OPERATIONAL), Result.LATE: ('Late', Status.WARNING),
           Result.DUPLICATE: ('Duplicate', Status.UNKNOWN), Result.UNKNOWN_MACHINE: ('Unknown machine', Status.DOWN),
           Result.REFUSED: ('Refused', Status.DOWN)}
"""Words, with the status whose shape and colour they have."""
AUTOMATIC = 'Automatic'
LIMITS = {None: AUTOMATIC, NEVER: 'Never'} | {timedelta(minutes=minutes): text for minutes, text in (
    (1, '1 minute'), (5, '5 minutes'), (15, '15 minutes'), (60, '1 hour'), (240, '4 hours'), (480, '8 hours'),
    (1440, '1 day'))}
"""What can be chosen for silent_after."""


def state_of(feed: Feed, now: datetime, zone: tzinfo) -> tuple[str, Status]:
    """Whether a feed reports, in words, with the status whose shape and colour it has."""
    if feed.is_expired:
        return 'Token has expired', Status.DOWN
    if feed.last_event_at is None:
        return 'Never reported', Status.UNKNOWN
    if feed.silent_since is not None:
        return f'Silent since {when(feed.silent_since, now, zone)}', Status.WARNING
    if feed.silent_after is None and now - feed.last_event_at > QUIET_AFTER:
        return f'Quiet since {when(feed.last_event_at, now, zone)}', Status.UNKNOWN
    return 'Reporting', Status.OPERATIONAL


def limit_sentence(feed: Feed) -> str:
    """After how long it counts as silent now, and its machines."""
    if feed.announced is None:
        return f'{_own_limit(feed)} Its machines keep their status, unless MACHINE_SILENT_AFTER is set.'
    limit = duration(feed.announced.total_seconds(), Detail.BRIEF)
    return f'{_own_limit(feed)} A machine that it does not repeat within {limit} shows "No signal".'


def _own_limit(feed: Feed) -> str:
    if feed.silent_after is not None:
        limit = duration(feed.silent_after.total_seconds(), Detail.BRIEF)
        return f'It needs attention after {limit} without a message.'
    if feed.silent_after_setting == NEVER:
        return 'It never needs attention, however long it sends nothing.'
    return ('It needs attention after 5 min without a message, once it has sent something in at least half of the '
            'minutes of an hour.')


def when(at: datetime, now: datetime, zone: tzinfo) -> str:
    """'10:42', or with its date where it is not of today."""
    is_today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return local_time(at, zone, Form.TIME if is_today else Form.MINUTES)


def ago(at: datetime | None, now: datetime) -> str:
    """'12 s ago'; empty: never."""
    return '' if at is None else f'{duration(max(0.0, (now - at).total_seconds()), Detail.BRIEF)} ago'


def status_word(status: str | None) -> str:
    """What a feed sent as a status."""
    if status is None:
        return 'Counts'
    return Status(status).word if status in set(Status) else status
