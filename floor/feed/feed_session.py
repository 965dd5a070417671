"""One connection of the listener, and the notifications that have arrived on it."""

from __future__ import annotations

import asyncio

import asyncpg

from ..core.machines import MachineChange
from ..core.orders import OrderBrief
from ..db.connection import Connection

MAX_WAITING, MAX_CHARACTERS = 1_000, 300_000
"""The most queued notifications. Beyond it they are dropped, and the floor is read once no more arrive."""


class FeedSession:
    """One connection and its notifications. Callbacks only queue them; the tasks of the listener process them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.channel = ''
        self.asking = asyncio.Lock()  # a connection runs one query at a time
        self.something_came = asyncio.Event()
        self.resync_wanted = False
        self.overflowed = False
        self.reading = False
        self.machines_while_reading: list[MachineChange] = []
        self.orders_while_reading: list[OrderBrief] = []
        self.beats: dict[str, asyncio.Future[None]] = {}
        self._payloads: list[str] = []
        self._characters = self._dropped = 0
        self._ended = asyncio.Event()
        connection.add_termination_listener(self._on_end)

    def on_feed(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Queue a notification of the feed. Synchronous, so that asyncpg keeps their order."""
        self._payloads.append(str(payload))
        self._characters += len(self._payloads[-1])
        if len(self._payloads) > MAX_WAITING or self._characters > MAX_CHARACTERS:
            self.overflowed = True
            self._dropped = self.drop()
        self.something_came.set()

    def on_beat(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Record a heartbeat that came back."""
        returned = self.beats.get(str(payload))
        if returned is not None and not returned.done():
            returned.set_result(None)

    def drop(self) -> int:
        """Discard all queued notifications; returns how many."""
        dropped, self._dropped = self._dropped + len(self.take()), 0
        return dropped

    def take(self) -> list[str]:
        """Take all queued payloads, oldest first."""
        taken, self._payloads, self._characters = self._payloads, [], 0
        return taken

    async def ended(self) -> None:
        """Never returns; raises when the server or the network closes the connection."""
        await self._ended.wait()
        raise asyncpg.ConnectionDoesNotExistError('the database closed the connection')

    def end(self) -> None:
        """Terminate the connection at once: a graceful close of a suspect one could hang."""
        self.connection.remove_termination_listener(self._on_end)
        if not self.connection.is_closed():
            self.connection.terminate()

    def _on_end(self, _connection: object) -> None:
        self._ended.set()
