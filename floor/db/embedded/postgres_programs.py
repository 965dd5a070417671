"""PostgreSQL's own programs, fed or read by us piece by piece, so that how far they are can be shown."""

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
from .cluster import plain_environment
from .server import binaries

PIECE = 1 << 20
Moved = Callable[[int], None]


def copy_out(to: IO[bytes], program: str, *arguments: str, moved: Moved = lambda _: None) -> None:
    """What the program prints. moved is told of the bytes of each piece.

    :raises BackupError: it did not end well; with its last words
    """
    with _running(program, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        while piece := process.stdout.read(PIECE):
            to.write(piece)
            moved(len(piece))


def copy_in(source: IO[bytes], program: str, *arguments: str, moved: Moved = lambda _: None) -> None:
    """What the program reads.

    :raises BackupError: it did not end well; with its last words
    """
    with _running(program, *arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None  # noqa: S101 (a pipe was asked for)
        with suppress(BrokenPipeError):  # it has ended, and says why
            while piece := source.read(PIECE):
                process.stdin.write(piece)
                moved(len(piece))
            process.stdin.close()


@contextmanager
def progress(word: str, total: int | None = None) -> Iterator[Moved]:
    """A bar on a terminal, nothing elsewhere; the block calls what it is given. total: bytes, None where not known."""
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
            last_words = ' / '.join(lines[-3:]) or 'it said nothing'
            raise BackupError(f'{program} ended with {process.returncode}: {last_words}')
