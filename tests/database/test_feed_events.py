"""Events that feeds send: what becomes of each, and that many at once are what they are one by one."""

from __future__ import annotations

import random

import pytest
from database.feed_floor import KEY, MINUTE, NOON, PAINTER, VALVE, Floor, event
from database.postgres import Connect

pytestmark = pytest.mark.newest_postgres


async def rows_read(floor: Floor, table: str) -> int:
    """In this transaction."""
    return int(await floor.connection.fetchval(
        'SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = $1::text::regclass', table))


async def test_each_event_has_a_result_and_none_disturbs_another(site: Floor) -> None:
    results = await site.send(
        event(VALVE, 'down', 40, reason='Leak', id='a'), event(VALVE, 'operational', 5, id='b'),
        event('Nowhere', 'down'), event(PAINTER, 'warning', -3), event(PAINTER, 'warning', 60 * 24 * 8),
        event(PAINTER, 'down', 10, id='a'), event(PAINTER, 'down', 10, id='c'), event(PAINTER, 'down', 10, id='d'),
        event(PAINTER, 'warning', 10, id='e'))
    assert [result for result, _ in results] == [
        'accepted', 'accepted', 'unknown_machine', 'refused', 'refused', 'duplicate', 'accepted', 'duplicate',
        'refused']
    assert results[2][1] == "no machine on this floor is called 'Nowhere'"
    assert 'set the clock of the sender' in str(results[3][1])
    assert 'too late' in str(results[4][1])
    assert results[8][1] == 'another status was reported for this moment before'

    stop = await site.connection.fetchrow(
        'SELECT until - since AS length, reason FROM machine_stops ORDER BY machine_id')
    assert stop is not None and (stop['length'], stop['reason']) == (35 * MINUTE, 'Leak')
    totals = await site.connection.fetchrow('SELECT accepted, refused FROM feed_totals')
    assert totals is not None and tuple(totals) == (5, 4)
    refusals = await site.connection.fetch('SELECT machine, times FROM feed_refusals ORDER BY machine, times')
    assert [tuple(row) for row in refusals] == [('Nowhere', 1), (PAINTER, 1), (PAINTER, 1), (PAINTER, 1)]


async def test_events_with_the_same_fault_are_counted_together(site: Floor) -> None:
    results = await site.send(event(VALVE, 'down', -3), event(VALVE, 'down', -4), event(VALVE, 'down', 60 * 24 * 8))
    assert [message for _, message in results] == [
        "its time is more than 2 min ahead of the server's clock: set the clock of the sender"] * 2 + [
        'its time is more than 7 days ago: too late to be put into the history']
    assert [tuple(row) for row in await site.connection.fetch(
        'SELECT times, at FROM feed_refusals ORDER BY times')] == [
            (1, NOON - 8 * 24 * 60 * MINUTE), (2, NOON + 4 * MINUTE)]


async def test_what_is_sent_again_is_stored_once(site: Floor) -> None:
    events = [event(VALVE, 'down', 40, id='1'), event(VALVE, 'operational', 20), event(VALVE, 'down', 30)]
    assert [result for result, _ in await site.send(*events)] == ['accepted'] * 3
    before = await site.past()

    assert [result for result, _ in await site.send(*events)] == ['duplicate'] * 3
    assert await site.past() == before

    await site.connection.execute("UPDATE feed_event_ids SET received_at = now() - interval '9 days'")
    await site.send(event(VALVE, 'down', id='2'))
    assert await site.connection.fetchval('SELECT array_agg(event_id) FROM feed_event_ids') == ['2']  # 1 is forgotten


async def test_the_ids_that_are_known_make_no_request_slower(site: Floor) -> None:
    await site.send(event(VALVE, 'operational', id='first'))  # planned while there are few, and not again
    await site.connection.execute(
        'INSERT INTO feed_event_ids (feed_id, event_id) SELECT $1, n::text FROM generate_series(1, 20000) AS n',
        site.feed)
    await site.connection.execute("INSERT INTO feed_event_ids (feed_id, event_id, received_at) "
                                  "VALUES ($1, 'old', now() - interval '9 days')", site.feed)
    async with site.connection.transaction():
        await site.send(event(VALVE, 'down', id='new'))
        assert await rows_read(site, 'feed_event_ids') < 20
    assert await site.connection.fetchval("SELECT count(*) FROM feed_event_ids WHERE event_id IN ('old', 'new')") == 1


