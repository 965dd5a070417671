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


def test_who_sends_once_or_without_a_token_does_not_push_out_who_sends_again() -> None:
    counters = FeedCounters(lambda: NOON)
    for _ in range(2):
        counters.refuse(UNKNOWN, '192.168.4.17')
    counters.refuse(UNKNOWN, '192.168.4.18')
    for number in range(100):
        for _ in range(3):
            counters.refuse(RequestFault.MISSING, f'10.0.0.{number}')
    assert {'192.168.4.17', '192.168.4.18'} < {each.address for each in counters.senders}
    for number in range(100):
        counters.refuse(UNKNOWN, f'10.0.1.{number}')
    assert '192.168.4.17' in {each.address for each in counters.senders}


def test_an_address_is_one_of_ipv4_a_network_of_ipv6_or_unknown() -> None:
    counters = FeedCounters(lambda: NOON)
    for address in ('2001:db8::1', '2001:db8::2:1', '::ffff:192.168.4.17', '192.168.4.17', 'x' * 60_000,
                    f'fe80::1%{"x" * 60_000}', ''):
        counters.refuse(UNKNOWN, address)
    assert [(each.address, each.times) for each in reversed(counters.senders)] == [
        ('2001:db8::/64', 2), ('192.168.4.17', 2), ('fe80::/64', 1), ('', 2)]
