"""What is shown on a page, and heard, when something happens to work orders that concerns the person at it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from nicegui import core, ui
from nicegui.testing import User
from ui.harness import PATIENCE_S, Floor, OpenPage, Screen
from ui.services import person_at

from floor.core.machines import MachineName
from floor.core.orders import OrderBrief, OrderId, Priority, WorkOrderStatus
from floor.core.people import Employee, Person, Role
from floor.feed.active_orders import ActiveOrderChange
from floor.web.shell import alert_hub, alerts
from floor.web.shell.assets import address_of

Notified = Callable[..., Awaitable[list[str]]]
"""Call it with the number of notifications to wait for; it returns their texts."""


@pytest.fixture
def mike(shop_floor: Floor, lisa: Employee) -> Employee:
    """Her supervisor."""
    mike = shop_floor.hire('Mike', 'Johnson', 'supervisor')
    shop_floor.publish()
    return mike


@pytest.fixture
def notified(user: User, monkeypatch: pytest.MonkeyPatch) -> Notified:
    """The notifications of the pages, once there are this many."""
    monkeypatch.setattr(alert_hub, 'GATHER_S', 0.01)
    monkeypatch.setattr(alerts, 'SOUND_ANSWERS_WITHIN_S', 60)

    async def notified(sentences: int = 1) -> list[str]:
        async with asyncio.timeout(PATIENCE_S):
            while len(user.notify.messages) < sentences:  # noqa: ASYNC110 (a screen has no event to wait for)
                await asyncio.sleep(0.01)
        return user.notify.messages
    return notified


def sounds(screen: Screen) -> list[str]:
    return [element['props']['src'] for element in screen.all() if 'audio' in element.get('component', element['tag'])]


def button(screen: Screen) -> dict[str, Any]:
    found, = screen.of_class('sound-button')
    return found


async def test_an_order_that_somebody_else_gives_me_is_shown_and_heard(shop_floor: Floor, open_page: OpenPage,
                                                                       notified: Notified,
                                                                       lisa: Employee, mike: Employee) -> None:
    screen = await open_page()
    assert sounds(screen) == []

    shop_floor.order(0x3f2a91bc, assignee=lisa, by=mike)

    assert await notified() == ['Assigned to you: 3f2a91bc, Valve 01·01: Hydraulic leak']
    await screen.until(lambda: sounds(screen) == [address_of(alerts.SOUND)])


async def test_what_i_do_myself_is_not_news(shop_floor: Floor, open_page: OpenPage,
                                            notified: Notified, lisa: Employee,
                                            mike: Employee) -> None:
    await open_page()

    shop_floor.order(1, assignee=lisa, by=lisa)
    shop_floor.order(2, priority='critical', by=lisa)
    shop_floor.order(3, assignee=mike, by=mike)
    shop_floor.order(4, priority='critical', description='Fire', by=mike)

    assert await notified() == ['Critical order: 00000004, Valve 01·01: Fire']


async def test_an_order_that_turns_critical_is_shown_once(shop_floor: Floor, open_page: OpenPage,
                                                          notified: Notified, lisa: Employee,
                                                          mike: Employee) -> None:
    shop_floor.order(1, priority='high', by=mike)
    await open_page()

    shop_floor.order(1, priority='critical', by=mike)
    assert await notified() == ['Critical order: 00000001, Valve 01·01: Hydraulic leak']
    shop_floor.order(1, 'Valve_01_01', 'in_progress', priority='critical', by=mike)
    shop_floor.order(2, priority='critical', description='Another', by=mike)

    assert (await notified(2))[1:] == ['Critical order: 00000002, Valve 01·01: Another']


async def test_a_burst_is_one_sentence(shop_floor: Floor, open_page: OpenPage,
                                       notified: Notified, lisa: Employee,
                                       mike: Employee) -> None:
    await open_page()

    for number in range(5):
        shop_floor.order(number, assignee=lisa, by=mike, priority='critical' if number < 2 else 'low')
    for number in range(5, 8):
        shop_floor.order(number, by=None, priority='critical')

    assert await notified(2) == ['5 orders were assigned to you, 2 of them critical', '3 more orders are critical']


async def test_an_order_that_is_done_before_it_was_shown_is_not_shown(shop_floor: Floor, open_page: OpenPage,
                                                                      notified: Notified,
                                                                      lisa: Employee, mike: Employee) -> None:
    await open_page()

    shop_floor.order(1, priority='critical', by=mike)
    shop_floor.order(1, state='cancelled', priority='critical', by=mike)
    shop_floor.order(2, assignee=lisa, by=mike)
    shop_floor.order(2, assignee=mike, by=mike)
    shop_floor.order(3, assignee=lisa, by=mike, description='The one that stays')

    assert await notified() == ['Assigned to you: 00000003, Valve 01·01: The one that stays']


async def test_the_sound_can_be_switched_off_and_stays_off(shop_floor: Floor, open_page: OpenPage,
                                                           notified: Notified, lisa: Employee,
                                                           mike: Employee) -> None:
    screen = await open_page()
    assert (button(screen)['props']['label'], button(screen)['props']['aria-pressed']) == ('Sound on', 'true')

    screen.click(button(screen))
    await screen.until(lambda: button(screen)['props']['aria-pressed'] == 'false')
    again = await open_page()
    assert (button(again)['props']['label'], button(again)['props']['aria-pressed']) == ('Sound off', 'false')
    shop_floor.order(1, assignee=lisa, by=mike)

    assert await notified(2) == ['Assigned to you: 00000001, Valve 01·01: Hydraulic leak'] * 2  # one on each page
    assert sounds(screen) == sounds(again) == []


async def test_what_the_first_reading_finds_has_not_just_happened(
        empty: Floor, open_page: OpenPage, notified: Notified, user: User) -> None:
    lisa = empty.hire('Lisa', 'Garcia')
    person_at(user, lisa)
    empty.put('Valve_01_01', 'Transmission Line')
    screen = await open_page()
    old = empty.order(1, assignee=lisa, priority='critical')
    empty.publish()
    await screen.until(lambda: screen.of_class('tile'))

    empty.order(2, assignee=lisa, description='New')

    assert await notified() == ['Assigned to you: 00000002, Valve 01·01: New']
    assert old.id in empty.store.orders


async def test_what_was_missed_while_the_database_was_away_is_shown(shop_floor: Floor, open_page: OpenPage,
                                                                    notified: Notified,
                                                                    lisa: Employee, mike: Employee) -> None:
    await open_page()
    shop_floor.store.lose('the database closed the connection')
    shop_floor.order(1, assignee=lisa, by=mike, announced=False)

    shop_floor.publish()

    assert await notified() == ['Assigned to you: 00000001, Valve 01·01: Hydraulic leak']


async def test_a_page_that_has_gone_says_nothing(shop_floor: Floor, open_page: OpenPage,
                                                 notified: Notified, lisa: Employee,
                                                 mike: Employee) -> None:
    leaving, _ = await open_page(), await open_page()
    shop_floor.order(1, assignee=lisa, by=mike)
    leaving.client.delete()

    assert len(await notified()) == 1
    assert len(shop_floor.store._subscribers) == 4  # the broadcast; title, alerts and drawer of the page that stays


async def test_words_of_other_people_are_text(shop_floor: Floor, open_page: OpenPage,
                                              notified: Notified, lisa: Employee,
                                              mike: Employee) -> None:
    await open_page()

    shop_floor.order(1, assignee=lisa, by=mike, description='<img src=x onerror=alert(1)>\nsecond line')

    assert (await notified())[0].endswith('<img src=x onerror=alert(1)> second line')


# several tabs: each says it, one sounds

@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that plays nothing is given up soon, yet not before the test has seen that it was asked."""
    monkeypatch.setattr(alerts, 'SOUND_ANSWERS_WITHIN_S', 1)


