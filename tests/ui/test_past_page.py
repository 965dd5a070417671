"""The floor at a moment of the past: what it shows, how one goes through it, that it is never taken for the present."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from nicegui.testing import User
from ui.harness import NOW, Floor, OpenPage, Screen, Switchboard

from floor.core.errors import DatabaseUnavailableError, HistoryNotReadyError, QueryError
from floor.core.floor_snapshot import FloorSnapshot
from floor.core.machines import MachineName, MachineRecord, Status, StatusEvent
from floor.core.orders import OrderBrief, OrderId, Priority, WorkOrderStatus
from floor.core.plant_calendar import PlantSettings
from floor.web.past import past_page
from floor.web.shell.past_address import PastMoment

DETROIT = ZoneInfo('America/Detroit')
HOUR = timedelta(hours=1)
HOW = 'write a time as 2026-11-23T10:42 or, with its offset from UTC, 2026-11-23T10:42+01:00.'
THEN = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


class History(Any):
    """A floor that was down from 4:00 to 5:00; its machine Valve_01_01 came at 3:00."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []
        self.problem: Exception | None = None

    async def floor_at(self, moment: datetime) -> FloorSnapshot:
        self.asked.append(moment)
        if self.problem is not None:
            raise self.problem
        three, four, five = (int(datetime(2026, 11, 23, hour, tzinfo=UTC).timestamp() * 1000) for hour in (3, 4, 5))
        at = int(moment.timestamp() * 1000)
        if at < three:
            return FloorSnapshot((), (), at)
        down = four <= at < five
        valve = MachineRecord(1, MachineName('Valve_01_01'), 'valve', 'Old Line', Status.DOWN if down else
                              Status.OPERATIONAL, 'Supply air low' if down else None, 3, at, four if down else three)
        events = (StatusEvent(2, valve.name, Status.OPERATIONAL, Status.DOWN, 'Supply air low', four),) if down else ()
        orders = (OrderBrief(OrderId('WO-20261123-3f2a91bc'), 1, 1, valve.name, WorkOrderStatus.OPEN, Priority.HIGH, 4,
                             'Lisa Garcia', five, 'Air supply', None),) if down else ()
        return FloorSnapshot((valve,), events, at, orders)


@pytest.fixture
def history(shop_floor: Floor) -> History:
    found = History()
    past_page.register(shop_floor.services, found)
    return found


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is in the browser's address line, one after the other."""
    found: list[str] = []
    monkeypatch.setattr('nicegui.functions.navigate.History.replace', lambda self, url: found.append(str(url)))
    return found


def press(screen: Screen, label: str) -> None:
    button, = screen.all(label=label)
    screen.click(button)


def title(screen: Screen) -> str:
    return screen.of_class('past-title')[0]['text']


async def test_it_shows_the_tiles_and_lists_of_that_moment_and_nothing_of_now(
        shop_floor: Floor, history: History, open_page: OpenPage) -> None:
    shop_floor.put('Robotic_Arm_01_01', 'Transmission Line', 'down', reason='Servo alarm')
    shop_floor.publish()
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')

    tile, = screen.of_class('tile')

    assert tile['text'] == 'Valve\n01·01 · 30 min'
    assert tile['props']['data-status'] == 'down'
    assert [figure['props']['aria-label'] for figure in screen.of_class('figure')] == [
        'Running: 0 of 1 machines', 'Warning: 0 of 1 machines', 'Down: 1 of 1 machines', 'No signal: 0 of 1 machines']
    assert screen.of_class('row-machine')[0]['text'] == '01·01 Valve\nSupply air low · WO-3f2a · Lisa Garcia'
    assert screen.of_class('row-event')[0]['text'] == 'Valve 01·01 Down: Supply air low'
    assert not any('Servo alarm' in text for text in screen.texts)


async def test_it_says_that_it_is_the_past_and_how_long_ago_and_leaves_the_badge_alone(
        shop_floor: Floor, history: History, open_page: OpenPage) -> None:
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    assert 'The past' in screen.texts
    assert title(screen) == 'Mon 2026-11-23 04:30:00'
    assert screen.of_class('past-ago')[0]['text'] == '6 h 12 min ago'
    assert screen.badge['props']['data-connection'] == 'live'
    assert screen.of_class('past')[0]['props']['data-past'] == '2026-11-23T04:30:00Z'
    back, = screen.of_class('past-back')
    assert back['props']['href'] == '/'


