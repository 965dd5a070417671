"""A developer's computer on the Lakebase database of an app: it shows the floor, and leaves the rest to the app."""

from __future__ import annotations

import asyncio
import re
import shutil
import urllib.request
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.program import Program
from database.postgres import SCHEMA, until
from database.tls import ROLE, TlsDatabase
from database.workspace import ENDPOINT, Workspace

from floor.db.query_files import SQL

pytestmark = pytest.mark.long

Start = Callable[..., Program]
MAX_START_S = 60
SETTINGS = f'SELECT * FROM {SCHEMA}.plant_settings'


@pytest.fixture
def start(lake: TlsDatabase, workspace: Workspace, tmp_path: Path) -> Iterator[Start]:
    """Starts the program as deploy/README.md says for a laptop, on a demo that somebody else has made."""
    lake.server.psql(lake.url, '-v', 'new_floor=demo', '-f', str(SQL / 'admin' / 'install.sql'))
    programs = []

    def start(**settings: str) -> Program:
        program = Program(tmp_path, LAKEBASE_ENDPOINT=ENDPOINT, DATABRICKS_DATABASE_PORT=str(lake.port), PGUSER=ROLE,
                          LAKEBASE_DATABASE_NAME=lake.name, **workspace.environment, **settings)
        programs.append(program)
        program.start()
        return program

    yield start
    for program in programs:
        program.stop()


def tasks(program: Program) -> set[str]:
    """What it does in the background, as /metrics names it."""
    with urllib.request.urlopen(f'{program.url}/metrics', timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {line.split('"')[1] for line in lines if line.startswith('floor_task_failing{')}


async def test_a_guest_leaves_to_the_app_what_is_the_apps(start: Start, lake: TlsDatabase) -> None:
    """With every right, and its own settings."""
    lake.server.psql(lake.url, '-v', f'app={ROLE}', '-f', str(SQL / 'admin' / 'grants.sql'))
    lake.server.psql(lake.url, '-c', f"UPDATE {SCHEMA}.plant_settings SET machine_silent_after = '77 s', "
                                     "time_zone = 'Asia/Tokyo', micro_stop = '9 minutes'")
    settings = lake.server.psql(lake.url, '-c', SETTINGS)
    guest = await asyncio.to_thread(start, MACHINE_SILENT_AFTER='5', AUTO_WORK_ORDER_AFTER='1', RETENTION_DAYS='30',
                                    PLANT_TIMEZONE='Europe/Berlin')

    async def is_live() -> bool:
        return (await asyncio.to_thread(guest.health)).get('status') == 'live'

    await until(is_live, MAX_START_S)
    doing = await asyncio.to_thread(tasks, guest)
    assert 'listener' in doing
    assert doing.isdisjoint({'work_orders', 'work_order_task', 'history', 'history_task', 'dashboard',
                             'dashboard_task'})
    assert lake.server.psql(lake.url, '-c', SETTINGS) == settings


async def test_it_names_the_rights_that_it_lacks_to_show_the_floor_and_those_are_enough(
        start: Start, lake: TlsDatabase) -> None:
    guest = await asyncio.to_thread(start)
    given: list[str] = []

    async def is_given_what_it_asks_for() -> bool:
        health = await asyncio.to_thread(guest.health)
        for statement in re.findall(r'GRANT [^;]*;', str(health.get('connection_error') or '')):
            if statement not in given:
                given.append(statement)
                lake.server.psql(lake.url, '-c', statement)
        return health.get('status') == 'live' and not health.get('tasks')  # a task starts again after its pause

    await until(is_given_what_it_asks_for, MAX_START_S)
    assert given == [f'GRANT USAGE ON SCHEMA {SCHEMA} TO "{ROLE}";',
                     f'GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO "{ROLE}";']
    health = await asyncio.to_thread(guest.health)
    assert health['machines'] == 30
    assert not health.get('tasks')
    assert 'permission denied' not in guest.log


def test_a_time_zone_that_lakebase_does_not_know_is_refused_at_startup(start: Start, tmp_path: Path) -> None:
    (tmp_path / 'zones' / 'Plant').mkdir(parents=True)
    shutil.copy(Path(zoneinfo.TZPATH[0]) / 'Europe' / 'Berlin', tmp_path / 'zones' / 'Plant' / 'New_Town')
    with pytest.raises(RuntimeError, match='PLANT_TIMEZONE=Plant/New_Town cannot be used: this database does not '
                                           'know that time zone'):
        start(PLANT_TIMEZONE='Plant/New_Town', PYTHONTZPATH=f'{tmp_path / "zones"}', DB_POOL_TIMEOUT='60')
