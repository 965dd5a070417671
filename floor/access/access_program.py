"""`python -m floor.access` and `line-monitor access`: access from the terminal of the program's machine.

A person who may write the database may do this: the keys name their login of the system.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ..core.access_keys import NewKey
from ..core.console import Parser, run_command
from ..core.errors import NotFoundError
from ..core.people import Identity, Role
from ..core.scopes import MEANINGS, TokenScope
from ..core.settings import ConnectionSource, Settings
from ..db.connection_source import database_source
from ..db.database import Database
from ..db.embedded.server import EmbeddedPostgres
from ..db.migrations import connect_prepared
from ..orders.employees import Employees
from .api_tokens import ApiTokens, NewToken
from .first_supervisor import FirstSupervisor
from .invitations import Invitations
from .key_links import address_of_link

Result = TypeVar('Result')


def main(arguments: Sequence[str] | None = None, program: str = 'python -m floor.access') -> int:
    """Returns 0, or 1 after printing one line about the error."""
    parser = Parser(prog=program, description='Give programs and people access.')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    token_arguments(commands.add_parser('token', help='make an API token, and print it alone on standard output'))
    first = commands.add_parser('first-supervisor', help='print a link that makes the first supervisor, once')
    invite = commands.add_parser('invite', help='print a link that signs an employee in, once')
    invite.add_argument('email', metavar='EMAIL', help='the e-mail address of the employee')
    for each in first, invite:
        each.add_argument('--address', metavar='URL', help='the address at which people open the app; without it, '
                                                           'PUBLIC_URL, else that of HOST and PORT')
    return run(parser.parse_args(arguments))


def token_arguments(parser: Parser) -> None:
    """Add the arguments of the command token."""
    meanings = '; '.join(f'{scope}: {meaning[0].lower()}{meaning[1:]}' for scope, meaning in MEANINGS.items())
    parser.add_argument('name', metavar='NAME', help='what uses it; the log and the history of orders name it')
    parser.add_argument('--scope', action='append', choices=list(TokenScope), dest='scopes',
                        help=f'what it may do, may be repeated; without it, {TokenScope.FEED}. {meanings}')
    parser.add_argument('--line', action='append', default=[], dest='lines', metavar='LINE',
                        help='with feed:write alone: only machines of this line; may be repeated')
    parser.add_argument('--machine', action='append', default=[], dest='machines', metavar='MACHINE',
                        help='with feed:write alone: only this machine; may be repeated')
    parser.add_argument('--days', type=int, metavar='DAYS', help='it expires after so many days; without it, never')


def run(options: Namespace) -> int:
    """Run a command. Returns 0, or 1 after printing one line about the error."""
    return run_command(options.command, lambda: print(_result(options)))


def _result(options: Namespace) -> str:
    """What a command prints on standard output; everything else goes to standard error.

    :raises FloorError: it is refused
    """
    settings = Settings.load()
    if options.command == 'token':
        new = NewToken(options.name, options.scopes or [TokenScope.FEED], options.days, options.lines, options.machines)
        return _made(settings, lambda database, employees: ApiTokens(database, employees).make(_who(), new)).secret
    if options.command == 'invite':
        made = _made(settings, lambda database, employees: _invite(database, employees, options.email))
    else:
        made = _made(settings, lambda database, employees: FirstSupervisor(database, employees).make_link())
    if not options.address and not settings.public_url and settings.is_private:
        _say_on_stderr('This link opens on this machine only. For other machines, add --address with the address at '
                       'which they open the app.')
    return address_of_link(made, settings, options.address)


def _made(settings: Settings, make: Callable[[Database, Employees], Awaitable[NewKey]]) -> NewKey:
    if settings.source is ConnectionSource.EMBEDDED and not EmbeddedPostgres(settings.data_dir).folder.exists():
        # a new database would have a key that opens nothing
        raise NotFoundError(f'there is no database in {settings.data_dir.absolute()}: set DATA_DIR to the folder of '
                            'the program that people use, and start that first')
    with database_source(settings, _say_on_stderr) as source:
        return asyncio.run(_with(Database(source.url, settings, source.lakebase), make))


async def _with(database: Database, make: Callable[[Database, Employees], Awaitable[NewKey]]) -> NewKey:
    await (await connect_prepared(database)()).close()  # a new schema, or an upgraded one
    try:
        return await make(database, Employees(database, default_role=Role.VIEWER))
    finally:
        await database.close(within=1)


async def _invite(database: Database, employees: Employees, email: str) -> NewKey:
    for employee in await employees.all(active=True):
        if employee.email == email.strip().lower():
            return await Invitations(database, employees).make(_who(), employee.id)
    raise NotFoundError(f'no active employee has the e-mail address {email[:100]}')


def _who() -> Identity:
    return Identity(getpass.getuser(), None, Role.SUPERVISOR)


def _say_on_stderr(step: str) -> None:
    print(step, file=sys.stderr)
