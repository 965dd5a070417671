"""Folders for a program with its embedded database."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path('/dev/shm')
MEMORY_WANTED = 4 * 1024 ** 3
"""Bytes that must be free there."""


def memory() -> Path | None:
    """A file system in memory with room, if there is one: nothing waits for a disk there, and fsync costs nothing."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_WANTED else None


@contextmanager
def short_folder() -> Iterator[Path]:
    """One with a short name, so that a socket fits in, and which the database server's own user may pass."""
    place = memory()
    if place and os.statvfs(place).f_flag & getattr(os, 'ST_NOEXEC', 0):
        place = None  # some tests run programs from there
    folder = Path(tempfile.mkdtemp(prefix='floor-', dir=place)).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
