"""What most faults are played on: a database, the program behind a proxy, a browser on its floor, and a feed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg
from browser.program import Program
from database.postgres import until
from tcp_proxy import TcpProxy, through

from floor.db.embedded.sockets import SOCKET_NAME, socket_folder_of

from .checker import nothing_old_is_called_live
from .history import History, Write
from .stage import Stage
from .view import CHECK_EVERY_S, View
from .writers import AWAY, Writers

START_PATIENCE_S = 60.0
SLACK_S = 2.0
RATE = 20.0
"""Writes a second."""


@dataclass(slots=True)
class Scene:
    """Everything is running: the floor is live and the feed writes."""

    stage: Stage
    history: History
    database_url: str
    """Past the proxy: for the feed, and for the test."""
    proxy: TcpProxy
    program: Program
    view: View
    views: list[View]
    """That one, and whatever others the test has opened: all have to be right."""
    writers: Writers
    connection: asyncpg.Connection
    machines: list[str]
    """The feed spares the last one: it is the test's."""
    began_at: int
    """The version of the feed when it began."""

    @property
    def ours(self) -> str:
        """The machine that only the test writes to."""
        return self.machines[-1]

    async def change(self, machine: str = '') -> Write:
        """Change the test's machine, or another, past everything that is broken."""
        return await self.writers.write(self.connection, machine or self.ours)

    async def shown(self, write: Write, patience: float = START_PATIENCE_S) -> None:
        """Wait until the view shows a write, and calls it live."""
        await until(lambda: self.view.live and self.view.tiles.get(write.machine) == (write.status, write.number),
                    patience)

    async def notice(self) -> None:
        """Wait until the view says that it is not live, which is when what the program can fix is over for it."""
        began = time.monotonic()
        with suppress(TimeoutError):
            await until(lambda: not self.view.live, self.stage.patience)
            self.history.figures['noticed after'] = f'{time.monotonic() - began:.1f} s'
        self.history.heal()

    async def settle(self) -> History:
        """The feed ends; the views get their time to be right; then they are closed, and everything is read."""
        await self.writers.stop()
        await self.agree()
        for view in self.views:
            view.sample()
            await view.close()
        await self.history.read(await self._again(), self.began_at)
        return self.history

    async def agree(self) -> None:
        """Wait until all views are live and equal to the table, as long as it may take and no longer."""
        deadline = time.monotonic() + self.stage.patience + self.history.slack + SLACK_S
        while time.monotonic() < deadline and not self.is_found_out and not await self._agrees():  # noqa: ASYNC110
            await asyncio.sleep(CHECK_EVERY_S)

    @property
    def is_found_out(self) -> bool:
        """The broken program has called an old picture live: it need not suffer any longer."""
        patience = self.stage.patience + self.history.slack
        return self.stage.mutation is not None and bool(nothing_old_is_called_live(self.history, patience))

    async def _agrees(self) -> bool:
        if not all(view.live for view in self.views):
            return False
        with suppress(*AWAY):
            now = History()
            await now.read(await self._again(), self.began_at)
            return all(view.tiles == now.table for view in self.views)
        return False

    async def connect_again(self, patience: float = START_PATIENCE_S) -> None:
        """A new session for the test.

        :raises TimeoutError: the database takes nobody in within so many seconds
        """
        self.connection.terminate()
        self.connection = await connect(self.database_url, patience)

    async def _again(self) -> asyncpg.Connection:
        if self.connection.is_closed():
            await self.connect_again()
        return self.connection


@asynccontextmanager
async def scene(stage: Stage, *, rate: float = RATE, sessions: int = 2, under: str | None = None, **settings: str
                ) -> AsyncIterator[Scene]:
    """A database on the test server, and all that belongs to it. settings: more environment for the program."""
    url = stage.server.new_database(migrated=True)   # not in a thread: the first one makes the template of all
    try:
        async with TcpProxy(socket_folder_of(url) / SOCKET_NAME) as proxy:
            program = stage.program(under=under, DATABASE_URL=through(url, proxy), **settings)
            async with running(stage, program, lambda: url, proxy=proxy, rate=rate, sessions=sessions) as scene:
                yield scene
            await asyncio.to_thread(program.stop)
    finally:
        await asyncio.to_thread(stage.server.drop_database, url)


@asynccontextmanager
async def running(stage: Stage, program: Program, database_url: Callable[[], str], *, proxy: TcpProxy | None = None,
                  rate: float = RATE, sessions: int = 2) -> AsyncIterator[Scene]:
    """Start the program, open the floor, begin to write. database_url is asked once the program runs."""
    history = History()
    async with AsyncExitStack() as ends:
        await asyncio.to_thread(program.start)
        connection = await connect(database_url())
        view = View(program.url, 'the page', history)
        await view.open()
        ends.push_async_callback(view.close)
        await until(lambda: view.live and bool(view.tiles), START_PATIENCE_S)
        machines = [row['machine_name'] for row in await connection.fetch(
            'SELECT machine_name FROM machine_feed_stream ORDER BY machine_id')]
        began_at = await connection.fetchval('SELECT coalesce(max(version), 0) FROM machine_feed_stream')
        history.samples.clear()
        writers = Writers(database_url(), history, rate=rate, sessions=sessions)
        ends.push_async_callback(writers.stop)
        writers.start(machines[:-1])
        scene = Scene(stage, history, database_url(), proxy or TcpProxy(0), program, view, [view], writers, connection,
                      machines, began_at)
        ends.callback(lambda: scene.connection.terminate())  # noqa: PLW0108 (it may be another by then)
        yield scene


async def connect(url: str, patience: float = START_PATIENCE_S) -> asyncpg.Connection:
    """A connection to a database that may be starting, or ending: it has answered once."""
    async with asyncio.timeout(patience):
        while True:
            connection = None
            try:
                connection = await asyncpg.connect(url, timeout=patience)
                await connection.execute('SELECT 1')
                return connection
            except AWAY:
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(0.02)
