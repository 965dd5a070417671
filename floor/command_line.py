"""The command line: `line-monitor` if installed, `python main.py` in a checkout.

    line-monitor [run] [--host ADDRESS] [--port PORT] [--demo]     the app
    line-monitor simulator | simulate | backup | restore | plant | token | access | gateway ...
                                                                   other programs, each with --help

NiceGUI is imported only to serve: the import takes seconds, and reads the location of its storage.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .core import console
from .core.env_file import unread_names
from .core.errors import FloorError
from .core.imports import as_if_missing
from .core.settings import ConnectionSource, Settings
from .core.version import NAME, program_version
from .db.connection_source import database_source
from .operations import welcome
from .operations.shutdown import Shutdown

log = logging.getLogger('line-monitor')

PROGRAM = 'line-monitor'
RUN = 'run'
COMMANDS = {'simulator': 'simulator.__main__', 'backup': 'floor.db.backup', 'restore': 'floor.db.restore',
            'plant': 'floor.plant.plant_program', 'access': 'floor.access.access_program',
            'token': 'floor.access.token_program', 'gateway': 'floor.gateway.program',
            'simulate': 'simulator.plant_network'}
"""Each is a module whose main takes the arguments and the program's name."""


UNUSED = 'aiohttp', 'requests'
"""What python-engineio imports for clients, if they are installed. Without them, all imports take a fifth less."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status: 0, 1 for an error, 2 for wrong arguments."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS:
        command = importlib.import_module(COMMANDS[arguments[0]])
        return int(command.main(arguments[1:], program=f'{PROGRAM} {arguments[0]}'))
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command != RUN:
        parser.error(f'there is no command {options.command}: choose {RUN}, {", ".join(COMMANDS)}')
    given = {'host': options.host, 'port': options.port, 'new_floor': 'demo' if options.demo else None}
    return run(**{name: value for name, value in given.items() if value is not None})


def run(**given: Any) -> int:
    """Run the app until it is stopped. Returns 0, or 1 after printing one line about an error. given: settings that
    take precedence."""
    shutdown = Shutdown()
    console.print_every_path()
    try:
        with shutdown.on_signal():
            _run(given, shutdown)
    except FloorError as error:
        print(f'{NAME}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    log.info('stopped')
    return 0


def _run(given: dict[str, Any], shutdown: Shutdown) -> None:
    from auth.identity import check_identity_source  # noqa: PLC0415 (slow, and not needed for --help)

    from .db.connection_check import check_connection  # noqa: PLC0415
    from .db.connection_string import ignore_closed_home  # noqa: PLC0415
    from .db.database import Database  # noqa: PLC0415
    from .operations.log_output import set_up_logging  # noqa: PLC0415
    from .web.middleware.session_secret import store_choices  # noqa: PLC0415

    settings = Settings.load(**given)
    log_lines = set_up_logging(settings.log_level, settings.log_format)
    for sentence in unread_names(Settings.model_fields):
        log.warning('%s', sentence)
    check_identity_source(settings)
    welcome.check_port(settings.host, settings.port)
    ignore_closed_home()
    store_choices(settings)
    importing = ThreadPoolExecutor(1).submit(_import_app)  # while PostgreSQL starts
    if settings.source is ConnectionSource.LAKEBASE:
        importing.result()  # its modules are imported by the main thread
    with database_source(settings, welcome.reporter(settings), shutdown.time_left) as source:
        if source.lakebase is None:
            asyncio.run(check_connection(Database(source.url, settings)))
        else:  # the first password from Databricks takes longer, and Lakebase has its own proxy
            asyncio.run(check_connection(Database(None, settings, source.lakebase), settings.db_pool_timeout,
                                         pooler=False))
        importing.result()
        from .app import build_app  # noqa: PLC0415 (imports NiceGUI, which looks where its storage is)

        build_app(settings, source, log_lines, shutdown)()


def _import_app() -> None:
    gc.disable()  # imported objects are no garbage, and looking for it takes a fifth of the time
    try:
        with as_if_missing(*UNUSED):
            importlib.import_module('floor.app')
    finally:
        gc.freeze()  # they would be visited by the collections of the next second, which took a third of it
        gc.enable()


def _parser() -> console.Parser:
    parser = console.Parser(
        prog=PROGRAM, description='A live monitor of a manufacturing floor. Settings come from the environment and '
                                  '.env (floor/README.md lists them); an option here takes precedence.',
        epilog=f'{PROGRAM} COMMAND --help explains one of the other commands.')
    parser.add_argument('command', nargs='?', default=RUN, metavar='COMMAND',
                        help=f'{RUN} (the default): the app; simulator: plays the demo; simulate: publishes the '
                        f'demo as a plant network; backup, restore: save the embedded database, restore it; '
                        f'plant: replaces the demo by an empty floor, imports and exports machines; token: makes a '
                        f'token for a program; access: makes links for people; gateway: reports from MQTT, '
                        f'Sparkplug B and OPC UA')
    parser.add_argument('--host', help='an address to listen on (HOST)')
    parser.add_argument('--port', help='a port to listen on (PORT)')
    parser.add_argument('--demo', action='store_true', help='a floor that is made now becomes the demo '
                                                            '(NEW_FLOOR=demo)')
    parser.add_argument('--version', action='version', version=f'{PROGRAM} {program_version()}')
    return parser
