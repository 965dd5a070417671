"""What psql connects with, this program connects with; what can never work is reported at startup, in one sentence."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from database.postgres import Server, until
from database.tls import ROLE, TlsDatabase
from ports import free_port

from floor.core.errors import DatabaseMisconfiguredError, DatabaseUnavailableError
from floor.core.settings import Settings
from floor.db.connection_check import check_connection
from floor.db.connection_source import database_source
from floor.db.database import Database

pytestmark = pytest.mark.newest_postgres
ROOT = Path(__file__).parents[2]
ASKED = 'SELECT current_database()'


async def answer(settings: Settings, query: str = ASKED) -> str:
    """What the database says to the program, connected as main.py does."""
    with database_source(settings) as source:
        connection = await Database(source.url, settings).connect()
        try:
            return str(await connection.fetchval(query))
        finally:
            await connection.close()


@pytest.mark.parametrize('parameters', [
    'connect_timeout=5', 'keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3',
    'tcp_user_timeout=10000', 'application_name=plant&fallback_application_name=floor', 'client_encoding=utf8',
    'gssencmode=prefer', 'gssencmode=disable', 'channel_binding=prefer', 'sslsni=0', 'load_balance_hosts=random',
    'target_session_attrs=read-write', 'sslmode=prefer', 'sslcertmode=allow', 'max_protocol_version=3.0',
    'options=-c%20work_mem%3D9MB',
])
async def test_what_psql_takes_the_program_takes(
        settings: Settings, database_url: str, server: Server, parameters: str) -> None:
    url = f'{database_url}&{parameters}'
    name = urlsplit(database_url).path.removeprefix('/')
    assert server.psql(url, '-c', ASKED).strip() == name
    assert await answer(settings.model_copy(update={'database_url': url})) == name


async def test_a_setting_of_the_server_arrives(settings: Settings, database_url: str) -> None:
    url = f'{database_url}&options=-c%20work_mem%3D9MB'
    assert await answer(settings.model_copy(update={'database_url': url}), 'SHOW work_mem') == '9MB'


async def test_the_first_of_several_hosts_that_answers_is_used(settings: Settings, database_url: str) -> None:
    parts = urlsplit(database_url)
    folder = parse_qs(parts.query)['host'][0]
    url = f'postgresql://postgres@/{parts.path[1:]}?host=127.0.0.1,{folder}&port={free_port()},5432'
    assert await answer(settings.model_copy(update={'database_url': url})) == parts.path[1:]


async def test_a_service_of_the_home_folder_is_found(
        settings: Settings, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = urlsplit(database_url)
    (tmp_path / '.pg_service.conf').write_text(
        f'[plant]\nhost={parse_qs(parts.query)["host"][0]}\nport=5432\nuser=postgres\ndbname={parts.path[1:]}\n')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert await answer(settings.model_copy(update={'database_url': 'postgresql:///?service=plant'})) == parts.path[1:]


async def test_pg_variables_are_read_from_the_environment_and_from_env(
        settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = urlsplit(database_url)
    host = parse_qs(parts.query)['host'][0]
    plain = settings.model_copy(update={'database_url': None})
    in_env = plain.model_copy(update={'pghost': host, 'pguser': 'postgres', 'pgdatabase': parts.path[1:]})
    assert await answer(in_env) == parts.path[1:], '.env says it, the environment does not'
    for name, value in {'PGHOST': host, 'PGUSER': 'postgres', 'PGDATABASE': parts.path[1:],
                        'PGOPTIONS': '-c work_mem=9MB', 'PGCONNECT_TIMEOUT': '5'}.items():
        monkeypatch.setenv(name, value)
    assert await answer(plain.model_copy(update={'pghost': host}), 'SHOW work_mem') == '9MB'


async def test_the_password_is_read_from_a_passfile(
        settings: Settings, lake: TlsDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PGPASSFILE', '/nowhere')
    lake.set_password('hunter2')
    passfile = tmp_path / 'passwords'
    passfile.write_text(f'127.0.0.1:{lake.port}:*:{ROLE}:hunter2\n')
    passfile.chmod(0o600)
    url = f'postgresql://{ROLE}@127.0.0.1:{lake.port}/{lake.name}?sslmode=require&passfile={passfile}'
    assert await answer(settings.model_copy(update={'database_url': url})) == lake.name


async def test_the_systems_certificates_prove_who_the_server_is(
        settings: Settings, lake: TlsDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lake.set_password('hunter2')
    asked = settings.model_copy(update={
        'database_url': f'postgresql://{ROLE}:hunter2@127.0.0.1:{lake.port}/{lake.name}?sslrootcert=system'})
    with pytest.raises(DatabaseUnavailableError, match='certificate verify failed'):
        await answer(asked)
    folder = lake.server.psql(lake.url, '-c', 'SHOW data_directory').strip()
    shutil.copy(Path(folder) / 'server.crt', tmp_path / 'system.crt')
    monkeypatch.setenv('SSL_CERT_FILE', str(tmp_path / 'system.crt'))
    assert await answer(asked) == lake.name


@pytest.fixture
def zone_of_python_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """As a zone that was made after the server's time zone database."""
    (tmp_path / 'zones' / 'Plant').mkdir(parents=True)
    shutil.copy(Path(zoneinfo.TZPATH[0]) / 'Europe' / 'Berlin', tmp_path / 'zones' / 'Plant' / 'New_Town')
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path / 'zones'), *before])
    yield 'Plant/New_Town'
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache(only_keys=['Plant/New_Town'])  # zones of the same name are the same object


