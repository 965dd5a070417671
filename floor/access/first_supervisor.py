"""The first supervisor of a plant, who is made by a link that works once.

Somebody has to be the first to give roles. Only people who read the output of the program, or run a command on its
machine, get the link; it ends when a supervisor exists.
"""

from __future__ import annotations

import getpass
from datetime import timedelta

from ..core.access_keys import AccessKey, KeyKind, NewKey
from ..core.errors import NotAllowedError, SignedOutError
from ..core.people import Employee, Identity, Role
from ..db.connection import Connection
from ..db.row_mapping import to_employee
from ..db.transactions import command, logged, reading
from ..orders.employees import EmployeeEdit, columns_of, new_employee
from .access_keys import AccessKeys, KeyDetails
from .secret_hash import secret_hash

VALID_FOR = timedelta(hours=24)
EXISTS = ('there is a supervisor already: on the machine of this program, python -m floor.access invite EMAIL prints '
          'a link that signs them in')
USED = 'this link was used already'
DEPARTMENT = 'Management'


class FirstSupervisor(AccessKeys):
    """Makes the link, and the supervisor who uses it."""

    async def is_missing(self) -> bool:
        """Whether there is no supervisor. People of a demo are none."""
        async with reading(self._database) as connection:
            return not await self._queries.has_supervisor(connection)

    async def make_link(self) -> NewKey:
        """A link, instead of earlier ones. For the machine of the program alone: it checks no role.

        :raises NotAllowedError: there is a supervisor
        """
        user = getpass.getuser()
        async with (logged('link for the first supervisor made', Identity(user, None)),
                    command(self._database) as connection):
            await self._check_missing(connection)
            await self._queries.revoke_first_supervisor_links(connection, revoked_by=user)
            return await self._make(connection, KeyKind.FIRST_SUPERVISOR, 'First supervisor', user,
                                    KeyDetails(lifetime=VALID_FOR))

    async def open(self, secret: str) -> AccessKey:
        """The key of a link; it stays unused.

        :raises SignedOutError: it is unknown, used, revoked or expired
        :raises NotAllowedError: there is a supervisor
        """
        async with reading(self._database) as connection:
            key = await self._look_up(connection, KeyKind.FIRST_SUPERVISOR, secret)
            if key.used_at is not None:
                raise SignedOutError(USED)
            if await self._queries.has_supervisor(connection):
                raise NotAllowedError(EXISTS)
        return key

    async def use(self, secret: str, first_name: str, last_name: str, email: str) -> Employee:
        """Use a link: the new supervisor. An employee with this e-mail address becomes one.

        :raises SignedOutError: it is unknown, used, revoked or expired
        :raises NotAllowedError: there is a supervisor
        :raises InvalidInputError: a name or the e-mail address is not valid; the link stays unused
        """
        await self.open(secret)
        fields = new_employee(EmployeeEdit(first_name, last_name, email, DEPARTMENT, Role.SUPERVISOR))
        who = Identity(f'{first_name} {last_name}', fields['email'])
        async with logged('first supervisor', who), command(self._database) as connection:
            await self._check_missing(connection)
            await self._queries.act_as(connection, name=who.name, email=fields['email'])
            row = await self._queries.employee_with_email(connection, email=fields['email'])
            if row is None:
                [row] = [row async for row in self._queries.add_employees(connection, **columns_of([fields]))]
            else:
                await self._queries.make_supervisor(connection, id=row['id'])
            if not await self._queries.use_access_key(connection, kind=KeyKind.FIRST_SUPERVISOR,
                                                      secret_hash=secret_hash(secret), employee_id=row['id']):
                raise SignedOutError(USED)
            return to_employee(await self._queries.employee(connection, id=row['id']))

    async def _check_missing(self, connection: Connection) -> None:
        """Others who make the first supervisor wait for the end of this transaction."""
        await self._queries.lock_first_supervisor(connection)
        if await self._queries.has_supervisor(connection):
            raise NotAllowedError(EXISTS)
