"""What deploy/README.md quotes of errors on Databricks is what this program, PostgreSQL or the Databricks CLI says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = '\n'.join(path.read_text() for folder in ('auth', 'floor', 'sql') for path in (ROOT / folder).rglob('*')
                    if path.suffix in {'.py', '.sql'})
README = (ROOT / 'deploy' / 'README.md').read_text()
TABLE = README.partition('### Messages on Databricks\n\n')[2].partition('|---|---|---|\n')[2]
OF_OTHERS = {
    'must be owner of table': 'PostgreSQL', 'must be able to SET ROLE': 'PostgreSQL',
    'password authentication failed': 'PostgreSQL', 'already exists': 'the workspace',
    'failed to resolve warehouse: Serverless Starter Warehouse, err: EndpointInfo named '
    "'Serverless Starter Warehouse' does not exist": 'the CLI', 'no value assigned to required variable': 'the CLI',
}
MESSAGES = '\n'.join(row.split(' | ')[0] for row in TABLE.splitlines())
OURS = sorted(set(re.findall(r'(?<!\*)\*([^*]+)\*(?!\*)', MESSAGES)))
CODE = sorted(set(re.findall(r'`([^`]+)`', MESSAGES)) - {'DEFAULT_POSTGRES_SCHEMA', 'schema'})


@pytest.mark.parametrize('quoted', OURS)
def test_an_error_that_is_quoted_is_one(quoted: str) -> None:
    parts = [part.strip() for part in re.split(r'\.\.\.|: (?=password)|\bN minutes', quoted)]
    for part in filter(None, parts):
        assert part in OF_OTHERS or part.removesuffix(' CREATE on') in SOURCES, part


@pytest.mark.parametrize('quoted', CODE)
def test_an_error_of_the_cli_is_quoted_as_it_prints_it(quoted: str) -> None:
    assert OF_OTHERS[quoted.removesuffix(' ...')] == 'the CLI'
