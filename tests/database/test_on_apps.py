"""As Databricks Apps runs it: from requirements.txt alone, by app.yaml's command, on the port that it is given.

The environment is new, the packages are fetched, the program is the real one in its own process; so are the
Databricks SDK and PostgreSQL with its TLS. Only the workspace is a stand-in.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psutil
import pytest
import yaml
from database.environments import install, new_environment
from database.postgres import until
from database.tls import ROLE, TlsDatabase
from database.workspace import ENDPOINT, Workspace
from ports import free_port

from floor.operations.shutdown import WITHIN_S

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
APP_YAML = yaml.safe_load((ROOT / 'app.yaml').read_text())
UPLOADED = ('app.yaml', 'assets', 'auth', 'floor', 'main.py', 'pyproject.toml', 'requirements.txt', 'simulator', 'sql')
GIVEN_TO_STOP_S = 15
"""Between SIGTERM and SIGKILL on Databricks Apps."""
PATIENCE_S = 90


@pytest.fixture(scope='session')
def apps_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with what requirements.txt names, and nothing else."""
    python = new_environment(tmp_path_factory.mktemp('apps'))
    install(python, '-r', ROOT / 'requirements.txt')
    return python


class App:
    """The running app."""

    def __init__(self, python: Path, folder: Path, environment: dict[str, str]) -> None:
        for name in UPLOADED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        self.port = int(environment['DATABRICKS_APP_PORT'])
        self._log = folder / 'log'
        _python, *arguments = APP_YAML['command']
        with self._log.open('wb') as log:
            self.process = subprocess.Popen([python, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    @property
    def output(self) -> str:
        return self._log.read_text(errors='replace')

    def health(self) -> dict[str, Any]:
        assert self.process.poll() is None, self.output
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/healthz', timeout=5) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            with error:
                return dict(json.load(error))
        except OSError:
            return {}

    @property
    def listens_on(self) -> set[str]:
        return {connection.laddr.ip for connection in psutil.Process(self.process.pid).net_connections('tcp')
                if connection.status == psutil.CONN_LISTEN}


@pytest.fixture
def app(apps_python: Path, lake: TlsDatabase, workspace: Workspace, tmp_path: Path) -> Iterator[App]:
    """What app.yaml says, what the platform says, and where the stand-ins are."""
    configured = {entry['name']: entry.get('value', ENDPOINT) for entry in APP_YAML['env']}
    platform = {'DATABRICKS_APP_NAME': 'line-monitor', 'DATABRICKS_APP_PORT': str(free_port()), 'PGUSER': ROLE,
                'PATH': '/usr/bin:/bin', 'HOME': str(tmp_path), **workspace.environment}
    stand_ins = {'DATABRICKS_DATABASE_PORT': str(lake.port), 'LAKEBASE_DATABASE_NAME': lake.name, 'BACKFILL_DAYS': '0',
                 'NEW_FLOOR': 'demo'}
    folder = tmp_path / 'app'
    folder.mkdir()
    app = App(apps_python, folder, {**configured, **platform, **stand_ins})
    yield app
    app.process.kill()
    app.process.wait()


async def test_it_starts_makes_its_tables_serves_everybody_and_stops_in_time(app: App, workspace: Workspace) -> None:
    async def is_live() -> bool:
        return (await asyncio.to_thread(app.health)).get('status') == 'live'

    await until(is_live, PATIENCE_S)
    assert app.health()['machines'] == 30
    assert app.listens_on == {'0.0.0.0'}
    assert workspace.tokens, 'its password is one of the workspace'

    somebody = {'X-Forwarded-Email': 'lisa.garcia@example.com'}
    page = urllib.request.Request(f'http://127.0.0.1:{app.port}/', headers=somebody)
    with await asyncio.to_thread(urllib.request.urlopen, page, timeout=30) as answer:
        policy = answer.headers.get_all('Content-Security-Policy')
        assert b'Injection_Molder_02_01' in answer.read()
    assert any(f"frame-src 'self' http://127.0.0.1:{app.port} {workspace.url};" in line for line in policy), \
        'who is known there is signed in again'

    reader, writer = await asyncio.open_connection('127.0.0.1', app.port)  # somebody in the middle of a request
    writer.write(b'POST /api/work-orders HTTP/1.1\r\nHost: x\r\nX-Forwarded-Email: lisa.garcia@example.com\r\n'
                 b'Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n')
    assert await reader.readuntil(b'\r\n\r\n') == b'HTTP/1.1 100 Continue\r\n\r\n'
    assert 'Traceback' not in app.output
    assert WITHIN_S < GIVEN_TO_STOP_S, 'what does not close within it is abandoned (tests/programs/test_process.py)'
    app.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(app.process.wait, PATIENCE_S) == 0, app.output
    writer.close()
    assert not [token for token in (*workspace.tokens, workspace.environment['DATABRICKS_CLIENT_SECRET'])
                if token in app.output]
