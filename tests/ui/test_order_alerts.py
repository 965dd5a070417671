"""What is said on a page, and heard, when something happens to work orders that concerns the person at it."""

import asyncio

import httpx
import pytest
from nicegui import core, ui
from nicegui.testing import User
from ui.services import person_at

from floor.web.shell import alert_hub, alerts
from floor.web.shell.assets import address_of


@pytest.fixture
def mike(floor, lisa):
    """Her supervisor."""
    mike = floor.hire('Mike', 'Johnson', 'supervisor')
    floor.publish()
    return mike


@pytest.fixture
def said(user, monkeypatch):
    """What the pages have said, once they have said this much."""
    monkeypatch.setattr(alert_hub, 'GATHER_S', 0.01)
    monkeypatch.setattr(alerts, 'SOUND_ANSWERS_WITHIN_S', 60)

    async def said(sentences=1):
        async with asyncio.timeout(30):
            while len(user.notify.messages) < sentences:  # noqa: ASYNC110 (a screen has no event to wait for)
                await asyncio.sleep(0.01)
        return user.notify.messages
    return said


def sounds(screen):
    return [element['props']['src'] for element in screen.all() if 'audio' in element.get('component', element['tag'])]


def button(screen):
    found, = screen.of_class('sound-button')
    return found


async def test_an_order_that_somebody_else_gives_me_is_said_and_heard(floor, look, said, lisa, mike):
    screen = await look()
    assert sounds(screen) == []

    floor.order(0x3f2a91bc, assignee=lisa, by=mike)

    assert await said() == ['Assigned to you: 3f2a91bc, Valve 01·01: Hydraulic leak']
    await screen.until(lambda: sounds(screen) == [address_of(alerts.SOUND)])


async def test_what_i_do_myself_is_not_news(floor, look, said, lisa, mike):
    await look()

    floor.order(1, assignee=lisa, by=lisa)
    floor.order(2, priority='critical', by=lisa)
    floor.order(3, assignee=mike, by=mike)
    floor.order(4, priority='critical', description='Fire', by=mike)

    assert await said() == ['Critical order: 00000004, Valve 01·01: Fire']


async def test_an_order_that_turns_critical_is_said_once(floor, look, said, lisa, mike):
    floor.order(1, priority='high', by=mike)
    await look()

    floor.order(1, priority='critical', by=mike)
    assert await said() == ['Critical order: 00000001, Valve 01·01: Hydraulic leak']
    floor.order(1, 'Valve_01_01', 'in_progress', priority='critical', by=mike)
    floor.order(2, priority='critical', description='Another', by=mike)

    assert (await said(2))[1:] == ['Critical order: 00000002, Valve 01·01: Another']


async def test_a_burst_is_one_sentence(floor, look, said, lisa, mike):
    await look()

    for number in range(5):
        floor.order(number, assignee=lisa, by=mike, priority='critical' if number < 2 else 'low')
    for number in range(5, 8):
        floor.order(number, by=None, priority='critical')

    assert await said(2) == ['5 orders were assigned to you, 2 of them critical', '3 more orders are critical']


async def test_an_order_that_is_done_before_it_was_said_is_not_said(floor, look, said, lisa, mike):
    await look()

    floor.order(1, priority='critical', by=mike)
    floor.order(1, state='cancelled', priority='critical', by=mike)
    floor.order(2, assignee=lisa, by=mike)
    floor.order(2, assignee=mike, by=mike)
    floor.order(3, assignee=lisa, by=mike, description='The one that stays')

    assert await said() == ['Assigned to you: 00000003, Valve 01·01: The one that stays']


async def test_the_sound_can_be_switched_off_and_stays_off(floor, look, said, lisa, mike):
    screen = await look()
    assert (button(screen)['props']['label'], button(screen)['props']['aria-pressed']) == ('Sound on', 'true')

    screen.click(button(screen))
    await screen.until(lambda: button(screen)['props']['aria-pressed'] == 'false')
    again = await look()
    assert (button(again)['props']['label'], button(again)['props']['aria-pressed']) == ('Sound off', 'false')
    floor.order(1, assignee=lisa, by=mike)

    assert await said(2) == ['Assigned to you: 00000001, Valve 01·01: Hydraulic leak'] * 2  # one on each page
    assert sounds(screen) == sounds(again) == []


async def test_what_the_first_reading_finds_has_not_just_happened(empty, look, said, user):
    lisa = empty.hire('Lisa', 'Garcia')
    person_at(user, lisa)
    empty.put('Valve_01_01', 'Transmission Line')
    screen = await look()
    old = empty.order(1, assignee=lisa, priority='critical')
    empty.publish()
    await screen.until(lambda: screen.of_class('tile'))

    empty.order(2, assignee=lisa, description='New')

    assert await said() == ['Assigned to you: 00000002, Valve 01·01: New']
    assert old.id in empty.store.orders


async def test_what_was_missed_while_the_database_was_away_is_said(floor, look, said, lisa, mike):
    await look()
    floor.store.lose('the database closed the connection')
    floor.order(1, assignee=lisa, by=mike, announced=False)

    floor.publish()

    assert await said() == ['Assigned to you: 00000001, Valve 01·01: Hydraulic leak']


