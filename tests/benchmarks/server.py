"""The programs under measurement, each its own process: the real one, the yardstick, and an empty NiceGUI page."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parent.parent.parent
PROGRAM = ROOT / 'main.py'
SCHEMA = 'manufacturing_line'
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


@dataclass(slots=True)
class Server:
    """A running program. cpu and rss are of this process: PostgreSQL is not in them."""

    address: str
    process: subprocess.Popen[bytes]

    @property
    def cpu(self) -> float:
        """Seconds of processor time since its start."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    @property
    def rss(self) -> int:
        """Bytes of resident memory."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def stop(self) -> None:
        """End it as a service manager would."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Floor(Server):
    """The real program with its own database."""

    data_dir: Path
    program: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rsplit(':', 1)[1])

    @property
    def database_url(self) -> str:
        """Where its database is."""
        return (self.data_dir / 'database.url').read_text().strip()


@asynccontextmanager
async def data_folder() -> AsyncIterator[Path]:
    """A data folder that is gone afterwards. Its path is short: it holds a socket."""
    with tempfile.TemporaryDirectory(prefix='lmb', ignore_cleanup_errors=True) as folder:
        yield Path(folder) / 'data'


@asynccontextmanager
async def running_floor(program: Path) -> AsyncIterator[Floor]:
    """The real program on a new database, with nothing that changes the floor but the benchmark."""
    async with data_folder() as folder:
        server = start_floor(program, folder)
        try:
            await live(server)
            yield server
        finally:
            server.stop()


def start_floor(program: Path, data_dir: Path, *, port: int | None = None) -> Floor:
    """Start the program, on a free port or this one; it isn't ready yet."""
    port = port or free_port()
    environment = {'DATA_DIR': str(data_dir), 'ENABLE_SIMULATOR': 'false', 'PORT': str(port), 'LOG_LEVEL': 'warning'}
    return Floor(f'http://127.0.0.1:{port}', _start([sys.executable, str(program.resolve())], environment), data_dir,
                 program)


@asynccontextmanager
async def yardstick(database_url: str) -> AsyncIterator[Server]:
    """The bare broadcast, on the same database and channel."""
    async with _module('tests.benchmarks.yardstick', {'DATABASE_URL': database_url,
                                                      'SCHEMA': SCHEMA}) as server:
        yield server


@asynccontextmanager
async def empty_page() -> AsyncIterator[Server]:
    """NiceGUI with the program's settings and a page with nothing on it."""
    async with _module('tests.benchmarks.empty_page', {}) as server:
        yield server


@asynccontextmanager
async def load_picture(options: str) -> AsyncIterator[Server]:
    """A page with one chart of these options (JSON)."""
    async with _module('tests.benchmarks.load_picture', {'OPTIONS': options}) as server:
        yield server


@asynccontextmanager
async def _module(name: str, environment: dict[str, str]) -> AsyncIterator[Server]:
    port = free_port()
    process = _start([sys.executable, '-m', name], {'PORT': str(port), **environment})
    server = Server(f'http://127.0.0.1:{port}', process)
    try:
        await answers(server)
        yield server
    finally:
        server.stop()


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'NICEGUI_', 'LAKEBASE_'))}
    return subprocess.Popen(command, cwd=ROOT, env={**plain, 'PYTHONPATH': str(ROOT), **environment},
                            stdout=subprocess.DEVNULL)


async def answers(server: Server) -> None:
    """Wait until it accepts connections."""
    port = int(server.address.rsplit(':', 1)[1])
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(('127.0.0.1', port), timeout=1).close()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return
    raise RuntimeError(f'{server.process.args!r} did not start')


async def live(server: Floor, *, every: float = 1.0) -> None:
    """Wait until it says that it is well, asking each so many seconds."""
    await answers(server)
    async with httpx.AsyncClient(base_url=server.address) as http:
        for _ in range(round(START_TIMEOUT_S / every)):
            if (await http.get('/healthz')).is_success:
                return
            await asyncio.sleep(every)
    raise RuntimeError('the floor did not come alive')


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
