#!/usr/bin/env python3
"""Finds words of plain_words.toml in names, comments, texts and documents; exits with 1 if there are any."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RULES = Path(__file__).with_suffix('.toml')
SUFFIXES = frozenset({'.py', '.sql', '.md', '.yml', '.yaml', '.css', '.toml', '.json'})
THIS = frozenset({'.ci/plain_words.py', '.ci/plain_words.toml', 'tests/unit/test_plain_words.py'})
"""The files that have to name the words."""


@dataclass(frozen=True, slots=True)
class Rules:
    """unfinished: files and folders that are not checked yet. words: a pattern for each word, and its replacement."""

    unfinished: tuple[str, ...]
    words: tuple[tuple[re.Pattern[str], str], ...]
    exceptions: tuple[tuple[str, str], ...] = ()


def read_rules(text: str) -> Rules:
    """Rules from the text of plain_words.toml. A word also matches as part of a name, such as last_told."""
    table: dict[str, Any] = tomllib.loads(text)
    return Rules(
        tuple(table['unfinished']),
        tuple((re.compile(rf'(?<![A-Za-z])(?:{word.replace(" ", "[ _]")})(?![A-Za-z])', re.IGNORECASE), instead)
              for word, instead in table['words'].items()),
        tuple((each['path'], each['text']) for each in table.get('exception', ()) if each['reason']))


def found(rules: Rules, path: str, text: str) -> Iterator[str]:
    """A line for each word of the list in the text: where it is and what to write instead."""
    if any(path == each or path.startswith(f'{each}/') for each in rules.unfinished):
        return
    allowed = [part for where, part in rules.exceptions if where == path]
    for number, line in enumerate(text.splitlines(), start=1):
        if any(part in line for part in allowed):
            continue
        for pattern, instead in rules.words:
            if match := pattern.search(line):
                yield f'{path}:{number}: "{match[0]}": write {instead}'


def checked_files(root: Path = ROOT) -> Iterator[str]:
    """The paths of all files of the repository that people read."""
    listed = subprocess.run(['git', 'ls-files'], cwd=root, check=True, capture_output=True, text=True).stdout  # noqa: S607
    for path in listed.splitlines():
        if path not in THIS and (Path(path).suffix in SUFFIXES or path == '.ci/run') and (root / path).is_file():
            yield path


def main(paths: Iterable[str]) -> int:
    """Check the paths, by default all files."""
    rules = read_rules(RULES.read_text())
    lines = [line for path in paths or checked_files() for line in found(rules, path, (ROOT / path).read_text())]
    print(*lines, sep='\n', end='\n' if lines else '')
    return bool(lines)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
