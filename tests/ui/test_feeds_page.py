"""/setup/feeds: what a supervisor sees of feeds, and does with them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from nicegui import Client
from nicegui.testing import User
from ui.forms import HOSTILE, NOW, Form, click
from ui.harness import Floor
from ui.services import person_at

from floor.core.access_keys import AccessKey, KeyKind, NewKey
from floor.core.errors import DatabaseUnavailableError, InvalidInputError
from floor.core.machines import Status
from floor.core.scopes import TokenScope
from floor.feed.feed_counters import RequestFault
from floor.feed.ingest import EventResult, FeedEvent, Result
from floor.gateway.config_file import parse_config
from floor.gateway.mqtt_config import MqttConfig
from floor.gateway.presets import StatusMeaning
from floor.plant.feed_items import (
    NEVER,
    EndedFeed,
    Feed,
    FeedOverview,
    Refusal,
    SharedMachine,
    TailEvent,
    UnknownMachine,
)
from floor.plant.machine_commands import NO_TYPE, NewMachine
from floor.plant.plant_items import ProductionLine
from floor.web.setup.feeds import page as feeds_page

VALVE = 'Valve_01_01'
FEED = Feed(7, 'gateway', 'Mike Johnson', NOW - timedelta(days=2), last_event_at=NOW - timedelta(seconds=12),
            accepted=4321, refused=3, rate=61)
SCRIPT = Feed(8, HOSTILE, 'Mike Johnson', NOW)


def event(number: int, **fields: Any) -> TailEvent:
    known: dict[str, Any] = {'received_at': NOW, 'machine': VALVE, 'machine_id': 3, 'status': 'down', 'reason': 'E-047',
                             'at': None, 'result': Result.ACCEPTED, 'message': None}
    return TailEvent(number, **(known | fields))


class Feeds:
    """What the database has of feeds; `form` is the page."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.overview = FeedOverview((FEED, SCRIPT))
        self.problem: Exception | None = None
        self.wanted: list[list[int]] = []
        service.answers |= {'overview': self._read, 'rename': None, 'set_silent_after': None, 'ignore': None,
                            'stop_ignoring': None}

    def _read(self, feed_ids: list[int]) -> FeedOverview:
        self.wanted.append(feed_ids)
        if self.problem:
            raise self.problem
        return self.overview

    def commands(self) -> list[tuple[Any, ...]]:
        return [(name, *arguments[1:]) for name, arguments, _ in self.service.asked if name != 'overview']


@pytest.fixture
def commands(shop_floor: Floor) -> Feeds:
    feeds = Feeds(shop_floor.services.feeds)
    feeds_page.register(shop_floor.services, every=0.01)
    return feeds


def shown(client: Client, css: str) -> list[Any]:
    return [each for each in client.elements.values() if css in each.classes]


def texts_of(row: Any) -> list[Any]:
    return [each for each in row.descendants() if getattr(each, 'text', '')]


def button(form: Form, label: str) -> Any:
    found, = (each for each in form.client.elements.values() if each.props.get('aria-label') == label)
    return found


async def test_feeds_with_their_state_and_the_last_events_of_the_chosen_one(commands: Feeds, user: User) -> None:
    late = event(2, result=Result.LATE, at=NOW - timedelta(minutes=40))
    commands.overview = FeedOverview((FEED, SCRIPT), tails={7: (late, event(1, machine='Nowhere', machine_id=None,
                                                                        result=Result.UNKNOWN_MACHINE,
                                                                        message='no machine is called Nowhere'))},
                                     refusals={7: (Refusal('Nowhere', HOSTILE, 3, NOW, NOW, 'down', 'x', None),)})
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('Feed gateway') and form.says('Unknown machine'))
    rows = [[cell.text for cell in texts_of(row)]
            for row in form.client.elements.values() if type(row).__name__ == 'FeedRow']
    assert rows == [['gateway', 'Reporting', '12 s ago', '61', '4,321', '3', 'Every machine'],
                    [HOSTILE, 'Never reported', '–', '0', '0', '0', 'Every machine']]
    states = [each for each in shown(form.client, 'feed-state') if each.text in {'Reporting', 'Never reported'}]
    assert [each.props['data-status'] for each in states] == ['operational', 'unknown']
    assert form.says('Down · E-047 · of 10:02:07')
    assert form.says('no machine is called Nowhere')
    assert form.says(HOSTILE)
    assert form.says('3 times')

    silent = replace(FEED, silent_since=NOW, silent_after=timedelta(minutes=5))
    commands.overview = replace(commands.overview, feeds=(silent,))
    await form.until(lambda: form.says('Silent since 10:42'))
    commands.problem = DatabaseUnavailableError('the database is away')
    await form.until(lambda: form.says('Cannot load the feeds. The database is away.'))
    commands.problem = None
    await form.until(lambda: not form.says('Cannot load the feeds'))