@pytest.mark.parametrize('live', ['operational', 'down'])
async def test_many_late_events_of_one_stop_are_no_slower_than_few(site: Floor, live: str) -> None:
    await site.connection.execute("SELECT report_status($1, 'operational', NULL, $2)", VALVE, NOON - 90 * MINUTE)
    await site.connection.execute('SELECT report_status($1, $2, NULL, $3)', VALVE, live, NOON - MINUTE)
    read = []
    for first in 80, 40:
        async with site.connection.transaction():
            before = await rows_read(site, 'status_intervals')
            await site.send(*[event(VALVE, 'down', first - n / 10, reason=f'{first} {n}') for n in range(first * 5)])
            read.append(await rows_read(site, 'status_intervals') - before)
    assert read[0] < 400 * 20 and read[1] < 200 * 20
    assert await site.connection.fetchval('SELECT count(*) FROM machine_stops') == 1


async def test_a_stop_has_the_reason_that_its_late_events_give_it(site: Floor) -> None:
    await site.connection.execute("SELECT report_status($1, 'operational', NULL, $2)", VALVE, NOON - 90 * MINUTE)
    await site.connection.execute("SELECT report_status($1, 'operational', NULL, $2)", VALVE, NOON)
    for minutes_ago, reason, of_stop in (40, None, None), (20, 'Jam', 'Jam'), (30, 'Leak', 'Jam'), (10, 'Oil', 'Oil'):
        assert await site.send(event(VALVE, 'down', minutes_ago, reason=reason)) == [('late', None)]
        assert await site.connection.fetchval('SELECT reason FROM machine_stops') == of_stop
    chance = random.Random(7)
    for _ in range(60):
        await site.send(event(VALVE, chance.choice(['down', 'down', 'down', 'operational', 'unknown']),
                              chance.randrange(1, 60), reason=chance.choice([None, None, 'Jam', 'Leak'])))
        assert await site.connection.fetch(
            'SELECT version, since, until, reason, repaired, unconfirmed FROM machine_stops ORDER BY since') == \
            await site.connection.fetch(
            "SELECT version, since, nullif(until, 'infinity'), reason, repaired, unconfirmed "
            "FROM stops_in_intervals(machine_called($1), '-infinity', 'infinity') ORDER BY since", VALVE)


async def test_a_gateway_that_was_offline_says_what_happened_meanwhile(site: Floor) -> None:
    await site.connection.execute("SELECT report_status($1, 'operational', NULL, $2)", VALVE, NOON - 90 * MINUTE)
    day = [event(VALVE, 'down', 60, reason='Leak', id='1'), event(VALVE, 'unknown', 50, id='2'),
           event(VALVE, 'operational', 20, id='3'), event(VALVE, 'unknown', 5, id='4')]
    assert [result for result, _ in await site.send(*day)] == ['accepted'] * 4
    rows = await site.connection.fetch(
        'SELECT i.status, i.since FROM intervals_of(machine_ids($1), $2, $3, $3) i ORDER BY i.since', [VALVE],
        NOON - 90 * MINUTE, NOON)
    assert [(row['status'], (NOON - row['since']) / MINUTE) for row in rows] == [
        ('operational', 90), ('down', 60), ('unknown', 50), ('operational', 20), ('unknown', 5)]
    before = await site.past()
    assert [result for result, _ in await site.send(*day)] == ['duplicate'] * 4
    unnamed = [{name: value for name, value in each.items() if name != 'id'} for each in day]
    assert [result for result, _ in await site.send(*unnamed)] == ['duplicate'] * 3 + ['accepted'], 'it still is so'
    assert [result for result, _ in await site.send(event(VALVE, 'warning', 10))] == ['late']
    stops = await site.connection.fetch('SELECT until - since AS length, unconfirmed FROM machine_stops')
    assert [tuple(row) for row in stops] == [(40 * MINUTE, 30 * 60_000_000)]
    assert (await site.past())['floor'] != before['floor']


