"""What feeds send is counted, and a stranger fills no memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from floor.core.machines import Status
from floor.feed.feed_counters import MAX_FEEDS, MAX_SENDERS, OTHERS, FeedCounters, RequestFault
from floor.feed.ingest import EventResult, FeedEvent, Result

UNKNOWN = RequestFault.UNKNOWN
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_events_are_counted_by_feed_and_feeds_beyond_a_limit_together() -> None:
    counters, event, accepted = FeedCounters(), FeedEvent('Valve', Status.DOWN), EventResult(Result.ACCEPTED)
    counters.count('gateway', [event, event], [accepted, EventResult(Result.DUPLICATE)])
    for number in range(MAX_FEEDS + 50):
        counters.count(f'feed {number}', [event], [accepted])
    counters.count('gateway', [event], [accepted])
    assert counters.events['gateway', 'accepted', ''] == 2
    assert counters.events['gateway', 'duplicate', ''] == 1
    assert counters.events['gateway', 'late', ''] == 0, 'a series from the first event on'
    assert ('gateway', 'late', '') in counters.events
    assert counters.events['feed 0', 'accepted', ''] == 1
    assert counters.events[OTHERS, 'accepted', ''] == 51
    assert len({feed for feed, _, _ in counters.events}) == MAX_FEEDS + 1


def test_of_refused_requests_only_the_latest_addresses_are_kept() -> None:
    clock = [NOON]
    counters = FeedCounters(lambda: clock[0])
    counters.refuse(UNKNOWN, '192.168.4.17')
    for number in range(1_000):
        clock[0] += timedelta(seconds=1)
        counters.refuse(UNKNOWN, f'10.0.{number // 256}.{number % 256}')
        counters.refuse(UNKNOWN, '192.168.4.17')
    assert counters.requests == {UNKNOWN: 2_001}
    assert len(counters.senders) == MAX_SENDERS
    latest = counters.senders[0]
    assert (latest.address, latest.times, latest.first_at, latest.last_at) == (
        '192.168.4.17', 1_001, NOON, NOON + timedelta(seconds=1_000))