async def test_a_token_that_is_still_sent_after_its_end_is_named(commands: Feeds, user: User) -> None:
    revoked = EndedFeed(5, HOSTILE, True, NOW - timedelta(hours=1), NOW - timedelta(minutes=2))
    expired = EndedFeed(6, 'press 7', False, NOW - timedelta(days=2), NOW - timedelta(seconds=5))
    commands.overview = FeedOverview(ended=(revoked, expired))
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('No feed yet'))
    assert form.says(f'Somebody still sends with the token {HOSTILE}, which was revoked at 09:42: last 2 min ago.')
    assert form.says('the token press 7, which expired at 2026-11-21 10:42: last 5 s ago.')
    commands.overview = FeedOverview()
    await form.until(lambda: not form.says('What these programs send is refused'))


async def test_requests_with_a_wrong_token_are_named_by_their_address(commands: Feeds, user: User,
                                                                      shop_floor: Floor) -> None:
    counters = shop_floor.services.feed_counters
    counters._now = lambda: NOW - timedelta(minutes=2)
    for _ in range(3):
        counters.refuse(RequestFault.UNKNOWN, '192.168.4.17')
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says(
        'Requests from 192.168.4.17 have a token that does not exist: 3 times since 10:40, last 2 min ago.'))
    counters.refuse(RequestFault.OTHER, '192.168.4.18', HOSTILE)
    counters.refuse(RequestFault.ENDED, '192.168.4.19')
    await form.until(lambda: form.says(f'Requests from 192.168.4.18 have the token {HOSTILE}, which may not report'))
    assert not form.says('192.168.4.19')  # EndedNote names its token


async def test_the_last_events_follow_and_can_be_paused(commands: Feeds, user: User) -> None:
    def tail(*numbers: int) -> None:
        commands.overview = FeedOverview((FEED,), tails={7: tuple(event(each, reason=f'E-{each}') for each in numbers)})

    def reasons() -> list[str]:
        rows = shown(form.client, 'feed-events')[0].default_slot.children
        return [row.default_slot.children[3].text.removeprefix('Down · ') for row in rows]

    tail(2, 1)
    form = Form(user, await user.open('/setup/feeds?feed=7'))
    await form.until(lambda: reasons() == ['E-2', 'E-1'])
    tail(4, 3, 2)
    await form.until(lambda: reasons() == ['E-4', 'E-3', 'E-2'])
    pause, = (each for each in form.client.elements.values() if getattr(each, 'text', '') == 'Pause')
    click(form, pause)
    tail(6, 5, 4)
    await form.until(lambda: form.says('2 new events'))
    assert reasons() == ['E-4', 'E-3', 'E-2']
    click(form, pause)
    await form.until(lambda: reasons() == ['E-6', 'E-5', 'E-4'])


async def test_one_reading_is_for_all_pages_and_none_is_made_without_a_page(commands: Feeds, user: User,
                                                                          shop_floor: Floor) -> None:
    commands.overview = FeedOverview((FEED, SCRIPT))
    assert commands.wanted == []
    first, second = [Form(user, await user.open(f'/setup/feeds?feed={id_}')) for id_ in (7, 8)]
    await first.until(lambda: [7, 8] in commands.wanted)
    await second.until(lambda: second.says(f'Feed {HOSTILE}'))
    for form in first, second:
        form.client.delete()
    await first.until(lambda: 'watch the feeds' not in {task.get_name() for task in asyncio.all_tasks()})

    third = Form(user, await user.open('/setup/feeds?feed=99'))
    await third.until(lambda: third.says('There is no feed with this number: it was revoked.'))
    assert third.says('Feed gateway')


async def test_a_name_that_is_nearly_that_of_a_machine_says_so(commands: Feeds, user: User) -> None:
    commands.overview = FeedOverview((FEED,), unknown=(UnknownMachine('valve 01 01', 3, NOW, ('gateway',)),))
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('is it Valve_01_01?'))


