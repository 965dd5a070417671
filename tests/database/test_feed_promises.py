"""A feed that has promised to repeat its machines: one that it does not has no signal, until it is reported again."""

from __future__ import annotations

import random
from typing import Any

import pytest
from database.feed_floor import KEY, MINUTE, NOON, PAINTER, VALVE, Floor, event
from database.harness import set_clock

from floor.db.database import Database
from floor.feed.snapshot import read_floor

INTERVALS = """
    SELECT status, since, nullif(until, 'infinity') FROM status_intervals JOIN machines USING (machine_id)
    WHERE machine_name = $1 ORDER BY since"""
ALL = """
    SELECT machine_id, since, until, status, reason FROM status_intervals
    UNION ALL SELECT machine_id, since, until, 'stop', reason FROM machine_stops ORDER BY 1, 2, 4"""
LOST = 'SELECT machine_name, since FROM machines_without_data(floor_clock()) ORDER BY machine_name'
PROMISE = 3 * MINUTE


async def pass_until(floor: Floor, minutes: float) -> None:
    """The clock shows so many minutes after noon."""
    await set_clock(floor.connection, NOON + minutes * MINUTE)


async def lost(floor: Floor) -> list[tuple[str, float]]:
    """Machines, and minutes after noon."""
    return [(name, (since - NOON) / MINUTE) for name, since in await floor.connection.fetch(LOST)]


async def intervals(floor: Floor, machine: str = VALVE) -> list[tuple[Any, ...]]:
    """Status, and minutes after noon."""
    return [(status, *(None if at is None else round((at - NOON) / MINUTE, 3) for at in moments))
            for status, *moments in await floor.connection.fetch(INTERVALS, machine)]


async def test_a_machine_has_no_signal_from_the_moment_at_which_it_should_have_been_reported(site: Floor) -> None:
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'down'), promise=PROMISE)
    await pass_until(site, 2.9)
    assert await lost(site) == []
    await pass_until(site, 10)
    assert await lost(site) == [(PAINTER, 3), (VALVE, 3)]

    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    assert await lost(site) == [(PAINTER, 3)], 'of the other one nothing is known yet'
    assert await intervals(site) == [('operational', 0, 3), ('unknown', 3, 10), ('operational', 10, None)]
    await site.send(event(PAINTER, 'operational'), promise=PROMISE)
    stops = await site.connection.fetch('SELECT until - since AS length, unconfirmed FROM machine_stops')
    assert [tuple(stop) for stop in stops] == [(10 * MINUTE, 7 * 60_000_000)], 'no gap shortens a stop'


async def test_what_was_kept_meanwhile_leaves_no_gap_however_it_is_split(site: Floor) -> None:
    """As a gateway that has repeated its statuses into its queue while the app was away."""
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'operational'), promise=PROMISE)
    await pass_until(site, 10)
    kept = [(1, 'operational'), (3.5, 'down'), (6, 'down'), (6.5, 'operational'), (9, 'operational')]
    await site.send(*[event(VALVE, status, -minute, id=f'v{minute}') for minute, status in kept], promise=PROMISE)
    for minute, status in kept:
        await site.send(event(PAINTER, status, -minute, id=f'p{minute}'), promise=PROMISE)
    assert await lost(site) == []
    for machine in VALVE, PAINTER:
        assert await intervals(site, machine) == [('operational', 0, 3.5), ('down', 3.5, 6.5),
                                                  ('operational', 6.5, None)]


async def test_a_gap_between_two_reports_begins_when_the_second_was_due(site: Floor) -> None:
    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    await pass_until(site, 20)
    await site.send(event(VALVE, 'operational', -2, id='a'), promise=PROMISE)
    assert await lost(site) == [(VALVE, 5)]
    await site.send(event(VALVE, 'down', -15, id='b'), promise=PROMISE)
    assert await lost(site) == [(VALVE, 18)]
    assert await intervals(site) == [('operational', 0, 5), ('unknown', 5, 15), ('down', 15, None)]


async def test_a_late_status_in_a_gap_is_known_as_long_as_its_feed_promises(site: Floor) -> None:
    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    await pass_until(site, 20)
    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    await site.send(event(VALVE, 'down', -10), promise=PROMISE)
    assert await intervals(site) == [('operational', 0, 3), ('unknown', 3, 10), ('down', 10, 13), ('unknown', 13, 20),
                                     ('operational', 20, None)]


