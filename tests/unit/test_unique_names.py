"""A name means one thing in a log, a review or a search: classes have unique names, and no fixture has a package's."""

from __future__ import annotations

import ast
import re
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


def test_no_fixture_is_named_like_a_package() -> None:
    """Nor a context manager of the tests; `sql` is the folder of that name."""
    packages = {'sql', *(path.parent.name for package in PACKAGES for path in (ROOT / package).rglob('*.py'))}
    assert {'floor', 'gateway', 'simulator'} <= packages
    fixtures = re.compile(r'@(?:pytest\w*\.fixture|(?:async)?contextmanager)\b.*\n(?:async )?def (\w+)')
    names = {(name, str(path.relative_to(ROOT))) for path in (ROOT / 'tests').rglob('*.py')
             for name in fixtures.findall(path.read_text())}
    assert len(names) > 200
    assert {name for name in names if name[0] in packages} == set()