async def test_a_time_zone_that_the_server_does_not_know_is_refused_at_startup(
        settings: Settings, zone_of_python_only: str) -> None:
    there = Settings.load(_env_file=None, database_url=settings.database_url, plant_timezone=zone_of_python_only)
    with pytest.raises(DatabaseMisconfiguredError,
                       match=r'^PLANT_TIMEZONE=Plant/New_Town cannot be used: this database'):
        await check_connection(Database(settings.database_url, there))


def test_the_program_ends_with_that_sentence(settings: Settings, tmp_path: Path) -> None:
    environment = {'PATH': os.environ['PATH'], 'HOME': str(tmp_path), 'DATABASE_URL': f'{settings.database_url}',
                   'PGOPTIONS': '-c no_such_setting=1', 'PORT': str(free_port())}
    done = subprocess.run([sys.executable, ROOT / 'main.py'], cwd=tmp_path, env=environment, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stderr == ('Line Monitor: the address of the database cannot be used: unrecognized configuration '
                           'parameter "no_such_setting"\n')


async def test_a_database_that_is_away_does_not_stop_the_start(settings: Settings) -> None:
    url = f'postgresql://postgres@127.0.0.1:{free_port()}/floor'
    await check_connection(Database(url, settings))


@pytest.fixture
def pooled(database_url: str) -> Iterator[Callable[[str], str]]:
    """Call it with a pool mode for the address of the fresh database behind a PgBouncer."""
    program = shutil.which('pgbouncer') or shutil.which('pgbouncer', path='/usr/sbin')
    if program is None:
        pytest.skip('PgBouncer is not installed (apt-get install pgbouncer)')
    parts = urlsplit(database_url)
    folder = Path(tempfile.mkdtemp(prefix='pooler-'))
    folder.chmod(0o755)
    running: list[subprocess.Popen[bytes]] = []

    def start(mode: str, **more: str) -> str:
        port = free_port()
        lines = {'listen_addr': '127.0.0.1', 'listen_port': str(port), 'auth_type': 'any', 'pool_mode': mode,
                 'unix_socket_dir': '', **more}
        target = f'host={parse_qs(parts.query)["host"][0]} port=5432 dbname={parts.path[1:]} user=postgres'
        config = folder / 'pgbouncer.ini'
        config.write_text(f'[databases]\nfloor = {target}\n[pgbouncer]\n' +
                          ''.join(f'{name} = {value}\n' for name, value in lines.items()))
        # it refuses to be root, and reaches the socket only as the server's own user
        user = {'user': 65534, 'group': 65534, 'extra_groups': []} if os.geteuid() == 0 else {}
        running.append(subprocess.Popen([program, '-q', config], cwd='/', **user))  # type: ignore[call-overload]
        return f'postgresql://postgres@127.0.0.1:{port}/floor'

    yield start
    for process in running:
        process.kill()
        process.wait()
    shutil.rmtree(folder)


SETTINGS_DROPPED = 'search_path,timezone,tcp_user_timeout,tcp_keepalives_idle,tcp_keepalives_interval,' \
                   'tcp_keepalives_count,application_name,extra_float_digits'


async def listens(url: str) -> bool:
    with socket.socket() as probe:
        return await asyncio.to_thread(probe.connect_ex, ('127.0.0.1', int(urlsplit(url).port or 0))) == 0


@pytest.mark.parametrize('more', [{}, {'ignore_startup_parameters': SETTINGS_DROPPED}], ids=['as installed', 'lenient'])
async def test_a_transaction_pooler_is_named_and_what_to_do(
        settings: Settings, pooled: Callable[..., str], more: dict[str, str]) -> None:
    url = pooled('transaction', **more)
    await until(lambda: listens(url))
    with pytest.raises(DatabaseMisconfiguredError,
                       match=r'^a connection pooler .such as PgBouncer in transaction mode. is '
                                                    r'in front of this database\. .* Set the address of '
                                                    r'PostgreSQL itself'):
        await check_connection(Database(url, settings))


async def test_a_pooler_that_leaves_sessions_alone_is_no_trouble(
        settings: Settings, server: Server, database_url: str, pooled: Callable[..., str]) -> None:
    """Though it drops what a session is given at its start: it is set afterwards, and again for the next user."""
    url = pooled('session', ignore_startup_parameters=SETTINGS_DROPPED)
    await until(lambda: listens(url))
    database = Database(url, settings)
    await check_connection(database)
    names = ['standard_conforming_strings', 'statement_timeout', 'search_path']
    server.psql(server.url('postgres'), script=f"""
        ALTER DATABASE {urlsplit(database_url).path[1:]} SET statement_timeout = '9s';
        ALTER DATABASE {urlsplit(database_url).path[1:]} SET standard_conforming_strings = off;""")
    try:
        for _ in range(3):
            async with database.acquire() as connection:
                found = [await connection.fetchval('SELECT current_setting($1)', name) for name in names]
            assert found == ['on', '0', '"manufacturing_line", pg_temp']
    finally:
        await database.close()
