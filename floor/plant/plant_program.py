"""`python -m floor.plant` and `line-monitor plant`: set up a plant from the terminal.

A person who may write the database may do this: the audit names their login of the system.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ..core.console import Parser, run_command, say
from ..core.errors import FloorError, InvalidInputError
from ..core.formatting import counted
from ..core.people import Identity, Role
from ..core.settings import Settings
from ..db.connection_source import database_source
from ..db.database import Database
from ..db.migrations import connect_prepared
from ..orders.employees import Employees
from .demo_removal import ask_in_terminal, new
from .plant_commands import PlantCommands
from .plant_sheet import SheetRow, read_sheet, to_csv, to_xlsx
from .sheet_import import SheetImport
from .sheet_plan import RowOutcome, SheetPlan

STANDARD = '-'
Result = TypeVar('Result')
XLSX, CSV = '.xlsx', '.csv'


def main(arguments: Sequence[str] | None = None, program: str = 'python -m floor.plant') -> int:
    """Returns 0, or 1 after printing one line about the error."""
    options = _parser(program).parse_args(arguments)
    return run_command('plant', lambda: _WORK[options.command](options))


def _parser(program: str) -> Parser:
    parser = Parser(prog=program, description='Set up a plant of your own.')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    empty = commands.add_parser('new', help='replace the demo by an empty floor, after a confirmation')
    empty.add_argument('--yes', action='store_true', help='do not ask')
    incoming = commands.add_parser('import', help='add and change machines, as a sheet (CSV or XLSX) has them')
    incoming.add_argument('file', metavar='FILE', help='columns line, machine, type and position; -: standard input')
    incoming.add_argument('--dry-run', action='store_true', help='only say what would change')
    outgoing = commands.add_parser('export', help='write the machines to a sheet')
    outgoing.add_argument('file', metavar='FILE', help='.csv or .xlsx; -: CSV on standard output')
    return parser


def import_sheet(settings: Settings, file: str, *, dry_run: bool) -> None:
    """Import a file, and print what it changes.

    :raises InvalidInputError: it cannot be read, or one of its rows is refused
    """
    rows = read_sheet(_content(file))
    plan = _with_database(settings, lambda database: _import(database, rows, dry_run=dry_run))
    for outcome in RowOutcome.NEW, RowOutcome.CHANGED, RowOutcome.REFUSED:
        for row in plan.of(outcome):
            print(row)
    for name in plan.new_lines:
        print(f'new line: {name}')
    say(str(plan) + ('. Nothing was changed' if dry_run else ''))
    if refused := plan.of(RowOutcome.REFUSED):
        raise InvalidInputError(f'{counted(len(refused), "row")} would be refused')


def export_sheet(settings: Settings, file: str) -> None:
    """Write the machines to a file, CSV or XLSX by its suffix.

    :raises FloorError: another suffix, or the file cannot be written
    """
    suffix = CSV if file == STANDARD else Path(file).suffix.lower()
    if suffix not in {CSV, XLSX}:
        raise FloorError(f'{file} is neither .csv nor .xlsx')
    machines = _with_database(settings, lambda database: PlantCommands(database, _employees(database)).machines(),
                              _say_on_stderr if file == STANDARD else say)
    content = to_xlsx(machines) if suffix == XLSX else to_csv(machines).encode()
    if file == STANDARD:
        sys.stdout.buffer.write(content)
        return
    try:
        Path(file).write_bytes(content)
    except OSError as error:
        raise FloorError(f'{file} cannot be written: {error.strerror}') from error
    say(f'{counted(len(machines), "machine")} written to {file}')


_WORK: dict[str, Callable[[Namespace], None]] = {
    'new': lambda options: new(Settings.load(new_floor='empty'), ask=None if options.yes else ask_in_terminal),
    'import': lambda options: import_sheet(Settings.load(new_floor='empty'), options.file, dry_run=options.dry_run),
    'export': lambda options: export_sheet(Settings.load(), options.file)}


async def _import(database: Database, rows: Sequence[SheetRow], *, dry_run: bool) -> SheetPlan:
    commands, who = SheetImport(database, _employees(database)), Identity(getpass.getuser(), None, Role.SUPERVISOR)
    return await (commands.dry_run if dry_run else commands.apply)(who, rows)


def _employees(database: Database) -> Employees:
    return Employees(database, default_role=Role.VIEWER)


def _say_on_stderr(step: str) -> None:
    print(step, file=sys.stderr)


def _with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]],
                   report: Callable[[str], None] = say) -> Result:
    """report: is called with steps that take time."""
    async def run(database: Database) -> Result:
        await (await connect_prepared(database)()).close()  # a new database gets its tables
        try:
            return await work(database)
        finally:
            await database.close()

    with database_source(settings, report) as source:
        return asyncio.run(run(Database(source.url, settings, source.lakebase)))


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == STANDARD else Path(file).read_bytes()
    except OSError as error:
        raise FloorError(f'{file} cannot be read: {error.strerror}') from error