def plays(screen: Screen, event: str = 'playing') -> None:
    """The browser says of the sound that it was given: it plays."""
    sound, = (e for e in screen.all() if 'audio' in e.get('component', e['tag']))
    screen.fire(sound, event)


def uses(screen: Screen, use: str = 'pointerdown') -> None:
    """Somebody presses something there."""
    screen.fire(screen.of_class('frame')[0], use)


async def test_of_the_tabs_of_one_person_the_one_used_last_sounds(shop_floor: Floor, open_page: OpenPage,
                                                                  notified: Notified,
                                                                  lisa: Employee, mike: Employee) -> None:
    first, second, third = await open_page(), await open_page('/?machine=Valve_01_01'), await open_page()
    uses(second)

    shop_floor.order(1, assignee=lisa, by=mike)

    await screen_sounds(second)
    assert await notified(3) == ['Assigned to you: 00000001, Valve 01·01: Hydraulic leak'] * 3
    plays(second)
    assert is_silent(first)
    assert is_silent(third)

    uses(first, 'keydown')
    shop_floor.order(2, assignee=lisa, by=mike)
    await screen_sounds(first)
    assert is_silent(third)


def is_silent(screen: Screen) -> bool:
    """No sound is on its way to this browser either."""
    return not [element for element in screen.client.elements.values() if isinstance(element, ui.audio)]