async def test_what_happens_on_the_floor_meanwhile_changes_nothing_there(
        shop_floor: Floor, history: History, open_page: OpenPage, switchboard: Switchboard) -> None:
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    shop_floor.change('Valve_01_01', 'operational')
    shop_floor.broadcast.flush(['second'])
    await screen.until(lambda: switchboard.shared)
    assert screen.tile('Valve_01_01')['props']['data-status'] == 'down'


async def test_a_step_shows_another_moment_and_the_address_says_which(
        shop_floor: Floor, history: History, open_page: OpenPage, addresses: list[str]) -> None:
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    press(screen, '+1 h')
    await screen.until(lambda: title(screen) == 'Mon 2026-11-23 05:30:00')
    assert screen.tile('Valve_01_01')['props']['data-status'] == 'operational'
    assert addresses[-1] == '/past?at=2026-11-23T05:30:00Z&from=2026-11-22T10:42:07Z&to=2026-11-23T10:42:07Z'


async def test_the_slider_spans_a_day_and_shows_where_it_is_let_go(shop_floor: Floor, history: History,
                                                                   open_page: OpenPage) -> None:
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    slider, = (element for element in screen.all() if element['tag'] == 'q-slider')
    assert slider['props']['max'] == 24 * 3600
    id_, = (id_ for id_, known in screen.elements.items() if known is slider)
    listener = next(event['listener_id'] for event in slider['events'] if event['type'] == 'update:modelValue')
    for second in 100, 200, 24 * 3600:
        screen.client.handle_event({'id': id_, 'listener_id': listener, 'args': [json.dumps(second)]})
    await screen.until(lambda: title(screen) == 'Mon 2026-11-23 10:42:07')
    assert history.asked[-1] == NOW
    assert len(history.asked) <= 4


async def test_a_step_does_not_lead_out_of_what_the_slider_spans(shop_floor: Floor, history: History,
                                                                 open_page: OpenPage) -> None:
    screen = await open_page('/past?at=2026-11-23T10:42:00Z')
    press(screen, '+1 min')
    await screen.until(lambda: title(screen) == 'Mon 2026-11-23 10:42:07')


async def test_before_the_history_nothing_is_known(shop_floor: Floor, history: History,
                                                   open_page: OpenPage) -> None:
    screen = await open_page('/past?at=2026-11-23T01:00:00Z')
    assert 'There is no data for this time: the history starts later.' in screen.texts
    assert screen.of_class('tile') == []
    press(screen, '+1 h')
    await screen.until(lambda: title(screen) == 'Mon 2026-11-23 02:00:00')
    press(screen, '+1 h')
    await screen.until(lambda: screen.of_class('tile'))


async def test_while_the_history_is_created_no_start_of_it_is_shown(shop_floor: Floor, history: History,
                                                                   open_page: OpenPage) -> None:
    screen = await open_page('/past?at=2026-11-23T01:00:00Z')
    history.problem = HistoryNotReadyError()
    press(screen, '+10 s')
    await screen.until(lambda: any('The floor at that time will appear here' in text for text in screen.texts))
    assert 'There is no data for this time: the history starts later.' not in screen.texts


async def test_the_last_shift_is_replayed_until_it_is_stopped(shop_floor: Floor, history: History,
                                                              open_page: OpenPage, addresses: list[str]) -> None:
    screen = await open_page('/past?at=2026-11-23T09:00:00Z')
    press(screen, 'Replay last shift in 1 min')
    await screen.until(lambda: datetime(2026, 11, 22, 22, 4, tzinfo=UTC) in history.asked)
    assert datetime(2026, 11, 22, 22, tzinfo=UTC) in history.asked
    press(screen, 'Stop replay of Night')
    await screen.until(lambda: screen.all(label='Replay last shift in 1 min'))
    assert not [element for element in screen.client.elements.values() if type(element).__name__ == 'Timer']
    assert 'from=2026-11-22T22:00:00Z&to=2026-11-23T06:00:00Z' in addresses[-1]


