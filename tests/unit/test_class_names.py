"""Class names are unique, so that a name in a log, a review or a search means one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ('auth', 'floor', 'simulator')


def test_no_two_classes_have_the_same_name() -> None:
    """Private ones may: each is known only in its module."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith('_'):
                files[node.name].append(str(path.relative_to(ROOT)))
    assert len(files) > 500
    assert {name: paths for name, paths in files.items() if len(paths) > 1} == {}
