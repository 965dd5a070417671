"""What several test files need is in a harness.py, where none of them is imported for it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
IMPORT = re.compile(r'^ *(?:from|import) +((?:\w+\.)*(?:conftest|test_\w+))\b', re.MULTILINE)


def test_nothing_is_imported_from_a_test_or_a_conftest() -> None:
    found = {str(path.relative_to(TESTS)): IMPORT.findall(path.read_text()) for path in TESTS.rglob('*.py')}
    assert {path: modules for path, modules in found.items() if modules} == {}
