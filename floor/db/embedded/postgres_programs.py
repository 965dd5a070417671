"""Runs PostgreSQL's programs with their input or output in chunks, so that progress can be shown."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from ...core.errors import BackupError
from ...core.session_settings import OPTIONS
from .postgres_binaries import binaries
from .processes import plain_environment

PIECE = 1 << 20
Moved = Callable[[int], None]


def copy_out(to: IO[bytes], program: str, *arguments: str, moved: Moved = lambda _: None) -> None:
    """Copy the program's output. moved is called with the size of each chunk in bytes.

    :raises BackupError: the program failed; with its last lines
    """
    with _running(program, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        while piece := process.stdout.read(PIECE):
            to.write(piece)
            moved(len(piece))


def copy_in(source: IO[bytes], program: str, *arguments: str, moved: Moved = lambda _: None) -> None:
    """Copy the program's input.

    :raises BackupError: the program failed; with its last lines
    """
    with _running(program, *arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None  # noqa: S101 (a pipe was asked for)
        with suppress(BrokenPipeError):  # it has ended, and reports why
            while piece := source.read(PIECE):
                process.stdin.write(piece)
                moved(len(piece))
            process.stdin.close()


@contextmanager
def progress(word: str, total: int | None = None) -> Iterator[Moved]:
    """Show a progress bar on a terminal. The block calls the yielded function with bytes. total: None if unknown."""
    columns = TextColumn(word), BarColumn(), DownloadColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(word, total=total)
        yield lambda amount: bar.advance(task, amount)


@contextmanager
def _running(program: str, *arguments: str, stdin: int, stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen([binaries() / program, *arguments], stdin=stdin, stdout=stdout,  # noqa: S603
                                   stderr=complaints, env=plain_environment() | {'PGOPTIONS': OPTIONS})
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            for pipe in process.stdin, process.stdout:
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            process.wait()
        if process.returncode:
            complaints.seek(0)
            lines = complaints.read().decode(errors='replace').strip().splitlines()
            last_lines = ' / '.join(lines[-3:]) or 'no message'
            raise BackupError(f'{program} ended with {process.returncode}: {last_lines}')