async def test_pages_know_the_promise(site: Floor, database: Database) -> None:
    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    machines = (await read_floor(site.connection, database.queries)).machines
    assert {machine.name: machine.silent_after for machine in machines} == {VALVE: 180, PAINTER: None}
    noon = round(NOON.timestamp() * 1000)
    for seconds, latest in (179, ('operational', noon)), (181, ('unknown', noon + 180_000)):
        events = [each async for each in database.queries.recent_events_of_machine(
            site.connection, machine_name=VALVE, now_ms=noon + seconds * 1000, most=2)]
        assert (events[0]['new_status'], events[0]['changed_ms']) == latest


async def test_what_a_gateway_says_of_a_lost_source_holds(site: Floor) -> None:
    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    await pass_until(site, 20)
    await site.send(event(VALVE, 'unknown', -1), promise=PROMISE)
    assert await lost(site) == [(VALVE, 1)]
    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    assert await intervals(site) == [('operational', 0, 1), ('unknown', 1, 20), ('operational', 20, None)]


@pytest.mark.parametrize('write', [
    "UPDATE machine_feed_stream SET status = 'warning' WHERE machine_name = $1",
    "UPDATE machine_feed_stream SET status = 'warning', silent_after = 1 WHERE machine_name = $1",
    "SELECT report_status($1, 'warning')",
    "SELECT report_status($1, 'warning', NULL, floor_clock())"])
async def test_who_reports_by_sql_or_without_the_promise_has_made_none(site: Floor, write: str) -> None:
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'operational'), promise=PROMISE)
    await pass_until(site, 1)
    await site.connection.execute(write.replace('$1', f"'{VALVE}'"))
    await site.send(event(PAINTER, 'warning'))
    await pass_until(site, 100)
    assert await lost(site) == []


async def test_the_shorter_of_the_promise_and_the_limit_of_the_plant_counts(site: Floor) -> None:
    await site.send(event(VALVE, 'operational'), promise=PROMISE)
    await pass_until(site, 100)
    for limit, since in (5 * MINUTE, 3), (2 * MINUTE, 2):
        await site.connection.execute('UPDATE plant_settings SET machine_silent_after = $1', limit)
        assert await lost(site) == [(VALVE, since)]


async def test_another_feed_that_reports_the_machine_keeps_it(site: Floor) -> None:
    other = await site.connection.fetchval(KEY, 'other', None, None)
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'operational'), promise=PROMISE)
    await pass_until(site, 2)
    await site.send(event(VALVE, 'operational'), feed=other, promise=10 * MINUTE)
    await pass_until(site, 11)
    assert await lost(site) == [(PAINTER, 3)]


async def test_a_renamed_machine_keeps_the_promise_and_one_that_left_and_came_back_has_none(site: Floor) -> None:
    await site.send(event(VALVE, 'operational'), event(PAINTER, 'operational'), promise=PROMISE)
    rename = "UPDATE machine_feed_stream SET machine_name = 'Valve', silent_after = 1 WHERE machine_name = $1"
    await site.connection.execute(rename, VALVE)
    await pass_until(site, 10)
    await site.connection.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', PAINTER)
    await site.connection.execute(
        "INSERT INTO machine_feed_stream (machine_name, status, silent_after) VALUES ($1, 'down', 1)", PAINTER)
    await pass_until(site, 100)
    assert await lost(site) == [('Valve', 3)]
    assert await intervals(site, PAINTER) == [('operational', 0, 3), ('unknown', 3, 10), ('down', 10, None)]


@pytest.mark.parametrize('seed', range(5))
async def test_intervals_and_stops_are_those_of_the_log(site: Floor, seed: int) -> None:
    """Whatever comes when, late or with gaps: derived again, they are the same."""
    rng = random.Random(seed)
    now = 0.0
    for number in range(60):
        now += rng.choice([0.5, 1, 2, 4, 8])
        await pass_until(site, now)
        ago = [rng.choice([0, 0, 0, 1, 3, 7]) for _ in range(rng.randint(1, 3))]
        await site.send(*[event(rng.choice([VALVE, PAINTER]), rng.choice(['operational', 'warning', 'down', 'unknown']),
                                each - now, id=f'{number}-{place}') for place, each in enumerate(ago)],
                        promise=rng.choice([PROMISE, PROMISE, 5 * MINUTE, None]))
    kept = [tuple(row) for row in await site.connection.fetch(ALL)]
    assert 'unknown' in {status for *_, status, _ in kept}
    await site.connection.execute('SELECT rebuild_history()')
    assert [tuple(row) for row in await site.connection.fetch(ALL)] == kept