async def screen_sounds(screen: Screen) -> None:
    await screen.until(lambda: sounds(screen) == [address_of(alerts.SOUND)])


async def test_when_the_tab_that_sounds_goes_another_takes_over(shop_floor: Floor, open_page: OpenPage,
                                                                notified: Notified,
                                                                lisa: Employee, mike: Employee) -> None:
    first, second = await open_page(), await open_page()
    shop_floor.order(1, assignee=lisa, by=mike)
    await screen_sounds(second)
    assert is_silent(first)

    second.client.delete()  # before it has played

    await screen_sounds(first)
    plays(first)
    shop_floor.order(2, assignee=lisa, by=mike)
    await notified(3)
    await screen_sounds(first)


async def test_a_tab_whose_browser_plays_nothing_hands_over_and_plays_it_no_more(
        shop_floor: Floor, open_page: OpenPage, notified: Notified, lisa: Employee,
        mike: Employee, *, patient: None) -> None:
    first, second = await open_page(), await open_page()

    shop_floor.order(1, assignee=lisa, by=mike)
    await screen_sounds(first)

    await first.until(lambda: is_silent(second))


async def test_a_tab_that_is_blocked_says_so_and_another_sounds(
        shop_floor: Floor, open_page: OpenPage, notified: Notified, lisa: Employee,
        mike: Employee, *, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, 'SOUND_STARTS_WITHIN_S', 0.01)
    first, second = await open_page(), await open_page()
    shop_floor.order(1, assignee=lisa, by=mike)
    await screen_sounds(second)

    plays(second, 'canplaythrough')  # which it does not then

    await screen_sounds(first)
    assert (button(first)['props']['label'], button(second)['props']['label']) == ('Sound on', 'Sound blocked')
    plays(first)
    uses(second)
    shop_floor.order(2, assignee=lisa, by=mike)
    await notified(4)
    await screen_sounds(first)
    assert is_silent(second)


async def test_a_tab_without_its_browser_is_not_asked(shop_floor: Floor, open_page: OpenPage,
                                                      notified: Notified, lisa: Employee,
                                                      mike: Employee) -> None:
    first, away = await open_page(), await open_page()
    away.client.tab_id = None

    shop_floor.order(1, assignee=lisa, by=mike)

    await screen_sounds(first)
    assert is_silent(away)


async def test_each_person_hears_it_and_each_screen_without_a_person(
        shop_floor: Floor, open_page: OpenPage, notified: Notified, lisa: Employee,
        mike: Employee, *, colleague: User) -> None:
    """A station where nobody is signed in is a screen: two of them sound, two tabs of one do not."""
    station, another = User(client()), User(client())
    hers, his = await open_page(), await open_page(by=person_at(colleague, mike))
    here, beside, there = await open_page(by=station), await open_page(by=station), await open_page(by=another)

    shop_floor.order(1, priority='critical', by=None)

    for screen in hers, his, beside, there:
        await screen_sounds(screen)
    assert is_silent(here)


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(core.app), base_url='http://test')


async def test_pages_do_not_look_at_the_changes_one_by_one_each(
        shop_floor: Floor, open_page: OpenPage, notified: Notified, lisa: Employee,
        mike: Employee, *, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = []
    became_critical = alert_hub.became_critical

    def weigh(change: ActiveOrderChange) -> bool:
        weighed.append(change)
        return became_critical(change)
    monkeypatch.setattr(alert_hub, 'became_critical', weigh)
    for _ in range(3):
        await open_page()

    for number in range(100):
        shop_floor.order(number, assignee=lisa, by=mike)

    assert await notified(3) == ['100 orders were assigned to you'] * 3
    assert len(weighed) == 100


async def test_thousands_are_written_as_everywhere(shop_floor: Floor, open_page: OpenPage,
                                                   notified: Notified) -> None:
    await open_page()

    for number in range(1200):
        shop_floor.order(number, by=None, priority='critical')

    assert await notified() == ['1,200 more orders are critical']


def test_people_are_the_same_by_their_email_in_upper_and_lower_case() -> None:
    order = OrderBrief(OrderId('WO-1'), 1, 1, MachineName('Valve_01_01'), WorkOrderStatus.OPEN, Priority.HIGH, None,
                       None, 0, 'Leak', 'Mike@Example.com')
    assert alert_hub.is_by(order, Person('Mike', 'mike@example.com', Role.OPERATOR))
    assert not alert_hub.is_by(order, Person('Mike', 'lisa@example.com', Role.OPERATOR))
    assert not alert_hub.is_by(replace(order, by=None), Person('Mike', None, Role.OPERATOR))
