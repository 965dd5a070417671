"""What a person sees in the terminal: arguments, steps, the welcome, and how the process ends."""

from __future__ import annotations

import argparse
import io
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape

from .errors import FloorError, SettingsError
from .settings import Settings
from .source import DatabaseSource
from .version import program_version

log = logging.getLogger(__name__)


class Parser(argparse.ArgumentParser):
    """Arguments that are written in full; a wrong one is answered with one line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """One line, and exit status 2."""
        self.exit(2, f'{self.prog}: {message}. {self.prog} --help lists what there is.\n')


def say(step: str) -> None:
    """One line about what is being done, for steps that take time."""
    Console(soft_wrap=True).print(f'[dim]·[/dim] {escape(step)}')


def reporter(settings: Settings) -> Callable[[str], None]:
    """What tells of steps: the same at a terminal, else the log, because who reads it later wants to know when."""
    return say if settings.log_format == 'text' and sys.stdout.isatty() else log.info


def welcome(settings: Settings, source: DatabaseSource) -> None:
    """Where the floor is, how to open its database, and how to stop."""
    if settings.log_format == 'json':
        log.info('started', extra={'version': program_version(), 'host': settings.host, 'port': settings.port,
                                   'database': settings.source.value})
        return
    host = 'localhost' if settings.host in {'127.0.0.1', '::1', '0.0.0.0'} else settings.host  # noqa: S104
    console = Console(soft_wrap=True)
    console.print(f'\n[bold]Line Monitor[/bold] is at [bold]http://{host}:{settings.port}[/bold]')
    console.print(f'[dim]database[/dim]  {escape(source.psql)}')
    console.print('[dim]stop[/dim]      Ctrl-C\n')


def run_command(name: str, work: Callable[[], None]) -> int:
    """A command that ends by itself, by Ctrl-C or by SIGTERM; its exit status, with a line if the work was not done."""
    print_every_path()
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


def print_every_path() -> None:
    """Names of files are bytes, and some are no text: what cannot be printed is escaped, as Python does on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')


def check_port(host: str, port: int) -> None:
    """:raises SettingsError: another program listens there already, or the address isn't one of this machine"""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f'cannot listen on {host}:{port} ({error.strerror or error}): stop what listens '
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
