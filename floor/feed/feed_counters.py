"""Counts what feeds send to this process since its start, and remembers from where requests come that are refused.

A stranger can send any number of tokens: neither they nor more than a few addresses are kept.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from .ingest import EventResult, FeedEvent, Result, refused_for

MAX_FEEDS = 100
OTHERS = 'others'
"""The name under which further feeds are counted together."""
MAX_SENDERS = 20
RECENT = timedelta(minutes=15)


class RequestFault(StrEnum):
    """What is wrong with the token of a request, so that all its events are refused."""

    UNKNOWN = 'unknown_token'
    ENDED = 'ended_token'
    """It was revoked or has expired."""
    OTHER = 'other_token'
    """It is not for reporting."""
    MISSING = 'no_token'


@dataclass(frozen=True, slots=True)
class RefusedSender:
    """Requests from one address that were refused for one fault. address: a network of IPv6; empty: unknown. token: the
    name of a token that is known."""

    fault: RequestFault
    address: str
    token: str
    times: int
    first_at: datetime
    last_at: datetime

    @property
    def key(self) -> tuple[RequestFault, str, str]:
        """What only this one has."""
        return self.fault, self.address, self.token


class FeedCounters:
    """One for the whole program."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.events: Counter[tuple[str, str, str]] = Counter()
        """Events by feed, result and reason, as floor_feed_events in /metrics has them."""
        self.requests: Counter[RequestFault] = Counter()
        """Requests that were refused for their token."""
        self._now = now
        self._senders: dict[tuple[RequestFault, str, str], RefusedSender] = {}

    @property
    def senders(self) -> Sequence[RefusedSender]:
        """Where refused requests came from, the latest first: MAX_SENDERS of them. The first to be forgotten are those
        without a token, as of scanners, then those that came once."""
        return tuple(reversed(self._senders.values()))

    @property
    def recent(self) -> Sequence[RefusedSender]:
        """Those with a token, in the last 15 minutes: somebody waits for what they report."""
        since = self._now() - RECENT
        return tuple(each for each in self.senders if each.fault is not RequestFault.MISSING and each.last_at > since)

    def count(self, feed: str, events: Sequence[FeedEvent | EventResult], results: Sequence[EventResult]) -> None:
        """Count events of a feed. feed: its name."""
        if (feed, Result.ACCEPTED, '') not in self.events:
            if len({name for name, *_ in self.events}) >= MAX_FEEDS:
                feed = OTHERS
            for result in Result:  # a rate needs a series that was there before the first event
                if result is not Result.REFUSED:
                    self.events[feed, result, ''] += 0
        for event, outcome in zip(events, results, strict=True):
            self.events[feed, outcome.result, refused_for(event, outcome)] += 1

    def refuse(self, fault: RequestFault, address: str, token: str = '') -> None:
        """Count a request that is refused. address: of the client, as a proxy may have written it."""
        address = _network(address)
        self.requests[fault] += 1
        key, now = (fault, address, token), self._now()
        known = self._senders.pop(key, None) or RefusedSender(fault, address, token, 0, now, now)
        if len(self._senders) >= MAX_SENDERS:
            del self._senders[min(self._senders.values(), key=_worth).key]
        self._senders[key] = replace(known, times=known.times + 1, last_at=now)


def _worth(sender: RefusedSender) -> tuple[bool, bool]:
    return sender.fault is not RequestFault.MISSING, sender.times > 1


def _network(address: str) -> str:
    """'192.168.4.17', or '2001:db8::/64': one sender has as many addresses of it as it likes. Empty: it is neither."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ''
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed), 64), strict=False))
