"""While the history of a new floor is created every page says so, and an open page is complete as soon as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ui.harness import NOW, Floor, OpenPage, Screen
from ui.reports import Reports, card
from ui.services import Recorded

from floor.analytics import Cause, Kpis, StopList
from floor.analytics.kpis import Sums
from floor.core.errors import HistoryNotReadyError
from floor.core.floor_snapshot import FloorSnapshot, HistoryState
from floor.core.machines import MachineName, MachineRecord, Status
from floor.core.shifts import Shifts
from floor.orders.order_pages import ShiftOrders
from floor.web.past import past_page
from floor.web.reports import shared_sheet, shift_report_page

CREATING = ('The history of this new floor is being created. Work orders, reports and past states appear when it is '
            'complete.')
REASON = ('The history of this floor is being created; that usually takes less than a minute, a year of history '
          'several minutes. {} will appear here as soon as it is complete.')
US = 1_000_000
SHIFTS = Shifts('Early 06:00,Late 14:00,Night 22:00', ZoneInfo('UTC'))


@pytest.fixture
def creating(shop_floor: Floor) -> Floor:
    """A floor whose history is being created; `complete(floor)` ends that."""
    shop_floor.history_state = HistoryState.CREATING
    shop_floor.publish()
    return shop_floor


def complete(shop_floor: Floor) -> None:
    shop_floor.history_state = HistoryState.READY
    shop_floor.publish()


def notes(screen: Screen) -> list[str]:
    return [element['text'] for element in screen.of_class('history-note')]


def refuse_while_creating(history: Recorded, shop_floor: Floor) -> None:
    """As the database does it for everything that is asked."""
    def refusing(answer: Any) -> Callable[..., Any]:
        def answered(*arguments: Any, **named: Any) -> Any:
            if shop_floor.store.history is HistoryState.CREATING:
                raise HistoryNotReadyError
            return answer(*arguments, **named) if callable(answer) else answer
        return answered

    history.answers |= {name: refusing(answer) for name, answer in history.answers.items()}


@pytest.fixture
def refusing(shop_floor: Floor) -> None:
    """The page of reports is there, and asks a history that may be in creation."""
    refuse_while_creating(Reports(shop_floor).analytics, shop_floor)


def figures(screen: Screen) -> list[str]:
    """The counts of work orders on the floor."""
    return [element['text'] for element in screen.of_class('figure') if 'data-orders' in element['props']]


def uptime(screen: Screen) -> str:
    return card(screen, 'uptime_share')[2]


class History(Recorded):
    def __init__(self) -> None:
        super().__init__()
        sums = Sums(machines=1, possible=3600 * US, operational=1800 * US, down=1800 * US, failures=2)
        self.answers = {
            'kpis': lambda window: Kpis.of(window, sums), 'stops': StopList((), 0),
            'causes': (Cause('Jam', 1800, 2, 1.0, 1.0, True),), 'floor_at': self._floor_at}

    @staticmethod
    def _floor_at(moment: datetime) -> FloorSnapshot:
        at = int(moment.timestamp() * 1000)
        valve = MachineRecord(1, MachineName('Valve_01_01'), 'valve', 'Old Line', Status.DOWN, None, 3, at, at)
        return FloorSnapshot((valve,), (), at)


@pytest.mark.parametrize('path', ['/', '/?kiosk'])
async def test_the_floor_says_so_until_it_is_complete(creating: Floor, open_page: OpenPage, path: str) -> None:
    creating.order(1)
    screen = await open_page(path)
    assert notes(screen) == [CREATING]
    assert figures(screen) == ['–', '–']
    complete(creating)
    await screen.until(lambda: not notes(screen))
    await screen.until(lambda: figures(screen) == ['1', '0'])


async def test_a_history_that_is_being_summed_up_is_shown_too(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page('/')
    assert notes(screen) == []
    shop_floor.history_state = HistoryState.PROCESSING
    shop_floor.publish()
    await screen.until(lambda: notes(screen) == [
        'The history is being processed. Until it is complete, reports may be slow and the dashboard tables '
        'out of date.'])


async def test_an_open_report_gets_its_figures_without_a_reload(creating: Floor, refusing: None,
                                                                open_page: OpenPage) -> None:
    screen = await open_page('/reports')
    assert REASON.format('The report') in screen.texts
    assert uptime(screen) == '…'
    assert screen.of_class('reports')[0]['props']['data-parts'] == 'false'  # none of them has anything to say
    complete(creating)
    await screen.until(lambda: uptime(screen).endswith('%'))
    assert screen.of_class('reports')[0]['props']['data-parts'] == 'true'


async def test_what_only_has_to_be_awaited_does_not_look_like_a_problem(creating: Floor, refusing: None,
                                                                       open_page: OpenPage) -> None:
    screen = await open_page('/reports')
    notice, = [element for element in screen.all(role='alert') if element.get('text') == REASON.format('The report')]
    assert 'problem' not in notice.get('class', ())
    assert all('hidden' in button['class'] for button in screen.all(label='Try again'))


async def test_a_report_of_the_moment_before_the_creation_is_taken_back(shop_floor: Floor, refusing: None,
                                                                        open_page: OpenPage) -> None:
    screen = await open_page('/reports')
    await screen.until(lambda: uptime(screen).endswith('%'))
    shop_floor.history_state = HistoryState.CREATING
    shop_floor.publish()
    await screen.until(lambda: uptime(screen) == '…' and notes(screen) == [CREATING] and 'Jam' not in screen.texts)


async def test_an_open_shift_sheet_too(creating: Floor, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_sheet, 'GAP_S', 0.0)
    creating.order_list.answers['of_shift'] = ShiftOrders((), ())
    history = History()
    refuse_while_creating(history, creating)
    shift_report_page.register(creating.services, history)
    screen = await open_page('/reports/shift')
    assert REASON.format('The shift report') in screen.texts
    assert not screen.of_class('problem')
    complete(creating)
    await screen.until(lambda: '50.0 %' in screen.texts)


async def test_an_open_past_too(creating: Floor, open_page: OpenPage) -> None:
    history = History()
    refuse_while_creating(history, creating)
    past_page.register(creating.services, history)
    screen = await open_page(f'/past?at={NOW:%Y-%m-%dT%H:%M:%SZ}')
    assert REASON.format('The floor at that time') in screen.texts
    complete(creating)
    await screen.until(lambda: screen.all(data_machine='Valve_01_01'))


async def test_a_past_that_was_shown_before_the_creation_is_taken_back(shop_floor: Floor, open_page: OpenPage) -> None:
    history = History()
    refuse_while_creating(history, shop_floor)
    past_page.register(shop_floor.services, history)
    screen = await open_page(f'/past?at={NOW:%Y-%m-%dT%H:%M:%SZ}')
    await screen.until(lambda: screen.of_class('past-floor'))
    shop_floor.history_state = HistoryState.CREATING
    shop_floor.publish()
    await screen.until(lambda: REASON.format('The floor at that time') in screen.texts and notes(screen) == [CREATING])
    assert not screen.of_class('past-floor')
    complete(shop_floor)
    await screen.until(lambda: screen.of_class('past-floor'))
    assert screen.all(data_machine='Valve_01_01')
