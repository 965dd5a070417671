"""What several test files need stands in a harness.py, where none of them is imported for it."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]


def imported(path: Path) -> set[str]:
    """The modules that a file imports from."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module} | {
        name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}


def test_nothing_is_imported_from_a_test_or_a_conftest() -> None:
    found = {str(path.relative_to(TESTS)): module for path in TESTS.rglob('*.py') for module in imported(path)
             if module.rpartition('.')[2] == 'conftest' or module.rpartition('.')[2].startswith('test_')}
    assert found == {}
