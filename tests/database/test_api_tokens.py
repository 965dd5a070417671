"""Programs with a token, over HTTP: what each scope opens, and what no token opens."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from database.harness import LEAK, PATH, Client, app_of, asking, described_paths, problem_in
from database.people import MIKE

from floor.access.api_tokens import ApiTokens, NewToken
from floor.core.errors import SignedOutError
from floor.core.people import Identity, Role
from floor.core.rate_limit import ChangeRateLimit
from floor.core.scopes import TokenScope
from floor.core.settings import Settings
from floor.db.database import Database
from floor.orders.employees import Employees
from floor.web.api.operation_scopes import SCOPES

pytestmark = pytest.mark.newest_postgres


def bearer(secret: str) -> dict[str, str]:
    return {'Authorization': f'Bearer {secret}'}


@pytest.fixture
def tokens(database: Database) -> ApiTokens:
    return ApiTokens(database, Employees(database, default_role=Role.VIEWER))


@pytest.fixture
def client(database: Database, settings: Settings) -> Client:
    return asking(app_of(database, settings, limit=ChangeRateLimit(100)), None)


async def test_a_token_opens_the_operations_of_its_scopes_and_no_other(client: Client, tokens: ApiTokens) -> None:
    """Every operation with every scope: a request that passes is answered by the operation, never with 401 or 403."""
    async with client:
        secrets = {scope: (await tokens.make(MIKE, NewToken(scope, [scope]))).secret for scope in TokenScope}
        wrong: list[tuple[str, str, int]] = []
        for (path, operations), scope in product(described_paths().items(), TokenScope):
            for method, operation in operations.items():
                if not path.startswith('/api/'):
                    continue
                answer = await client.request(method, re.sub(r'\{\w+\}', '1', path), headers=bearer(secrets[scope]))
                needed = scope.includes.intersection(SCOPES[operation['operationId']])
                if bool(needed) != (answer.status_code not in {401, 403}):
                    wrong.append((scope, operation['operationId'], answer.status_code))
        assert wrong == []


async def test_what_a_token_does_carries_its_name_and_ends_with_it(client: Client, tokens: ApiTokens) -> None:
    made = await tokens.make(MIKE, NewToken('MES · 梱包', [TokenScope.ORDERS]))
    async with client:
        created = await client.post(PATH, json=LEAK, headers=bearer(made.secret))
        assert (created.status_code, created.json()['reporter_name']) == (201, 'token MES · 梱包')
        assert created.headers['ratelimit'].startswith('"changes";r=99')
        assert (await client.head('/api/machines', headers=bearer(made.secret))).status_code == 200
        await tokens.revoke(MIKE, made.key.id)
        problem = problem_in(await client.get('/api/machines', headers=bearer(made.secret)), 401)
        assert problem['detail'] == 'this token was revoked: ask a supervisor for a new one'


async def test_a_token_that_does_not_work_is_looked_up_once(database: Database) -> None:
    class Counted(ApiTokens):
        asked = 0

        async def identity(self, secret: str) -> Identity:
            self.asked += 1
            return await super().identity(secret)

    tokens = Counted(database, Employees(database, default_role=Role.VIEWER))
    with pytest.raises(SignedOutError, match='not known'):
        await tokens.recent_identity('lm_token_x')
    assert tokens.asked == 1


async def test_a_token_is_accepted_in_one_header_and_opens_no_page(client: Client, tokens: ApiTokens) -> None:
    secret = (await tokens.make(MIKE, NewToken('MES', list(TokenScope)))).secret
    async with client:
        def get(path: str, headers: Any = None) -> Any:
            return client.get(path, headers=headers)

        assert (await get(f'/api/machines?access_token={secret}')).status_code == 401  # nobody is signed in
        for header in {'X-API-Key': secret}, {'Cookie': f'line-monitor-token={secret}'}, {'Authorization': secret}:
            assert (await get('/api/machines', header)).status_code == 401
        for value in 'Bearer', 'Bearer ', f'Bearer {secret}x', f'Bearer {secret} {secret}', f'Basic {secret}':
            assert (await get('/api/machines', {'Authorization': value})).status_code == 401
        twice = [('Authorization', f'Bearer {secret}')] * 2
        assert 'duplicate' in problem_in(await get('/api/machines', twice), 401)['detail']
        for page in '/', '/docs', '/openapi.json', '/work-orders.csv', '/api/unknown', '/_nicegui/x':
            answer = await get(page, bearer(secret))
            assert (answer.status_code, 'token opens what is in /docs' in answer.text) == (403, True), page
        assert (await get('/api/machines', {'Authorization': f'bearer {secret}'})).status_code == 200
