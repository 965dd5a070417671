"""The state timeline: its lanes, what it says of a band, how it zooms, the details of a stop, the table under it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from nicegui import ui
from ui.harness import NOW, Floor, OpenPage, Screen
from ui.services import Recorded

from floor.analytics import Band, FloorTimeline, Lane, Page, Scope, Stop, StopList, Window
from floor.analytics.timeline import ColumnShares, shares
from floor.core.errors import DatabaseUnavailableError
from floor.core.machines import MachineName, Status
from floor.core.orders import OrderId
from floor.web.reports.axis import ticks
from floor.web.reports.timeline import FIRST, timeline_panel
from floor.web.reports.timeline_picture import LANE, WIDTH, band_at, drawing, moment_at, x_of
from floor.web.reports.timeline_segments import KeyboardCursor, segment_at, shares_text

DETROIT = ZoneInfo('America/Detroit')
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
START = datetime(2026, 11, 23, 6, tzinfo=UTC)
WINDOW = Window(START, START + 4 * HOUR)
VALVE = MachineName('Valve_01_01')
HOSTILE = '"/></svg><script>alert(1)</script>'
LEAK = Band(START + HOUR, START + HOUR + 30 * MINUTE, Status.DOWN, 'Hydraulic leak')


def lane(name: MachineName = VALVE, *bands: Band) -> Lane:
    """Bands between which the machine ran."""
    found, at = [], START
    for band in bands:
        found += [Band(at, band.since, Status.OPERATIONAL, None), band]
        at = band.until
    return Lane(name, (*found, Band(at, WINDOW.end, Status.OPERATIONAL, None)))


def stop(number: int = 1, *, minutes: float = 30.0, order: str | None = 'WO-20261123-3f2a91bc',
         reason: str | None = 'Hydraulic leak', running: bool = False) -> Stop:
    return Stop(number, VALVE, START + HOUR, None if running else START + HOUR + minutes * MINUTE, reason, True, False,
                minutes * 60, minutes * 60, 60.0, 120.0, None, None, OrderId(order) if order else None, 180.0)


@pytest.fixture
def recorded() -> Recorded:
    recorded = Recorded()
    recorded.answers['timeline'] = lambda window, machines, columns: FloorTimeline(window, tuple(
        lane(name, LEAK) if name == VALVE else lane(name) for name in machines))
    recorded.answers['stops'] = StopList((stop(),), 1)
    return recorded


@pytest.fixture
def zoomed(shop_floor: Floor, recorded: Recorded) -> list[Window]:
    """A page with the timeline; what it was zoomed to."""
    windows: list[Window] = []

    @ui.page('/timeline')
    def page() -> None:
        timeline_panel(recorded, shop_floor.store, UTC, WINDOW, None, windows.append)
    return windows


def do(screen: Screen, what: str, x: float = 0.0, y: float = 0.0) -> None:
    """What the browser says when the pointer does something on the picture."""
    picture, = screen.of_class('timeline-picture')
    id_, = (id_ for id_, known in screen.elements.items() if known is picture)
    listener, = (event['listener_id'] for event in picture['events'] if event['type'] == f'svg:{what}')
    screen.client.handle_event({'id': id_, 'listener_id': listener,
                                'args': [json.dumps({'image_x': x, 'image_y': y})]})


def at(moment: datetime) -> float:
    return x_of(WINDOW, moment)


def hover_text(screen: Screen) -> str:
    """What stands beside the pointer."""
    return ''.join(element['text'] for element in screen.of_class('timeline-hover'))


async def shown(open_page: OpenPage) -> Screen:
    screen = await open_page('/timeline')
    await screen.until(lambda: screen.of_class('timeline-name'))
    return screen


async def test_there_is_a_lane_for_each_machine_in_the_order_of_the_flow(zoomed: list[Window],
                                                                         open_page: OpenPage) -> None:
    screen = await shown(open_page)
    assert [name['text'] for name in screen.of_class('timeline-name')] == [
        'Source Sorter 01·01', 'Robotic Arm 01·01', 'Valve 01·01', 'Injection Molder 02·01', 'Painter 02·01']
    assert [mark['text'] for mark in screen.of_class('timeline-tick')][:3] == ['06:00', '06:30', '07:00']


async def test_the_pointer_says_machine_status_reason_from_to_and_length(zoomed: list[Window],
                                                                         open_page: OpenPage) -> None:
    screen = await shown(open_page)
    do(screen, 'pointermove', at(START + HOUR + 10 * MINUTE), 2.5 * LANE)
    await screen.until(lambda: hover_text(screen))
    assert hover_text(screen) == 'Valve 01·01\nDown: Hydraulic leak\n07:00:00 to 07:30:00, 30 min 00 s'
    do(screen, 'pointerleave')
    await screen.until(lambda: not hover_text(screen))


@pytest.mark.parametrize(('pressed', 'released'), [(1, 3), (3, 1)])
async def test_dragging_asks_for_the_part_that_was_dragged_over(zoomed: list[Window], open_page: OpenPage, pressed: int,
                                                                released: int) -> None:
    screen = await shown(open_page)
    do(screen, 'pointerdown', at(START + pressed * HOUR), 5)
    do(screen, 'pointermove', at(START + released * HOUR), 5)
    await screen.until(lambda: screen.of_class('timeline-selection'))
    assert hover_text(screen) == 'Zoom: 07:00:00 to 09:00:00, 2 h 00 min'
    do(screen, 'pointerup', at(START + released * HOUR), 5)
    await screen.until(lambda: zoomed)
    assert zoomed == [Window(START + HOUR, START + 3 * HOUR)]
    await screen.until(lambda: not screen.of_class('timeline-selection'))


async def test_a_drag_of_next_to_nothing_asks_for_nothing_nor_does_one_that_leaves(
        zoomed: list[Window], open_page: OpenPage, recorded: Recorded) -> None:
    screen = await shown(open_page)
    do(screen, 'pointerdown', 100, 5)
    do(screen, 'pointerup', 103, 5)
    do(screen, 'pointerdown', 100, 5)
    do(screen, 'pointerleave')
    do(screen, 'pointerup', 900, 5)
    do(screen, 'pointermove', at(START + HOUR + 10 * MINUTE), 2.5 * LANE)
    await screen.until(lambda: hover_text(screen))
    assert zoomed == []


async def test_a_press_on_a_stop_shows_its_details(zoomed: list[Window], open_page: OpenPage,
                                                 recorded: Recorded) -> None:
    screen = await shown(open_page)
    x, y = at(START + HOUR + 10 * MINUTE), 2.5 * LANE
    do(screen, 'pointerdown', x, y)
    do(screen, 'pointerup', x, y)
    await screen.until(lambda: screen.drawer)
    assert recorded.asked[-1] == ('stops', (Window(LEAK.since, LEAK.until), Scope(machine=VALVE), Page(size=20)), {})
    details = screen.drawer.splitlines()
    assert details[:3] == ['Valve 01·01', 'Hydraulic leak',
                         'Stop from Mon 23 Nov 07:00:00 to Mon 23 Nov 07:30:00, 30 min 00 s']
    assert [text for text in details if text in {'Detect', '1 min 00 s', 'Acknowledge', '2 min 00 s', 'unknown'}] == [
        'Detect', '1 min 00 s', 'Acknowledge', '2 min 00 s', 'unknown', 'unknown']
    links = {link['text']: link['props']['href'] for link in screen.all() if 'href' in link.get('props', {})}
    assert links['Work order WO-3f2a91bc'] == '/work-orders/WO-20261123-3f2a91bc'
    assert links['Floor at that time'] == '/past?at=2026-11-23T07:00:00Z'


async def test_a_press_on_a_machine_that_ran_shows_no_details(zoomed: list[Window], open_page: OpenPage,
                                                            recorded: Recorded) -> None:
    screen = await shown(open_page)
    for y in 0.5 * LANE, 99 * LANE, -3:
        do(screen, 'pointerdown', 100, y)
        do(screen, 'pointerup', 100, y)
    do(screen, 'pointermove', 100, 5)
    await screen.until(lambda: hover_text(screen))
    assert screen.drawer == ''


async def test_twelve_machines_at_first_and_all_on_request(shop_floor: Floor, zoomed: list[Window],
                                                           open_page: OpenPage) -> None:
    for number in range(1, 20):
        shop_floor.put(f'Valve_09_{number:02}', 'Long Line')
    shop_floor.publish()
    screen = await shown(open_page)
    assert len(screen.of_class('timeline-name')) == FIRST
    toggle, = screen.all(label=f'{FIRST} of 24 machines: show all')
    screen.click(toggle)
    await screen.until(lambda: len(screen.of_class('timeline-name')) == 24)
    assert screen.of_class('timeline-picture')[0]['props']['size'] == (WIDTH, 24 * LANE)


async def test_a_database_that_is_away_is_shown(zoomed: list[Window], open_page: OpenPage, recorded: Recorded) -> None:
    recorded.answers['timeline'] = DatabaseUnavailableError('the database does not answer')
    screen = await open_page('/timeline')
    await screen.until(lambda: 'Cannot load the timeline. The database does not answer.' in screen.texts)


def test_the_picture_holds_numbers_and_names_of_statuses_and_nothing_a_person_wrote() -> None:
    lanes = (Lane(MachineName(HOSTILE), (Band(START, WINDOW.end, Status.DOWN, HOSTILE),)), lane())
    picture = drawing(WINDOW, lanes)
    assert 'script' not in picture
    assert f'<path class="band down" d="M0.0 1h{WIDTH}.0v20h-{WIDTH}.0z"></path>' in picture


def test_a_stop_of_a_second_is_wide_enough_to_be_seen_and_to_be_hit() -> None:
    short = Band(START + HOUR, START + HOUR + timedelta(seconds=1), Status.DOWN, None)
    lanes = (lane(VALVE, short),)
    assert 'M300.0 1h1.5v20h-1.5z' in drawing(WINDOW, lanes)
    assert band_at(WINDOW, lanes, 301.5, 5) == (lanes[0], short)
    found = band_at(WINDOW, lanes, 310, 5)
    assert found and found[1].status is Status.OPERATIONAL


def test_time_without_data_is_hatched() -> None:
    lanes = (Lane(VALVE, (Band(START, WINDOW.end, Status.UNKNOWN, None),)),)
    assert '<path class="band unknown" fill="url(#timeline-gap)"' in drawing(WINDOW, lanes)


def test_beside_the_picture_is_the_start_or_the_end() -> None:
    assert (moment_at(WINDOW, -50), moment_at(WINDOW, WIDTH + 50)) == (WINDOW.start, WINDOW.end)


def test_the_axis_has_round_times_of_the_plants_clock() -> None:
    window = Window(datetime(2026, 11, 22, 20, 10, tzinfo=DETROIT), datetime(2026, 11, 23, 4, 10, tzinfo=DETROIT))
    assert [tick.text for tick in ticks(window, DETROIT)] == [
        '21:00', '22:00', '23:00', 'Mon 23 Nov', '01:00', '02:00', '03:00', '04:00']


def test_on_the_day_the_clocks_go_forward_the_axis_leaps_with_them() -> None:
    window = Window(datetime(2026, 3, 8, 0, 30, tzinfo=DETROIT), datetime(2026, 3, 8, 6, 30, tzinfo=DETROIT))
    found = ticks(window, DETROIT, most=8)
    assert [tick.text for tick in found] == ['01:00', '03:00', '04:00', '05:00', '06:00']
    assert [round(mark.at * 5, 6) for mark in found] == [0.5, 1.5, 2.5, 3.5, 4.5]


@pytest.mark.parametrize('length', [timedelta(seconds=20), MINUTE, HOUR, timedelta(days=3), timedelta(days=30),
                                    timedelta(days=366), timedelta(days=3660)])
def test_the_axis_is_never_crowded(length: timedelta) -> None:
    assert 1 <= len(ticks(Window(NOW, NOW + length), DETROIT)) <= 11


async def test_it_reaches_until_the_now_of_the_database(shop_floor: Floor, recorded: Recorded, zoomed: list[Window],
                                                        open_page: OpenPage) -> None:
    """This program's idea of now may be late: the lanes say how far what is known reaches."""
    shop_floor.store.set_clock(int(START.timestamp() * 1000), shop_floor.store.moment, shop_floor.store.moment)
    screen = await open_page('/timeline')
    await screen.until(lambda: screen.of_class('timeline-picture'))
    (window, *_), = [arguments for name, arguments, _ in recorded.asked if name == 'timeline']
    assert window == WINDOW
    do(screen, 'pointerdown', at(LEAK.since + MINUTE), 2.5 * LANE)
    do(screen, 'pointerup', at(LEAK.since + MINUTE), 2.5 * LANE)
    await screen.until(lambda: 'stops' in [name for name, *_ in recorded.asked])
    assert recorded.asked[-1][1][0] == Window(LEAK.since, LEAK.until)