async def test_a_machine_says_how_it_was_and_where_it_is_now(shop_floor: Floor, history: History,
                                                             open_page: OpenPage) -> None:
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    screen.click(screen.tile('Valve_01_01'))
    await screen.until(lambda: screen.drawer)
    assert screen.drawer.splitlines() == ['The past: 2026-11-23 04:30:00', 'Valve 01·01', 'Down', 'Supply air low',
                                          'Since 2026-11-23 04:00:00, for 30 min', 'WO-3f2a91bc', 'high', 'Open',
                                          'due in 30 min', 'Lisa Garcia · Air supply', 'Show current status']


async def test_a_fault_of_the_program_is_shown_and_promises_nothing(shop_floor: Floor, history: History,
                                                                    open_page: OpenPage,
                                                                    caplog: pytest.LogCaptureFixture) -> None:
    history.problem = ZeroDivisionError('a slip')
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    assert ('Cannot load the floor at that time. A fault in this program: ZeroDivisionError; its log says more. You '
            'can try again now.') in screen.texts
    caplog.clear()  # what was logged was to be logged


async def test_a_database_that_is_away_is_shown_and_the_page_goes_on(shop_floor: Floor, history: History,
                                                                     open_page: OpenPage) -> None:
    history.problem = DatabaseUnavailableError('the database does not answer')
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    assert ('Cannot load the floor at that time. The database does not answer. The page retries as soon as the '
            'database responds; you can also try again now.') in screen.texts
    history.problem = None
    press(screen, '+10 s')
    await screen.until(lambda: screen.of_class('tile'))
    assert not any('Cannot load' in text for text in screen.texts)


async def test_nothing_is_shown_of_a_floor_that_has_not_been_read(shop_floor: Floor, history: History,
                                                                  open_page: OpenPage) -> None:
    history.problem = DatabaseUnavailableError('the database does not answer')
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    assert not screen.of_class('past-floor')
    history.problem = None
    press(screen, '+10 s')
    await screen.until(lambda: screen.of_class('past-floor'))


@pytest.mark.parametrize(('at', 'sentence'), [
    ('2027-01-01T00:00:00Z', f'Cannot show the future: it is {NOW:%Y-%m-%d %H:%M:%S} now.'),
    ('yesterday', f'Cannot understand at=yesterday: {HOW}'),
    ('0001-01-01T00:00:00%2B14:00', 'Cannot use at=0001-01-01T00:00:00+14:00: the year can be 1970 to 2200.'),
    ('1066-10-14', 'Cannot use at=1066-10-14: the year can be 1970 to 2200.'),
])
async def test_a_moment_that_cannot_be_shown_is_answered_with_a_sentence(
        shop_floor: Floor, history: History, open_page: OpenPage, at: str, sentence: str) -> None:
    screen = await open_page(f'/past?at={at}')
    assert sentence in screen.texts
    assert history.asked == []


@pytest.mark.parametrize(('query', 'sentence'), [
    ('att=2026-11-23T04:30Z', 'There is no parameter att. Did you mean at?'),
    ('at=2026-11-23T04:30Z&from=soon&to=2026-11-23T05:00Z', f'Cannot understand from=soon: {HOW}'),
    ('at=2026-11-23T04:30Z&from=2026-11-23T04:00Z', 'Cannot use from without to, or to without from.'),
    ('at=2026-11-23T04:30Z&from=2026-11-23T05:00Z&to=2026-11-23T06:00Z',
     'Cannot use this range: 2026-11-23T04:30:00Z must be between from and to.'),
    ('at=2026-11-23T04:30Z&from=2020-11-23T05:00Z&to=2026-11-23T06:00Z',
     'Cannot show more than 31 days: bring from and to closer together.')])
async def test_an_address_that_is_not_understood_shows_no_moment(
        shop_floor: Floor, history: History, open_page: OpenPage, query: str, sentence: str) -> None:
    screen = await open_page(f'/past?{query}')
    assert sentence in screen.texts
    assert history.asked == []


def field(screen: Screen) -> tuple[int, dict[str, Any]]:
    return next((id_, element) for id_, element in screen.elements.items()
                if element.get('props', {}).get('type') == 'datetime-local')


def enter(screen: Screen, value: str) -> None:
    """Somebody types a time."""
    id_, element = field(screen)
    for event in element['events']:
        if event['type'] in {'update:model-value', 'update:modelValue', 'update:value'}:
            screen.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(value)]})


