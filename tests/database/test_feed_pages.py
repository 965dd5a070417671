"""What the page of the feeds reads: the last events, events by minute, unknown names, silent feeds."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from database.feed_floor import KEY, PAINTER, VALVE, Floor, event
from database.people import LISA, MIKE
from database.postgres import Connect

from floor.access.api_tokens import ApiTokens, NewToken
from floor.core.errors import InvalidInputError, NotAllowedError, NotFoundError, SignedOutError
from floor.core.machines import Status
from floor.core.people import Role
from floor.core.scopes import TokenScope
from floor.db.database import Database
from floor.feed.ingest import EventResult, FeedEvent, Result
from floor.orders.employees import Employees
from floor.plant.feed_commands import FeedCommands
from floor.plant.feed_items import NEVER

pytestmark = pytest.mark.newest_postgres

TAIL = 'SELECT machine, status, result, message FROM feed_tail ORDER BY number'
SILENT = 'SELECT silent_since IS NOT NULL FROM feed_totals'


async def tail(floor: Floor) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await floor.connection.fetch(TAIL)]


async def pass_by(floor: Floor, interval: str) -> None:
    """What the feeds have sent was so long ago."""
    await floor.connection.execute(f"UPDATE feed_totals SET last_event_at = last_event_at - interval '{interval}'")
    await floor.connection.execute(f"""
        CREATE TEMP TABLE earlier AS
        SELECT feed_id, minute - interval '{interval}', accepted, refused FROM feed_minutes;
        DELETE FROM feed_minutes;
        INSERT INTO feed_minutes TABLE earlier; DROP TABLE earlier""")


async def is_silent(floor: Floor) -> bool:
    await floor.connection.execute('SELECT note_silent_feeds()')
    return bool(await floor.connection.fetchval(SILENT))


async def test_the_last_50_events_are_kept_with_what_became_of_them(site: Floor) -> None:
    await site.send(event(VALVE, 'down', 40, id='1', reason='Leak'), event('Nowhere', 'down', 1),
                    event(VALVE, 'operational', id='1'))
    await site.send(event(VALVE, 'warning', 50))
    assert await tail(site) == [
        (VALVE, 'down', 'accepted', None),
        ('Nowhere', 'down', 'unknown_machine', "no machine on this floor is called 'Nowhere'"),
        (VALVE, 'operational', 'duplicate', None), (VALVE, 'warning', 'late', None)]

    for _ in range(2):
        await site.send(*[event(PAINTER, 'down', id=str(number)) for number in range(70)])
    assert [(status, result) for _, status, result, _ in await tail(site)] == [('down', 'duplicate')] * 50
    minutes = await site.connection.fetch('SELECT accepted, refused FROM feed_minutes')
    assert (sum(row['accepted'] for row in minutes), sum(row['refused'] for row in minutes)) == (143, 1)


async def test_events_that_cannot_be_read_are_counted_and_shown_too(site: Floor) -> None:
    results = await site.send(
        {'machine': VALVE, 'status': 'broken', 'reason': None, 'message': 'status: use down'}, event(VALVE, 'down'),
        {'machine': '', 'status': '', 'reason': None, 'message': 'event: no object'})
    assert results == [('refused', 'status: use down'), ('accepted', None), ('refused', 'event: no object')]
    assert await tail(site) == [(VALVE, 'broken', 'refused', 'status: use down'), (VALVE, 'down', 'accepted', None),
                                ('', '', 'refused', 'event: no object')]
    assert await site.connection.fetchval('SELECT refused FROM feed_totals') == 2


async def test_long_names_and_messages_are_refused_as_short_ones_are(site: Floor) -> None:
    draw = random.Random(35)
    rare = ''.join(chr(draw.randrange(0x20000, 0x2A000)) for _ in range(700))  # 4 bytes each, and not compressible
    await site.send(event('N' * 200 + 'A', 'down'), event('N' * 200 + 'B', 'warning'),
                    {'machine': rare[:200], 'status': '', 'message': rare[200:]}, event(VALVE, 'down'))
    refusals = await site.connection.fetch('SELECT machine, status, times FROM feed_refusals ORDER BY times')
    assert [tuple(row) for row in refusals] == [(rare[:200], '', 1), ('N' * 200, 'warning', 2)]


async def test_the_latest_unknown_names_and_causes_of_a_feed_are_kept(site: Floor) -> None:
    await site.send(*[event(f'Nowhere {number}', 'down') for number in range(201)])
    await site.send(*[{'machine': VALVE, 'status': '', 'message': f'no status: {number}'} for number in range(201)])
    for table in 'feed_unknown_names', 'feed_refusals':
        assert await site.connection.fetchval(f'SELECT count(*) FROM {table}') == 200


async def test_a_flood_of_names_and_values_leaves_every_other_cause_on_the_page(
        site: Floor, commands: FeedCommands) -> None:
    await site.send(event(PAINTER, 'down', -3), event(VALVE, 'down', -4))
    for first in range(0, 300, 100):
        await site.send(*[event(f"It's {number}", 'down') for number in range(first, first + 100)])
        await site.send(*[{'machine': VALVE, 'status': '', 'message':
                           f"CNC's mode: the value {f'{quote}{number}'!r} is not in its mapping"}
                          for number in range(first, first + 100) for quote in ('x', "'")])
    await site.send(event("Somebody's", 'down'))
    refused = (await commands.overview([site.feed])).refusals[site.feed]
    assert [(each.machine, each.message, each.times) for each in refused] == [
        ("Somebody's", 'no machine on this floor is called …', 301),
        (VALVE, "CNC's mode: the value … is not in its mapping", 600),
        (VALVE, "its time is more than 2 min ahead of the server's clock: set the clock of the sender", 2)]
    assert refused[0].first_at < refused[0].last_at


async def test_only_what_was_refused_once_is_quoted(site: Floor, commands: FeedCommands) -> None:
    """The one machine was not reported as often as all of them."""
    async def refused() -> set[tuple[str, str, int]]:
        return {(each.machine, each.message, each.times)
                for each in (await commands.overview([site.feed])).refusals[site.feed]}

    value = 'the value {} is not in its mapping, and {} not either'
    await site.send(event('Sawww', 'down'),
                    {'machine': VALVE, 'status': '', 'message': value.format("'x'", '"y"')})
    assert await refused() == {('Sawww', "no machine on this floor is called 'Sawww'", 1),
                               (VALVE, value.format("'x'", '"y"'), 1)}
    await site.send(event('saw_1', 'down'),
                    {'machine': PAINTER, 'status': '', 'message': value.format("'z'", '"y"')})
    assert await refused() == {('saw_1', 'no machine on this floor is called …', 2),
                               (PAINTER, value.format('…', '…'), 2)}


async def test_a_steady_feed_that_stops_is_silent_until_it_reports_again(site: Floor, connect: Connect) -> None:
    heard: list[str] = []
    listening = await connect()
    channel = await site.connection.fetchval('SELECT name FROM notification_channel')
    await listening.add_listener(channel, lambda *arguments: heard.append(arguments[3]))

    def announced() -> int:
        return sum('a feed fell silent, or reports again' in payload for payload in heard)

    await site.send(event(VALVE, 'down'))
    await pass_by(site, '6 minutes')
    assert not await is_silent(site)  # a feed that reported once is no steady one

    minutes = """
        INSERT INTO feed_minutes SELECT $1, date_trunc('minute', clock_timestamp()) - n * interval '1 minute', 1, 0
        FROM generate_series($2::int, $3) AS n"""
    await site.connection.execute(minutes, site.feed, 10, 37)
    assert not await is_silent(site)  # with the minute of its event, 29 of the last hour
    await site.connection.execute(minutes, site.feed, 50, 50)
    assert await is_silent(site)
    assert await is_silent(site)
    await listening.fetchval('SELECT 1')
    assert announced() == 1  # not at each look

    await site.send(event(VALVE, 'operational'))
    assert not await site.connection.fetchval(SILENT)
    await listening.fetchval('SELECT 1')
    assert announced() == 2


@pytest.mark.parametrize(('own', 'announced', 'of_machines', 'after_seconds'), [
    (None, '3 minutes', None, 180), (None, '3 minutes', '1 hour', 180), ('1 hour', '3 minutes', '1 minute', 3_600)])
async def test_a_new_feed_that_says_when_it_is_silent_is_taken_at_its_word(
        site: Floor, own: str | None, announced: str, of_machines: str | None, after_seconds: int) -> None:
    """As a gateway that is killed in its first minutes: none of its machines is shown as live for long."""
    await site.send(event(VALVE, 'operational'))
    await site.connection.execute('UPDATE access_keys SET silent_after = $1::text::interval, '
                                  'announced_silent_after = $2::text::interval', own, announced)
    await site.connection.execute('UPDATE plant_settings SET machine_silent_after = $1::text::interval', of_machines)
    await pass_by(site, f'{after_seconds - 30} seconds')
    assert not await is_silent(site)
    await pass_by(site, '31 seconds')
    assert await is_silent(site)


@pytest.mark.parametrize(('limit', 'silent'), [('1 minute', True), ('0', False), ('1 hour', False)])
async def test_a_feed_has_its_own_limit(site: Floor, limit: str, silent: bool) -> None:
    await site.send(event(VALVE, 'down'))
    await site.connection.execute(f"UPDATE access_keys SET silent_after = '{limit}'")
    await site.connection.execute("UPDATE plant_settings SET machine_silent_after = '10 seconds'")
    await pass_by(site, '6 minutes')
    assert await is_silent(site) == silent

    await site.connection.execute('UPDATE access_keys SET revoked_at = now()')
    assert not await is_silent(site)


async def test_a_machine_belongs_to_the_feed_that_reported_it_last(site: Floor) -> None:
    other = await site.connection.fetchval(KEY, 'script', None, None)
    await site.send(event(VALVE, 'down'), event(PAINTER, 'down'), event('Nowhere', 'down'))
    await site.send(event(VALVE, 'warning'), feed=other)
    owners = {row['machine_name']: row['feed_id'] for row in await site.connection.fetch(
        'SELECT machine_name, feed_id FROM feeds_of_machines JOIN machines USING (machine_id)')}
    assert owners == {VALVE: other, PAINTER: site.feed}


@pytest.fixture
def commands(database: Database) -> FeedCommands:
    return FeedCommands(database, Employees(database, default_role=Role.VIEWER))


async def test_a_supervisor_sees_what_feeds_sent_and_ignores_a_name(site: Floor, commands: FeedCommands) -> None:
    other = await site.connection.fetchval(KEY, 'script', None, None)
    await site.send(event(VALVE, 'down', reason='Leak'), event('Nowhere', 'down'), event('Nowhere', 'down'))
    await site.send(event(VALVE, 'warning'), feed=other)
    seen = await commands.overview([site.feed])
    assert [(feed.name, feed.accepted, feed.refused, feed.rate > 0) for feed in seen.feeds] == [
        ('gateway', 1, 2, True), ('script', 1, 0, True)]
    assert [(each.machine, each.result) for each in seen.tails[site.feed]] == [
        ('Nowhere', Result.UNKNOWN_MACHINE), ('Nowhere', Result.UNKNOWN_MACHINE), (VALVE, Result.ACCEPTED)]
    refusal, = seen.refusals[site.feed]
    assert (refusal.machine, refusal.times) == ('Nowhere', 2)
    assert [(each.name, each.times, each.feeds) for each in seen.unknown] == [('Nowhere', 2, ('gateway',))]
    assert [(each.name, [name for name, _ in each.feeds]) for each in seen.shared] == [(VALVE, ['script', 'gateway'])]

    await commands.ignore(MIKE, 'Nowhere')
    assert [each.ignored_by for each in (await commands.overview()).unknown] == ['Mike Johnson']
    await commands.stop_ignoring(MIKE, 'Nowhere')
    assert [each.ignored_by for each in (await commands.overview()).unknown] == [None]
    await site.connection.execute("INSERT INTO machine_feed_stream (machine_name) VALUES ('Nowhere')")
    assert (await commands.overview()).unknown == []


async def test_a_token_that_is_still_sent_after_its_end_is_seen(site: Floor, database: Database,
                                                                commands: FeedCommands) -> None:
    tokens = ApiTokens(database, Employees(database, default_role=Role.VIEWER))
    gateway, quiet = [await tokens.make(MIKE, NewToken(name, [TokenScope.FEED])) for name in ('old gateway', 'quiet')]
    await tokens.identity(gateway.secret)
    for made in gateway, quiet:
        await tokens.revoke(MIKE, made.key.id)
    await site.connection.execute("UPDATE access_keys SET last_used_at = last_used_at - interval '2 minutes'")
    assert (await commands.overview()).ended == []

    async def refused_at() -> datetime:
        with pytest.raises(SignedOutError, match='was revoked'):
            await tokens.identity(gateway.secret)
        ended, = (await commands.overview()).ended
        assert (ended.name, ended.is_revoked, ended.ended_at < ended.last_used_at) == ('old gateway', True, True)
        return ended.last_used_at
    assert await refused_at() == await refused_at()   # a program that tries all the time writes once a minute

    await site.connection.execute("UPDATE access_keys SET expires_at = revoked_at - interval '1 hour'")
    ended, = (await commands.overview()).ended
    assert not ended.is_revoked, 'it had expired before'


async def test_changes_of_feeds_require_a_supervisor_and_are_kept(site: Floor, commands: FeedCommands) -> None:
    await commands.rename(MIKE, site.feed, 'Press hall')
    await commands.set_silent_after(MIKE, site.feed, NEVER)
    await commands.set_silent_after(MIKE, site.feed, timedelta(minutes=5))
    feed, = await commands.feeds()
    assert (feed.name, feed.silent_after) == ('Press hall', timedelta(minutes=5))
    log = await site.connection.fetch(
        'SELECT changed_by, old_value, new_value FROM setting_changes ORDER BY change_id')
    assert [tuple(row) for row in log] == [
        ('Mike Johnson', 'gateway', 'Press hall'), ('Mike Johnson', 'automatic', 'never'),
        ('Mike Johnson', 'never', '5 min 00 s')]

    await site.connection.fetchval(KEY, 'taken', None, None)
    with pytest.raises(InvalidInputError, match='there is a token Taken already'):
        await commands.rename(MIKE, site.feed, 'Taken')
    for command in (commands.rename(LISA, site.feed, 'X'), commands.set_silent_after(LISA, site.feed, None),
                    commands.ignore(LISA, 'X'), commands.stop_ignoring(LISA, 'X'),
                    commands.try_events(LISA, site.feed, [])):
        with pytest.raises(NotAllowedError):
            await command
    with pytest.raises(NotFoundError):
        await commands.rename(MIKE, 12345, 'X')


async def test_a_trial_says_what_would_become_of_events_and_stores_nothing(site: Floor, commands: FeedCommands) -> None:
    await site.send(event(VALVE, 'operational', id='1'))
    before = await site.past(), await tail(site)
    results = await commands.try_events(MIKE, site.feed, [
        FeedEvent(VALVE, Status.DOWN, 'Leak', id='2'), FeedEvent(VALVE, Status.DOWN, id='1'),
        FeedEvent('Nowhere', Status.DOWN), EventResult(Result.REFUSED, 'status: use down')])
    assert [each.result for each in results] == [
        Result.ACCEPTED, Result.DUPLICATE, Result.UNKNOWN_MACHINE, Result.REFUSED]
    assert (await site.past(), await tail(site)) == before
