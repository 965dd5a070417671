"""Finds people by the name or e-mail address in a request."""

from __future__ import annotations

from ...core.errors import InvalidInputError
from ...core.text import exact_name
from ...orders.employees import Employees

MAX_NAME_LENGTH = 100


async def find_assignee(employees: Employees, name: str | None) -> int | None:
    """The id of an assignee; None: unassigned.

    :raises InvalidInputError: no or several active employees have this name or e-mail address (case-insensitive)
    """
    if not name:
        return None
    exact_name(name, 'assignee')
    found = [person.id for person in await employees.all(active=True) if person.is_called(name)]
    if len(found) == 1:
        return found[0]
    written = name[:MAX_NAME_LENGTH]
    raise InvalidInputError(
        f'{len(found)} active employees are called {written}: use the e-mail address' if found else
        f'no active employee is called {written}: use the name or e-mail address of an employee', 'assignee')
