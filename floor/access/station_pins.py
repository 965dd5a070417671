"""PINs that people may have at stations. They are slow to try: scrypt, and a pause after wrong attempts."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from datetime import timedelta

from ..core.errors import InvalidInputError, NotFoundError
from ..core.people import Identity, Role
from ..db.database import Database
from ..db.transactions import MAX_ID, command, logged, reading
from ..orders.employees import Employees

PIN = re.compile('[0-9]{4,8}', re.ASCII)
SALT_BYTES = 16
COST, BLOCK, PARALLEL, HASH_BYTES = 2**14, 8, 1, 32
"""Of scrypt (RFC 7914): 16 MB and about 50 ms."""
MAX_WRONG = 5
LOCKED_FOR = timedelta(minutes=15)


class StationPins:
    """Sets and checks PINs. Every method may raise DatabaseUnavailableError."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._queries = database.queries
        self._employees = employees
        self._checking = asyncio.Lock()  # or many attempts would take all connections of the pool

    async def owners(self, who: Identity) -> Collection[int]:
        """The ids of employees who have a PIN. Requires the role supervisor.

        :raises NotAllowedError: no supervisor
        """
        async with reading(self._database) as connection:
            await self._employees.look_up(connection, who, Role.SUPERVISOR)
            return {row['employee_id'] async for row in self._queries.employees_with_pin(connection)}

    async def set_pin(self, who: Identity, employee_id: int, pin: str | None) -> None:
        """Give a person a PIN, or another one; None: they no longer need one. Requires the role supervisor.

        :raises NotAllowedError: no supervisor
        :raises InvalidInputError: not 4 to 8 digits
        :raises NotFoundError: there is no such person
        """
        if pin is not None and not PIN.fullmatch(pin):
            raise InvalidInputError('a PIN has 4 to 8 digits', 'pin')
        salt = secrets.token_bytes(SALT_BYTES)
        stored = None if pin is None else await _scrypt(pin, salt)
        async with (logged('PIN set' if pin else 'PIN removed', who, employee_id=employee_id),
                    command(self._database) as connection):
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            if not 0 < employee_id <= MAX_ID or not await self._queries.employee(connection, id=employee_id):
                raise NotFoundError(f'there is no employee {employee_id}')
            if stored is None:
                await self._queries.delete_employee_pin(connection, employee_id=employee_id)
            else:
                await self._queries.set_employee_pin(connection, employee_id=employee_id, salt=salt, scrypt=stored,
                                                     set_by=person.name)

    async def check(self, employee_id: int, pin: str) -> None:
        """Accept the PIN of a person, and anything of a person who has none. Attempts at one PIN take turns.

        :raises InvalidInputError: it is wrong, or there were too many wrong attempts
        """
        # the transaction ends before the error, or the attempt would not count
        async with self._checking, command(self._database) as connection:
            row = await self._queries.employee_pin(connection, employee_id=employee_id)
            if row is None:
                return
            is_locked = bool(row['is_locked'])
            is_right = not is_locked and PIN.fullmatch(pin) is not None and hmac.compare_digest(
                await _scrypt(pin, row['salt']), row['scrypt'])
            if not is_locked:
                await self._queries.note_pin_attempt(connection, employee_id=employee_id, is_right=is_right,
                                                     most=MAX_WRONG, locked_for=LOCKED_FOR)
        if is_locked:
            raise InvalidInputError('too many wrong PINs: wait 15 minutes, or ask a supervisor for a new PIN', 'pin')
        if not is_right:
            raise InvalidInputError('this PIN is wrong', 'pin')


async def _scrypt(pin: str, salt: bytes) -> bytes:
    return await asyncio.to_thread(hashlib.scrypt, pin.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL,
                                   dklen=HASH_BYTES)
