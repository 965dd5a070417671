"""Runs the simulated plant in real time against the database, in one instance per floor.

Each tick is one transaction: claim it, read the floor, apply people's changes to the model, advance the model, and
write the difference between the model and the table, and what people did to work orders. The next tick therefore
corrects one that was lost, skipped or rolled back.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo

import asyncpg

from floor.core.errors import FloorError, NotADemoError
from floor.db.connection import UNREACHABLE, Connection, describe
from floor.db.queries import Queries
from floor.db.row_mapping import to_zone
from simulator.backfill import backfill, begin_changes
from simulator.calendar import Calendar
from simulator.floor_rows import StoredMachine, people_of, read_floor, read_unfinished
from simulator.live_plant import LivePlant
from simulator.simulated_machine import Status
from simulator.simulated_plant import Station

log = logging.getLogger(__name__)

TROUBLE = (*UNREACHABLE, asyncpg.PostgresError, FloorError)

REAL_TIME = 5.0
"""The interval at which the plant runs in real time, as its history did: a tick of so many plant seconds."""
MIN_LEASE = 10.0
LOOK = 1.0
"""Seconds between two reads of the floor while nothing is due: the longest delay of a manual change."""
MIN_PAUSE = 0.02
FIRST_BACKOFF, MAX_BACKOFF = 0.25, 10.0
PARTING = 1.0


@dataclass(frozen=True, slots=True)
class Update:
    """A change written for one machine. lasted: seconds in the former status `was` (None: no report yet)."""

    machine: str
    status: Status
    reason: str | None
    was: Status | None
    lasted: float


class SimulatorRunner:
    """The simulator of one instance; of several on the same floor, one runs and the others stand by."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        queries: Queries,
        *,
        interval: float,
        instance: str,
        seed: int | None = None,
        backfill_days: int = 0,
        report: Callable[[Update], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """interval: seconds in which the plant lives REAL_TIME seconds. instance: a name for people.

        A unique suffix is added to instance, since two with the same name would both run. backfill_days: days of
        history created before the first tick, if the database is new; 0: none. report is
        called for each written machine, after the commit. clock counts seconds.
        """
        self._connect = connect
        self._queries = queries
        self._instance = f'{instance}/{secrets.token_hex(4)}'
        self._seed = secrets.randbits(32) if seed is None else seed
        self._backfill_days = backfill_days
        self.zone: tzinfo = UTC
        """The plant's time zone, as of the last tick."""
        self._report = report
        self._clock = clock
        self._lease = max(MIN_LEASE, 3 * interval)
        self._live: LivePlant | None = None
        self._scale = REAL_TIME / interval  # plant seconds per second
        self._written: dict[str, tuple[Status | None, str | None]] = {}  # the table after the last tick
        self._tick: int | None = None  # the last tick, while this instance runs
        self._ticked_at = 0.0
        self._in_trouble = False
        self._reported_role: bool | None = None

    @property
    def playing(self) -> bool:
        """Whether this instance ran the latest tick."""
        return self._tick is not None

    async def run(self) -> None:
        """Run until cancelled, then release the floor to other instances. Outages of the database are retried.

        :raises NotADemoError: the floor is a plant, or has become one
        """
        failures = 0
        while True:
            connection: Connection | None = None
            try:
                connection = await self._connect()
                await self._queries.prepare_simulator_session(connection, patience=f'{self._lease:.0f}s')
                await self._make_history(connection)
                while True:
                    async with asyncio.timeout(self._lease):
                        await self.tick(connection)
                    failures = 0
                    self._note_recovery()
                    self._note_role()
                    await asyncio.sleep(self._pause())
            except NotADemoError:
                self._tick = None
                if connection is not None:
                    connection.terminate()
                raise
            except TROUBLE as error:
                self._note_trouble(error)
                if connection is not None:
                    connection.terminate()
            except asyncio.CancelledError:
                if connection is not None:
                    await self._leave(connection)
                raise
            await asyncio.sleep(min(MAX_BACKOFF, FIRST_BACKOFF * 2**failures))
            failures = min(failures + 1, 10)

    async def run_where_allowed(self) -> None:
        """run() for an app that serves any floor: a plant is left alone without an error."""
        try:
            await self.run()
        except NotADemoError:
            log.info('the simulator does not run: this floor is a plant')
            await asyncio.Event().wait()  # until cancelled, as run() would

    async def tick(self, connection: Connection) -> list[Update] | None:
        """Run one tick and return what was written; None while another instance runs."""
        async with connection.transaction():
            await begin_changes(connection, self._queries)
            lease = timedelta(seconds=self._lease)
            claimed = await self._queries.claim_tick(connection, instance=self._instance, lease=lease)
            if claimed is None:
                self._tick = None
                return None
            tick, self.zone = claimed['tick'], to_zone(claimed['zone'])
            rows = await read_floor(connection, self._queries)
            live = await self._follow(connection, tick, rows)
            updates = await self._write(connection, live, rows, whole=tick == 1)
            left = [row['order_id'] for steps in live.due_steps().as_json()
                    async for row in self._queries.write_order_steps(connection, steps=steps, live=True)]
        live.written(left)
        self._tick = tick
        self._written = {row.station.name: row.picture for row in rows}
        self._written |= {update.machine: (update.status, update.reason) for update in updates}
        for update in updates:
            self._report(update)
        return updates

    async def _make_history(self, connection: Connection) -> None:
        """Once per process; the floor is live in the meantime, in its initial state. The plant goes on from its end."""
        if self._backfill_days:
            try:
                done = await backfill(connection, self._queries, days=self._backfill_days)
            except asyncpg.InsufficientPrivilegeError as error:
                log.warning('no history was created for this new database: %s (BACKFILL_DAYS=0 disables it)', error)
                done = None
            self._backfill_days = 0
            if done is not None:
                self._live = LivePlant(done.timeline.plant, done.timeline.calendar, done.planned, done.stations)
                times = await self._queries.simulated_times(connection)
                self._live.advance((times['now'] - done.until).total_seconds())
                self._ticked_at, self._tick = self._clock(), 1
                self._written = {row.station.name: row.picture for row in await read_floor(connection, self._queries)}

    async def _follow(self, connection: Connection, tick: int, rows: Sequence[StoredMachine]) -> LivePlant:
        """Advance the model to this moment, with the changes of others since the last tick."""
        stations = tuple(row.station for row in rows)
        if self._live is None:
            self._live = await self._begin(connection, stations)
        live, known = self._live, set(self._live.stations)
        live.follow_clock(self.zone)
        if stations != live.stations:
            live.arrange(stations)
        now = self._clock()
        if tick == 1:
            pass  # a new floor: the table has no reports yet, so the model's first state is written
        elif self._tick is None or tick != self._tick + 1:
            await self._take_over(connection, live, rows)
        else:
            live.advance(min(now - self._ticked_at, self._lease) * self._scale)
            for row in rows:
                is_news = row.station not in known or self._written.get(row.station.name) != row.picture
                if is_news and row.status is not None:
                    live.plant.observe(row.station.name, row.status, row.reason)
        self._ticked_at = now
        return live

    async def _begin(self, connection: Connection, stations: Sequence[Station]) -> LivePlant:
        times = await self._queries.simulated_times(connection)
        calendar = Calendar.beginning(times['now'], times['created'], self.zone)
        people = await people_of(connection, self._queries)
        return await asyncio.to_thread(LivePlant.beginning, stations, people, self._seed, calendar)

    async def _take_over(self, connection: Connection, live: LivePlant, rows: Sequence[StoredMachine]) -> None:
        there = {row.station.name: row for row in rows}
        live.take_over(
            [(row.station.name, row.status, row.reason, row.lasted) for row in rows if row.status is not None],
            await people_of(connection, self._queries),
            await read_unfinished(connection, self._queries, there), self._instance)

    async def _write(self, connection: Connection, live: LivePlant, rows: Sequence[StoredMachine], *,
                     whole: bool) -> list[Update]:
        """Write the difference between the model and the table, or the whole floor."""
        there = {row.station.name: row for row in rows}
        wanted = [
            change for change in live.plant.frame()
            if whole or (change.status, change.reason) != there[change.machine].picture
        ]
        if not wanted:
            return []
        written = {
            row['machine_name']
            async for row in self._queries.say_machines(
                connection,
                names=[change.machine for change in wanted],
                statuses=[change.status for change in wanted],
                reasons=[change.reason for change in wanted],
                versions=[there[change.machine].version for change in wanted],
            )
        }
        return [
            Update(change.machine, change.status, change.reason,
                   there[change.machine].status, there[change.machine].lasted)
            for change in wanted if change.machine in written
        ]

    def _pause(self) -> float:
        """Seconds until something is due: the next change, a read of the floor, or a chance to take over."""
        if self._tick is None or self._live is None:
            return self._lease / 5
        due = (self._live.plant.next_event() - self._live.plant.now) / self._scale
        return max(MIN_PAUSE, min(LOOK, due))

    async def _leave(self, connection: Connection) -> None:
        with suppress(*TROUBLE):
            async with asyncio.timeout(PARTING):
                if self.playing:
                    await self._queries.release_ticks(connection, instance=self._instance)
                await connection.close()
        connection.terminate()

    def _note_trouble(self, error: BaseException) -> None:
        if not self._in_trouble:
            log.warning('the simulator lost the database and retries: %s', describe(error))
        self._in_trouble = True

    def _note_recovery(self) -> None:
        if self._in_trouble:
            log.info('the simulator has the database again')
        self._in_trouble = False

    def _note_role(self) -> None:
        if self.playing != self._reported_role:
            message = ('the simulator runs this floor' if self.playing
                       else 'this simulator stands by: another one runs this floor')
            log.info(message, extra={'playing': self.playing, 'instance': self._instance})
        self._reported_role = self.playing