async def test_a_time_can_be_chosen_and_the_address_says_which(shop_floor: Floor, history: History, open_page: OpenPage,
                                                               addresses: list[str]) -> None:
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    assert field(screen)[1]['props']['value'] == '2026-11-23T04:30'
    enter(screen, '2026-11-20T04:45')
    press(screen, 'Show')
    await screen.until(lambda: title(screen) == 'Fri 2026-11-20 04:45:00')
    assert addresses[-1].startswith('/past?at=2026-11-20T04:45:00Z&from=2026-11-19T16:45:00Z')

    screen.click(screen.all(aria_label='Next day')[0])
    await screen.until(lambda: title(screen) == 'Sat 2026-11-21 04:45:00')
    assert field(screen)[1]['props']['value'] == '2026-11-21T04:45'


async def test_a_time_to_come_is_refused_beside_its_field(shop_floor: Floor, history: History,
                                                          open_page: OpenPage) -> None:
    screen = await open_page('/past?at=2026-11-23T04:30:00Z')
    assert screen.all(aria_label='Next day')[0]['props'].get('disable') is True
    enter(screen, '2027-01-01T00:00')
    press(screen, 'Show')
    await screen.until(lambda: 'Cannot show the future: it is 2026-11-23 10:42:07 now.' in screen.texts)
    assert title(screen) == 'Mon 2026-11-23 04:30:00'


async def test_both_hours_of_a_clock_change_can_be_chosen(shop_floor: Floor, history: History,
                                                          open_page: OpenPage) -> None:
    shop_floor.store.plant = PlantSettings(zone=ZoneInfo('Europe/Berlin'))
    screen = await open_page('/past?at=2026-10-24T02:30%2B02:00')
    enter(screen, '2026-10-25T02:30')
    press(screen, 'Show')
    await screen.until(lambda: title(screen) == 'Sun 2026-10-25 02:30:00 CEST')
    which, = (id_ for id_, element in screen.elements.items() if element['tag'] == 'q-option-group')
    listener = next(event['listener_id'] for event in screen.elements[which]['events']
                    if event['type'].startswith('update:model'))
    screen.client.handle_event({'id': which, 'listener_id': listener, 'args': ['1']})
    press(screen, 'Show')
    await screen.until(lambda: title(screen) == 'Sun 2026-10-25 02:30:00 CET')


def test_without_a_moment_it_is_now_and_a_day_before_it() -> None:
    moment = PastMoment.from_query({}, NOW, UTC)
    assert (moment.at, moment.start, moment.end) == (NOW, NOW - 24 * HOUR, NOW)


def test_a_moment_long_ago_has_its_day_around_it() -> None:
    moment = PastMoment.from_query({'at': '2026-11-01T04:30:00Z'}, NOW, UTC)
    at = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
    assert (moment.at, moment.start, moment.end) == (at, at - 12 * HOUR, at + 12 * HOUR)


def test_the_address_may_say_what_the_slider_spans() -> None:
    moment = PastMoment.from_query({'at': '2026-11-23T04:30Z', 'from': '2026-11-23T04:00Z',
                                    'to': '2026-11-23T05:00Z'}, NOW, UTC)
    assert (moment.start, moment.end) == (THEN - HOUR / 2, THEN + HOUR / 2)


@pytest.mark.parametrize('at', ['2026-11-22T23:30', '2026-11-23T05:30:00 01:00', '2026-11-23T10:00+05:30'])
def test_a_time_without_an_offset_is_one_of_the_plants_clock(at: str) -> None:
    assert PastMoment.from_query({'at': at}, NOW, DETROIT).at == THEN


def test_an_hour_that_the_clocks_skip_is_no_moment() -> None:
    with pytest.raises(QueryError, match='the clocks of America/Detroit skip this time'):
        PastMoment.from_query({'at': '2026-03-08T02:30'}, NOW, DETROIT)


async def test_both_hours_of_a_clock_change_are_shown_and_distinguished(shop_floor: Floor, history: History,
                                                                        open_page: OpenPage, user: User) -> None:
    shop_floor.store.plant = PlantSettings(zone=ZoneInfo('Europe/Berlin'))

    summer = await open_page('/past?at=2026-10-25T02:30%2B02:00')
    winter = await open_page('/past?at=2026-10-25T02:30+01:00')

    assert [title(summer), title(winter)] == ['Sun 2026-10-25 02:30:00 CEST', 'Sun 2026-10-25 02:30:00 CET']
    assert history.asked == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
