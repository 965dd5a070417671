"""The gateway in its own process, as a service manager runs it: started, killed, started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil
from ports import free_port

LAUNCHER = Path(__file__).with_name('mutations.py')
PATIENCE_S = 120.0


class GatewayProcess:
    """Its queue stays in the folder between two starts."""

    def __init__(self, folder: Path, app_url: str, token: str, sources: str, *mutations: str) -> None:
        """sources: of the file, as a list in YAML. mutations: names in mutations.py."""
        self._folder = folder
        self._health = free_port()
        self._mutations = mutations
        self._client = httpx.AsyncClient(base_url=f'http://127.0.0.1:{self._health}', timeout=5)
        self._process: subprocess.Popen[bytes] | None = None
        (folder / 'token').write_text(token)
        (folder / 'token').chmod(0o600)
        self.file = folder / 'gateway.yaml'
        self.file.write_text(f"app: {{url: '{app_url}', token: {{file: token}}}}\nqueue: {{folder: queue}}\n"
                             f'health: {{port: {self._health}}}\nlog: {{level: warning}}\nsources:\n{sources}')

    @property
    def log(self) -> str:
        """All its output."""
        file = self._folder / 'gateway.log'
        return file.read_text(errors='replace') if file.exists() else ''

    @property
    def process(self) -> psutil.Process:
        """It runs."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def start(self) -> None:
        """Returns at once."""
        with (self._folder / 'gateway.log').open('ab') as log:
            self._process = subprocess.Popen([sys.executable, LAUNCHER, *self._mutations, '--', self.file],
                                             stdout=log, stderr=log, env=os.environ | {'PYTHONUNBUFFERED': '1'})

    async def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill it, or ask it to stop; it is gone then."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            await asyncio.to_thread(process.wait, PATIENCE_S)

    async def close(self) -> None:
        """Kill it, for good."""
        await self.end()
        await self._client.aclose()

    async def health(self) -> dict[str, Any]:
        """What /healthz says; nothing while it does not answer."""
        try:
            return dict((await self._client.get('/healthz')).json())
        except (httpx.HTTPError, ValueError):
            return {}

    async def connected(self, is_connected: bool = True) -> None:
        """Wait until all its sources are, or one is not."""
        await self.until(lambda health: is_connected == all(each['connected'] for each in health['sources']))

    async def until(self, condition: Any, patience: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until its health is so.

        :raises RuntimeError: it has ended
        """
        found: dict[str, Any] = {}
        async with asyncio.timeout(patience):
            while not (found and condition(found)):
                if self._process is None or self._process.poll() is not None:
                    raise RuntimeError(f'the gateway has ended: {self.log[-3000:]}')
                found = await self.health()
                await asyncio.sleep(0.02)
        return found
