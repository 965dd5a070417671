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
from ..core.moments import Form
from ..core.people import Identity, Role
from ..core.plant_calendar import PlantSettings, Weekday
from ..core.settings import Settings
from ..db.connection_source import database_source
from ..db.database import Database
from ..db.migrations import connect_prepared
from ..orders.employees import Employees
from ..orders.order_values import UNCHANGED
from .demo_removal import ask_in_terminal, new
from .plant_settings import PlantSettingsCommands, PlantSettingsEdit, parse_day_start
from .plant_sheet import LAYOUTS, MACHINES, PEOPLE, SheetKind, read_sheet
from .sheet_import import SheetImport, written
from .sheet_plan import RowOutcome, RowPlan, SheetPlan

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
    incoming = commands.add_parser('import', help='add and change machines or people, as a CSV or XLSX file has them')
    incoming.add_argument('file', metavar='FILE', help=f'columns {", ".join(MACHINES.columns)}; or for people '
                                                       f'{", ".join(PEOPLE.columns)}; -: standard input')
    incoming.add_argument('--dry-run', action='store_true', help='only say what would change')
    back = commands.add_parser('undo', help='take back the last import of machines')
    back.add_argument('--people', action='store_true', help='take back the last import of people')
    back.add_argument('--dry-run', action='store_true', help='only say what would be taken back')
    outgoing = commands.add_parser('export', help='write the machines to a sheet')
    outgoing.add_argument('file', metavar='FILE', help='.csv or .xlsx; -: CSV on standard output')
    outgoing.add_argument('--people', action='store_true', help='write the people')
    own = commands.add_parser('settings', help="show or change the plant's name, time zone, week and day")
    own.add_argument('--name', help='shown on every page; empty: none')
    own.add_argument('--time-zone', metavar='ZONE', help='IANA name, as America/Detroit')
    own.add_argument('--first-weekday', metavar='DAY', choices=[day.name.lower() for day in Weekday], help='as monday')
    own.add_argument('--day-start', metavar='TIME', help='local time at which a day begins, as 06:00')
    return parser


def import_sheet(settings: Settings, file: str, *, dry_run: bool) -> None:
    """Import a file, and print what it changes.

    :raises InvalidInputError: it cannot be read, or one of its rows is refused
    """
    sheet = read_sheet(_content(file))

    async def run(sheets: SheetImport) -> SheetPlan[RowPlan]:
        plan = await sheets.dry_run(_terminal_user(), sheet)
        return plan if dry_run or plan.of(RowOutcome.REFUSED) else await sheets.apply(
            _terminal_user(), sheet, '' if file == STANDARD else Path(file).name)

    plan = _with_sheets(settings, run)
    refused = plan.of(RowOutcome.REFUSED)
    for row in plan.rows:
        if row.outcome is not RowOutcome.UNCHANGED or row.notes:
            print(row)
    for name in plan.new_lines:
        print(f'new line: {name}')
    say(str(plan) + ('. Nothing was changed' if dry_run or refused else ''))
    if refused:
        raise InvalidInputError(f'{counted(len(refused), "row")} {"would be" if dry_run else "were"} refused')


def undo_import(settings: Settings, kind: SheetKind, *, dry_run: bool) -> None:
    """Undo the last import, and print what is taken back.

    :raises InvalidInputError: something was changed since, which would be lost
    :raises NotFoundError: there is no import that could be undone
    """
    plan = _with_sheets(settings, lambda sheets: (sheets.undo_plan if dry_run else sheets.undo)(_terminal_user(), kind))
    for step in plan.steps:
        print(step)
    say(f'Import of {plan.of}. Undone: {plan}' if not dry_run else f'Import of {plan.of}. To undo: {plan}')
    if dry_run:
        plan.check()


def export_sheet(settings: Settings, file: str, kind: SheetKind = SheetKind.MACHINES) -> None:
    """Write the machines or the people to a file, CSV or XLSX by its suffix.

    :raises FloorError: another suffix, or the file cannot be written
    """
    suffix = CSV if file == STANDARD else Path(file).suffix.lower()
    if suffix not in {CSV, XLSX}:
        raise FloorError(f'{file} is neither .csv nor .xlsx')
    rows = _with_sheets(settings, lambda sheets: sheets.export(kind), _say_on_stderr if file == STANDARD else say)
    content = written(kind, rows, xlsx=suffix == XLSX)
    if file == STANDARD:
        sys.stdout.buffer.write(content)
        return
    try:
        Path(file).write_bytes(content)
    except OSError as error:
        raise FloorError(f'{file} cannot be written: {error.strerror}') from error
    say(f'{counted(len(rows), *LAYOUTS[kind].noun)} written to {file}')


def own_settings(settings: Settings, edit: PlantSettingsEdit) -> None:
    """Change what the edit has, and print the settings.

    :raises InvalidInputError: the name or the time zone cannot be used
    """
    async def run(database: Database) -> PlantSettings:
        commands = PlantSettingsCommands(database, _employees(database))
        current = await commands.settings()
        return current if edit == PlantSettingsEdit() else await commands.edit_settings(
            _terminal_user(), current.version, edit)

    plant = _with_database(settings, run)
    say(f'name: {plant.name or "none"}, time zone: {plant.zone.key}, '
        f'first day of the week: {plant.first_weekday.word}, start of the day: {plant.day_start.strftime(Form.TIME)}')


def _edit(options: Namespace) -> PlantSettingsEdit:
    return PlantSettingsEdit(
        UNCHANGED if options.name is None else options.name,
        UNCHANGED if options.time_zone is None else options.time_zone,
        UNCHANGED if options.first_weekday is None else Weekday[options.first_weekday.upper()],
        UNCHANGED if options.day_start is None else parse_day_start(options.day_start))


def _kind(options: Namespace) -> SheetKind:
    return SheetKind.PEOPLE if options.people else SheetKind.MACHINES


_WORK: dict[str, Callable[[Namespace], None]] = {
    'new': lambda options: new(Settings.load(new_floor='empty'), ask=None if options.yes else ask_in_terminal),
    'import': lambda options: import_sheet(Settings.load(new_floor='empty'), options.file, dry_run=options.dry_run),
    'undo': lambda options: undo_import(Settings.load(), _kind(options), dry_run=options.dry_run),
    'export': lambda options: export_sheet(Settings.load(), options.file, _kind(options)),
    'settings': lambda options: own_settings(Settings.load(), _edit(options))}


def _terminal_user() -> Identity:
    return Identity(getpass.getuser(), None, Role.SUPERVISOR)


def _say_on_stderr(step: str) -> None:
    print(step, file=sys.stderr)


def _with_sheets(settings: Settings, work: Callable[[SheetImport], Awaitable[Result]],
                 report: Callable[[str], None] = say) -> Result:
    return _with_database(settings, lambda database: work(SheetImport(database, _employees(database))), report)


def _employees(database: Database) -> Employees:
    return Employees(database, default_role=Role.VIEWER)


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
