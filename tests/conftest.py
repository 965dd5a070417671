"""What every test may ask for: a PostgreSQL of this worker's own and a fresh database on it.

Tests of tests/database run on each major version that the embedded package ships, all others on the newest.
"""

# ruff: noqa: E402 - the rest is imported when bytecode is kept

from __future__ import annotations

import os
import sys

# Hundreds of programs start in this suite, and each worker rewrites the asserts of each test file and of hypothesis.
# Kept bytecode saves half of that, also where the environment says that Python shall keep none; git ignores it.
sys.dont_write_bytecode = False
os.environ.pop('PYTHONDONTWRITEBYTECODE', None)

import gc

gc.disable()  # until all tests are collected: what is imported is no garbage

from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import hypothesis
import pytest
from database.postgres import SCHEMA, Connect, Psql, Server
from order import choose
from short_folder import short_folder

from floor.core.settings import Settings
from floor.db.database import Database

WAITING_WORKERS = 2
"""More workers than processors."""
ONLY_COMPUTE = ('tests/unit', 'tests/simulation')
"""Tiers whose tests wait for nothing."""

pytest.register_assert_rewrite(*(f'{tier}.harness' for tier in ('unit', 'database', 'gateway', 'ui', 'browser')))

# On a busy machine an example may take long; which ones are drawn is the same in every run of the suite. Others, and
# many more of them: pytest --hypothesis-profile=deep
SUITE = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile('suite', SUITE, derandomize=True, max_examples=50)
hypothesis.settings.register_profile('deep', SUITE, max_examples=5_000)
hypothesis.settings.load_profile('suite')


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Tests that open a browser or break a connection wait more than they compute; those of ONLY_COMPUTE do not."""
    only_compute = all(any(tier in argument for tier in ONLY_COMPUTE) for argument in config.args)
    return (os.cpu_count() or 1) + (0 if only_compute else WAITING_WORKERS)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    choose(config, items)


def pytest_collection_finish() -> None:
    """Thousands of tests are no garbage: what collects it need not look at them repeatedly."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def folder() -> Iterator[Path]:
    """One with a short name, for a program with its embedded database."""
    with short_folder() as folder:
        yield folder


@pytest.fixture
def postgres_major() -> int:
    """The PostgreSQL that the embedded database runs; tests/database/conftest.py adds the others."""
    return 18


@pytest.fixture(scope='session')
def servers() -> Iterator[dict[int, Server]]:
    """The servers of this worker, each started when the first test needs it."""
    running: dict[int, Server] = {}
    yield running
    for server in running.values():
        server.stop()


@pytest.fixture
def server(servers: dict[int, Server], postgres_major: int) -> Server:
    """The server that this test's databases are on."""
    if postgres_major not in servers:
        servers[postgres_major] = Server(postgres_major)
    return servers[postgres_major]


@pytest.fixture
def reported() -> bool:
    """Whether each machine of the fresh database has reported that it runs; else none has reported yet."""
    return True


@pytest.fixture
def database_url(server: Server, reported: bool) -> Iterator[str]:
    """A fresh database with a new demo; unqualified names mean the floor's schema."""
    url = server.new_database(migrated=True, reported=reported)
    yield url
    server.give_back(url)


@pytest.fixture
def empty_database_url(server: Server) -> Iterator[str]:
    """A fresh database in which nobody has set anything up."""
    url = server.new_database(migrated=False)
    yield url
    server.give_back(url)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings for the fresh database; whatever .env the developer has stays out of it."""
    variables = {name.upper() for name in Settings.model_fields} & os.environ.keys()
    usual = usual_settings(tuple((name, os.environ[name]) for name in sorted(variables)))
    return usual.model_copy(update={'database_url': database_url, 'data_dir': tmp_path})


@cache
def usual_settings(environment: tuple[tuple[str, str], ...]) -> Settings:
    """Those of a database whose address is not known yet. Reading fifty settings takes longer than many a test."""
    return Settings.load(_env_file=None, database_url='postgresql:///', default_postgres_schema=SCHEMA,
                         default_postgres_table='machine_feed_stream', enable_simulator=False, db_pool_size=1,
                         db_pool_timeout=10, db_command_timeout=30, plant_timezone='UTC')


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The fresh database as the program uses it."""
    database = Database(settings.database_url, settings)
    yield database
    await database.close()


@pytest.fixture
async def connect(database_url: str) -> AsyncIterator[Connect]:
    """Call it for a new connection in the floor's schema, optionally as another login; they end with the test."""
    connections: list[asyncpg.Connection] = []

    async def connect(user: str = 'postgres', **options: Any) -> asyncpg.Connection:
        connection = await asyncpg.connect(database_url.replace('//postgres@', f'//{user}@'), timeout=10, **options)
        connections.append(connection)
        return connection

    yield connect
    for connection in connections:
        connection.terminate()


@pytest.fixture
def psql(server: Server, database_url: str) -> Psql:
    """psql on the fresh database: `psql('-c', 'SELECT 1')`, `psql(script='...')`; returns what it prints."""

    def psql(*arguments: str, script: str | None = None, url: str = database_url) -> str:
        return server.psql(url, *arguments, script=script)

    return psql
