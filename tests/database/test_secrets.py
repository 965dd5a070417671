"""No password, token or key is ever shown: not in the log at its most talkative, not in an answer, not in a repr.

The real program is started with databases that can't be reached, each in another way, and asked what it has to say.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from browser.program import Program
from database.workspace import CLIENT_SECRET, CREDENTIALS, ENDPOINT, Workspace

from floor.core.settings import Settings
from floor.db.connection_source import database_source
from floor.db.database import Database

PASSWORD = 'hunter2/Pa&ss%wörd'
QUOTED = quote(PASSWORD, safe='')
KEY = 'a key of the cookie that nobody may read'
BROKEN = {
    'refused': {'DATABASE_URL': f'postgresql://floor:{QUOTED}@127.0.0.1:1/floor'},
    'in the query': {'DATABASE_URL': f'postgresql://127.0.0.1:1/floor?user=floor&password={QUOTED}'},
    'no port': {'DATABASE_URL': f'postgresql://floor:{QUOTED}@127.0.0.1:port/floor'},
    'unquoted': {'DATABASE_URL': f'postgresql://floor:{PASSWORD}@127.0.0.1:1/floor'},
    'unquoted after a number': {'DATABASE_URL': 'postgresql://floor:1234/hunter2@127.0.0.1:1/floor'},
    'no address': {'DATABASE_URL': f'postgresql://floor:{QUOTED}@[::1/floor'},
    'another database': {'DATABASE_URL': f'mysql://floor:{QUOTED}@127.0.0.1:1/floor'},
    'no such mode': {'DATABASE_URL': f'postgresql://floor:{QUOTED}@127.0.0.1:1/floor?sslmode={QUOTED}'},
    'variables': {'PGHOST': '127.0.0.1', 'PGPORT': '1', 'PGUSER': 'floor', 'PGPASSWORD': PASSWORD},
    'a key too short': {'STORAGE_SECRET': 'hunter2'},
}


def all_output(program: Program) -> str:
    """All that the program says when it is started, asked and stopped: its log, its answers and their headers."""
    output = []
    try:
        program.start()
        for path in ['/healthz', '/metrics', '/api/machines', '/', '/diagnosis', '/openapi.json']:
            answer = httpx.get(program.url + path, timeout=30)
            output += [str(answer.headers), answer.text]
        answer = httpx.post(f'{program.url}/api/work-orders', timeout=30,
                            json={'machine_id': 'Valve_02_01', 'issue_description': 'Leak'})
        output.append(answer.text)
    except RuntimeError:   # it did not start, which it has logged
        pass
    finally:
        program.stop()
    return '\n'.join([*output, program.log])


@pytest.mark.parametrize('broken', BROKEN)
def test_a_database_that_cannot_be_reached_is_complained_of_without_its_password(folder: Path, broken: str) -> None:
    output = all_output(Program(folder, **{'LOG_LEVEL': 'debug', 'STORAGE_SECRET': KEY, **BROKEN[broken]}))
    assert re.search(r'does not answer|cannot|invalid', output)   # it did complain
    for secret in 'hunter2', PASSWORD, QUOTED, 'Pa&ss', KEY:
        assert secret not in output


def test_neither_the_secret_of_the_app_nor_its_tokens_are_shown(folder: Path) -> None:
    workspace = Workspace()
    try:
        output = all_output(Program(
            folder, LOG_LEVEL='debug', LAKEBASE_ENDPOINT=ENDPOINT, STORAGE_SECRET=KEY,
            DATABRICKS_DATABASE_PORT='1', **workspace.environment))
    finally:
        workspace.stop()
    assert workspace.asked[CREDENTIALS] > 0
    assert workspace.tokens
    for secret in (CLIENT_SECRET, KEY, *workspace.tokens):
        assert secret not in output


def test_nothing_that_is_printed_for_a_developer_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PGPASSWORD', 'hunter2')
    settings = Settings.load(_env_file=None, database_url=f'postgresql://floor:{QUOTED}@127.0.0.1:1/floor',
                             storage_secret=KEY)
    with database_source(settings) as source:
        shown = [repr(settings), str(settings), f'{settings!r}', repr(source), source.psql,
                 repr(Database(source.url, settings))]
    assert [text for text in shown for secret in ('hunter2', KEY) if secret in text] == []
