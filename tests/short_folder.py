"""Folders for a program with its embedded database."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_folder() -> Iterator[Path]:
    """One with a short name, so that a socket fits in, and which the database server's own user may pass."""
    folder = Path(tempfile.mkdtemp(prefix='floor-')).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
