"""The database tests run on every major version that the embedded package ships; those that are marked newest_postgres
ask Python what it makes of the same SQL, and run on the newest only. Of a list of cases the older ones see the first:
what they have to prove is that our SQL runs on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from database.embedded_floor import make_floor, settings_for
from database.feed_floor import KEY, NOON, PAINTER, VALVE, Floor
from database.harness import start_without_past
from database.postgres import Connect, Server
from database.tls import ROLE, TlsDatabase, tls_server
from database.workspace import Workspace
from short_folder import short_folder

from floor.db.backup import save

MAJORS = (16, 18)
OLDER = MAJORS[:-1]
MADE_ONCE = {'apps_python', 'environment', 'secure'}
"""Fixtures that take seconds: an installed app, a server with TLS. All tests of one run in one worker."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each version in turn, for every test that has anything to do with a server."""
    if 'postgres_major' in metafunc.fixturenames:
        newest_only = metafunc.definition.get_closest_marker('newest_postgres') is not None
        metafunc.parametrize('postgres_major', MAJORS[-1:] if newest_only else MAJORS, ids='pg{}'.format)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a test function to the older versions once, and what is expensive to make to one worker."""
    seen: set[tuple[int, object]] = set()
    left_out = set[pytest.Item]()
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        for name in MADE_ONCE & {*item.fixturenames}:
            item.add_marker(pytest.mark.xdist_group(name))
        major = item.callspec.params.get('postgres_major') if hasattr(item, 'callspec') else None
        if major in OLDER:
            item.add_marker(pytest.mark.xdist_group(f'pg{major}'))
            item.add_marker(pytest.mark.long)
            if (major, item.function) in seen:
                left_out.add(item)
            seen.add((major, item.function))
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=[*left_out])


@pytest.fixture(scope='session')
def saved() -> Iterator[Path]:
    """A backup of a floor with the note 'saved'."""
    with short_folder() as folder:
        make_floor(folder / 'd', 'saved')
        save(settings_for(folder / 'd'), folder / 'floor.zip')
        yield folder / 'floor.zip'


@pytest.fixture
async def site(connect: Connect) -> Floor:
    """A floor of two machines, of which none has reported, and a feed."""
    connection = await connect()
    await start_without_past(connection, (VALVE, PAINTER), NOON)
    return Floor(connection, await connection.fetchval(KEY, 'gateway', None, None))


@pytest.fixture
def wrong_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Call it with the name of a module for which the clock of this machine shall be 30 days ahead."""
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(days=30)

    return lambda module: monkeypatch.setattr(import_module(module), 'datetime', Ahead)


@pytest.fixture(scope='session')
def secure() -> Iterator[tuple[Server, int]]:
    """A server that speaks TLS, as Lakebase does, and its port."""
    server, port = tls_server()
    yield server, port
    server.stop()


@pytest.fixture
def lake(secure: tuple[Server, int]) -> Iterator[TlsDatabase]:
    """An empty database in which ROLE has what Databricks grants an app: CONNECT and CREATE."""
    server, port = secure
    url = server.new_database(migrated=False)
    lake = TlsDatabase(server, url, port)
    server.psql(url, '-c', f'GRANT CONNECT, CREATE ON DATABASE {lake.name} TO "{ROLE}"')
    yield lake
    server.give_back(url)


@pytest.fixture
def workspace(lake: TlsDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Workspace]:
    """Each token that it gives is from then on the one password of ROLE."""
    for name in [name for name in os.environ if name.startswith(('DATABRICKS_', 'PG', 'LAKEBASE_'))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv('DATABRICKS_CONFIG_FILE', str(tmp_path / 'no-config'))
    workspace = Workspace()
    workspace.give = lake.set_password
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    yield workspace
    workspace.stop()
