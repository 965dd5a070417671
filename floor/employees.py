"""The people of the plant."""

from __future__ import annotations

from .database import Database
from .model import Employee


async def all_employees(database: Database, *, active: bool | None = None) -> list[Employee]:
    """Everybody by name, or only who is active, or only who has left.

    :raises DatabaseUnavailable: nobody answers, or not in time
    """
    async with database.acquire() as connection:
        everybody = [Employee(**row) async for row in database.queries.employees(connection)]
    return [person for person in everybody if active is None or person.active == active]
