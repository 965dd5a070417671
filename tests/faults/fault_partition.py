"""The network between the program and the database is down: neither side is notified.

PostgreSQL runs in its own network namespace, and its loopback interface is what goes down. The program reaches it
by a relay in that namespace too, and that the program finds by a Unix socket.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from database.postgres import IN_A_HURRY, Server
from ports import free_port
from tcp_proxy import TcpProxy

from floor.db.embedded.sockets import SOCKET_NAME

from .history import History
from .scene import Scene, running
from .stage import Fault, Stage

CLONE_NEWNET = 0x40000000
GIVES_UP_AFTER_S = 40.0
"""A session with something to say is given up after 15 s, an idle one after 30."""
BIG_REASON = 'x' * 7000
USAGE = 'SELECT pg_notification_queue_usage()'
SESSIONS = "SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name = 'line-monitor'"
LEFT = 'SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1)'
LIVING_ON = 'sessions of a client that has vanished live on'


@dataclass(slots=True)
class Island:
    """A PostgreSQL whose network can be cut."""

    server: Server
    relay: Path
    """The folder with the Unix socket by which programs outside reach its TCP port."""
    thread: asyncio.AbstractEventLoop
    """Runs inside the namespace."""

    async def set_network(self, state: str) -> None:
        """'up' or 'down'."""
        async def switch() -> None:
            subprocess.run(['ip', 'link', 'set', 'lo', state], check=True)  # noqa: ASYNC221 (a child inherits it)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(switch(), self.thread))


async def partition(stage: Stage) -> History:
    """Down while the feed writes, until the server has freed itself of the sessions that it no longer reaches."""
    async with _island(stage.folder) as island:
        url = island.server.new_database(migrated=True)
        program = stage.program(DATABASE_URL=f'postgresql://postgres@{url.split("@")[1].split("?")[0]}?host={island.relay}')
        async with running(stage, program, lambda: url) as floor:
            await floor.shown(await floor.change())
            before = await floor.connection.fetchval(SESSIONS)
            await island.set_network('down')
            await floor.change()
            await _server_gives_them_up(floor, before)
            await island.set_network('up')
            floor.history.heal()
            return await floor.settle()


async def _server_gives_them_up(floor: Scene, before: list[int]) -> None:
    """Fill the notification queue meanwhile, and see that it is emptied."""
    fullest, began = 0.0, time.monotonic()
    while left := await floor.connection.fetchval(LEFT, before):
        if time.monotonic() - began > GIVES_UP_AFTER_S:
            floor.history.broken.append(f'{LIVING_ON} after {GIVES_UP_AFTER_S:g} s: {left}')
            break
        await floor.writers.write(floor.connection, floor.ours, more=BIG_REASON)
        fullest = max(fullest, await floor.connection.fetchval(USAGE))
    floor.history.figures['all sessions given up after'] = f'{time.monotonic() - began:.0f} s'
    usage = await floor.connection.fetchval(USAGE)
    floor.history.figures['notification queue'] = f'{fullest:.5%}, then {usage:.5%}'


@asynccontextmanager
async def _island(folder: Path) -> AsyncIterator[Island]:
    """The namespace belongs to a thread: what the thread starts, and the sockets it opens, are inside."""
    ready: asyncio.Future[Island] = asyncio.get_running_loop().create_future()
    outside = asyncio.get_running_loop()
    inside = asyncio.new_event_loop()
    end = asyncio.Event()

    async def live() -> None:
        port = free_port()
        server = Server(18, settings={**IN_A_HURRY, 'listen_addresses': '127.0.0.1', 'port': str(port)})
        try:
            relay = folder / 'relay'
            relay.mkdir()
            async with TcpProxy(port, at=relay / SOCKET_NAME):
                outside.call_soon_threadsafe(ready.set_result, Island(server, relay, inside))
                await end.wait()
        finally:
            server.stop()

    def work() -> None:
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), 'unshare')
            subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
            inside.run_until_complete(live())
        except BaseException as error:
            if not ready.done():
                outside.call_soon_threadsafe(ready.set_exception, error)
            else:
                raise

    thread = threading.Thread(target=work, name='island')
    thread.start()
    try:
        yield await ready
    finally:
        inside.call_soon_threadsafe(end.set)
        await asyncio.to_thread(thread.join)


def impossible() -> str | None:
    """It needs root, Linux, and the programs unshare and ip."""
    if sys.platform != 'linux' or os.geteuid() != 0:
        return 'cutting a network needs root on Linux'
    if shutil.which('ip') is None or shutil.which('unshare') is None:
        return 'cutting a network needs ip and unshare: apt-get install iproute2 util-linux'
    if subprocess.run(['unshare', '-n', 'true'], check=False, capture_output=True).returncode:
        return 'this container may not make a network namespace (CAP_SYS_ADMIN)'
    return None


FAULTS = [
    Fault('partition', 'the network interface before the database is down until the server has freed itself',
          'server_waits_forever', LIVING_ON, partition, impossible, short=False),
]
