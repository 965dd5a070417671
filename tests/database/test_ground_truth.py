"""What the simulator knows of its plant, from the inside, is what the reports say of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from simulation.ground_truth import waits

from floor.analytics import Analytics, Scope, Window
from floor.core.machines import MachineName
from floor.db.database import Database
from simulator.backfill import SEED, Backfill, backfill
from simulator.simulated_plant import Station
from simulator.timeline import SimulatedEvent
from simulator.timeline import history as timeline_of

UTC = ZoneInfo('UTC')
MICRO_STOP = timedelta(minutes=5)
EXACT_S = 1e-3  # floats of a few hundred thousand seconds

FLOOR = """SELECT m.machine_name, m.type, m.line_id FROM machine_feed_stream f JOIN machines m USING (machine_id)
           JOIN production_lines l USING (line_id) ORDER BY l.position, m.position"""


@pytest.fixture
def reported() -> bool:
    """History is made for a floor on which nothing was reported yet."""
    return False


@pytest.fixture
async def history(database: Database) -> Backfill:
    """Two days of the delivered plant, as a new database gets them, rolled up."""
    connection = await database.connect()
    done = await backfill(connection, database.queries, days=2)
    await connection.execute('SELECT refresh_days()')
    await connection.close()
    assert done is not None
    return done


async def stations(database: Database) -> list[Station]:
    async with database.acquire() as connection:
        return [Station(*row) for row in await connection.fetch(FLOOR)]


async def test_reports_count_the_stops_that_the_plant_had(database: Database, history: Backfill) -> None:
    simulated, _ = timeline_of(await stations(database), SEED, history.since, history.until)
    window = Window(history.since, history.until)

    for machine in sorted({event.machine for event in simulated}):
        lengths = stopped([event for event in simulated if event.machine == machine], history.until)
        kpis = await Analytics(database).kpis(window, Scope(machine=MachineName(machine)))
        assert kpis.down == pytest.approx(sum(length.total_seconds() for length in lengths), abs=EXACT_S), machine
        assert kpis.stops == kpis.failures + kpis.micro_stops == len(lengths), machine
        assert kpis.micro_stops == sum(length < MICRO_STOP for length in lengths), machine
        assert kpis.coverage == 1, machine


def stopped(events: list[SimulatedEvent], until: datetime) -> list[timedelta]:
    """How long each stop of one machine lasted, the one that it began with and the one that still goes on too."""
    lengths, since = [], None
    for event in events:
        if event.new == 'down' and since is None:
            since = event.at
        elif event.new != 'down' and since is not None:
            lengths.append(event.at - since)
            since = None
    return lengths + ([until - since] if since is not None else [])


async def test_waiting_is_charged_to_the_machine_that_the_plant_knows_to_be_the_cause(
        database: Database, history: Backfill) -> None:
    caused = Counter[str]()
    for wait in waits(await stations(database), SEED, history.since, history.until, history.timeline.branch):
        caused[wait.root] += (wait.until - wait.since) / timedelta(microseconds=1)  # type: ignore[assignment]

    charged = await Analytics(database).wait_attribution(
        Window(history.since, history.until))

    assert charged.not_attributed == 0
    assert {each.machine: each.caused for each in charged.machines if each.caused} == pytest.approx(
        {machine: micros / 1e6 for machine, micros in caused.items()}, abs=EXACT_S)


async def test_the_last_known_state_is_what_the_feed_says(database: Database, history: Backfill) -> None:
    async with database.acquire() as connection:
        feed = {row[0]: (row[1], row[2]) for row in await connection.fetch(
            'SELECT machine_name, status, reason FROM machine_feed_stream')}
    floor = await Analytics(database).floor_at(history.until)

    assert {machine.name: (machine.status.value, machine.reason) for machine in floor.machines} == feed
