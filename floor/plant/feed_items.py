"""Feeds as their page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..core.formatting import duration
from ..feed.ingest import Result

NEVER = timedelta()
"""Of a feed that may send nothing as long as it likes."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed and what it has sent. line_ids, machine_ids: what its token may report; None: any.
    silent_after_setting: as it was set; NEVER: never silent; None: by the rule of silent_after_of() in
    sql/functions/36_silent_feeds.sql. silent_after: what that gives now; None: never. announced: after how long
    without a report, as it says itself, a machine of it is silent. last_event_at: None: it never reported. rate: events
    a minute. refused: in 24 hours."""

    id: int
    name: str
    made_by: str
    made_at: datetime
    line_ids: tuple[int, ...] | None = None
    machine_ids: tuple[int, ...] | None = None
    is_expired: bool = False
    silent_after_setting: timedelta | None = None
    silent_after: timedelta | None = None
    last_event_at: datetime | None = None
    silent_since: datetime | None = None
    accepted: int = 0
    refused: int = 0
    rate: int = 0
    announced: timedelta | None = None


@dataclass(frozen=True, slots=True)
class TailEvent:
    """One of the last events of a feed, and what became of it. number: counts the events of its feed. machine_id: None:
    there is no such machine. status: None: it had counts alone. at: as it was sent; None: now was meant."""

    number: int
    received_at: datetime
    machine: str
    machine_id: int | None
    status: str | None
    reason: str | None
    at: datetime | None
    result: Result
    message: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused for one cause, how often since when, and the last example. message: of several without what it
    quotes, such as names."""

    machine: str
    message: str
    times: int
    first_at: datetime
    last_at: datetime
    status: str | None
    reason: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class UnknownMachine:
    """A name that no machine on the floor has. feeds: names of those that reported it. ignored_by: who does not want to
    see it; None: nobody."""

    name: str
    times: int
    last_at: datetime
    feeds: tuple[str, ...]
    ignored_by: str | None = None


@dataclass(frozen=True, slots=True)
class SharedMachine:
    """A machine that several feeds report. feeds: names with the time of the last event, the latest first."""

    machine_id: int
    name: str
    feeds: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class EndedFeed:
    """A feed whose token works no longer and is still sent. is_revoked: otherwise it has expired."""

    id: int
    name: str
    is_revoked: bool
    ended_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class FeedOverview:
    """All feeds at one moment. tails, refusals: by id, of the feeds that were asked for."""

    feeds: Sequence[Feed] = ()
    ended: Sequence[EndedFeed] = ()
    unknown: Sequence[UnknownMachine] = ()
    shared: Sequence[SharedMachine] = ()
    tails: Mapping[int, Sequence[TailEvent]] = field(default_factory=dict)
    refusals: Mapping[int, Sequence[Refusal]] = field(default_factory=dict)


def to_feed(row: Any) -> Feed:
    """A row of the query feeds."""
    lines, machines = row['line_ids'], row['machine_ids']
    return Feed(row['feed_id'], row['name'], row['made_by'], row['made_at'],
                None if lines is None else tuple(lines), None if machines is None else tuple(machines),
                row['is_expired'], row['silent_after_setting'], row['silent_after'], row['last_event_at'],
                row['silent_since'], row['accepted'], row['refused_today'], row['rate'], row['announced'])


def to_tail_event(row: Any) -> TailEvent:
    """A row of the query feed_tail."""
    return TailEvent(row['number'], row['received_at'], row['machine'], row['machine_id'], row['status'],
                     row['reason'], row['at'], Result(row['result']), row['message'])


def to_refusal(row: Any) -> Refusal:
    """A row of the query feed_refusals."""
    return Refusal(row['machine'], row['message'], row['times'], row['first_at'], row['last_at'], row['status'],
                   row['reason'], row['at'])


def shared_machines(rows: Sequence[Any]) -> tuple[SharedMachine, ...]:
    """Rows of the query machines_of_many_feeds, one object for each machine."""
    by_machine: dict[tuple[int, str], list[tuple[str, datetime]]] = {}
    for row in rows:
        by_machine.setdefault((row['machine_id'], row['machine_name']), []).append((row['feed'], row['last_at']))
    return tuple(SharedMachine(machine_id, name, tuple(feeds)) for (machine_id, name), feeds in by_machine.items())


def limit_text(after: timedelta | None) -> str:
    """A setting of silent_after in words."""
    return 'automatic' if after is None else 'never' if after == NEVER else duration(after.total_seconds())
