"""SQL is never put together from values: what a driver is given is in the source as it is, or in a file of sql/.

Every call of a driver's method is looked at. Where its SQL is not a literal, the place has to be in KNOWN, which says
why nothing that anybody can choose gets into it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ('floor', 'simulator', 'auth') for path in (ROOT / folder).rglob('*.py'))
METHODS = {'execute', 'executemany', 'fetch', 'fetchrow', 'fetchval', 'cursor', 'prepare', 'copy_from_query',
           'from_str', 'execute_many'}
KNOWN = {
    ('floor/db/query_files.py', 'from_str'): 'the files of sql/queries; the settings check the name of the feed',
    ('floor/jobs/dashboard_refresh.py', 'execute'): 'the file sql/queries/dashboard.sql',
    ('floor/db/table_sums.py', 'fetch'): 'tables, whose names the database gives and quotes',
    ('simulator/backfill.py', 'execute'): 'a constant of that module',
    ('floor/db/schema_version.py', 'execute'): 'a schema, which the settings check',
    ('floor/gateway/event_queue.py', 'execute'): 'a constant of that module',
    ('floor/core/session_settings.py', 'execute'):
        'constants of that module, and a schema and a zone that were checked',
    ('floor/db/migrations.py', 'execute'): 'the files of sql; identifiers are quoted by the database itself',
}


def statements(source: str) -> Iterator[tuple[str, int, bool]]:
    """Method, line, and whether its SQL is a literal, of every call that may give SQL to a driver."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and (
                node.args or node.keywords):
            sql = node.args[0] if node.args else node.keywords[0].value
            yield node.func.attr, node.lineno, isinstance(sql, ast.Constant)


def test_no_module_puts_sql_together_but_those_that_are_known() -> None:
    texts = {path: path.read_text(encoding='utf-8') for path in SOURCES}
    calls = re.compile(rf'\b({"|".join(METHODS)})\b')  # what has none is not parsed
    found = {(str(path.relative_to(ROOT)), method): line for path, text in texts.items() if calls.search(text)
             for method, line, is_literal in statements(text) if not is_literal}
    assert {place: line for place, line in found.items() if place not in KNOWN} == {}
    assert set(KNOWN) <= set(found), 'they are still there'


@pytest.mark.parametrize('source', ['c.execute(f"SELECT {x}")', 'c.fetch("SELECT " + x)', 'c.fetchval(sql % x)',
                                    'await c.execute("SELECT {}".format(x))', 'c.execute(query=text)',
                                    'c.fetchrow(*everything)'])
def test_a_statement_that_is_put_together_is_found(source: str) -> None:
    assert [is_literal for _, _, is_literal in statements(source)] == [False]


def test_what_the_database_puts_together_itself_it_does_with_format() -> None:
    """Whose %I and %L quote; never with ||, which does not."""
    without_format = r"\bEXECUTE\s+(?!FUNCTION|ON\b|format\(|'[^']*'\s*(?:;|INTO|USING))(.{0,60})"
    found = [(path, made) for path in sorted((ROOT / 'sql').rglob('*.sql'))
             for made in re.findall(without_format, re.sub(r'--.*', '', path.read_text(encoding='utf-8')))]
    assert found == []


def test_what_the_sql_sets_ends_with_its_transaction() -> None:
    """Connections return to their pool as they are. The simulator has a separate one."""
    lasting = r'(?im)^SET (?!LOCAL\b).*|set_config\([^)]*, *false\)|\bLISTEN\b|\bpg_(?:try_)?advisory_lock|^PREPARE .*'
    found = {path.name: made for folder in ('queries', 'functions') for path in (ROOT / 'sql' / folder).glob('*.sql')
             if (made := re.findall(lasting, re.sub(r'--.*', '', path.read_text(encoding='utf-8'))))}
    assert found.keys() == {'simulator.sql', '60_dashboard.sql'}, found