async def test_a_page_that_has_gone_says_nothing(floor, look, said, lisa, mike):
    leaving, _ = await look(), await look()
    floor.order(1, assignee=lisa, by=mike)
    leaving.client.delete()

    assert len(await said()) == 1
    assert len(floor.store._subscribers) == 4  # the broadcast; title, alerts and drawer of the page that stays


async def test_words_of_other_people_are_text(floor, look, said, lisa, mike):
    await look()

    floor.order(1, assignee=lisa, by=mike, description='<img src=x onerror=alert(1)>\nsecond line')

    assert (await said())[0].endswith('<img src=x onerror=alert(1)> second line')


# several tabs: each says it, one sounds

@pytest.fixture
def patient(monkeypatch):
    """A browser that plays nothing is given up soon, yet not before the test has seen that it was asked."""
    monkeypatch.setattr(alerts, 'SOUND_ANSWERS_WITHIN_S', 1)


def plays(screen, event='playing'):
    """The browser says of the sound that it was given: it plays."""
    sound, = (e for e in screen.all() if 'audio' in e.get('component', e['tag']))
    screen.fire(sound, event)


def uses(screen, use='pointerdown'):
    """Somebody presses something there."""
    screen.fire(screen.of_class('frame')[0], use)


async def test_of_the_tabs_of_one_person_the_one_used_last_sounds(floor, look, said, lisa, mike):
    first, second, third = await look(), await look('/?machine=Valve_01_01'), await look()
    uses(second)

    floor.order(1, assignee=lisa, by=mike)

    await screen_sounds(second)
    assert await said(3) == ['Assigned to you: 00000001, Valve 01·01: Hydraulic leak'] * 3
    plays(second)
    assert is_silent(first)
    assert is_silent(third)

    uses(first, 'keydown')
    floor.order(2, assignee=lisa, by=mike)
    await screen_sounds(first)
    assert is_silent(third)


def is_silent(screen):
    """No sound is on its way to this browser either."""
    return not [element for element in screen.client.elements.values() if isinstance(element, ui.audio)]


async def screen_sounds(screen):
    await screen.until(lambda: sounds(screen) == [address_of(alerts.SOUND)])


async def test_when_the_tab_that_sounds_goes_another_takes_over(floor, look, said, lisa, mike):
    first, second = await look(), await look()
    floor.order(1, assignee=lisa, by=mike)
    await screen_sounds(second)
    assert is_silent(first)

    second.client.delete()  # before it has played

    await screen_sounds(first)
    plays(first)
    floor.order(2, assignee=lisa, by=mike)
    await said(3)
    await screen_sounds(first)


async def test_a_tab_whose_browser_plays_nothing_hands_over_and_plays_it_no_more(
        floor, look, said, lisa, mike, *, patient):
    first, second = await look(), await look()

    floor.order(1, assignee=lisa, by=mike)
    await screen_sounds(first)

    await first.until(lambda: is_silent(second))


async def test_a_tab_that_is_blocked_says_so_and_another_sounds(floor, look, said, lisa, mike, *, monkeypatch):
    monkeypatch.setattr(alerts, 'SOUND_STARTS_WITHIN_S', 0.01)
    first, second = await look(), await look()
    floor.order(1, assignee=lisa, by=mike)
    await screen_sounds(second)

    plays(second, 'canplaythrough')  # which it does not then

    await screen_sounds(first)
    assert (button(first)['props']['label'], button(second)['props']['label']) == ('Sound on', 'Sound blocked')
    plays(first)
    uses(second)
    floor.order(2, assignee=lisa, by=mike)
    await said(4)
    await screen_sounds(first)
    assert is_silent(second)


async def test_a_tab_without_its_browser_is_not_asked(floor, look, said, lisa, mike):
    first, away = await look(), await look()
    away.client.tab_id = None

    floor.order(1, assignee=lisa, by=mike)

    await screen_sounds(first)
    assert is_silent(away)


async def test_each_person_hears_it_and_each_screen_without_a_person(floor, look, said, lisa, mike, *, colleague):
    """A station where nobody is signed in is a screen: two of them sound, two tabs of one do not."""
    station, another = User(client()), User(client())
    hers, his = await look(), await look(by=person_at(colleague, mike))
    here, beside, there = await look(by=station), await look(by=station), await look(by=another)

    floor.order(1, priority='critical', by=None)

    for screen in hers, his, beside, there:
        await screen_sounds(screen)
    assert is_silent(here)


def client():
    return httpx.AsyncClient(transport=httpx.ASGITransport(core.app), base_url='http://test')


async def test_pages_do_not_look_at_the_changes_one_by_one_each(floor, look, said, lisa, mike, *, monkeypatch):
    weighed = []
    became_critical = alert_hub.became_critical
    monkeypatch.setattr(alert_hub, 'became_critical', lambda change: weighed.append(change) or became_critical(change))
    for _ in range(3):
        await look()

    for number in range(100):
        floor.order(number, assignee=lisa, by=mike)

    assert await said(3) == ['100 orders were assigned to you'] * 3
    assert len(weighed) == 100


async def test_thousands_are_written_as_everywhere(floor, look, said):
    await look()

    for number in range(1200):
        floor.order(number, by=None, priority='critical')

    assert await said() == ['1,200 more orders are critical']
