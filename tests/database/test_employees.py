"""The people: who may do what, and what supervisors write about them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from database.people import CARLOS, JAMES, LISA, MIKE, STRANGER, TOM
from database.postgres import Connect
from together import together

from floor.core.errors import (
    DatabaseUnavailableError,
    EditConflictError,
    FloorError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from floor.core.machines import MachineName
from floor.core.people import Employee, Identity, Person, Role
from floor.core.settings import Settings
from floor.db.database import Database
from floor.orders.employees import EmployeeEdit, Employees, all_employees, require
from floor.orders.order_values import NewOrder, Transition
from floor.orders.work_orders import WorkOrders, WorkOrderStatus  # type: ignore[attr-defined]

pytestmark = pytest.mark.newest_postgres


ANNA = EmployeeEdit('Anna', 'Berg', 'anna.berg@example.com', 'Maintenance', Role.TECHNICIAN)


@pytest.fixture
def employees(database: Database) -> Employees:
    return Employees(database, default_role=Role.VIEWER)


async def employee(employees: Employees, who: Identity) -> Employee:
    [found] = [person for person in await employees.all() if person.email == who.email]
    return found


def edit_of(person: Employee) -> EmployeeEdit:
    return EmployeeEdit(person.first_name, person.last_name, person.email, person.department, person.role)


# who is who

async def test_everybody_by_last_name_and_by_whether_they_are_active(employees: Employees, database: Database) -> None:
    lisa = await employee(employees, LISA)
    await employees.set_active(MIKE, lisa.id, False)
    everybody = await employees.all()
    assert [person.last_name for person in everybody] == sorted(person.last_name for person in everybody)
    assert len(everybody) == 15
    assert await employees.all(active=False) == [replace(lisa, active=False, version=2)]
    assert await employees.all(active=True) == [person for person in everybody if person.id != lisa.id]
    assert await all_employees(database) == everybody


@together(('who', 'name', 'role'), [
    (MIKE, 'Mike Johnson', Role.SUPERVISOR), (LISA, 'Lisa Garcia', Role.TECHNICIAN),
    (CARLOS, 'Carlos Mendez', Role.OPERATOR),
    (Identity('x', 'LISA.Garcia@Example.COM'), 'Lisa Garcia', Role.TECHNICIAN),
    (Identity('Anna', 'anna@elsewhere.example'), 'Anna', Role.VIEWER), (STRANGER, 'A visitor', Role.VIEWER),
    (Identity('Lisa Garcia', None), 'Lisa Garcia', Role.VIEWER),   # a name proves nothing
    (Identity('x', "' OR true --"), 'x', Role.VIEWER), (Identity('x', '%'), 'x', Role.VIEWER)])
async def test_a_person_has_the_role_of_the_employee_with_their_address(
        employees: Employees, who: Identity, name: str, role: Role) -> None:
    person = await employees.person(who)
    assert (person.name, person.role, person.employee_id is not None) == (name, role, name in {
        'Mike Johnson', 'Lisa Garcia', 'Carlos Mendez'} and who.email is not None)


@together('role', list(Role))
async def test_who_is_no_employee_has_the_default_role(database: Database, role: Role) -> None:
    assert await Employees(database, default_role=role).person(STRANGER) == Person('A visitor', None, role)


async def test_a_role_by_setting_goes_before_the_default_and_after_the_employees(employees: Employees) -> None:
    program = Identity('5f6e1c9a', None, Role.OPERATOR)
    assert (await employees.person(program)).role is Role.OPERATOR
    assert (await employees.person(replace(LISA, role=Role.SUPERVISOR))).role is Role.TECHNICIAN


async def test_who_has_left_is_a_viewer_whatever_the_default(database: Database, connect: Connect) -> None:
    employees = Employees(database, default_role=Role.SUPERVISOR)
    await (await connect()).execute('UPDATE employees SET active = false WHERE email = $1', LISA.email)
    assert (await employees.person(LISA)).role is Role.VIEWER


@pytest.mark.parametrize('name', ['', ' \n', 'a\0b', '\ud83d', 'x' * 100_000, '<script>', '\u202e'])
async def test_an_identity_of_any_name_can_be_looked_up_and_named_in_events(
        database: Database, name: str) -> None:
    employees = Employees(database, default_role=Role.OPERATOR)
    orders = WorkOrders(database, employees)
    order = await orders.create(Identity(name, name), NewOrder(MachineName('Valve_01_01'), 'Sticks'))
    [event] = (await orders.details(order.id)).events
    assert 0 < len(event.who) <= 200
    assert event.who == order.reporter_name


@pytest.mark.parametrize('role', list(Role))
def test_a_refusal_says_which_role_is_needed_and_which_one_there_is(role: Role) -> None:
    person = Person('Anna', None, role)
    for needed in Role:
        if role.may(needed):
            require(person, needed)
        else:
            with pytest.raises(NotAllowedError, match=f'requires the role {needed}; your role is {role}$'):
                require(person, needed)


async def test_loads_count_the_orders_that_are_still_to_do(employees: Employees, database: Database) -> None:
    orders = WorkOrders(database, employees)
    tom, lisa = await employee(employees, TOM), await employee(employees, LISA)
    new = NewOrder(MachineName('Valve_01_01'), 'Sticks')
    for assignee in (tom.id, tom.id, lisa.id, lisa.id, None):
        order = await orders.create(MIKE, replace(new, assignee_id=assignee))
        if assignee == tom.id:
            await orders.transition(MIKE, order.id, 1, Transition(WorkOrderStatus.IN_PROGRESS))
    assert await employees.loads() == {tom.id: 2, lisa.id: 2}
    await orders.transition(MIKE, order.id, 1, Transition(WorkOrderStatus.CANCELLED, cancel_reason='Twice'))
    await orders.transition(TOM, (await orders.create(MIKE, replace(new, assignee_id=tom.id))).id, 1,
                            Transition(WorkOrderStatus.COMPLETED, cause='x', action_taken='y'))
    assert await employees.loads() == {tom.id: 2, lisa.id: 2}


# what supervisors write

async def test_a_new_person_may_act_at_once(employees: Employees) -> None:
    anna = await employees.add(MIKE, replace(ANNA, email='Anna.Berg@Example.com'))
    assert (anna.name, anna.email, anna.active, anna.role, anna.version) == (
        'Anna Berg', 'anna.berg@example.com', True, Role.TECHNICIAN, 1)
    assert anna in await employees.all(active=True)
    assert await employees.person(Identity('anna', 'anna.berg@example.com')) == Person(
        'Anna Berg', 'anna.berg@example.com', Role.TECHNICIAN, anna.id)


@together(('field', 'name'), [
    ('email', ' anna.berg@example.com'), ('email', 'anna.berg@example.com\u200b'), ('email', 'anna berg@example.com'),
    ('first_name', 'Anna '), ('first_name', '\u3164'), ('last_name', 'Be\u0301rg'), ('last_name', 'Berg\u202e'),
])
async def test_a_person_is_named_exactly_or_refused(employees: Employees, field: str, name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await employees.add(MIKE, replace(ANNA, **{field: name}))  # type: ignore[arg-type]
    assert refusal.value.field == field


@together('email', [
    'li\0sa.garcia@example.com', ' lisa.garcia@example.com', 'lisa.garcia@example.com\u200b'])
async def test_nobody_becomes_an_employee_by_an_address_that_is_not_quite_theirs(
        employees: Employees, email: str) -> None:
    assert (await employees.person(Identity('x', email))).employee_id is None


async def test_an_edit_changes_what_it_says(employees: Employees) -> None:
    lisa = await employee(employees, LISA)
    after = await employees.edit(MIKE, lisa.id, 1, replace(edit_of(lisa), last_name='García', role=Role.SUPERVISOR))
    assert after == replace(lisa, last_name='García', role=Role.SUPERVISOR, version=2)
    assert await employee(employees, LISA) == after
    assert (await employees.person(LISA)).role is Role.SUPERVISOR


async def test_of_two_supervisors_who_edit_one_person_the_second_sees_it_as_it_is_now(employees: Employees) -> None:
    lisa = await employee(employees, LISA)
    after = await employees.edit(MIKE, lisa.id, 1, replace(edit_of(lisa), department='Quality'))
    with pytest.raises(EditConflictError, match='Lisa Garcia was changed by someone else') as conflict:
        await employees.edit(JAMES, lisa.id, 1, replace(edit_of(lisa), department='Operations'))
    assert conflict.value.current == after == await employee(employees, LISA)


async def test_a_person_is_let_go_and_welcomed_back_with_all_they_did(employees: Employees, database: Database) -> None:
    orders = WorkOrders(database, employees)
    lisa = await employee(employees, LISA)
    order = await orders.create(LISA, NewOrder(MachineName('Valve_01_01'), 'Sticks', assignee_id=lisa.id))
    assert (await employees.set_active(MIKE, lisa.id, False)).active is False
    assert (await employees.set_active(MIKE, lisa.id, False)).version == 2   # once is enough
    assert (await orders.get(order.id)).assignee == 'Lisa Garcia'
    assert await employees.set_active(MIKE, lisa.id, True) == replace(lisa, version=3)


@together('who', [STRANGER, CARLOS, LISA])
async def test_only_supervisors_write_about_people(employees: Employees, who: Identity) -> None:
    lisa = await employee(employees, LISA)
    for act in (employees.add(who, ANNA), employees.edit(who, lisa.id, 1, replace(edit_of(lisa), role=Role.SUPERVISOR)),
                employees.set_active(who, lisa.id, False)):
        with pytest.raises(NotAllowedError, match='requires the role supervisor'):
            await act
    assert await employee(employees, LISA) == lisa
    assert len(await employees.all()) == 15


@together(('wrong', 'field'), [
    ({'first_name': ' '}, 'first_name'), ({'last_name': 'x' * 101}, 'last_name'), ({'department': ''}, 'department'),
    ({'first_name': 'a\0'}, 'first_name'), ({'last_name': '\ud800'}, 'last_name'),
    ({'email': ''}, 'email'), ({'email': 'anna'}, 'email'), ({'email': '@example.com'}, 'email'),
    ({'email': 'anna@'}, 'email'), ({'email': 'anna berg@example.com'}, 'email'),
    ({'email': 'anna@' + 'x' * 300}, 'email'), ({'email': 'an\u202ena@example.com'}, 'email'),
    ({'email': 'a\0@example.com'}, 'email')])
async def test_what_cannot_be_names_its_field(employees: Employees, wrong: dict[str, str], field: str) -> None:
    lisa = await employee(employees, LISA)
    for act in (employees.add(MIKE, replace(ANNA, **wrong)),  # type: ignore[arg-type]
                employees.edit(MIKE, lisa.id, 1, replace(edit_of(lisa), **wrong))):  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError) as refusal:
            await act
        assert refusal.value.field == field
    assert await employee(employees, LISA) == lisa


async def test_an_address_belongs_to_one_person(employees: Employees) -> None:
    tom = await employee(employees, TOM)
    for act in (employees.add(MIKE, replace(ANNA, email='LISA.garcia@example.com')),
                employees.edit(MIKE, tom.id, 1, replace(edit_of(tom), email='lisa.garcia@example.com'))):
        with pytest.raises(InvalidInputError, match='Lisa Garcia already has this e-mail address') as refusal:
            await act
        assert refusal.value.field == 'email'
    assert await employee(employees, TOM) == tom
    assert (await employees.edit(MIKE, tom.id, 1, replace(edit_of(tom), email='TOM.Kowalski@example.com'))).version == 2


async def test_an_address_of_other_letters_is_compared_without_its_case(
        employees: Employees, connect: Connect) -> None:
    """lower() of a database without a locale knows ASCII letters only."""
    await (await connect()).execute("UPDATE employees SET email = 'ÖZIL@example.com' WHERE email = $1", LISA.email)
    assert (await employees.person(Identity('x', 'özil@example.com'))).role is Role.TECHNICIAN
    with pytest.raises(InvalidInputError, match='Lisa Garcia already has this e-mail address'):
        await employees.add(MIKE, replace(ANNA, email='özil@example.com'))


async def test_an_edit_changes_what_it_names(employees: Employees) -> None:
    lisa = await employee(employees, LISA)
    edited = await employees.edit(MIKE, lisa.id, lisa.version, EmployeeEdit(role=Role.OPERATOR, active=False))
    assert edited == replace(lisa, role=Role.OPERATOR, active=False, version=2)
    assert (await employees.add(MIKE, replace(ANNA, active=False))).active is False
    with pytest.raises(InvalidInputError, match='last name must not be empty'):
        await employees.add(MIKE, EmployeeEdit('Anna', email='anna@example.com', department='Lab'))


async def test_of_two_people_added_at_once_with_one_address_one_is_added(employees: Employees) -> None:
    answers = await asyncio.gather(employees.add(MIKE, ANNA), employees.add(JAMES, ANNA), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ['Employee', 'InvalidInputError']


@pytest.mark.parametrize('text', ['<script>alert(1)</script>', "'; DROP TABLE employees; --", 'مرحبا', '😀',
                                  '{{ 7*7 }}'])
async def test_a_hostile_name_comes_back_as_it_was(employees: Employees, text: str) -> None:
    anna = await employees.add(MIKE, replace(ANNA, first_name=text, last_name=text, department=text))
    assert (anna.first_name, anna.last_name, anna.department) == (text, text, text)
    assert anna in await employees.all()


@together('employee_id', [0, -1, 4711, 2**40])
async def test_somebody_who_is_nobody_is_not_found(employees: Employees, employee_id: int) -> None:
    for act in (employees.edit(MIKE, employee_id, 1, ANNA), employees.set_active(MIKE, employee_id, False)):
        with pytest.raises(NotFoundError):
            await act


# the last supervisor

async def test_the_last_supervisor_stays(employees: Employees) -> None:
    mike, james = await employee(employees, MIKE), await employee(employees, JAMES)
    await employees.edit(MIKE, james.id, 1, replace(edit_of(james), role=Role.OPERATOR))
    for act in (employees.set_active(MIKE, mike.id, False),
                employees.edit(MIKE, mike.id, 1, replace(edit_of(mike), role=Role.TECHNICIAN))):
        with pytest.raises(InvalidInputError, match='the last active supervisor'):
            await act
    assert await employee(employees, MIKE) == mike
    assert (await employees.edit(MIKE, mike.id, 1, replace(edit_of(mike), department='Plant'))).version == 2


async def test_of_two_supervisors_who_let_each_other_go_at_once_one_stays(employees: Employees) -> None:
    mike, james = await employee(employees, MIKE), await employee(employees, JAMES)
    answers = await asyncio.gather(employees.set_active(MIKE, james.id, False),
                                   employees.set_active(JAMES, mike.id, False), return_exceptions=True)
    assert len([answer for answer in answers if isinstance(answer, FloorError)]) == 1
    assert len([person for person in await employees.all(active=True) if person.role is Role.SUPERVISOR]) == 1


async def test_who_is_a_supervisor_by_the_settings_may_let_the_last_one_go(database: Database) -> None:
    employees = Employees(database, default_role=Role.SUPERVISOR)
    for who in (MIKE, JAMES):
        await employees.set_active(STRANGER, (await employee(employees, who)).id, False)
    assert [person for person in await employees.all(active=True) if person.role is Role.SUPERVISOR] == []


# when it can't be done

async def test_without_a_database_or_its_tables_it_says_so(settings: Settings, empty_database_url: str) -> None:
    for url, sentence in (('postgresql://nobody@127.0.0.1:1/nothing', 'does not answer'),
                          (empty_database_url, 'cannot answer')):
        database = Database(url, settings)
        employees = Employees(database, default_role=Role.SUPERVISOR)
        for act in (employees.all(), employees.loads(), employees.person(MIKE), employees.add(MIKE, ANNA)):
            with pytest.raises(DatabaseUnavailableError, match=sentence):
                await act
        await database.close()
