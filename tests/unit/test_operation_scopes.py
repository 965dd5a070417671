"""Every operation of the REST interface says which scope a token needs for it."""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from typing import Any, cast

from database.harness import app_of

from floor.core.scopes import TokenScope
from floor.core.settings import Settings
from floor.db.database import Database
from floor.web.api.docs import describe_api
from floor.web.api.operation_scopes import SCOPES, Operations, refusal_of
from floor.web.exports import reports_api
from floor.web.http.downloads import Downloads


@cache
def described() -> dict[str, Any]:
    settings = Settings.load(_env_file=None)
    app, nothing = app_of(Database('postgresql://nobody@127.0.0.1:1/nothing', settings), settings), cast(Any, None)
    reports_api.register(app, analytics=nothing, calendar=nothing, database_now=nothing, downloads=Downloads())
    paths: dict[str, Any] = describe_api(app)['paths']
    return paths


def test_every_operation_has_an_entry_and_is_described_with_its_scope() -> None:
    operations = {operation['operationId']: operation['security'] for path, methods in described().items()
                  if path.startswith('/api/') for operation in methods.values()}
    assert operations.keys() ^ SCOPES.keys() == set(), 'add it to floor/web/api/operation_scopes.py, or remove it there'
    assert {name: [each for each in security if 'api_token' in each] for name, security in operations.items()} == {
        name: [{'api_token': [scope.value]} for scope in scopes] for name, scopes in SCOPES.items()}


def test_what_only_reads_needs_no_more_than_read() -> None:
    for methods in described().values():
        for method, operation in methods.items():
            if scopes := SCOPES.get(operation['operationId']):
                assert (method == 'get') == (scopes == (TokenScope.READ,)), operation['operationId']


async def test_an_operation_without_a_scope_is_refused_to_every_token() -> None:
    threads: list[threading.Thread] = []

    def paths() -> dict[str, Any]:
        threads.append(threading.current_thread())
        return {'/api/new': {'get': {'operationId': 'new'}}, '/api/a/{b}': {'post': {'operationId': 'add_line'}}}

    operations = Operations(paths)
    assert await asyncio.gather(*[operations.id_of('GET', '/api/new') for _ in range(5)]) == ['new'] * 5
    assert 'no token can do this' in refusal_of(frozenset(TokenScope), await operations.id_of('GET', '/api/new'))
    assert 'and nothing else' in refusal_of(frozenset(TokenScope), await operations.id_of('GET', '/api/other'))
    assert 'the scope plant:write; this token has feed:write, read' in refusal_of(
        frozenset({TokenScope.READ, TokenScope.FEED}), await operations.id_of('POST', '/api/a/1'))
    assert refusal_of(frozenset({TokenScope.PLANT}), await operations.id_of('POST', '/api/a/1')) == ''
    assert refusal_of(frozenset({TokenScope.PEOPLE}), 'import_sheet') == ''
    assert 'the scope plant:write or people:write' in refusal_of(frozenset({TokenScope.ORDERS}), 'import_sheet')
    assert await operations.id_of('HEAD', '/api/new') == 'new'
    assert len(threads) == 1 and threads[0] is not threading.current_thread(), 'once, and pages do not wait for it'
