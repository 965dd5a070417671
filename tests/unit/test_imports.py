"""What is not imported when the program starts, because it takes long and few need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from floor.core.imports import as_if_missing

LATER = {'aiohttp', 'requests', 'openpyxl', 'PIL', 'authlib', 'asyncua', 'databricks'}
STARTED = ('import sys\nfrom floor.command_line import _import_app\n_import_app()\n'
           'assert "floor.app" in sys.modules\nprint(*sys.modules)')


def test_a_start_imports_only_what_it_needs() -> None:
    done = subprocess.run([sys.executable, '-c', STARTED], cwd=Path(__file__).parents[2], capture_output=True,
                          text=True, check=True)
    assert LATER.isdisjoint(done.stdout.split())


def test_a_package_is_missing_for_the_block_only() -> None:
    with as_if_missing('tabnanny', 'json'):
        import json  # noqa: F401 (imported before)
        with pytest.raises(ImportError):
            import tabnanny
    import tabnanny  # noqa: F401