async def test_a_name_that_is_unknown_is_added_or_ignored(commands: Feeds, user: User, shop_floor: Floor) -> None:
    setup: Any = shop_floor.services.setup
    setup.answers |= {'lines': [ProductionLine(2, '02', 'Hall', None, 1, 1, 3)], 'machine_types': [],
                      'add_machine': InvalidInputError('there is a machine CNC-77 already, which is retired')}
    commands.overview = FeedOverview((FEED,), unknown=(UnknownMachine('CNC-77', 3, NOW, ('gateway', 'script')),
                                                       UnknownMachine('X', 1, NOW, ('gateway',), 'Mike Johnson')))
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('by gateway, script'))
    assert form.says('Ignored (1)')
    assert not form.says('ignored by Mike')
    click(form, button(form, 'Add CNC-77'))
    await form.until(lambda: form.says('CNC-77') and any(
        each.props.get('label') == 'Line (optional)' and each.options for each in form.client.elements.values()
        if hasattr(each, 'options')))
    form.fill('Line (optional)', 2)
    form.press('Add machine')
    await form.until(lambda: form.says('There is a machine CNC-77 already, which is retired.'))
    setup.answers['add_machine'] = None
    form.press('Add machine')
    await form.until(lambda: [arguments[1] for name, arguments, _ in setup.asked if name == 'add_machine'] == [
        NewMachine('CNC-77', NO_TYPE, 2)] * 2)

    click(form, button(form, 'Ignore CNC-77'))
    await form.until(lambda: ('ignore', 'CNC-77') in commands.commands())
    ignored, = (each for each in form.client.elements.values() if getattr(each, 'text', '') == 'Ignored (1)')
    click(form, ignored)
    await form.until(lambda: form.says('ignored by Mike Johnson'))
    click(form, button(form, 'Show again X'))
    await form.until(lambda: ('stop_ignoring', 'X') in commands.commands())


async def test_rows_keep_their_elements_while_events_come(commands: Feeds, user: User) -> None:
    """A press that is on its way, and the focus, are lost with an element; one that moves is missed."""
    def come(times: int) -> None:
        at = NOW + timedelta(minutes=times)
        unknown = [UnknownMachine(name, times, at, ('gateway',)) for name in ('CNC-77', 'CNC-78')]
        refused = Refusal(f'CNC-{times}', 'no machine is called …', times, NOW, at, 'down', None, None)
        commands.overview = FeedOverview(
            (FEED,), unknown=tuple(unknown[::-1] if times % 2 else unknown), refusals={7: (refused,)},
            shared=(SharedMachine(3, VALVE, (('gateway', at), ('script', NOW))),))

    def kept() -> list[Any]:
        labels = 'Unknown machines', 'Refused', 'Machines of several feeds'
        lists = [each for each in form.client.elements.values()
                 if each.tag == 'ul' and each.props.get('aria-label') in labels]
        return [row for each in lists for row in each.default_slot.children]

    come(2)
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('2 events') and form.says('2 times') and form.says('gateway at 10:44'))
    first = kept()
    assert len(first) == 4
    come(3)
    await form.until(lambda: form.says('3 events') and form.says('3 times') and form.says('gateway at 10:45'))
    assert kept() == first and form.says('last at 10:45: CNC-3')
    click(form, button(form, 'Ignore CNC-78'))
    await form.until(lambda: commands.commands() == [('ignore', 'CNC-78')])


async def test_a_feed_is_renamed_and_gets_a_limit_and_several_feeds_of_a_machine_are_a_warning(
        commands: Feeds, user: User) -> None:
    commands.overview = FeedOverview((FEED,), shared=(SharedMachine(3, VALVE, (('gateway', NOW), ('script', NOW))),))
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('gateway at 10:42, script at 10:42'))
    form.fill('Name', 'Press hall')
    commands.service.answers['rename'] = InvalidInputError('there is a token Press hall already')
    form.press('Rename')
    await form.until(lambda: form.says('There is a token Press hall already.'))
    assert form.field('Name').value == 'Press hall'
    form.fill('Silent after', 0)
    await form.until(lambda: commands.commands() == [('rename', 7, 'Press hall'), ('set_silent_after', 7, NEVER)])
    commands.overview = FeedOverview((replace(FEED, silent_after_setting=timedelta(minutes=7)),))
    await form.until(lambda: form.field('Silent after').value == 420)
    assert len(commands.commands()) == 2  # what somebody else has set is not set again


async def test_a_trial_shows_what_would_become_of_an_event(commands: Feeds, user: User) -> None:
    form = Form(user, await user.open('/setup/feeds?feed=8'))
    await form.until(lambda: form.says('Try an event'))
    assert json.loads(form.field('Events as JSON').value)['machine'] == 'Source_Sorter_01_01'
    form.fill('Events as JSON', '[{"machine": 1,]')
    form.press('Try')
    await form.until(lambda: form.says('This is not JSON. Line 1, column 16'))
    form.fill('Events as JSON', json.dumps([{'machine': VALVE, 'status': 'Down', 'reason': 'E-1'},
                                            {'machine': HOSTILE, 'status': 'broken'}]))
    commands.service.answers['try_events'] = lambda _, feed_id, events: [
        EventResult(Result.ACCEPTED), events[1]] if feed_id == 8 else []
    form.press('Try')
    await form.until(lambda: form.says('The floor shows Down, E-1.'))
    assert form.says(HOSTILE[:100])
    name, feed_id, events = commands.commands()[-1]
    assert (name, feed_id, events[0]) == ('try_events', 8, FeedEvent(VALVE, Status.DOWN, 'E-1'))
    assert form.says("status: Input should be 'operational'")


