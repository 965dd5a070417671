"""The people of the plant: who sees what, who may change it, and what two supervisors do at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from nicegui.testing import User
from ui.forms import HOSTILE, Form, OpenForm, button_of, click, people, press_in_row
from ui.harness import Floor
from ui.services import person_at

from floor.core.errors import DatabaseUnavailableError, EditConflictError, InvalidInputError
from floor.core.orders import DueTime, Priority
from floor.core.people import Employee, Identity, Role
from floor.orders.employees import EmployeeEdit
from floor.web.people import employees_page
from floor.web.people.table import COLUMNS


@pytest.fixture
def mike(shop_floor: Floor, user: User) -> Employee:
    """The supervisor who looks."""
    mike = shop_floor.hire('Mike', 'Johnson', 'supervisor')
    person_at(user, mike)
    return mike


@pytest.fixture
def page(shop_floor: Floor, user: User, mike: Employee) -> OpenForm:
    """Open the page, with Lisa Garcia and, no longer active, Tom Left on it."""
    shop_floor.hire('Lisa', 'Garcia')
    shop_floor.hire('Tom', 'Left', active=False)
    shop_floor.publish()
    shop_floor.orders.answers['due_times'] = [DueTime(Priority.CRITICAL, timedelta(minutes=90)),
                                              DueTime(Priority.LOW, timedelta(days=7))]
    employees_page.register(shop_floor.services)

    async def page(query: str = '') -> Form:
        return Form(user, await user.open(f'/employees{query}'))
    return page


def sent(shop_floor: Floor, name: str) -> list[tuple[Any, ...]]:
    return [arguments for called, arguments, _ in shop_floor.employees.asked if called == name]


def pressed(form: Form, label: str) -> None:
    """Click the button that is called so."""
    button, = (element for element in form.client.elements.values() if element.props.get('aria-label') == label)
    click(form, button)


async def test_the_active_are_shown_with_what_they_have_open(shop_floor: Floor, page: OpenForm) -> None:
    lisa = shop_floor.people[1]
    shop_floor.order(1, assignee=lisa)
    shop_floor.order(2, assignee=lisa)

    form = await page()

    row = people(form)['Lisa Garcia']
    assert [row[entry] for entry in COLUMNS.values()] == ['Lisa Garcia', 'lisa@example.com', 'Maintenance',
                                                          'technician', 'yes', '2 open']
    assert 'Tom Left' not in people(form)
    shop_floor.order(2, state='completed', assignee=lisa)
    await form.until(lambda: people(form)['Lisa Garcia']['load'] == '1 open')


async def test_people_stand_by_name_however_it_is_written(shop_floor: Floor, page: OpenForm) -> None:
    for first, last in ('Zoë', 'östlund'), ('Ann', 'zange'), ('Max', 'Østlund'), ('Élan', 'Ost'):
        shop_floor.hire(first, last)
    shop_floor.publish()
    form = await page()

    assert list(people(form)) == ['Lisa Garcia', 'Mike Johnson', 'Élan Ost', 'Max Østlund', 'Zoë östlund',
                                  'Ann zange']


async def test_all_are_shown_when_asked_for(shop_floor: Floor, page: OpenForm) -> None:
    form = await page()
    chip, = (element for element in form.client.elements.values() if getattr(element, 'text', '') == 'All')
    listener, = chip._event_listeners.values()

    form.client.handle_event({'id': chip.id, 'listener_id': listener.id, 'args': []})

    await form.until(lambda: 'Tom Left' in people(form))
    assert chip.props['aria-pressed'] == 'true'
    assert people(form)['Tom Left']['switch'] == 'Reactivate'


async def test_a_person_that_somebody_else_adds_appears_automatically(shop_floor: Floor, page: OpenForm) -> None:
    form = await page()

    shop_floor.hire(HOSTILE, 'Novak')
    shop_floor.publish()

    await form.until(lambda: f'{HOSTILE} Novak' in people(form))


async def test_a_person_more_costs_a_row_of_data_and_no_element(shop_floor: Floor, page: OpenForm) -> None:
    """A hundred people were a thousand elements for each browser, 5 MB."""
    few = len((await page()).client.elements)
    for number in range(100):
        shop_floor.hire(f'Person {number}', 'Novak')
    shop_floor.publish()

    form, other = await page(), await page()

    assert len(people(form)) == 102
    assert len(form.client.elements) == few
    assert people(form)['Lisa Garcia'] is people(other)['Lisa Garcia'], 'and browsers share it'


@pytest.mark.parametrize('wrong', [None, 'x', 99, [], {'id': 1}, True, -1])
async def test_a_button_of_nobody_does_nothing(shop_floor: Floor, page: OpenForm,
                                               wrong: str | int | list[Any] | dict[str, int] | bool | None) -> None:
    form = await page()

    click(form, button_of(form, 'edit'), wrong)

    assert not form.says('First name')


async def test_only_supervisors_change_people_and_due_times(shop_floor: Floor, page: OpenForm, user: User) -> None:
    form = await page()
    assert form.button('Add employee').enabled
    person_at(user, shop_floor.people[1])

    form = await page()

    buttons = [form.button('Add employee'), button_of(form, 'edit'), button_of(form, 'switch_name')]
    assert {button.props['title'] for button in buttons} == {'Requires the role supervisor; your role is technician.'}
    assert not any(button.enabled for button in buttons)
    assert form.says('Only supervisors can change this list.')


async def test_a_person_is_added_once(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.employees.answers['add'] = None
    form = await page()
    form.press('Add employee')
    await form.until(lambda: form.says('New employee'))
    for label, value in (('First name', HOSTILE), ('Last name', 'Novak'), ('E-mail', 'novak@example.com'),
                         ('Department', 'Maintenance'), ('Role', 'technician')):
        form.fill(label, value)

    form.press('Add', times=2)

    await form.until(lambda: not form.says('New employee'))
    (who, edit), = sent(shop_floor, 'add')
    assert who.email == 'mike@example.com'
    assert edit == EmployeeEdit(HOSTILE, 'Novak', 'novak@example.com', 'Maintenance', Role.TECHNICIAN)


async def test_what_is_wrong_is_shown_at_its_field_and_what_was_typed_stays(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.employees.answers['edit'] = InvalidInputError('Tom Left has that e-mail address already', 'email')
    form = await page()
    press_in_row(form, 'Edit Lisa Garcia')
    await form.until(lambda: form.says('Edit Lisa Garcia'))
    form.fill('E-mail', 'tom@example.com')

    form.press('Save')

    await form.until(lambda: form.says('Tom Left has that e-mail address already.'))
    form = await page()  # a reload
    press_in_row(form, 'Edit Lisa Garcia')
    await form.until(lambda: form.says('Your unsent draft was restored.'))
    assert form.field('E-mail').value == 'tom@example.com'


async def test_two_supervisors_edit_one_person_and_neither_loses_anything(shop_floor: Floor, page: OpenForm) -> None:
    lisa = shop_floor.people[1]
    current = replace(lisa, department='Engineering', role=Role.SUPERVISOR, version=2)

    def edit(who: Identity, employee_id: int, version: int, edit: Any) -> None:
        if version == 1:
            raise EditConflictError('changed', current)
    shop_floor.employees.answers['edit'] = edit
    form = await page()
    press_in_row(form, 'Edit Lisa Garcia')
    await form.until(lambda: form.says('Edit Lisa Garcia'))
    form.fill('Last name', 'Garcia-Novak')
    form.fill('Department', 'Quality')
    form.press('Save')

    await form.until(lambda: form.says('Department: Maintenance → Engineering; Role: technician → supervisor'))
    assert form.field('Department').error == 'Changed by someone else to: Engineering'
    assert (form.field('Last name').value, form.field('Department').value, form.field('Role').value) == \
        ('Garcia-Novak', 'Quality', 'supervisor')
    assert len(sent(shop_floor, 'edit')) == 1
    form.press('Save')

    await form.until(lambda: len(sent(shop_floor, 'edit')) == 2)
    assert sent(shop_floor, 'edit')[1][2:] == (2, EmployeeEdit('Lisa', 'Garcia-Novak', 'lisa@example.com', 'Quality',
                                                               Role.SUPERVISOR))


async def test_before_somebody_is_deactivated_the_page_shows_what_they_have_open(
        shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.employees.answers['set_active'] = None
    shop_floor.order(1, assignee=shop_floor.people[1])
    form = await page()
    press_in_row(form, 'Deactivate Lisa Garcia')
    await form.until(lambda: form.says('Their open order stays assigned to them'))
    assert sent(shop_floor, 'set_active') == []

    form.press('Deactivate')

    await form.until(lambda: sent(shop_floor, 'set_active'))
    assert sent(shop_floor, 'set_active')[0][1:] == (shop_floor.people[1].id, False)


async def test_a_refused_deactivation_says_why_and_may_be_tried_again(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.employees.answers['set_active'] = InvalidInputError('somebody has to stay supervisor')
    form = await page()
    press_in_row(form, 'Deactivate Lisa Garcia')
    await form.until(lambda: form.says('They have no open orders.'))

    form.press('Deactivate')

    await form.until(lambda: form.says('Somebody has to stay supervisor.'))
    form.press('Deactivate')
    await form.until(lambda: len(sent(shop_floor, 'set_active')) == 2)


async def test_due_times_are_shown_in_the_unit_that_fits_and_saved(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['set_due_time'] = None
    form = await page()
    number: Any
    number, = (element for element in form.client.elements.values()
               if element.props.get('aria-label') == 'Due time of critical orders')
    low: Any
    low, = (element for element in form.client.elements.values()
            if element.props.get('aria-label') == 'Unit of the due time of low orders')
    assert (number.value, low.value) == (90, 'days')
    number.set_value(45)

    pressed(form, 'Save the due time of critical orders')

    await form.until(lambda: form.says('Saved. New critical orders are due 45 minutes after they are reported.'))
    arguments, = (arguments for name, arguments, _ in shop_floor.orders.asked if name == 'set_due_time')
    assert arguments[1:] == (Priority.CRITICAL, timedelta(minutes=45))


async def test_a_refused_due_time_says_why(shop_floor: Floor, page: OpenForm) -> None:
    shop_floor.orders.answers['set_due_time'] = DatabaseUnavailableError('the database does not answer')
    form = await page()

    pressed(form, 'Save the due time of critical orders')

    await form.until(lambda: form.says('The database does not answer.'))


@pytest.mark.parametrize(('query', 'sentence', 'shows_tom'), [
    ('', '', False), ('?show=all', '', True), ('?show=active', '', False),
    ('?show=everybody', 'Cannot understand show=everybody: use active or all.', False),
    ('?role=operator', 'There is no parameter role. Use show.', False)])
async def test_the_address_says_who_is_shown(page: OpenForm, user: User, query: str, sentence: str,
                                             shows_tom: bool) -> None:
    form = await page(query)

    assert ('Tom Left' in people(form)) is shows_tom
    assert 'Lisa Garcia' in people(form)
    assert not sentence or form.says(sentence)
