"""Employees and their roles: commands, reads, and the authorization of callers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from ..core.errors import EditConflictError, InvalidInputError, NotAllowedError, NotFoundError, SignedOutError
from ..core.people import Employee, Identity, Person, Role
from ..core.rate_limit import ChangeRateLimit
from ..core.scopes import TokenScope
from ..core.text import exact_name, identity_problem, one_line
from ..db.connection import Connection
from ..db.database import Database
from ..db.row_mapping import to_employee
from ..db.transactions import MAX_ID, command, logged, reading
from .order_values import UNCHANGED, Unchanged

MAX_NAME_LENGTH = 200


@dataclass(frozen=True)
class EmployeeEdit:
    """New values of an employee, by a supervisor. Somebody new needs all but role, which is operator, and active."""

    first_name: str | Unchanged = UNCHANGED
    last_name: str | Unchanged = UNCHANGED
    email: str | Unchanged = UNCHANGED
    department: str | Unchanged = UNCHANGED
    role: Role | Unchanged = UNCHANGED
    active: bool | Unchanged = UNCHANGED


class Employees:
    """Reads and writes employees. A command reads the caller's role in its own transaction, so a changed role applies
    from the next command on."""

    def __init__(self, database: Database, *, default_role: Role, limit: ChangeRateLimit | None = None) -> None:
        """default_role: the role of people who are not employees. limit: the rate limit of commands; None: no limit."""
        self._database = database
        self._limit = limit
        self._default_role = default_role

    async def all(self, *, active: bool | None = None) -> list[Employee]:
        """All employees by last name. active: only those who are active, or only those who are not.

        :raises DatabaseUnavailableError: the database does not respond in time
        """
        async with reading(self._database) as connection:
            return await _all(self._database, connection, active)

    async def get(self, employee_id: int) -> Employee:
        """One employee.

        :raises NotFoundError: there is no such employee
        :raises DatabaseUnavailableError: the database does not respond in time
        """
        async with reading(self._database) as connection:
            return await self._get(connection, employee_id)

    async def loads(self) -> dict[int, int]:
        """The number of active orders per assignee id; employees without any are left out.

        :raises DatabaseUnavailableError: the database does not respond in time
        """
        async with reading(self._database) as connection:
            rows = self._database.queries.active_orders_per_employee(connection)
            return {row['assignee_id']: row['orders'] async for row in rows}

    # the caller

    async def person(self, identity: Identity) -> Person:
        """The person behind an identity, with the role of the employee who has this e-mail address.

        Deactivated employees are viewers; people who are not employees have the default role.

        :raises SignedOutError: as authorize
        :raises DatabaseUnavailableError: the database does not respond in time
        """
        async with reading(self._database) as connection:
            return await self._find(connection, identity)

    async def authorize(self, connection: Connection, identity: Identity, needed: Role,
                        scope: TokenScope = TokenScope.ORDERS) -> Person:
        """Check the role of the person who acts in this transaction, and name them in its events.

        scope: what a token needs to have more than the role viewer.
        :raises TooManyChangesError: the person exceeds the rate limit
        :raises SignedOutError: the session, token or pairing has ended
        :raises NotAllowedError: the role is not sufficient
        """
        person = await self.act(connection, identity, scope=scope)
        require(person, needed)
        return person

    async def look_up(self, connection: Connection, identity: Identity, needed: Role,
                      scope: TokenScope = TokenScope.ORDERS) -> Person:
        """Check the role of the person who reads in this transaction. scope: as of authorize.

        :raises SignedOutError: as authorize
        :raises NotAllowedError: the role is not sufficient
        """
        person = await self._find(connection, identity, scope)
        require(person, needed)
        return person

    async def act(self, connection: Connection, identity: Identity, *, is_counted: bool = False,
                  scope: TokenScope = TokenScope.ORDERS) -> Person:
        """As `authorize`, without checking the role: call `require` before anything is written.

        is_counted: an earlier transaction of the same change has counted towards the rate limit.
        :raises TooManyChangesError: the person exceeds the rate limit
        :raises SignedOutError: as authorize
        """
        if self._limit is not None and not is_counted:
            self._limit.take(identity)
        person = await self._find(connection, identity, scope)
        if identity.station is not None and identity.credential is not None:
            await self._database.queries.keep_acting(connection, turn=identity.credential.id)
            person = replace(person, name=f'{person.name} at station {identity.station}')
        await self._database.queries.act_as(connection, name=person.name, email=person.email or '')
        return person

    async def _find(self, connection: Connection, identity: Identity, scope: TokenScope = TokenScope.ORDERS) -> Person:
        await self._check_credential(connection, identity)
        if identity.scopes is not None:
            return Person(identity.name, None, role_of_token(identity.scopes, scope), is_program=True)
        name = identity.name if _is_name(identity.name) else 'unknown'
        email = identity.email.lower() if identity.email and _is_name(identity.email) else None
        employee = email and await self._with_email(connection, email)
        if not employee:
            return Person(name, email, (identity.role or self._default_role).limited_to(identity.at_most))
        role = employee.role if employee.active else Role.VIEWER
        return Person(employee.name[:MAX_NAME_LENGTH], email, role.limited_to(identity.at_most), employee.id)

    async def _check_credential(self, connection: Connection, identity: Identity) -> None:
        credential = identity.credential
        if credential is not None and not await self._database.queries.credential_is_valid(
                connection, kind=credential.kind, id=credential.id):
            raise SignedOutError(_ENDED.get(credential.kind, 'you are signed out: sign in again'))

    # commands of supervisors

    async def add(self, who: Identity, new: EmployeeEdit) -> Employee:
        """Add an employee. Requires the role supervisor.

        :raises NotAllowedError: :raises InvalidInputError: :raises DatabaseUnavailableError:
        """
        fields = new_employee(new)
        async with (logged('employee added', who, employee=fields['email'], role=fields['role']),
                    command(self._database) as connection):
            await self.authorize(connection, who, Role.SUPERVISOR, TokenScope.PEOPLE)
            async with self._unique_email(connection, fields['email']):
                [row] = [row async for row in self._database.queries.add_employees(
                    connection, **columns_of([fields]))]
            return await self._get(connection, row['id'])

    async def edit(self, who: Identity, employee_id: int, version: int, edit: EmployeeEdit) -> Employee:
        """Change an employee. Requires the role supervisor.

        :raises EditConflictError: someone else has changed this employee since that version
        :raises NotFoundError: :raises NotAllowedError: :raises InvalidInputError: :raises DatabaseUnavailableError:
        """
        given = checked_employee(edit)
        async with (logged('employee changed', who, employee_id=employee_id) as logged_fields,
                    command(self._database) as connection):
            person = await self.authorize(connection, who, Role.SUPERVISOR, TokenScope.PEOPLE)
            wanted = fields_of(await self._get(connection, employee_id)) | given
            if not (wanted['active'] and wanted['role'] == Role.SUPERVISOR):
                await self._keep_a_supervisor(connection, person, employee_id)
            current = await self._locked(connection, employee_id)
            if current.version != version:
                raise EditConflictError(f'{current.name} was changed by someone else: compare both versions', current)
            fields = fields_of(current) | given
            async with self._unique_email(connection, fields['email'], employee_id):
                await self._database.queries.edit_employees(connection, ids=[employee_id], **columns_of([fields]))
            logged_fields |= {'employee': fields['email'], 'role': fields['role']}
            return await self._get(connection, employee_id)

    async def set_active(self, who: Identity, employee_id: int, active: bool) -> Employee:
        """Deactivate or reactivate an employee; their orders and history stay. Requires the role supervisor.

        :raises NotFoundError: :raises NotAllowedError: :raises InvalidInputError: :raises DatabaseUnavailableError:
        """
        async with (logged('employee activated' if active else 'employee deactivated', who, employee_id=employee_id),
                    command(self._database) as connection):
            person = await self.authorize(connection, who, Role.SUPERVISOR, TokenScope.PEOPLE)
            await self._get(connection, employee_id)
            if not active:
                await self._keep_a_supervisor(connection, person, employee_id)
            await self._database.queries.set_employee_active(connection, id=employee_id, active=active)
            return await self._get(connection, employee_id)

    async def _get(self, connection: Connection, employee_id: int) -> Employee:
        possible = 0 < employee_id <= MAX_ID
        row = await self._database.queries.employee(connection, id=employee_id) if possible else None
        if row is None:
            raise NotFoundError(f'there is no employee {employee_id}')
        return to_employee(row)

    async def _locked(self, connection: Connection, employee_id: int) -> Employee:
        """An employee, locked: nobody else can change them until this transaction ends."""
        await self._database.queries.lock_employee(connection, id=employee_id)
        return await self._get(connection, employee_id)

    async def _with_email(self, connection: Connection, email: str) -> Employee | None:
        """The employee with this e-mail address, case-insensitive. The database compares only ASCII letters so."""
        row = await self._database.queries.employee_with_email(connection, email=email)
        if row is not None:
            return to_employee(row)
        everybody = () if email.isascii() else await _all(self._database, connection, None)
        return next((each for each in everybody if each.email.lower() == email.lower()), None)

    @asynccontextmanager
    async def _unique_email(self, connection: Connection, email: str, employee_id: int | None = None
                            ) -> AsyncIterator[None]:
        owner = await self._with_email(connection, email)
        if owner is not None and owner.id != employee_id:
            raise InvalidInputError(f'{owner.name} already has this e-mail address', 'email')
        try:
            yield
        except asyncpg.UniqueViolationError as error:  # somebody who was added at the same time
            raise InvalidInputError('someone else already has this e-mail address', 'email') from error

    async def _keep_a_supervisor(self, connection: Connection, person: Person, leaves: int) -> None:
        """Refuse to remove the last supervisor. The lock serializes two supervisors who deactivate each other. People
        who are supervisors by DEFAULT_ROLE, without being employees, may remove the last one."""
        supervisors = {row['id'] async for row in self._database.queries.lock_supervisors(connection)}
        if not person.may_remove_last_supervisor and supervisors == {leaves}:
            raise InvalidInputError('this is the last active supervisor: make someone else a supervisor first', 'role')


async def all_employees(database: Database, *, active: bool | None = None) -> list[Employee]:
    """As Employees.all, without translating database errors: the REST interface maps them itself."""
    async with database.acquire() as connection:
        return await _all(database, connection, active)


async def _all(database: Database, connection: Connection, active: bool | None) -> list[Employee]:
    everybody = [to_employee(row) async for row in database.queries.employees(connection)]
    return [person for person in everybody if active is None or person.active == active]


def require(person: Person, needed: Role, what: str = 'this') -> None:
    """Refuse a person whose role is not sufficient. what: the action, for the message.

    :raises NotAllowedError: the message names the required role and theirs
    """
    if not person.role.may(needed):
        raise NotAllowedError(f'{what} requires the role {needed.value}; your role is {person.role.value}')


def role_of_token(scopes: frozenset[TokenScope], scope: TokenScope) -> Role:
    """The role of a token in a command for which it needs the given scope.

    :raises NotAllowedError: the token may only report statuses
    """
    if scope in scopes:
        return Role.SUPERVISOR if scope in {TokenScope.PLANT, TokenScope.PEOPLE} else Role.TECHNICIAN
    if scopes <= {TokenScope.FEED}:
        raise NotAllowedError('this token may report statuses, and nothing else')
    return Role.VIEWER


_ENDED = {'token': 'this token was revoked or has expired: ask a supervisor for a new one',
          'station': 'this station was revoked: ask a supervisor to pair it again',
          'station_turn': 'your name is no longer picked at this station: pick it again',
          'wall': 'the link of this wall screen was revoked: ask a supervisor for a new one'}


def checked_employee(edit: EmployeeEdit) -> dict[str, Any]:
    """The validated columns that an edit names; e-mail addresses in lower case, as they are compared.

    :raises InvalidInputError:
    """
    given = {name: value for name, value in vars(edit).items() if not isinstance(value, Unchanged)}
    for name in {'first_name', 'last_name'} & given.keys():
        given[name] = exact_name(given[name], name, 100)
    if 'email' in given:
        given['email'] = _checked_email(given['email'])
    if 'department' in given:
        given['department'] = one_line(given['department'], 'department', 100)
    return given


def new_employee(new: EmployeeEdit) -> dict[str, Any]:
    """The validated columns of somebody new.

    :raises InvalidInputError:
    """
    blank = EmployeeEdit('', '', '', '', Role.OPERATOR, active=True)
    return checked_employee(replace(blank, **{
        name: value for name, value in vars(new).items() if not isinstance(value, Unchanged)}))


def fields_of(employee: Employee) -> dict[str, Any]:
    """The columns that an edit can change."""
    return {name: getattr(employee, name) for name in EmployeeEdit.__dataclass_fields__}


def columns_of(people: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of several people, for add_employees and edit_employees."""
    rows = list(people)
    return {f'{name}s': [row[name] for row in rows] for name in EmployeeEdit.__dataclass_fields__}


def _checked_email(text: str) -> str:
    email = exact_name(text, 'email', 254).lower()
    name, at, domain = email.rpartition('@')
    if not (name and at and domain) or any(letter.isspace() or not letter.isprintable() for letter in email):
        raise InvalidInputError('this is not an e-mail address: use the form name@company, without spaces', 'email')
    return email


def _is_name(text: str) -> bool:
    return not identity_problem(text) and len(text) <= MAX_NAME_LENGTH
