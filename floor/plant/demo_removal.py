"""Replaces the demo by an empty floor: `python -m floor.plant new`, or a supervisor's button. The database refuses
this for a plant (sql/functions/63_demo.sql)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import asyncpg

from ..core.console import say
from ..core.errors import DatabaseUnavailableError, FloorError, NotADemoError
from ..core.floor_snapshot import HistoryState
from ..core.formatting import counted
from ..core.people import Identity, Role
from ..core.settings import Settings
from ..db.connection import Connection, describe
from ..db.connection_source import database_source
from ..db.database import Database
from ..db.migrations import connect_prepared
from ..db.transactions import command, logged, reading
from ..orders.employees import Employees

CONFIRMATION = 'remove the demo'
ATTEMPTS = 18
"""Of 5 seconds. In the first minutes of a demo its past is written, and then the dashboard is refreshed for the first
time: on a slow machine each takes longer than half a minute."""


@dataclass(frozen=True, slots=True)
class DemoContents:
    """The contents of a demo. changes: status changes in the history. is_growing: the history and its work orders are
    being created, and cannot be counted yet."""

    machines: int
    changes: int
    orders: int
    people: int
    is_growing: bool = False

    def __str__(self) -> str:
        """30 machines, 101,924 status changes, 1,014 work orders and 15 people."""
        if self.is_growing:
            return (f'{counted(self.machines, "machine")}, {counted(self.people, "person", "people")}, and the history '
                    'and the work orders that are being created now')
        return (f'{counted(self.machines, "machine")}, {counted(self.changes, "status change")}, '
                f'{counted(self.orders, "work order")} and {counted(self.people, "person", "people")}')


class Plant:
    """Removal of the demo."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._employees = employees

    async def contents(self, who: Identity) -> DemoContents:
        """What would be removed. Requires a supervisor, who is kept if they are an employee.

        :raises NotAllowedError: :raises NotADemoError: :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            person = await self._employees.look_up(connection, who, Role.SUPERVISOR)
            if not await self._database.queries.is_demo(connection):
                raise NotADemoError('this floor is a plant: its data cannot be removed')
            found = await _contents(connection, self._database)
        return replace(found, people=found.people - (person.employee_id is not None))

    async def remove_demo(self, who: Identity) -> DemoContents:
        """Replace the demo by an empty plant; returns what was removed. Requires a supervisor, who stays signed in;
        everybody else is signed out, and tokens, stations and wall screens end.

        :raises NotAllowedError: :raises NotADemoError: :raises DatabaseUnavailableError:
        """
        async with logged('demo removed', who) as fields, command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            gone = await _remove(connection, self._database, person.email)
            fields |= {'machines': gone.machines, 'changes': gone.changes, 'orders': gone.orders, 'people': gone.people}
        return gone


async def _contents(connection: Connection, database: Database) -> DemoContents:
    state = HistoryState(await database.queries.history_state(connection))
    return DemoContents(**await database.queries.demo_contents(connection), is_growing=state is HistoryState.CREATING)


async def _remove(connection: Connection, database: Database, keep_email: str | None) -> DemoContents:
    """In the caller's transaction."""
    try:
        for _ in range(ATTEMPTS):
            with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                async with connection.transaction():  # a savepoint: between two attempts, those who wait go on
                    await database.queries.wait_briefly_for_locks(connection)
                    return DemoContents(**await database.queries.remove_demo(connection, keep_email=keep_email))
        raise DatabaseUnavailableError('another session was using the tables of the floor, and nothing was removed: '
                                       'try again')
    except asyncpg.ObjectNotInPrerequisiteStateError as error:
        raise NotADemoError(str(error.args[0])) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnavailableError(f'the app may not remove the demo ({describe(error)}): the owner of the schema '
                                       f'has to run sql/admin/grants.sql') from error


# the command `new`

def new(settings: Settings, *, ask: Callable[[DemoContents], bool] | None) -> None:
    """Leave an empty floor. ask: called with what will be removed, returns whether to go on; None: do not ask.

    :raises NotADemoError: the floor is a plant that has machines
    :raises FloorError: the answer was no
    """
    with database_source(settings, say) as source:
        asyncio.run(_new(Database(source.url, settings, source.lakebase), ask))


async def _new(database: Database, ask: Callable[[DemoContents], bool] | None) -> None:
    connection = await connect_prepared(database)()
    try:
        plant = await database.queries.plant(connection)
        if plant['kind'] != 'demo':
            if plant['machines']:
                raise NotADemoError(f'this floor is a plant with {counted(plant["machines"], "machine")}: its data '
                                    f'cannot be removed. Create an empty floor in another schema: '
                                    f'DEFAULT_POSTGRES_SCHEMA=... and NEW_FLOOR=empty')
            say('This floor is an empty plant already')
            return
        if ask is not None and not ask(await _contents(connection, database)):
            raise FloorError('nothing was removed')
        async with connection.transaction():
            gone = await _remove(connection, database, None)
    finally:
        await connection.close()
    say(f'Removed {gone}. The floor is an empty plant now: import a sheet of your machines (python -m floor.plant '
        f'import FILE), or add them to {database.schema}.{database.feed_table}')


def ask_in_terminal(contents: DemoContents) -> bool:
    """Ask the person at the terminal to type a confirmation."""
    print(f'This permanently removes the demo: {contents}. Everybody is signed out, and tokens, stations and wall '
          'screens end.')
    try:
        return input(f'Type "{CONFIRMATION}" to go on: ').strip().lower() == CONFIRMATION
    except EOFError:
        raise FloorError('there is no terminal to confirm it, so nothing was removed: add --yes') from None