async def test_a_value_is_tried_against_a_preset_of_the_gateway(commands: Feeds, user: User) -> None:
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('Try a value'))
    form.fill('Mapping', 'packml')
    form.fill('Value', '11')
    await form.until(lambda: form.says('Down, Held'))
    form.fill('Value', '99')
    await form.until(lambda: form.says("Nothing is reported, because the value '99' is not in its mapping"))


async def test_a_value_is_tried_against_a_mapping_as_in_the_file_of_the_gateway(commands: Feeds, user: User) -> None:
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('Try a value'))
    form.fill('Mapping', 'own')
    form.fill('Value', '2')
    await form.until(lambda: form.says('Down, E-047') and form.says('from 100 and below 200: Warning, because of Slow'))
    for value, meaning in ('150', 'Warning, Slow'), ('7', 'No signal'), ('1.0', 'Running'):
        form.fill('Value', value)
        await form.until(lambda meaning=meaning: form.says(meaning))
    for mapping, meaning in (
            ('reports: reason\nreasons: {1: Supply air low}', 'Reason: Supply air low'),
            ('reports: good', 'A total of 1 good parts: what it grows by is reported'),
            ('{reports: reject, counts: increment}', '1 rejected parts more'),
            ('values: {2: down}', "Nothing is reported, because the value '1.0' is not in its mapping")):
        form.fill('Mapping as in gateway.yaml', mapping)
        await form.until(lambda meaning=meaning: form.says(meaning))
    form.fill('Mapping as in gateway.yaml', 'values:\n  1: runing')
    await form.until(lambda: form.says("Line 2, column 3: values.1: 'runing' is not a status; did you mean 'warning'?"))
    assert not form.says('Nothing is reported')
    form.fill('Mapping as in gateway.yaml', '#' * 5_001)
    await form.until(lambda: form.says('At most 5,000 characters can be tried'))
    form.fill('Mapping as in gateway.yaml', 'a: &a {1: down}\nvalues: {<<: [' + '*a, ' * 51 + ']}')
    await form.until(lambda: form.says('At most 50 aliases (*) can be tried'))
    form.fill('Mapping', 'on_off')
    await form.until(lambda: form.says('true, 1 or on: Running') and not form.says('At most 50'))


async def test_without_a_feed_the_page_says_how_to_make_one(commands: Feeds, user: User, shop_floor: Floor) -> None:
    commands.overview = FeedOverview()
    key = AccessKey(9, KeyKind.TOKEN, 'press 7', 'Mike', NOW, (TokenScope.FEED,))
    tokens: Any = shop_floor.services.access.tokens
    tokens.answers['make'] = NewKey(key, 'lm_token_abc')
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('No feed yet'))
    assert form.says("http://test/api/feed/Source_Sorter_01_01' -d status=down")
    form.press('Make a token')
    await form.until(lambda: form.says('New token'))
    form.fill('Name of the program', 'press 7')
    form.press('Make token')
    await form.until(lambda: form.says("curl -H 'Authorization: Bearer lm_token_abc'"))
    assert tokens.asked[-1][1][1].scopes == [TokenScope.FEED]
    commands.overview = FeedOverview((FEED, replace(SCRIPT, id=9, name='press 7')))
    await form.until(lambda: form.says('Feed press 7'))


async def test_only_supervisors_see_feeds(commands: Feeds, user: User, shop_floor: Floor) -> None:
    person_at(user, shop_floor.hire('Lisa', 'Garcia', 'technician'))
    shop_floor.publish()
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('Requires the role supervisor'))
    assert commands.wanted == []


async def test_the_gateway_is_started_with_the_lines_of_the_page(commands: Feeds, user: User) -> None:
    """And its own reader takes the file, which names the address that the browser uses."""
    form = Form(user, await user.open('/setup/feeds'))
    await form.until(lambda: form.says('Start the gateway'))
    lines, = (text for text in form.texts if text.startswith('pip install'))
    assert lines.splitlines() == ["pip install 'line-monitor[gateway]'", 'export TOKEN=...',
                                  'line-monitor gateway gateway.yaml']
    file, = (text for text in form.texts if text.startswith('app:'))
    config = parse_config(file, 'gateway.yaml')
    assert (config.app.url, config.app.token.env) == ('http://test', 'TOKEN')
    source, = config.sources
    assert isinstance(source, MqttConfig)
    point, = source.points
    assert (point.topic, point.machine) == ('plant/{line}/{machine}/status', '{machine}')
    assert point.meaning('down') == StatusMeaning(Status.DOWN)
