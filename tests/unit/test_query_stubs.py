"""mypy knows each named query and its arguments: floor/db/queries.py is what the headers of sql/queries say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from floor.db.query_files import load_queries
from floor.db.query_stubs import STUBS, headers, stubs

ROOT = Path(__file__).parents[2]
CALLS = """
from floor.db.database import Database

async def calls(database: Database) -> None:
    async with database.acquire() as connection:
        row = await database.queries.employee(connection, id=1)
        names = [row['name'] async for row in database.queries.line_names(connection)]
        await database.queries.employe(connection, id=1)
        await database.queries.employee(connection, employee_id=1)
        await database.queries.employee(connection)
"""


def test_the_stubs_are_those_of_the_headers() -> None:
    assert STUBS.read_text(encoding='utf-8') == stubs(), 'run: python -m floor.db.query_stubs'


def test_every_named_query_has_a_stub_and_its_own_name() -> None:
    names = Counter(header.name for header in headers())
    queries: Any = load_queries()
    loaded = {name for name in queries.available_queries if not name.endswith('_cursor')}
    assert set(names) == loaded
    assert [name for name, times in names.items() if times > 1] == []


def test_a_header_declares_the_parameters_of_its_query() -> None:
    used = {header.name: set(re.findall(r'(?<![:\w]):([a-z_]+)\b(?!\s*:=)',
                                        re.sub(r"--[^\n]*|'[^']*'", '', header.sql))) for header in headers()}
    assert used == {header.name: set(header.parameters) for header in headers()}


def test_mypy_finds_a_misspelt_query_or_argument(tmp_path: Path) -> None:
    module = tmp_path / 'calls.py'
    module.write_text(CALLS)
    done = subprocess.run([sys.executable, '-m', 'mypy', '--strict', '--config-file', ROOT / 'pyproject.toml', module],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r'calls\.py:(\d+): error: (.*)  \[', done.stdout)
    first = CALLS[:CALLS.index('.employe(')].count('\n') + 1
    assert {(int(line) - first, re.split(' for |;', error)[0]) for line, error in found} == {
        (0, '"Queries" has no attribute "employe"'),
        (1, 'Unexpected keyword argument "employee_id"'), (2, 'Missing named argument "id"'),
    }, done.stdout + done.stderr
