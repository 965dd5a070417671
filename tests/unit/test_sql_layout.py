"""Where SQL stands: tables in sql/migrations, each function, trigger and view once in sql/functions."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

from floor.core.version import program_version
from floor.db.query_files import SQL

INSTALL = SQL / 'admin' / 'install.sql'
FUNCTIONS = sorted((SQL / 'functions').glob('*.sql'))
DEFINITION = re.compile(r'^\s*CREATE (?:OR REPLACE )?(FUNCTION|PROCEDURE|VIEW|TRIGGER) (\w+)(?:[^;]*?\bON (\w+))?',
                        re.MULTILINE)


def definitions(text: str) -> list[str]:
    """'FUNCTION epoch_ms', 'TRIGGER work_order_lock work_order_checklist', ..."""
    return [f'{kind} {name} {table}' if kind == 'TRIGGER' else f'{kind} {name}'
            for kind, name, table in DEFINITION.findall(text)]


def test_every_function_trigger_and_view_is_defined_once() -> None:
    counted = Counter(name for path in FUNCTIONS for name in definitions(path.read_text()))
    assert len(counted) > 150
    assert [name for name, times in counted.items() if times > 1] == []


def test_every_definition_may_be_applied_again() -> None:
    again = re.compile(r'^CREATE (?!OR REPLACE )(FUNCTION|PROCEDURE|VIEW|TRIGGER)', re.MULTILINE)
    assert [path.name for path in FUNCTIONS if again.search(path.read_text())] == []
    assert [path.name for path in FUNCTIONS if re.search(r'^(ALTER FUNCTION|DROP|INSERT|UPDATE)', path.read_text(),
                                                         re.MULTILINE)] == []


def test_migrations_define_no_functions() -> None:
    assert [(path.name, definitions(path.read_text())) for path in sorted((SQL / 'migrations').glob('*.sql'))
            if definitions(path.read_text())] == []


def test_a_file_of_functions_says_what_it_is_and_fits_on_a_few_screens() -> None:
    texts = {path.name: path.read_text() for path in FUNCTIONS}
    assert [name for name, text in texts.items() if not text.startswith('-- ') or text.count('\n') > 200] == []
    assert [name for name in texts if not re.fullmatch(r'[0-9]{2}_[a-z_]+\.sql', name)] == []


def test_psql_installs_the_same_files_in_the_same_order() -> None:
    text = INSTALL.read_text()
    included = re.findall(r'\\ir \.\./functions/(\S+)\nCALL record_function_file\(\'(\S+)\'', text)
    assert included == [(path.name, path.name) for path in FUNCTIONS]
    before_tables = re.findall(r'functions/(\S+)', text[:text.index('0001_')])
    assert before_tables == [path.name for path in FUNCTIONS if path.name < '10']


def test_psql_says_of_which_program_the_functions_are() -> None:
    assert re.findall(r'^\\set program (\S+)$', INSTALL.read_text(), re.MULTILINE) == [program_version()]


def test_a_function_that_runs_as_the_owner_has_a_fixed_path_and_is_not_for_everybody() -> None:
    texts = '\n'.join(path.read_text() for path in FUNCTIONS)
    as_owner = re.findall(r'^CREATE OR REPLACE FUNCTION (\w+)[^$]*?SECURITY DEFINER([^$]*)\$\$', texts, re.MULTILINE)
    assert len(as_owner) > 20
    assert [name for name, options in as_owner if 'SET search_path FROM CURRENT' not in options] == []
    assert [name for name, _ in as_owner if f'REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC;' not in texts] == []


def test_a_released_migration_is_never_edited() -> None:
    """sql/migrations/released.sha256 is the list."""
    version, released = '', {}
    for line in (SQL / 'migrations' / 'released.sha256').read_text().splitlines():
        if heading := re.fullmatch(r'# ([0-9.]+)', line):
            version = heading[1]
        elif not line.startswith('#'):
            sha256, name = line.split()
            released[name] = version, sha256
    folders = {path.name for path in (Path(__file__).parents[1] / 'releases').iterdir() if path.name[0].isdigit()}
    assert {version for version, _ in released.values()} <= folders, 'make a release: CONTRIBUTING.md'
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (SQL / 'migrations').glob('*.sql')}
    for name, (version, sha256) in released.items():
        assert files.get(name) == sha256, (
            f'sql/migrations/{name} was released with {version} and databases have it: restore the file '
            f'(git checkout v{version} -- sql/migrations/{name}) and put the change into a new file')
    assert not (files.keys() - released.keys() and program_version() in folders), (
        f'{program_version()} is released without {sorted(files.keys() - released.keys())}: set the next version '
        f'in pyproject.toml and sql/admin/install.sql')
