"""Invitations: links that work once and sign a colleague in, for plants without another sign-in."""

from __future__ import annotations

from datetime import timedelta

from ..core.access_keys import AccessKey, KeyKind, NewKey
from ..core.errors import InvalidInputError, NotFoundError, SignedOutError
from ..core.people import Employee, Identity, Role
from ..db.row_mapping import to_employee
from ..db.transactions import MAX_ID, command, logged, reading
from .access_keys import AccessKeys, KeyDetails
from .secret_hash import secret_hash

VALID_FOR = timedelta(days=7)


class Invitations(AccessKeys):
    """Makes invitations, and says who has used one."""

    async def make(self, who: Identity, employee_id: int) -> NewKey:
        """A link for this employee, instead of an earlier one. Requires the role supervisor.

        :raises NotAllowedError: no supervisor
        :raises NotFoundError: there is no such employee
        :raises InvalidInputError: the employee is deactivated
        """
        async with logged('person invited', who, employee_id=employee_id), command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            row = await self._queries.employee(connection, id=employee_id) if 0 < employee_id <= MAX_ID else None
            if row is None:
                raise NotFoundError(f'there is no employee {employee_id}')
            employee = to_employee(row)
            if not employee.active:
                raise InvalidInputError(f'{employee.name} is deactivated: reactivate them first', 'employee')
            await self._queries.revoke_invitations(connection, employee_id=employee_id, revoked_by=person.name)
            return await self._make(connection, KeyKind.INVITATION, employee.name, person.name,
                                    KeyDetails(employee_id=employee_id, lifetime=VALID_FOR))

    async def open(self, secret: str) -> AccessKey:
        """The invitation of a link; it stays unused.

        :raises SignedOutError: it is unknown, used, revoked or expired
        """
        async with reading(self._database) as connection:
            key = await self._look_up(connection, KeyKind.INVITATION, secret)
        if key.used_at is not None:
            raise SignedOutError('this invitation was used already: ask a supervisor for a new one')
        return key

    async def use(self, secret: str) -> Employee:
        """Use a link: the employee who is signed in by it.

        :raises SignedOutError: it is unknown, used, revoked or expired, or the employee is deactivated
        """
        await self.open(secret)
        async with command(self._database) as connection:
            used = await self._queries.use_access_key(connection, kind=KeyKind.INVITATION,
                                                      secret_hash=secret_hash(secret), employee_id=None)
            row = used and await self._queries.employee(connection, id=used['employee_id'])
            if not row or not row['active']:
                raise SignedOutError('this invitation was used already: ask a supervisor for a new one')
            return to_employee(row)
