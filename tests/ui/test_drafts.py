"""Drafts belong to a tab: what one tab types, another neither replaces nor deletes, and a fresh one is offered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from ui.forms import MOVES, Form, details, press_in_row, work_order
from ui.harness import Floor
from ui.services import person_at

from floor.core.errors import DatabaseUnavailableError, EditConflictError
from floor.core.machines import MachineName
from floor.core.orders import OrderId, WorkOrder
from floor.core.people import Identity
from floor.orders.order_values import NewOrder
from floor.web.orders import work_order_page
from floor.web.orders.form import OrderForm
from floor.web.people import employees_page

WRONG = 'What is wrong'


@pytest.fixture
def tab(shop_floor: Floor, user: User) -> Callable[[], Tab]:
    """Open another tab of the same browser: the same person, the same cookies."""
    shop_floor.orders.answers |= {'transitions': MOVES, 'details': details(work_order()), 'due_times': []}
    person_at(user, shop_floor.hire('Mike', 'Johnson', 'supervisor'))
    shop_floor.hire('Lisa', 'Garcia')
    shop_floor.publish()
    work_order_page.register(shop_floor.services)
    employees_page.register(shop_floor.services)

    @ui.page('/form')
    def page(machine: str = '') -> None:
        identity = shop_floor.services.visitor()
        form = OrderForm(shop_floor.services, shop_floor.services.person(identity), identity)
        ui.button('New', on_click=lambda: form.open(MachineName(machine) if machine else None))
        ui.button('New for the painter', on_click=lambda: form.open(MachineName('Painter_02_01')))

    return lambda: Tab(User(user.http_client))


class Tab:
    """One tab: what it opens is reloaded or another page, and it stays the same tab."""

    def __init__(self, browser: User) -> None:
        self.browser = browser

    async def open(self, address: str) -> Form:
        return Form(self.browser, await self.browser.open(address))

    async def new_order(self, machine: str = 'Valve_01_01') -> Form:
        page = await self.open(f'/form?machine={machine}')
        page.press('New')
        return page

    async def order(self) -> Form:
        return await self.open(f'/work-orders/{work_order().id}')

    def close(self) -> None:
        client = self.browser.client
        assert client
        for socket in list(client._socket_to_document_id):
            client.handle_disconnect(socket)


async def test_each_tab_gets_back_its_own_new_order(tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    (await first.new_order()).fill(WRONG, 'Oil leak')
    page = await second.new_order()
    assert page.field(WRONG).value == ''
    page.fill(WRONG, 'Bearing noisy')

    assert (await first.new_order()).field(WRONG).value == 'Oil leak'
    assert (await second.new_order()).field(WRONG).value == 'Bearing noisy'


async def test_discarding_in_one_tab_leaves_the_draft_of_the_other(tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    (await first.new_order()).fill(WRONG, 'Oil leak')
    page = await second.new_order()
    page.fill(WRONG, 'Bearing noisy')
    page.press('Discard draft')

    assert (await first.new_order()).field(WRONG).value == 'Oil leak'


async def test_a_fresh_tab_takes_over_what_a_closed_one_left(tab: Callable[[], Tab]) -> None:
    closed = tab()
    (await closed.new_order()).fill(WRONG, 'Oil leak')
    closed.close()

    fresh = tab()
    page = await fresh.new_order()
    assert page.field(WRONG).value == ''
    assert page.says('Unsent draft from another tab: “Valve 01·01: Oil leak”')
    page.press('Use draft')

    assert page.field(WRONG).value == 'Oil leak'
    assert (await fresh.new_order()).field(WRONG).value == 'Oil leak'


async def test_what_was_taken_over_and_sent_is_offered_to_nobody(shop_floor: Floor, tab: Callable[[], Tab]) -> None:
    shop_floor.orders.answers['create'] = lambda who, new: work_order(description=new.description,
                                                                      priority=new.priority)
    closed = tab()
    (await closed.new_order()).fill(WRONG, 'Oil leak')
    closed.close()
    page = await tab().new_order()
    page.press('Use draft')
    page.press('Create')
    await page.until(lambda: not page.says('New work order'))

    assert not (await tab().new_order()).says('from another tab')


async def test_what_is_left_stays_for_its_tab_and_is_not_offered_here_again(tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    (await first.new_order()).fill(WRONG, 'Oil leak')
    page = await second.new_order()
    page.press('Ignore')

    assert not (await second.new_order()).says('from another tab')
    assert (await first.new_order()).field(WRONG).value == 'Oil leak'
    assert (await tab().new_order()).says('from another tab')


async def test_an_open_tab_keeps_what_another_took_over(tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    (await first.new_order()).fill(WRONG, 'Oil leak')
    page = await second.new_order()
    page.press('Use draft')
    page.fill(WRONG, 'Oil leak, worse')

    assert (await first.new_order()).field(WRONG).value == 'Oil leak'


async def test_what_is_offered_never_replaces_what_is_typed(tab: Callable[[], Tab]) -> None:
    (await tab().new_order()).fill(WRONG, 'Oil leak')
    page = await tab().new_order()
    page.fill(WRONG, 'Bearing noisy')

    assert not page.says('from another tab')


async def test_comments_and_steps_belong_to_a_tab(tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    page = await first.order()
    page.fill('Comment', 'Hose ordered')
    page.fill('Add a step', 'Lock out')
    page = await second.order()
    assert (page.field('Comment').value, page.field('Add a step').value) == ('', '')
    assert page.says('“Hose ordered”')
    assert page.says('“Lock out”')
    page.fill('Comment', 'Hose is here')
    page.fill('Comment', '')  # and thrown away

    page = await first.order()
    assert (page.field('Comment').value, page.field('Add a step').value) == ('Hose ordered', 'Lock out')


async def test_an_edit_belongs_to_a_tab_and_outlives_a_conflict(shop_floor: Floor, tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    page = await first.order()
    page.press('Edit')
    page.fill('Description', 'Oil leak at the clamp')
    other = await second.order()
    assert other.says('“Oil leak at the clamp”')
    other.press('Edit')
    other.fill('Description', 'Oil leak, two litres')
    shop_floor.orders.answers['edit'] = work_order(description='Oil leak, two litres', version=2)
    other.press('Save')
    await other.until(lambda: not other.says('Discard changes'))
    theirs = work_order(description='Oil leak, two litres', version=2)
    shop_floor.orders.answers |= {'details': details(theirs), 'edit': EditConflictError('changed', theirs)}

    page.press('Save')
    await page.until(lambda: page.says('Someone else changed this order'))
    page.press('Back to editing')
    await page.until(lambda: page.says('What you typed is kept.'))

    page = await first.order()
    await page.until(lambda: page.says('Your unsaved changes were restored.'))
    assert page.field('Description').value == 'Oil leak at the clamp'


async def test_the_words_of_a_move_belong_to_a_tab(tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    page = await first.order()
    page.press('Complete')
    await page.until(lambda: page.says('Complete 3f2a91bc'))
    page.fill('Cause: what was wrong', 'Seal worn')
    other = await second.order()
    other.press('Complete')
    await other.until(lambda: other.says('“Seal worn”'))
    assert other.field('Cause: what was wrong').value == ''
    other.press('Use draft')
    assert other.field('Cause: what was wrong').value == 'Seal worn'
    other.fill('Cause: what was wrong', 'Hose burst')

    page = await first.order()
    page.press('Complete')
    await page.until(lambda: page.says('Complete 3f2a91bc'))
    assert page.field('Cause: what was wrong').value == 'Seal worn'


async def test_a_person_belongs_to_a_tab(tab: Callable[[], Tab]) -> None:
    first, second = tab(), tab()
    page = await first.open('/employees')
    page.press('Add employee')
    page.fill('First name', 'Ana')
    other = await second.open('/employees')
    other.press('Add employee')
    assert other.field('First name').value == ''
    other.fill('First name', 'Bo')
    other.press('Discard draft')

    page = await first.open('/employees')
    page.press('Add employee')
    assert page.field('First name').value == 'Ana'


async def test_a_person_typed_before_a_reload_does_not_undo_what_others_changed_meanwhile(
        shop_floor: Floor, tab: Callable[[], Tab]) -> None:
    first = tab()
    page = await first.open('/employees')
    press_edit(page, 'Lisa Garcia')
    page.fill('Department', 'Tooling')
    shop_floor.people[1] = replace(shop_floor.people[1], last_name='Garcia Lopez', version=2)
    shop_floor.publish()

    page = await first.open('/employees')
    press_edit(page, 'Lisa Garcia Lopez')
    shop_floor.employees.answers['edit'] = EditConflictError('changed', shop_floor.people[1])
    page.press('Save')
    await page.until(lambda: page.says('Someone else changed this employee: '))

    (_, _, version, _), = (arguments for name, arguments, _ in shop_floor.employees.asked if name == 'edit')
    assert version == 1
    assert page.field('Last name').value == 'Garcia Lopez'
    assert page.field('Department').value == 'Tooling'


def press_edit(page: Form, name: str) -> None:
    press_in_row(page, f'Edit {name}')


async def test_what_is_typed_while_an_order_is_sent_is_kept(shop_floor: Floor, tab: Callable[[], Tab]) -> None:
    first = tab()
    page = await first.new_order()
    page.fill(WRONG, 'Oil leak')

    def create(who: Identity, new: NewOrder) -> WorkOrder:
        page.fill(WRONG, 'Oil leak at the clamp')
        return work_order(description=new.description, priority=new.priority)
    shop_floor.orders.answers['create'] = create
    page.press('Create')

    await page.until(lambda: page.says('WO-3f2a91bc was created without your latest edits'))
    assert (await first.new_order()).field(WRONG).value == 'Oil leak at the clamp'


async def test_an_order_that_arrives_late_does_not_close_the_form_of_another_machine(shop_floor: Floor,
                                                                                     tab: Callable[[], Tab]) -> None:
    page = await tab().new_order()
    page.fill(WRONG, 'Oil leak')

    def create(who: Identity, new: NewOrder) -> WorkOrder:
        page.press('Close')
        page.press('New for the painter')
        page.fill(WRONG, 'Nozzle blocked')
        return work_order(description=new.description, priority=new.priority)
    shop_floor.orders.answers['create'] = create
    page.press('Create')

    await page.until(lambda: page.says('WO-3f2a91bc created.'))
    assert page.field('Machine').value == 'Painter_02_01'
    assert page.field(WRONG).value == 'Nozzle blocked'


async def test_a_comment_that_was_changed_after_a_lost_answer_goes_by_another_name(shop_floor: Floor,
                                                                                   tab: Callable[[], Tab]) -> None:
    shop_floor.orders.answers['comment'] = DatabaseUnavailableError('the database does not answer')

    def references() -> list[str]:
        return [arguments[-1] for name, arguments, _ in shop_floor.orders.asked if name == 'comment']
    page = await tab().order()
    page.fill('Comment', 'Hose ordered')
    page.press('Add comment')
    await page.until(lambda: page.says('What you typed is kept.'))
    page.press('Add comment')
    await page.until(lambda: len(references()) == 2)
    page.fill('Comment', 'Hose ordered, comes on Monday')
    page.press('Add comment')

    await page.until(lambda: len(references()) == 3)
    first, again, changed = references()
    assert first == again != changed


async def test_what_is_typed_while_an_edit_is_saved_is_kept(shop_floor: Floor, tab: Callable[[], Tab]) -> None:
    first = tab()
    page = await first.order()
    page.press('Edit')
    page.fill('Description', 'Oil leak at the clamp')

    def edit(who: Identity, order_id: OrderId, version: int, edit: Any) -> WorkOrder:
        page.fill('Description', 'Oil leak at the clamp, two litres')
        saved = work_order(description='Oil leak at the clamp', version=2)
        shop_floor.orders.answers['details'] = details(saved)
        return saved
    shop_floor.orders.answers['edit'] = edit
    page.press('Save')

    await page.until(lambda: page.says('Saved. What you typed since then is not saved yet.'))
    page = await first.order()
    await page.until(lambda: page.says('Your unsaved changes were restored.'))
    assert page.field('Description').value == 'Oil leak at the clamp, two litres'


async def test_the_next_step_that_is_typed_while_one_is_added_is_kept(shop_floor: Floor,
                                                                      tab: Callable[[], Tab]) -> None:
    first = tab()
    page = await first.order()
    page.fill('Add a step', 'Lock out')

    def add_item(who: Identity, order_id: OrderId, text: str) -> None:
        page.fill('Add a step', 'Drain the oil')
    shop_floor.orders.answers['add_item'] = add_item
    page.press('Add')

    await page.until(lambda: any(name == 'add_item' for name, _, _ in shop_floor.orders.asked))
    assert page.field('Add a step').value == 'Drain the oil'
    assert (await first.order()).field('Add a step').value == 'Drain the oil'


@pytest.mark.parametrize('text', ['\u200b', '\u3164 \u2800', '\u00ad'], ids=ascii)
async def test_a_form_asks_for_text_that_people_can_see(shop_floor: Floor, tab: Callable[[], Tab], text: str) -> None:
    page = await tab().new_order()
    page.fill(WRONG, text)
    page.press('Create')
    await page.until(lambda: page.field(WRONG).error == 'Describe what is wrong.')

    page = await tab().order()
    page.fill('Comment', text)
    page.press('Add comment')
    await page.until(lambda: page.field('Comment').error == 'Enter a comment.')
    page.press('Complete')
    await page.until(lambda: page.says('Complete 3f2a91bc'))
    page.fill('Cause: what was wrong', text)
    page.press('Complete')
    await page.until(lambda: page.field('Cause: what was wrong').error == 'This field is required.')
    assert [name for name, _, _ in shop_floor.orders.asked if name in {'create', 'comment', 'transition'}] == []
