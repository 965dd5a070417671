"""People as requests name them: by name or e-mail address."""

from __future__ import annotations

from ...core.errors import InvalidInput
from ...core.text import exact_name
from ...orders.employees import Employees

LONGEST_ECHO = 100


async def employee_called(employees: Employees, name: str | None) -> int | None:
    """Whom an order is given to; None: nobody.

    :raises InvalidInput: nobody active, or more than one, has exactly this name or e-mail address, in any case
    """
    if not name:
        return None
    exact_name(name, 'assignee')
    found = [person.id for person in await employees.all(active=True) if person.is_called(name)]
    if len(found) == 1:
        return found[0]
    echo = name[:LONGEST_ECHO]
    raise InvalidInput(
        f'{len(found)} active employees are called {echo}: use the e-mail address' if found else
        f'nobody active is called {echo}: use the name or e-mail address of an employee', 'assignee')
