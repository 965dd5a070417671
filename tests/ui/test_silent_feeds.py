"""A feed that has fallen silent is one line of "Needs attention", which stands for its machines."""

from __future__ import annotations

from nicegui import ui
from nicegui.testing import User
from ui.harness import MINUTE_MS, Floor, OpenPage, Screen
from ui.services import person_at

from floor.core.feeds import SilentFeed

FEED_MACHINES = 'Source_Sorter_01_01', 'Robotic_Arm_01_01', 'Valve_01_01'


def lines(screen: Screen) -> list[str]:
    return [f'{row["props"]["data-state"]} {row["text"]}' for row in screen.of_class('row-machine')]


async def test_a_silent_feed_stands_for_its_machines_until_it_reports_again(
        shop_floor: Floor, user: User, open_page: OpenPage) -> None:
    for name in FEED_MACHINES[:2]:
        shop_floor.put(name, 'Transmission Line', 'unknown')
    shop_floor.put(FEED_MACHINES[2], 'Transmission Line', 'down', reason='Leak')
    shop_floor.put('Painter_02_01', 'Engine Line', 'unknown')
    ids = frozenset(shop_floor.records[name].machine_id for name in FEED_MACHINES)
    shop_floor.publish()
    opened: list[str | None] = []

    @ui.page('/setup/feeds')
    def feeds_page(feed: str) -> None:
        opened.append(feed)
    screen = await open_page()
    assert len(lines(screen)) == 4

    shop_floor.silent_feeds = SilentFeed(7, 'gateway <b>', shop_floor.now_ms - 12 * MINUTE_MS, ids),
    shop_floor.publish()
    await screen.until(lambda: lines(screen) == [
        '12 min Feed gateway <b>\nno message · 3 machines', '10 min 01·01 Valve\nLeak · no work order',
        '10 min 02·01 Painter\nNo signal'])
    screen.click(screen.of_class('row-feed')[0])
    await screen.until(lambda: opened == ['7'])

    person_at(user, shop_floor.hire('Lisa', 'Garcia', 'technician'))
    shop_floor.publish()
    others = await open_page()
    assert [row['tag'] for row in others.of_class('row-feed') + screen.of_class('row-feed')] == ['div', 'button']

    shop_floor.silent_feeds = ()
    shop_floor.publish()
    await screen.until(lambda: len(lines(screen)) == 4)


async def test_more_silent_feeds_than_rows(shop_floor: Floor, open_page: OpenPage) -> None:
    shop_floor.silent_feeds = tuple(SilentFeed(number, f'F{number}', shop_floor.now_ms, frozenset({1}))
                                    for number in range(5))
    shop_floor.publish()
    screen = await open_page()
    assert [row['text'].split('\n')[0] for row in screen.of_class('row-feed')] == ['Feed F0', 'Feed F1', '3 more feeds']
    assert not any(text == 'All machines are running.' for text in screen.texts)
