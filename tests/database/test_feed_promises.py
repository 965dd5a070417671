"""The machines of a feed that has promised to report, and is silent: no signal, until it reports again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from database.feed_floor import KEY, MINUTE, NOON, PAINTER, VALVE, Floor, event
from database.harness import set_clock

INTERVALS = """
    SELECT status, since, nullif(until, 'infinity') FROM status_intervals JOIN machines USING (machine_id)
    WHERE machine_name = $1 ORDER BY since"""
LOST = 'SELECT machine_name, since FROM machines_without_data(floor_clock()) ORDER BY machine_name'
PROMISE = 3 * MINUTE


async def promise(floor: Floor, own: timedelta | None = None, announced: timedelta | None = PROMISE) -> None:
    await floor.connection.execute('UPDATE access_keys SET silent_after = $1, announced_silent_after = $2', own,
                                   announced)


async def pass_until(floor: Floor, minutes: float) -> None:
    """The clock shows so many minutes after noon; what was sent last was sent at noon."""
    await set_clock(floor.connection, NOON + minutes * MINUTE)
    await floor.connection.execute('UPDATE feed_totals SET last_event_at = $1', NOON)
    await floor.connection.execute('SELECT note_silent_feeds()')


async def lost(floor: Floor) -> list[tuple[str, datetime]]:
    return [tuple(row) for row in await floor.connection.fetch(LOST)]


async def intervals(floor: Floor, machine: str = VALVE) -> list[tuple[Any, ...]]:
    """Status, and minutes after noon."""
    return [(status, *(None if at is None else (at - NOON) / MINUTE for at in moments))
            for status, *moments in await floor.connection.fetch(INTERVALS, machine)]


async def test_its_machines_have_no_signal_from_the_moment_at_which_it_should_have_reported(site: Floor) -> None:
    await promise(site)
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'down'))
    await pass_until(site, 10)
    assert await lost(site) == [(PAINTER, NOON + PROMISE), (VALVE, NOON + PROMISE)]
    await site.connection.execute('SELECT note_silent_feeds()')   # another instance
    assert await lost(site) == [(PAINTER, NOON + PROMISE), (VALVE, NOON + PROMISE)]

    await site.send(event(VALVE, 'operational'))
    assert await lost(site) == [(PAINTER, NOON + PROMISE)], 'of the other one nothing is known yet'
    assert await intervals(site) == [('operational', 0, 3), ('unknown', 3, 10), ('operational', 10, None)]
    assert await site.connection.fetchval('SELECT unconfirmed FROM machine_stops') == 0


async def test_a_stop_goes_on_while_its_feed_is_silent(site: Floor) -> None:
    await promise(site)
    await site.send(event(VALVE, 'down'))
    await pass_until(site, 10)
    await site.send(event(VALVE, 'operational'))
    assert await site.connection.fetchval("SELECT (until - since, unconfirmed) = (interval '10 min', 420000000) "
                                          'FROM machine_stops')


async def test_what_was_kept_meanwhile_leaves_no_gap(site: Floor) -> None:
    """As a gateway that has repeated its statuses into its queue while the app was away."""
    await promise(site)
    await site.send(event(VALVE, 'operational'))
    await pass_until(site, 10)
    await site.send(*[event(VALVE, status, -minute, id=str(minute)) for minute, status in (
        (1, 'operational'), (3.5, 'down'), (4, 'down'), (6.5, 'operational'), (9, 'operational'))])
    assert await lost(site) == []
    assert await intervals(site) == [('operational', 0, 3.5), ('down', 3.5, 6.5), ('operational', 6.5, None)]


async def test_what_arrives_in_several_requests_leaves_only_the_gap_that_it_has(site: Floor) -> None:
    await promise(site)
    await site.send(event(VALVE, 'operational'))
    await pass_until(site, 20)
    await site.send(event(VALVE, 'operational', -2))
    assert await lost(site) == [(VALVE, NOON + PROMISE)], 'it is not of now'
    await site.send(event(VALVE, 'down', -4))
    await site.send(event(VALVE, 'operational', -15))
    assert await lost(site) == []
    assert await intervals(site) == [('operational', 0, 4), ('down', 4, 15), ('operational', 15, None)]


async def test_a_gap_that_nobody_filled_begins_when_a_report_was_due(site: Floor) -> None:
    await promise(site)
    await site.send(event(VALVE, 'operational'))
    await pass_until(site, 20)
    await site.send(event(VALVE, 'operational', -2, id='a'), event(VALVE, 'down', -15, id='b'))
    assert await intervals(site) == [('operational', 0, 5), ('unknown', 5, 15), ('down', 15, None)]


async def test_what_a_gateway_says_of_a_lost_source_holds(site: Floor) -> None:
    await promise(site)
    await site.send(event(VALVE, 'operational'))
    await pass_until(site, 20)
    await site.send(event(VALVE, 'unknown'))
    assert await lost(site) == [(VALVE, NOON + PROMISE)]
    await site.send(event(VALVE, 'unknown', -1))
    assert await lost(site) == [(VALVE, NOON + MINUTE)]
    await site.send(event(VALVE, 'operational'))
    assert await intervals(site) == [('operational', 0, 1), ('unknown', 1, 20), ('operational', 20, None)]


async def test_a_report_by_sql_counts_too(site: Floor) -> None:
    await promise(site)
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'down'))
    await set_clock(site.connection, NOON + 5 * MINUTE)
    update = "UPDATE machine_feed_stream SET status = 'warning' WHERE machine_name = $1"
    await site.connection.execute(update, VALVE)
    await pass_until(site, 10)
    assert await lost(site) == [(PAINTER, NOON + PROMISE)], 'the other one was heard of since'
    await site.connection.execute(update, PAINTER)
    assert await lost(site) == []
    assert await intervals(site, PAINTER) == [('down', 0, 3), ('unknown', 3, 10), ('warning', 10, None)]


@pytest.mark.parametrize(('own', 'announced', 'since'), [
    (timedelta(minutes=1), PROMISE, 1), (timedelta(hours=1), PROMISE, None), (timedelta(0), PROMISE, None),
    (None, None, None)])
async def test_a_feed_that_has_promised_nothing_leaves_the_status(
        site: Floor, own: timedelta | None, announced: timedelta | None, since: float | None) -> None:
    """One that only reports changes would turn a quiet floor into one without signal."""
    await promise(site, own, announced)
    await site.send(event(VALVE, 'operational'))
    await site.connection.execute("""
        INSERT INTO feed_minutes SELECT feed_id, $1::timestamptz - n * interval '1 minute', 1, 0
        FROM feed_totals CROSS JOIN generate_series(0, 59) AS n""", NOON)
    now = await site.connection.fetchval('SELECT clock_timestamp()')
    await site.connection.execute('UPDATE feed_totals SET last_event_at = $1', now - 10 * MINUTE)
    await site.connection.execute('SELECT note_silent_feeds()')
    found = await site.connection.fetchval('SELECT min(signal_lost_at) FROM machine_feed_stream')
    assert found == (None if since is None else now - 10 * MINUTE + since * MINUTE)


async def test_another_feed_that_reports_the_machine_keeps_it(site: Floor) -> None:
    other = await site.connection.fetchval(KEY, 'other', None, None)
    await promise(site)
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'operational'))
    await site.send(event(VALVE, 'operational'), feed=other)
    await site.connection.execute("UPDATE feed_machines SET last_at = last_at - interval '1 minute' WHERE feed_id = $1",
                                  site.feed)
    await set_clock(site.connection, NOON + 10 * MINUTE)
    await site.connection.execute('UPDATE feed_totals SET last_event_at = $1 WHERE feed_id = $2', NOON, site.feed)
    await site.connection.execute('SELECT note_silent_feeds()')
    assert await lost(site) == [(PAINTER, NOON + PROMISE)]