# zoomed out, and by the keyboard

def shared(name: MachineName = VALVE) -> Lane:
    """A lane of four columns of an hour: the second was down for a tenth."""
    running, tenth = ColumnShares(1.0, 0.0, 0.0, 0.0), ColumnShares(0.7, 0.2, 0.1, 0.0)
    return replace(lane(name, LEAK), columns=(running, tenth, running, ColumnShares(0.0, 0.0, 0.0, 1.0)))


def test_a_column_is_as_high_as_its_shares() -> None:
    picture = drawing(WINDOW, [shared()])
    down = picture.partition('class="band down" d="')[2].partition('"')[0]
    assert down == 'M0 21V21.0H300.0V19.0H600.0V21.0H900.0V21.0H1200.0V21z'
    assert 'class="band unknown" fill="url(#timeline-gap)"' in picture


def test_the_pointer_reads_the_shares_of_a_column() -> None:
    found = segment_at(WINDOW, [shared()], 350, 5)
    assert found is not None and found.has_stop and found.shares is not None
    assert (found.band.since, found.band.until) == (START + HOUR, START + 2 * HOUR)
    assert shares_text(found.shares) == 'Down 10.0 %, warning 20.0 %, operational 70.0 %'
    assert segment_at(WINDOW, [shared()], 350, LANE + 5) is None


