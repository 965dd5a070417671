"""What a sheet of people would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.errors import InvalidInputError
from ..core.people import Employee, Role
from ..orders.employees import EmployeeEdit, checked_employee, fields_of, new_employee
from ..orders.order_values import UNCHANGED, Unchanged
from .plant_sheet import PEOPLE, SheetRow
from .sheet_plan import RowOutcome, RowPlan, SheetPlan, differences, twice

YES, NO = {'yes', 'true', 'y', '1', 'x'}, {'no', 'false', 'n', '0'}
FIELDS = {'first name': 'first_name', 'last name': 'last_name', 'department': 'department', 'role': 'role',
          'active': 'active'}
"""The field of an employee for each column but e-mail, by which people are found."""
COLUMNS = {**FIELDS, 'e-mail': 'email'}
"""The field of an employee for each column, which is also what the audit calls it."""
LAST_SUPERVISOR = 'this would leave nobody active as a supervisor: make someone else a supervisor first'


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRowPlan(RowPlan):
    """The outcome of a row. employee: the person that there is. fields: all of the person, as they would be."""

    employee: Employee | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


class PresentPeople:
    """What a sheet is compared with."""

    def __init__(self, people: Iterable[Employee]) -> None:
        self._people = {person.email.lower(): person for person in people}

    def plan(self, rows: Iterable[SheetRow]) -> SheetPlan[PersonRowPlan]:
        """What the rows would change. Rows that take the role away from the last supervisors are refused."""
        seen: dict[str, int] = {}
        plans = []
        for row in rows:
            email = row.cells['e-mail']
            try:
                twice(row, email.lower(), 'person', seen)
                plans.append(self._planned(row, email))
            except InvalidInputError as error:
                plans.append(PersonRowPlan(number=row.number, name=email, outcome=RowOutcome.REFUSED,
                                           details=str(error), notes=row.notes))
        return SheetPlan(PEOPLE, tuple(self._keeping_a_supervisor(plans)))

    def _planned(self, row: SheetRow, email: str) -> PersonRowPlan:
        person = self._people.get(email.lower())
        given = EmployeeEdit(**{name: row.cells[column] for column, name in FIELDS.items()
                                if row.cells.get(column) and name not in {'role', 'active'}},
                             role=_role(row.cells.get('role', '')), active=_is_active(row.cells.get('active', '')))
        if person is None:
            fields = new_employee(replace(given, email=email))
            no_role = ' (the sheet has no role)' if isinstance(given.role, Unchanged) else ''
            return PersonRowPlan(number=row.number, name=email, outcome=RowOutcome.NEW, notes=row.notes, fields=fields,
                                 details=f'{fields["first_name"]} {fields["last_name"]}, {fields["role"]}{no_role}')
        before = fields_of(person)
        fields = before | checked_employee(given)
        changes = ', '.join(differences((column, before[name], fields[name]) for column, name in FIELDS.items()))
        return PersonRowPlan(number=row.number, name=email, details=changes, notes=row.notes, employee=person,
                             outcome=RowOutcome.CHANGED if changes else RowOutcome.UNCHANGED, fields=fields)

    def _keeping_a_supervisor(self, plans: list[PersonRowPlan]) -> list[PersonRowPlan]:
        supervisors = {email for email, person in self._people.items() if is_supervisor(fields_of(person))}
        listed = {plan.name.lower(): plan for plan in plans if plan.outcome is not RowOutcome.REFUSED}
        stay = supervisors - listed.keys() or any(is_supervisor(plan.fields) for plan in listed.values())
        if stay or not supervisors:
            return plans
        return [PersonRowPlan(number=plan.number, name=plan.name, outcome=RowOutcome.REFUSED, details=LAST_SUPERVISOR,
                              notes=plan.notes) if plan.name.lower() in supervisors else plan for plan in plans]


def is_supervisor(fields: Mapping[str, Any]) -> bool:
    """Whether somebody with these fields is an active supervisor."""
    return bool(fields['active'] and fields['role'] == Role.SUPERVISOR)


def _role(text: str) -> Role | Unchanged:
    if not text:
        return UNCHANGED
    try:
        return Role(text.lower())
    except ValueError:
        raise InvalidInputError(f'role has to be one of {", ".join(Role)}', 'role') from None


def _is_active(text: str) -> bool | Unchanged:
    if not text:
        return UNCHANGED
    if text.lower() not in YES | NO:
        raise InvalidInputError('active has to be yes or no', 'active')
    return text.lower() in YES
