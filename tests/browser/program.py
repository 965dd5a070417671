"""The real program in its own process, as `python main.py` runs it, on a port and its own data folder."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import preloaded
import psutil
from ports import free_port
from short_folder import short_folder

MAIN = Path(__file__).parents[2] / 'main.py'
PATIENCE_S = 120.0
NOT_OURS = ('NICEGUI_', 'PYTEST_', 'PG', 'DATABASE_', 'DATABRICKS_', 'LAKEBASE_', 'DB_', 'LISTEN_', 'DEFAULT_POSTGRES_')


class Program:
    """Start it, stop it, start it again: the address stays the same."""

    def __init__(self, folder: Path, *, log: str = 'log', **settings: str) -> None:
        self.data_dir = folder / 'd'
        self.command = [str(MAIN)]
        """The script that is run, and its arguments."""
        self._folder = folder
        self._port = free_port()
        self._settings = {'HOST': '127.0.0.1', 'PORT': str(self._port), 'DATA_DIR': str(self.data_dir),
                          'ENABLE_SIMULATOR': 'false', 'PLANT_TIMEZONE': 'UTC', 'LOG_LEVEL': 'info',
                          'STORAGE_SECRET': 'only for the tests', **settings}
        self._process: preloaded.Run | None = None
        self._log = folder / log

    def joined(self, name: str, **settings: str) -> Program:
        """Another one on the same data folder, and so on the same database."""
        return Program(self._folder, log=f'log-{name}', **settings)

    @property
    def host(self) -> str:
        """Host and port, as in addresses."""
        return f'127.0.0.1:{self._port}'

    @property
    def url(self) -> str:
        """Where the floor is."""
        return f'http://{self.host}'

    @property
    def log(self) -> str:
        """All its output."""
        return self._log.read_text(encoding='utf-8', errors='replace') if self._log.exists() else ''

    @property
    def database_url(self) -> str:
        """Of its embedded database."""
        return (self.data_dir / 'database.url').read_text().strip()

    def configure(self, **settings: str) -> None:
        """Further settings, before it starts."""
        self._settings |= settings

    def start(self) -> None:
        """Returns when it answers on its port; it may not be live yet."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
        with self._log.open('ab') as log:
            self._process = preloaded.run(self.command, log.fileno(), cwd=self._folder,  # where no .env is
                                          environment=environment | self._settings)
        deadline = time.monotonic() + PATIENCE_S
        while self._ask() is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'{MAIN} does not answer on {self.url}. Its output:\n{self.log}')
            time.sleep(0.05)

    def stop(self) -> int | None:
        """As a service manager does. Its exit status; None: it did not run."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def process(self) -> psutil.Process:
        """While it runs."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def health(self) -> dict[str, Any]:
        """What /healthz says; nothing while the program does not answer."""
        return self._ask() or {}

    @property
    def postmaster(self) -> psutil.Process:
        """The first process of its embedded database; the others, which come and go, are its children."""
        pid, = (int(file.read_text().split()[0]) for file in self.data_dir.glob('postgres-*/postmaster.pid'))
        return psutil.Process(pid)

    def _ask(self) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f'{self.url}/healthz', timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:  # 503: it answers, and says that it isn't live
            with error:
                return dict(json.load(error))
        except OSError:
            return None


@contextmanager
def started(**settings: str) -> Iterator[Program]:
    """One that runs in its own folder, until the end."""
    with short_folder() as folder:
        program = Program(folder, **settings)
        try:
            program.start()
            yield program
        finally:
            program.stop()
