"""What a person sees in the terminal: arguments, steps, the welcome, and how the process ends."""

from __future__ import annotations

import argparse
import io
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape

from .errors import FloorError

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
