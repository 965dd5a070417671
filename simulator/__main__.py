"""`python -m simulator`: runs the simulator alone, against the app's database, and prints every change."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console

from floor.core.console import Parser, stop_on_sigterm
from floor.core.errors import FloorError, NotADemoError, SettingsError
from floor.core.settings import Settings
from floor.core.tasks import run_together
from floor.db.connection_check import check_connection
from floor.db.connection_source import DatabaseSource, database_source
from floor.db.database import Database
from floor.db.migrations import connect_prepared
from floor.jobs.supervisor import Supervisor
from simulator.runner import SimulatorRunner, Update
from simulator.terminal import Terminal

CANNOT_RUN, WRONG_SETTING = 1, 2


def main(arguments: Sequence[str] | None = None, program: str = 'python -m simulator') -> int:
    """Run until Ctrl-C or SIGTERM. Exit status: 0, 1 without a database, or 2 for a wrong setting."""
    options = _parser(program).parse_args(arguments)
    given = {} if options.interval is None else {'simulator_interval': options.interval}
    try:
        settings = Settings.load(**given)
        if settings.is_guest:
            raise NotADemoError('Lakebase is played by its app alone, not by a computer outside Databricks: start the '
                                'simulator with a separate database, or the app with ENABLE_SIMULATOR=true')
        logging.basicConfig(level=settings.log_level.upper(), format='%(message)s', stream=sys.stderr)
        with stop_on_sigterm(), database_source(settings, logging.getLogger('simulator').info) as source:
            asyncio.run(_play(settings, source, options.seed))
    except FloorError as error:
        print(f'simulator: {error}', file=sys.stderr)
        return WRONG_SETTING if isinstance(error, SettingsError) else CANNOT_RUN
    except BrokenPipeError:  # the reader of the output has ended
        sys.stderr.close()
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    return 0


async def _play(settings: Settings, source: DatabaseSource, seed: int | None) -> None:
    database = Database(source.url, settings, source.lakebase)
    await check_connection(database, settings.db_pool_timeout, pooler=source.lakebase is None)
    updates: asyncio.Queue[Update] = asyncio.Queue()
    runner = SimulatorRunner(
        connect_prepared(database), database.queries, interval=settings.simulator_interval, seed=seed,
        backfill_days=settings.backfill_days,
        instance=f'{socket.gethostname()}:simulator', report=updates.put_nowait,
    )
    tasks = [runner.run(), _print(updates, Terminal(Console(soft_wrap=True), lambda: runner.zone))]
    supervise = Supervisor().supervise
    if source.embedded is not None:
        tasks.append(supervise('embedded_database', 'checks of the embedded database', source.embedded.supervise)())
    if source.lakebase is not None:
        tasks.append(supervise('password', 'renewals of the password', source.lakebase.keep_fresh)())
    running = asyncio.create_task(run_together(*tasks))
    with suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    await running


async def _print(updates: asyncio.Queue[Update], terminal: Terminal) -> None:
    while True:
        terminal.show(await updates.get())


def _parser(program: str) -> Parser:
    parser = Parser(
        prog=program,
        description='Play the plant against the database that the app uses (.env is read), and print every change. '
                    'While another simulator plays the same floor, this one stands by.')
    parser.add_argument('--interval', help='seconds in which the plant lives 5 seconds (SIMULATOR_INTERVAL)')
    parser.add_argument('--seed', type=int, help='a number; the same one draws the same stops and repairs again')
    return parser


if __name__ == '__main__':
    sys.exit(main())
