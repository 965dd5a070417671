"""What supervisors do with feeds. A feed is an API token with the scope feed:write (floor/access/api_tokens.py)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from ..core.errors import InvalidInputError, NotFoundError
from ..core.people import Identity, Person, Role
from ..core.text import exact_name
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import MAX_ID, command, logged, reading
from ..feed.ingest import EventResult, FeedEvent, store_events
from ..orders.employees import Employees
from .feed_items import (
    NEVER,
    EndedFeed,
    Feed,
    FeedOverview,
    Refusal,
    TailEvent,
    UnknownMachine,
    limit_text,
    shared_machines,
    to_feed,
    to_refusal,
    to_tail_event,
)

MAX_NAME_LENGTH = 80
MAX_MACHINE_LENGTH = 200
MAX_SILENT_AFTER = timedelta(days=30)


class FeedCommands:
    """Reads and changes feeds. Every method may raise DatabaseUnavailableError; changing requires a supervisor, and
    may raise NotAllowedError and TooManyChangesError."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._queries = database.queries
        self._employees = employees

    async def feeds(self) -> list[Feed]:
        """What reports, and how much."""
        async with reading(self._database) as connection:
            return await self._feeds(connection)

    async def overview(self, feed_ids: Collection[int] = ()) -> FeedOverview:
        """What /setup/feeds shows. feed_ids: of the feeds whose last events and refusals are wanted."""
        queries, wanted = self._queries, list(feed_ids)
        tails: dict[int, list[TailEvent]] = {feed_id: [] for feed_id in wanted}
        refusals: dict[int, list[Refusal]] = {feed_id: [] for feed_id in wanted}
        async with reading(self._database) as connection:
            feeds = await self._feeds(connection)
            ended = [EndedFeed(**row) async for row in queries.ended_feeds(connection)]
            unknown = [UnknownMachine(row['machine'], row['times'], row['last_at'],
                                            tuple(dict.fromkeys(row['feeds'])), row['ignored_by'])
                             async for row in queries.unknown_machines(connection)]
            shared = [row async for row in queries.machines_of_many_feeds(connection)]
            if wanted:
                async for row in queries.feed_tail(connection, feed_ids=wanted):
                    tails[row['feed_id']].append(to_tail_event(row))
                async for row in queries.feed_refusals(connection, feed_ids=wanted):
                    refusals[row['feed_id']].append(to_refusal(row))
        return FeedOverview(feeds, ended, unknown, shared_machines(shared), tails, refusals)

    async def rename(self, who: Identity, feed_id: int, name: str) -> None:
        """Give a feed another name.

        :raises InvalidInputError: the name is taken, empty or hides characters
        :raises NotFoundError: there is no such feed, or it was revoked
        """
        name = exact_name(name.strip(), 'name', MAX_NAME_LENGTH)
        async with logged('feed renamed', who, feed=name), command(self._database) as connection:
            person, row = await self._to_change(connection, who, feed_id)
            if row['name'] == name:
                return
            try:
                await self._queries.rename_feed(connection, feed_id=feed_id, name=name)
            except asyncpg.UniqueViolationError as error:
                raise InvalidInputError(f'there is a token {name} already: choose another name', 'name') from error
            await self._log(connection, person, f'name of the feed {row["name"]}', row['name'], name)

    async def set_silent_after(self, who: Identity, feed_id: int, after: timedelta | None) -> None:
        """Set how long a feed may send nothing. after: NEVER: as long as it likes; None: by the rule.

        :raises InvalidInputError: more than 30 days
        :raises NotFoundError: there is no such feed, or it was revoked
        """
        if after is not None and not NEVER <= after <= MAX_SILENT_AFTER:
            raise InvalidInputError('a feed can be silent after at most 30 days', 'silent_after')
        async with logged('silent feed limit set', who, feed=feed_id), command(self._database) as connection:
            person, row = await self._to_change(connection, who, feed_id)
            if row['silent_after'] != after:
                await self._queries.set_feed_silent_after(connection, feed_id=feed_id, silent_after=after)
                await self._log(connection, person, f'silent after, feed {row["name"]}',
                                limit_text(row['silent_after']), limit_text(after))

    async def ignore(self, who: Identity, machine: str) -> None:
        """Show a name among the unknown machines no longer.

        :raises InvalidInputError: the name is empty or too long
        """
        if not 1 <= len(machine) <= MAX_MACHINE_LENGTH:
            raise InvalidInputError('machine has from 1 to 200 characters', 'machine')
        async with logged('unknown machine ignored', who, machine=machine), command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            if await self._queries.ignore_machine(connection, machine=machine, ignored_by=person.name):
                await self._log(connection, person, f'unknown machine {machine}', None, 'ignored')

    async def stop_ignoring(self, who: Identity, machine: str) -> None:
        """Show a name again."""
        async with (logged('unknown machine no longer ignored', who, machine=machine),
                    command(self._database) as connection):
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            if await self._queries.stop_ignoring_machine(connection, machine=machine):
                await self._log(connection, person, f'unknown machine {machine}', 'ignored', None)

    async def try_events(self, who: Identity, feed_id: int,
                         events: Sequence[FeedEvent | EventResult]) -> list[EventResult]:
        """What would become of events of this feed: they are stored as it stores them, and that is rolled back.

        :raises NotFoundError: there is no such feed, or it was revoked
        """
        async with command(self._database) as connection:
            trial = connection.transaction()
            await trial.start()
            try:
                await self._to_change(connection, who, feed_id)
                return await store_events(self._queries, connection, feed_id, events)
            finally:
                await trial.rollback()

    async def _feeds(self, connection: Connection) -> list[Feed]:
        return [to_feed(row) async for row in self._queries.feeds(connection)]

    async def _to_change(self, connection: Connection, who: Identity, feed_id: int) -> tuple[Person, Any]:
        """Who changes a feed, and its row, locked."""
        person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
        row = await self._queries.feed_to_change(connection, feed_id=feed_id) if 0 < feed_id <= MAX_ID else None
        if row is None:
            raise NotFoundError('there is no such feed: it was revoked in the meantime')
        return person, row

    async def _log(self, connection: Connection, person: Person, setting: str, old: str | None,
                   new: str | None) -> None:
        """As a change of the set-up, which is announced to every instance."""
        await self._queries.log_setting_change(connection, changed_by=person.name, setting=setting[:200], old_value=old,
                                               new_value=new)
