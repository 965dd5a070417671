"""Terminal output: arguments, progress, and how the process ends."""

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
    """An argument parser without abbreviations that prints one line for a wrong argument."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with status 2."""
        self.exit(2, f'{self.prog}: {message}. {self.prog} --help lists all arguments.\n')


def say(step: str) -> None:
    """Print one line about a step that takes time."""
    Console(soft_wrap=True).print(f'[dim]·[/dim] {escape(step)}')


def run_command(name: str, work: Callable[[], None]) -> int:
    """Run a command that Ctrl-C and SIGTERM can stop. Returns its exit status; prints a line if it failed."""
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
    """Escape what cannot be printed, as Python does on stderr: file names are bytes, and not all are text."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Handle SIGTERM as Ctrl-C, so that resources are closed."""
    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
