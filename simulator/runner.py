"""Plays the plant against the clock and the database, once per floor however many instances run.

Each tick is one transaction: claim it, read the floor, let people's changes into the model, move the model on, write
what it says now. What is written is the difference between the model and the table, so a tick that was lost, skipped or
rolled back is made good by the next.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from floor.core.errors import FloorError, NotADemoError
from floor.db.database import UNREACHABLE, Connection, describe
from floor.db.queries import Queries
from simulator.backfill import backfill, begin_changes
from simulator.machine import Status
from simulator.plant import Plant, Station, changes_per_second

log = logging.getLogger(__name__)

TROUBLE = (*UNREACHABLE, asyncpg.PostgresError, FloorError)

SHORTEST_LEASE = 10.0
LOOK = 1.0
"""Seconds between two looks at the floor while nothing is due: so late is a change made by hand known to the model."""
SHORTEST_PAUSE = 0.02
FIRST_BACKOFF, LONGEST_BACKOFF = 0.25, 10.0
PARTING = 1.0


@dataclass(frozen=True, slots=True)
class Update:
    """What was written of one machine. lasted: seconds in the status before, `was` (None: no report yet)."""

    machine: str
    status: Status
    reason: str | None
    was: Status | None
    lasted: float


@dataclass(frozen=True, slots=True)
class _Row:
    """A machine as the table has it; status None: no report yet."""

    station: Station
    status: Status | None
    reason: str | None
    version: int
    lasted: float

    @property
    def says(self) -> tuple[Status | None, str | None]:
        return self.status, self.reason


class SimulatorRunner:
    """One instance's simulator; of several on the same floor one plays and the others stand by."""

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
        """interval: mean seconds between two shown changes of the whole floor. instance: who we are, for people.

        We add to instance what makes it unique, since two that shared a name would both play. backfill_days: so much
        history is made before the first tick, if the database is new; 0: none. report is told of every
        machine that was written, after the commit. clock counts seconds.
        """
        self._connect = connect
        self._queries = queries
        self._interval = interval
        self._instance = f'{instance}/{secrets.token_hex(4)}'
        self._seed = secrets.randbits(32) if seed is None else seed
        self._backfill_days = backfill_days
        self._report = report
        self._clock = clock
        self._lease = max(SHORTEST_LEASE, 3 * interval)
        self._plant: Plant | None = None
        self._stations: tuple[Station, ...] = ()
        self._scale = 1.0  # plant seconds per second
        self._said: dict[str, tuple[Status | None, str | None]] = {}  # the table as we left it
        self._tick: int | None = None  # the last one, while it is we who play
        self._ticked_at = 0.0
        self._in_trouble = False
        self._told_role: bool | None = None

    @property
    def playing(self) -> bool:
        """Whether the latest tick was ours."""
        return self._tick is not None

    async def run(self) -> None:
        """Without end: a database that goes away is waited for. Ends by being cancelled, and then lets others go on.

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
            await asyncio.sleep(min(LONGEST_BACKOFF, FIRST_BACKOFF * 2**failures))
            failures = min(failures + 1, 10)

    async def run_where_allowed(self) -> None:
        """run() for an app that serves any floor: what is not a demo is left alone, which is no error there."""
        try:
            await self.run()
        except NotADemoError:
            log.info('the simulator does not play: this floor is a plant')
            await asyncio.Event().wait()  # until cancelled, as run() would

    async def tick(self, connection: Connection) -> list[Update] | None:
        """Play one tick and say what was written; None while another instance plays."""
        async with connection.transaction():
            await begin_changes(connection, self._queries)
            lease = timedelta(seconds=self._lease)
            tick = await self._queries.claim_tick(connection, instance=self._instance, lease=lease)
            if tick is None:
                self._tick = None
                return None
            rows = await self._read(connection)
            plant = await self._follow(tick, rows)
            updates = await self._write(connection, plant, rows, whole=tick == 1)
        self._tick = tick
        self._said = {row.station.name: row.says for row in rows}
        self._said |= {update.machine: (update.status, update.reason) for update in updates}
        for update in updates:
            self._report(update)
        return updates

    async def _make_history(self, connection: Connection) -> None:
        """Once in our life; the floor is live meanwhile, as it was delivered."""
        if self._backfill_days:
            try:
                await backfill(connection, self._queries, days=self._backfill_days)
            except asyncpg.InsufficientPrivilegeError as error:
                log.warning('no history was made for this new database: %s (BACKFILL_DAYS=0 stops the attempt)', error)
            self._backfill_days = 0

    async def _read(self, connection: Connection) -> list[_Row]:
        return [
            _Row(
                Station(row['machine_name'], row['type'], row['line_id']),
                row['status'], row['reason'], row['version'], row['lasted'],
            )
            async for row in self._queries.simulated_floor(connection)
        ]

    async def _follow(self, tick: int, rows: Sequence[_Row]) -> Plant:
        """Bring the model to this moment and to what others did since the last."""
        stations = tuple(row.station for row in rows)
        known = set(self._stations)
        if self._plant is None:
            self._plant = await asyncio.to_thread(Plant, stations, self._seed)
        if stations != self._stations:
            self._plant.arrange(stations)
            pace = await asyncio.to_thread(changes_per_second, stations)
            self._scale = 1 / (self._interval * pace) if pace else 1.0
            self._stations = stations
        now = self._clock()
        if tick == 1:
            pass  # a new floor: the table has nothing to say yet, the model's first picture is written
        elif self._tick is None or tick != self._tick + 1:
            self._plant.resume((row.station.name, row.status, row.reason) for row in rows if row.status is not None)
        else:
            self._plant.advance(self._plant.now + min(now - self._ticked_at, self._lease) * self._scale)
            for row in rows:
                is_news = row.station not in known or self._said.get(row.station.name) != row.says
                if is_news and row.status is not None:
                    self._plant.observe(row.station.name, row.status, row.reason)
        self._ticked_at = now
        return self._plant

    async def _write(self, connection: Connection, plant: Plant, rows: Sequence[_Row], *, whole: bool) -> list[Update]:
        """Write where the model and the table differ, or the whole floor."""
        there = {row.station.name: row for row in rows}
        wanted = [
            change for change in plant.frame()
            if whole or (change.status, change.reason) != there[change.machine].says
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
        """Seconds until something is due: our next change, a look at the floor, or a chance to take over."""
        if self._tick is None or self._plant is None:
            return self._lease / 5
        due = (self._plant.next_event() - self._plant.now) / self._scale
        return max(SHORTEST_PAUSE, min(LOOK, due))

    async def _leave(self, connection: Connection) -> None:
        with suppress(*TROUBLE):
            async with asyncio.timeout(PARTING):
                if self.playing:
                    await self._queries.release_ticks(connection, instance=self._instance)
                await connection.close()
        connection.terminate()

    def _note_trouble(self, error: BaseException) -> None:
        if not self._in_trouble:
            log.warning('the simulator lost the database and keeps trying: %s', describe(error))
        self._in_trouble = True

    def _note_recovery(self) -> None:
        if self._in_trouble:
            log.info('the simulator has the database again')
        self._in_trouble = False

    def _note_role(self) -> None:
        if self.playing != self._told_role:
            who = 'the simulator plays' if self.playing else 'this simulator stands by: another one plays'
            log.info('%s this floor', who, extra={'playing': self.playing, 'instance': self._instance})
        self._told_role = self.playing
