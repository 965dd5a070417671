"""What a person sees in the terminal: steps, the welcome, and how the process ends."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.markup import escape

from .errors import FloorError, SettingsError
from .settings import Settings
from .source import DatabaseSource


def say(step: str) -> None:
    """One line about what is being done, for steps that take time."""
    Console(soft_wrap=True).print(f'[dim]·[/dim] {escape(step)}')


def welcome(settings: Settings, source: DatabaseSource) -> None:
    """Where the floor is, how to open its database, and how to stop."""
    host = 'localhost' if settings.host in {'127.0.0.1', '::1', '0.0.0.0'} else settings.host  # noqa: S104
    console = Console(soft_wrap=True)
    console.print(f'\n[bold]Line Monitor[/bold] is at [bold]http://{host}:{settings.port}[/bold]')
    console.print(f'[dim]database[/dim]  {escape(source.psql)}')
    console.print('[dim]stop[/dim]      Ctrl-C\n')


def set_up_logging(level: str) -> None:
    """One line per event, with time and place."""
    logging.basicConfig(level=level.upper(), format='%(asctime)s %(levelname)s %(name)s: %(message)s')
    logging.getLogger('asyncpg.pool').addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    """The pool says with a traceback each time that the database is away; that it is, the listener says."""
    record.exc_info = record.exc_text = None
    return True


def run_command(name: str, work: Callable[[], None]) -> int:
    """A command that ends by itself, by Ctrl-C or by SIGTERM; its exit status, with a line if the work was not done."""
    try:
        with stop_on_sigterm():
            work()
    except FloorError as error:
        print(f'{name}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'{name}: stopped, and nothing was changed', file=sys.stderr)
        return 130
    return 0


def check_port(host: str, port: int) -> None:
    """:raises SettingsError: another program listens there already, or the address isn't one of this machine"""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f'can not listen on {host}:{port} ({error.strerror or error}): stop what listens '
                                f'there, or set PORT to another') from error


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """SIGTERM ends the process as Ctrl-C does, so that what was opened is closed."""
    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