def test_the_arrow_keys_read_one_part_after_the_other() -> None:
    painter = MachineName('Painter_02_01')
    for lanes, starts in (([lane(VALVE, LEAK), lane(painter)], [1.5, 1.0, 0.0, 0.0, 1.0]),
                          ([shared(), shared(painter)], [3.0, 2.0, 1.0, 0.0, 1.0])):
        cursor = KeyboardCursor()
        read = [cursor.move(WINDOW, lanes, 0, by) for by in (0, -1, -1, -1, 1)]
        assert [(each.band.since - START) / HOUR for each in read if each] == starts
        below = cursor.move(WINDOW, lanes, 1, 0)
        assert below is not None and below.lane.machine == painter
        last = cursor.move(WINDOW, lanes, 5, 0)
        assert last == below, 'there is no lane below the last'
    assert KeyboardCursor().move(WINDOW, [], 0, 1) is None


def test_shares_are_of_the_time_of_each_column() -> None:
    lane = [(0, 30, ('operational', None)), (30, 90, ('down', 'Jam')), (90, 240, ('operational', None))]
    assert [column.down for column in shares(lane, 240, 4)] == pytest.approx([0.5, 0.5, 0.0, 0.0])
    assert [sum(column) for column in shares(lane, 240, 7)] == pytest.approx([1.0] * 7)


