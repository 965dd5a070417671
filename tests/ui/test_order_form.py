"""A new work order: what is asked for, what is sent, and that nothing typed is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from ui.forms import HOSTILE, Form, OpenForm, work_order
from ui.harness import Floor
from ui.services import person_at

from floor.core.errors import (
    DatabaseUnavailableError,
    InvalidInputError,
    NotAllowedError,
    OrderAlreadyOpenError,
    ReferenceReusedError,
)
from floor.core.machines import MachineName
from floor.core.orders import Priority, WorkOrder
from floor.core.people import Identity
from floor.orders.order_values import NewOrder
from floor.web.orders.form import OrderForm


@pytest.fixture
def form(shop_floor: Floor, user: User) -> OpenForm:
    """Open a page with the form in it, and the form."""
    @ui.page('/form')
    def page(machine: str = '') -> None:
        identity = shop_floor.services.visitor()
        form = OrderForm(shop_floor.services, shop_floor.services.person(identity), identity)
        ui.button('New', on_click=lambda: form.open(MachineName(machine) if machine else None))

    async def open_form(machine: str = '', by: User | None = None) -> Form:
        client = await (by or user).open(f'/form?machine={machine}')
        page = Form(by or user, client)
        page.press('New')
        await page.until(lambda: page.says('New work order'))
        return page
    return open_form


def created(shop_floor: Floor) -> list[tuple[Any, ...]]:
    return [arguments for name, arguments, _ in shop_floor.orders.asked if name == 'create']


def answer_with(shop_floor: Floor, *answers: Exception | WorkOrder | None) -> None:
    """What create does, one after the other: an exception, or the order that was asked for."""
    rest = list(answers)

    def create(who: Identity, new: NewOrder) -> WorkOrder:
        answer = rest.pop(0) if rest else None
        if isinstance(answer, Exception):
            raise answer
        return answer or work_order(machine=new.machine, description=new.description, priority=new.priority)
    shop_floor.orders.answers['create'] = create


async def test_the_machine_and_its_reason_are_filled_in(shop_floor: Floor, form: OpenForm) -> None:
    shop_floor.change('Valve_01_01', 'down', 'Pin position error')

    page = await form('Valve_01_01')

    assert page.field('Machine').value == 'Valve_01_01'
    assert page.field('What is wrong').value == 'Pin position error'


async def test_two_clicks_are_one_order(shop_floor: Floor, form: OpenForm) -> None:
    sent, answered = [], asyncio.Event()

    async def create(who: Identity, new: NewOrder) -> WorkOrder:
        sent.append(new)
        await answered.wait()
        return work_order(machine=new.machine, description=new.description, priority=new.priority)
    shop_floor.orders.create = create
    page = await form('Valve_01_01')
    page.fill('What is wrong', 'Oil leak')

    page.press('Create', times=2)
    await page.until(lambda: sent)
    assert page.button('Create').props['loading'] and not page.button('Create').enabled
    answered.set()

    await page.until(lambda: page.says('WO-3f2a91bc created.'))
    assert len(sent) == 1
    assert not page.says('New work order')


async def test_what_is_typed_is_there_on_the_next_page_and_gone_when_it_was_sent(shop_floor: Floor,
                                                                                 form: OpenForm) -> None:
    answer_with(shop_floor)
    page = await form('Valve_01_01')
    page.fill('What is wrong', HOSTILE)
    page.radio('Priority').set_value('critical')

    page = await form('Valve_01_01')  # a reload

    assert page.field('What is wrong').value == HOSTILE
    assert page.radio('Priority').value == 'critical'
    assert page.says('Your unsent draft was restored.')
    page.press('Create')
    await page.until(lambda: created(shop_floor))
    await page.until(lambda: not page.says('New work order'))
    page = await form('Valve_01_01')
    assert page.field('What is wrong').value == ''


async def test_a_draft_is_thrown_away_on_purpose_only(shop_floor: Floor, form: OpenForm) -> None:
    page = await form('Valve_01_01')
    page.fill('What is wrong', 'Oil leak')

    other = await form('Painter_02_01')
    assert other.field('What is wrong').value == ''
    other.press('Continue draft for Valve 01·01')
    await other.until(lambda: other.field('Machine').value == 'Valve_01_01')
    assert other.field('What is wrong').value == 'Oil leak'
    other.press('Discard draft')

    await other.until(lambda: not other.says('New work order'))
    page = await form('Valve_01_01')
    assert page.field('What is wrong').value == ''


async def test_a_draft_is_its_writers_alone(shop_floor: Floor, form: OpenForm, user: User) -> None:
    lisa, kim = shop_floor.hire('Lisa', 'Garcia'), shop_floor.hire('Grace', 'Kim')
    shop_floor.publish()
    page = await form('Valve_01_01', by=person_at(user, lisa))
    page.fill('What is wrong', 'Oil leak')

    page = await form('Valve_01_01', by=person_at(user, kim))  # the same tablet

    assert page.field('What is wrong').value == ''


async def test_a_retry_after_a_lost_answer_goes_by_the_same_name(shop_floor: Floor, form: OpenForm) -> None:
    answer_with(shop_floor, DatabaseUnavailableError('the database does not answer at db:5432'))
    page = await form('Valve_01_01')
    page.fill('What is wrong', 'Oil leak')
    page.press('Create')
    await page.until(lambda: page.says('The database does not answer at db:5432. What you typed is kept.'))
    assert page.field('What is wrong').value == 'Oil leak'
    assert page.button('Try again').enabled

    page = await form('Valve_01_01')  # a reload in between
    page.press('Create')
    await page.until(lambda: len(created(shop_floor)) == 2)

    first, second = (new.client_reference for _, new in created(shop_floor))
    assert first == second


async def test_an_earlier_text_that_had_arrived_is_reported_and_the_later_one_kept(shop_floor: Floor,
                                                                                   form: OpenForm) -> None:
    answer_with(shop_floor, ReferenceReusedError('WO-20261123-3f2a91bc', work_order(description='Oil')))
    page = await form('Valve_01_01')
    page.fill('What is wrong', 'Oil leak at the clamp')

    page.press('Create')

    await page.until(lambda: page.says('Your first attempt was saved as WO-3f2a91bc.'))
    assert page.field('What is wrong').value == 'Oil leak at the clamp'
    page.press('Create')
    await page.until(lambda: len(created(shop_floor)) == 2)
    first, second = (new.client_reference for _, new in created(shop_floor))
    assert first != second


async def test_what_is_missing_is_shown_at_its_field(shop_floor: Floor, form: OpenForm) -> None:
    page = await form()

    page.press('Create')

    await page.until(lambda: page.field('Machine').error)
    assert page.field('Machine').error == 'Choose a machine.'
    assert page.field('What is wrong').error == 'Describe what is wrong.'
    assert created(shop_floor) == []


async def test_a_refused_field_says_why_and_keeps_what_was_typed(shop_floor: Floor, form: OpenForm) -> None:
    answer_with(shop_floor, InvalidInputError('description has 10,001 characters; at most 10,000 fit', 'description'))
    page = await form('Valve_01_01')
    page.fill('What is wrong', 'x' * 10_001)

    page.press('Create')

    await page.until(lambda: page.field('What is wrong').error)
    assert page.field('What is wrong').error == 'Description has 10,001 characters; at most 10,000 fit.'
    assert len(page.field('What is wrong').value) == 10_001


async def test_the_command_has_the_last_word_on_what_is_allowed(shop_floor: Floor, form: OpenForm) -> None:
    answer_with(shop_floor, NotAllowedError('requires the role operator; your role is viewer'))
    page = await form('Valve_01_01')
    page.fill('What is wrong', 'Oil leak')

    page.press('Create')

    await page.until(lambda: page.says('Requires the role operator; your role is viewer.'))


async def test_a_viewer_sees_why_they_cannot_create(shop_floor: Floor, form: OpenForm, user: User) -> None:
    viewer = shop_floor.hire('Vera', 'Hall', 'viewer')
    shop_floor.publish()

    page = await form('Valve_01_01', by=person_at(user, viewer))

    assert not page.button('Create').enabled
    assert page.button('Create').props['title'] == 'Requires the role operator; your role is viewer.'


@pytest.mark.parametrize(('role', 'choices'), [
    ('supervisor', ['Lisa Garcia', 'Pat Doe']), ('technician', ['Pat Doe']), ('operator', [])])
async def test_who_can_be_assigned_is_active_and_mine_to_assign(shop_floor: Floor, form: OpenForm, user: User,
                                                                role: str, choices: list[Any]) -> None:
    shop_floor.hire('Lisa', 'Garcia')
    shop_floor.hire('Tom', 'Left', active=False)
    pat = shop_floor.hire('Pat', 'Doe', role)
    shop_floor.publish()

    page = await form('Valve_01_01', by=person_at(user, pat))

    assert sorted(page.field('Assignee').options.values()) == choices
    assert page.field('Assignee').enabled == bool(choices)


async def test_all_that_was_chosen_is_sent(shop_floor: Floor, form: OpenForm, user: User) -> None:
    lisa = shop_floor.hire('Lisa', 'Garcia', 'supervisor')
    shop_floor.publish()
    answer_with(shop_floor)
    page = await form(by=person_at(user, lisa))
    page.fill('Machine', 'Painter_02_01')
    page.fill('What is wrong', HOSTILE)
    page.radio('Priority').set_value('low')
    page.fill('Assignee', lisa.id)
    page.fill('Checklist, one step per line', 'Lock out\n\n Test \n')

    page.press('Create')

    await page.until(lambda: created(shop_floor))
    (who, new), = created(shop_floor)
    assert who.email == 'lisa@example.com'
    assert (new.machine, new.description, new.priority, new.assignee_id, new.checklist) == \
        ('Painter_02_01', HOSTILE, Priority.LOW, lisa.id, ('Lock out', 'Test'))


async def test_an_order_of_a_machine_that_is_down_is_high_until_somebody_chooses(shop_floor: Floor,
                                                                                 form: OpenForm) -> None:
    shop_floor.change('Valve_01_01', 'down', 'Pin position error')

    assert (await form('Valve_01_01')).radio('Priority').value == 'high'
    page = await form()
    assert page.radio('Priority').value == 'medium'
    page.fill('Machine', 'Valve_01_01')
    assert page.radio('Priority').value == 'high'
    page.radio('Priority').set_value('low')
    page.fill('Machine', 'Painter_02_01')
    page.fill('Machine', 'Valve_01_01')
    assert page.radio('Priority').value == 'low'


async def test_an_order_that_is_open_for_the_stop_is_offered_and_another_can_be_made(shop_floor: Floor,
                                                                                     form: OpenForm) -> None:
    earlier = work_order(assignee='Lisa Garcia')
    answer_with(shop_floor, OrderAlreadyOpenError(earlier.id, earlier))
    shop_floor.change('Valve_01_01', 'down', 'Pin position error')
    page = await form('Valve_01_01')

    page.press('Create')

    await page.until(lambda: page.says('WO-3f2a91bc is already open for this stop: Oil leak (Open, Lisa Garcia).'))
    link, = (each for each in page.client.elements.values() if getattr(each, 'text', '') == 'Open WO-3f2a91bc')
    assert link.props['href'] == '/work-orders/WO-20261123-3f2a91bc'
    assert page.field('What is wrong').value == 'Pin position error'
    page.press('Create another anyway')
    await page.until(lambda: len(created(shop_floor)) == 2)
    assert [new.even_if_open for _, new in created(shop_floor)] == [False, True]


async def test_only_those_who_work_on_orders_are_offered(shop_floor: Floor, form: OpenForm) -> None:
    shop_floor.hire('Lisa', 'Garcia')
    shop_floor.hire('Carlos', 'Mendez', 'operator')
    shop_floor.publish()

    assert list((await form()).field('Assignee').options.values()) == ['Lisa Garcia']
