"""The gateway under the faults that are over soon, and the proof that the comparison can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from database.postgres import SCHEMA
from gateway.harness import NEEDS_MOSQUITTO

from .checker import Expectation, Recorded, differences
from .faults import FAULTS, GatewayFault
from .publisher import CODES, Publisher, Sent
from .site import Plant, site, started_plant, waiting

pytestmark = [pytest.mark.asyncio(loop_scope='module'), pytest.mark.xdist_group('gateway faults')]
SHORT = {name: fault for name, fault in FAULTS.items() if fault.short}
KILLS = 2
REFUSALS = f'SELECT message, times FROM {SCHEMA}.feed_refusals WHERE machine = $1'


@pytest_asyncio.fixture(loop_scope='module', scope='module')
async def started() -> AsyncIterator[Plant]:
    async with started_plant() as plant:
        yield plant


@NEEDS_MOSQUITTO
@pytest.mark.long
async def test_no_fault_loses_or_doubles_an_event(started: Plant) -> None:
    played = await asyncio.gather(*(fault.play(started, None, True, KILLS) for fault in SHORT.values()))
    assert dict(zip(SHORT, [found for _, found in played], strict=True)) == {name: [] for name in SHORT}


@pytest.mark.long
@NEEDS_MOSQUITTO
async def test_what_is_broken_is_noticed(started: Plant) -> None:
    broken = [(fault, fault.mutations[0]) for fault in SHORT.values()]
    noticed = await asyncio.gather(*(is_noticed(started, fault, mutation) for fault, mutation in broken))
    assert [mutation for (_, mutation), found in zip(broken, noticed, strict=True) if not found] == []


@NEEDS_MOSQUITTO
async def test_a_value_that_is_in_no_mapping_is_an_example_of_what_was_refused(started: Plant) -> None:
    async with site(started, 'unmapped', None, quick=True, machines=1) as s:
        machine, = s.machines
        await s.publisher.publish([Sent(machine, datetime.now(UTC), CODES, 0)])
        health = await s.gateway.until(lambda health: health['sources'][0]['messages'] and not waiting(health))
        assert health['app']['not_stored'] == {}
        connection = await started.connect()
        try:
            refusals = await connection.fetch(REFUSALS, machine)
        finally:
            connection.terminate()
        assert [tuple(row) for row in refusals] == [
            (f"plant/{machine} code: the value '{CODES}' is not in its mapping", 1)]


async def is_noticed(plant: Plant, fault: GatewayFault, mutation: str) -> bool:
    """A kill finds the moment in which something would be lost only sometimes: again then, with more of them."""
    for kills in KILLS, 3 * KILLS, 9 * KILLS:
        _, found = await fault.play(plant, mutation, True, kills)
        if found:
            return True
    return False


def changes() -> tuple[Publisher, Recorded]:
    """Six changes of two machines, and a floor that has them."""
    publisher = Publisher(['A', 'B'], 0)
    sent = publisher.changes(6, begin=datetime(2026, 11, 30, 8, tzinfo=UTC), over=timedelta(minutes=6))
    recorded = Recorded([(each.machine, each.at, each.status, each.reason) for each in sent])
    for machine in 'AB':
        of_machine = [each for each in recorded.changes if each[0] == machine]
        recorded.intervals[machine] = [(at, until, status, reason) for (_, at, status, reason), until in zip(
            of_machine, [*(each[1] for each in of_machine[1:]), datetime.max.replace(tzinfo=UTC)], strict=True)]
    for each in sent:
        recorded.good[each.machine, each.at] += 3 if each.good else 0
    return publisher, recorded


def kinds(publisher: Publisher, recorded: Recorded, expected: Expectation | None = None) -> list[str]:
    return [each.partition(':')[0] for each in differences(publisher.sent, recorded, expected or Expectation())]


async def test_a_floor_that_has_everything_differs_in_nothing() -> None:
    assert kinds(*changes()) == []


async def test_what_is_lost_doubled_out_of_order_or_at_another_time_differs() -> None:
    publisher, recorded = changes()
    lost = recorded.changes.pop()
    assert kinds(publisher, recorded) == ['lost']
    recorded.changes += [lost, lost]
    assert kinds(publisher, recorded) == ['doubled or invented']
    recorded.changes[:] = [*recorded.changes[4:6], *recorded.changes[:4]]
    assert kinds(publisher, recorded) == ['out of order']
    assert kinds(publisher, recorded, Expectation(in_order=False)) == []
    machine, at, status, reason = recorded.changes[0]
    recorded.changes[0] = machine, at + timedelta(seconds=1), status, reason
    assert kinds(publisher, recorded, Expectation(in_order=False)) == ['lost', 'doubled or invented']


async def test_a_status_that_lasts_too_short_and_parts_that_count_twice_differ() -> None:
    publisher, recorded = changes()
    recorded.good['A', publisher.sent[2].at] += 3
    assert kinds(publisher, recorded) == ['wrong counts']
    publisher, recorded = changes()
    since, until, status, reason = recorded.intervals['A'][0]
    recorded.intervals['A'][0] = since, until - timedelta(seconds=1), status, reason
    assert kinds(publisher, recorded) == ['wrong intervals']
    recorded.intervals['A'].insert(1, (until - timedelta(seconds=1), until, 'unknown', None))
    assert kinds(publisher, recorded) == ['wrong intervals'], 'nobody expects a gap'