async def test_events_of_a_machine_that_is_back_without_a_status_belong_to_before_it_left(site: Floor) -> None:
    await site.send(event(VALVE, 'operational', 60))
    await site.connection.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    await site.connection.execute('INSERT INTO machine_feed_stream (machine_name) VALUES ($1)', VALVE)
    assert await site.send(event(VALVE, 'down', 40)) == [('late', None)]
    assert await site.connection.fetchval(
        'SELECT status FROM machine_feed_stream WHERE machine_name = $1', VALVE) is None


async def test_events_mark_the_days_that_they_change_and_no_others(site: Floor) -> None:
    async def marked() -> list[int]:
        rows = await site.connection.fetch('SELECT DISTINCT day FROM changed_days ORDER BY day DESC')
        await site.connection.execute('TRUNCATE changed_days')
        return [(NOON.date() - row['day']).days for row in rows]

    day = 24 * 60
    await marked()
    await site.send(event(VALVE, 'down', 5 * day), event(VALVE, 'operational', 3 * day), event(PAINTER, 'down', 60))
    assert await marked() == [0, 1, 2, 3, 4, 5], 'until now, as what was reported last goes on'
    await site.send(event(VALVE, 'warning', 4 * day), event(VALVE, 'down', 30))
    assert await marked() == [0, 1, 2, 3, 4], 'until the next status but one, of which there is none yet'
    await site.send(event(VALVE, 'unknown', 2 * day), event(PAINTER, 'down', 30))
    assert await marked() == [0, 1, 2]


async def test_counts_are_stored_where_their_event_is(site: Floor) -> None:
    async def counts() -> list[tuple[float, int]]:
        rows = await site.connection.fetch(
            'SELECT minute, good FROM machine_counts WHERE machine_id = machine_called($1) ORDER BY minute', VALVE)
        return [((NOON - row['minute']) / MINUTE, row['good']) for row in rows]

    made = {'reject': 0, 'cycles': 0}
    await site.send(event(VALVE, 'down', 5))
    sent = await site.send(
        event(VALVE, 'down', 5, id='1', good=1, **made), event(VALVE, 'down', 5, good=2, **made),
        event(VALVE, 'warning', 5, id='3', good=4, **made), event('Nowhere', 'down', good=8, **made),
        {'machine': VALVE, 'good': 16, **made}, {'machine': VALVE, 'good': 32, 'id': '1', **made},
        {'machine': VALVE, 'good': 0, 'at': NOON - 9 * MINUTE, **made})
    assert [result for result, _ in sent] == [
        'accepted', 'duplicate', 'refused', 'unknown_machine', 'accepted', 'duplicate', 'accepted']
    assert await counts() == [(5, 1), (0, 16)], 'not of what is refused, or may be stored already'
    status = 'SELECT status, reported_at FROM machine_feed_stream WHERE machine_name = $1'
    assert tuple(await site.connection.fetchrow(status, VALVE)) == ('down', NOON - 5 * MINUTE)


async def test_a_token_reports_its_own_machines_and_lines(site: Floor) -> None:
    value = site.connection.fetchval
    valve, line = await value('SELECT machine_id FROM machines WHERE machine_name = $1', VALVE), \
        await value('SELECT line_id FROM machines WHERE machine_name = $1', PAINTER)
    of_valve, of_line = await value(KEY, 'valve', None, [valve]), await value(KEY, 'line', [line], None)
    both = event(VALVE, 'down'), event(PAINTER, 'down')

    assert await site.send(*both, feed=of_valve) == [
        ('accepted', None), ('refused', f"this token may not report '{PAINTER}'")]
    assert [result for result, _ in await site.send(*both, feed=of_line)] == ['refused', 'accepted']


async def test_many_at_once_are_what_they_are_one_by_one(site: Floor, connect: Connect) -> None:
    draw = random.Random(18)
    events = [event(draw.choice((VALVE, PAINTER)), draw.choice(('operational', 'warning', 'down', 'unknown')),
                    draw.choice((None, draw.randrange(600))), reason=draw.choice((None, 'Leak', 'Jam')))
              for _ in range(120)]
    transaction = site.connection.transaction()
    await transaction.start()
    ordered = sorted(events, key=lambda each: each['at'] or NOON + MINUTE)
    for each in ordered:
        await site.connection.fetchval('SELECT report_status($1, $2, $3, $4)', each['machine'], each['status'],
                                       each.get('reason'), each['at'])
    one_by_one = await site.past()
    await transaction.rollback()

    await site.send(*events)

    assert await site.past() == one_by_one
