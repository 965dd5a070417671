"""A demo says on every page that it is one; a supervisor replaces it by an empty floor, once they know what goes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from ui.forms import Form, OpenForm
from ui.harness import Floor, OpenPage
from ui.services import person_at

from floor.core.errors import NotADemoError
from floor.plant.demo_removal import DemoContents
from floor.web.live.live_element import LiveElement
from floor.web.people import employees_page
from floor.web.shell.demo_ribbon import LABEL, DemoRibbon

BUTTON, SURE, REMOVE = 'Set up your plant', 'Permanently remove the demo data', 'Remove the demo'
CONTENTS = DemoContents(30, 101_924, 1014, 15)


@pytest.fixture
def commands(shop_floor: Floor) -> Any:
    """What the ribbon asks, with a demo that has been lived in."""
    plant: Any = shop_floor.services.plant
    plant.answers |= {'contents': CONTENTS, 'remove_demo': CONTENTS}
    return plant


@pytest.fixture
def page(shop_floor: Floor, user: User) -> OpenForm:
    """Open a page of a demo, as Mike, a supervisor, or somebody else."""
    ui.page('/setup')(lambda: None)  # where removing the demo leads

    async def page(address: str = '/', role: str = 'supervisor') -> Form:
        person_at(user, shop_floor.hire('Mike', 'Johnson', role))
        shop_floor.is_demo = True
        shop_floor.publish()
        return Form(user, await user.open(address))
    return page


def ribbon_of(form: Form) -> LiveElement:
    ribbon, = (each for each in form.client.elements.values() if isinstance(each, DemoRibbon))
    return ribbon


def is_shown(form: Form) -> bool:
    return not ribbon_of(form).content()[0]['hidden']


def tick(form: Form) -> None:
    box, = (each for each in form.client.elements.values() if isinstance(each, ui.checkbox) and each.text == SURE)
    box.set_value(True)


@pytest.mark.parametrize('address', ['/', '/?kiosk', '/?kiosk&rotate=5', '/?machine=Valve_01_01'])
async def test_every_look_at_the_floor_says_that_it_is_simulated(page: OpenForm, address: str) -> None:
    form = await page(address)
    assert is_shown(form) and form.says(LABEL)


async def test_a_plant_has_no_ribbon(shop_floor: Floor, user: User) -> None:
    shop_floor.publish()
    assert not is_shown(Form(user, await user.open('/')))


async def test_before_the_database_has_answered_nothing_is_claimed(empty: Floor, user: User) -> None:
    form = Form(user, await user.open('/'))
    assert not is_shown(form) and form.says('Waiting for the database.')


async def test_only_supervisors_are_offered_to_remove_it(page: OpenForm) -> None:
    form = await page(role='technician')
    assert is_shown(form) and not form.says(BUTTON)


async def test_a_wall_screen_offers_nothing(page: OpenForm) -> None:
    assert not (await page('/?kiosk')).says(BUTTON)


async def test_what_goes_is_counted_and_nothing_goes_without_a_tick(page: OpenForm, commands: Any) -> None:
    form = await page()
    form.press(BUTTON)
    await form.until(lambda: form.says('30 machines, 101,924 status changes, 1,014 work orders and 15 people'))
    form.press(REMOVE)
    assert [called for called, _, _ in commands.asked] == ['contents']
    tick(form)
    form.press(REMOVE, times=2)
    await form.until(lambda: 'remove_demo' in [called for called, _, _ in commands.asked])
    assert [called for called, _, _ in commands.asked] == ['contents', 'remove_demo']
    assert {arguments[0].email for _, arguments, _ in commands.asked} == {'mike@example.com'}


async def test_a_history_that_is_being_created_is_not_counted_as_nothing(page: OpenForm, commands: Any) -> None:
    commands.answers['contents'] = DemoContents(30, 0, 0, 15, is_growing=True)
    form = await page()
    form.press(BUTTON)
    await form.until(lambda: form.says('deleted for everyone: 30 machines, 15 people, and the history and the work '
                                       'orders that are being created now. Everybody'))
    assert not form.says('0 status changes')


async def test_while_it_waits_it_says_for_what(page: OpenForm, commands: Any) -> None:
    removed = asyncio.Event()

    async def remove(_: Any) -> DemoContents:
        await removed.wait()
        return CONTENTS
    commands.answers['remove_demo'] = remove
    form = await page()
    form.press(BUTTON)
    await form.until(lambda: form.says('101,924'))
    tick(form)
    form.press(REMOVE)
    await form.until(lambda: form.says('While its past is still being written'))
    removed.set()
    await form.until(lambda: not form.says('While its past is still being written'))


async def test_a_refusal_is_shown_in_the_dialog(page: OpenForm, commands: Any) -> None:
    commands.answers['remove_demo'] = NotADemoError('this floor is a plant: nothing of it can be removed')
    form = await page()
    form.press(BUTTON)
    await form.until(lambda: form.says('101,924'))
    tick(form)
    form.press(REMOVE)
    await form.until(lambda: form.says('This floor is a plant: nothing of it can be removed'))


async def test_an_open_page_loses_the_ribbon_with_the_demo_and_says_what_is_next(shop_floor: Floor,
                                                                                 page: OpenForm) -> None:
    form = await page()
    assert is_shown(form)
    shop_floor.is_demo = False
    shop_floor.records.clear()
    shop_floor.publish()
    await form.until(lambda: form.says('Add your lines and machines'))
    assert not is_shown(form)


async def test_a_page_without_machines_follows_too_and_stays_live(shop_floor: Floor, open_page: OpenPage) -> None:
    """Where machines come and go, a page that shows none is not built again, and must not be forgotten."""
    shop_floor.is_demo = True
    shop_floor.publish()
    employees_page.register(shop_floor.services)
    shop_floor.orders.answers['due_times'] = []
    screen = await open_page('/employees')
    assert screen.of_class('demo-ribbon')
    shop_floor.is_demo = False
    shop_floor.records.clear()
    shop_floor.publish()
    await screen.until(lambda: not screen.of_class('demo-ribbon'))
    shop_floor.clock.pass_by(60)
    shop_floor.broadcast.flush(['second'])
    await screen.until(lambda: screen.badge['props']['data-connection'] == 'stale')