async def test_the_keyboard_opens_the_stop_that_it_reads(zoomed: list[Window], recorded: Recorded,
                                                         open_page: OpenPage) -> None:
    recorded.answers['timeline'] = lambda window, machines, columns: FloorTimeline(
        window, tuple(map(shared, machines)))
    screen = await open_page('/timeline')
    await screen.until(lambda: screen.of_class('timeline-picture'))
    plot, = screen.of_class('timeline-plot')
    for key in 'left', 'left', 'left':
        press(screen, plot, f'arrow-{key}')
    await screen.until(lambda: any('Down 10.0 %' in element['text'] for element in screen.of_class('timeline-hover')))
    press(screen, plot, 'enter')
    await screen.until(lambda: [name for name, *_ in recorded.asked if name == 'stops'])
    (window, scope, _), = [arguments for name, arguments, _ in recorded.asked if name == 'stops']
    assert (window, scope) == (Window(START + HOUR, START + 2 * HOUR), Scope(machine=scope.machine))


def press(screen: Screen, element: dict[str, Any], key: str) -> None:
    id_, = (id_ for id_, known in screen.elements.items() if known is element)
    listener, = (event['listener_id'] for event in element['events'] if event['keys'] == [key])
    screen.client.handle_event({'id': id_, 'listener_id': listener, 'args': [json.dumps(None)]})
