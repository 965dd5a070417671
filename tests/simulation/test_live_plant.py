"""The plant that is played is the one that the history tells of: as many stops, as long repairs, as many orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from simulation.delivered_floor import DELIVERED
from simulation.simulated_past import PEOPLE

from floor.core.orders import Priority, WorkOrderStatus
from simulator.calendar import Calendar
from simulator.live_plant import LivePlant
from simulator.order_batch import OrderStep
from simulator.orders import UnfinishedOrder, write_orders
from simulator.timeline import SimulatedStop, history, stops

pytestmark = pytest.mark.xdist_group('timeline')

NOW = datetime(2026, 11, 23, 14, 5, 6, 789012, tzinfo=UTC)
DAY = timedelta(days=1)
HISTORY, LIVE = 20, 12


@dataclass(frozen=True)
class Measured:
    """Of one machine and day; mean repair in minutes, shares of time by status."""

    stops: float
    mean_repair: float
    orders: float
    shares: dict[str, float]


def played(days: int = 2) -> tuple[LivePlant, Measured, list[OrderStep]]:
    """A plant at the end of a history of so many days, what that is like, and its orders."""
    events, timeline = history(DELIVERED, 18, NOW - days * DAY, NOW)
    found = timeline.with_ends(stops(events))
    batch, planned = write_orders(found, PEOPLE, now=NOW, seed=18, calendar=timeline.calendar)
    seconds = Counter[str]()
    last = {event.machine: event for event in events[:len(DELIVERED)]}
    for event in events[len(DELIVERED):]:
        seconds[last[event.machine].new] += (event.at - last[event.machine].at).total_seconds()  # type: ignore
        last[event.machine] = event
    for event in last.values():
        seconds[event.new] += (NOW - event.at).total_seconds()  # type: ignore[assignment]
    return (LivePlant(timeline.plant, timeline.calendar, planned, DELIVERED),
            measured(found, batch.steps, seconds, days), batch.steps)


def measured(found: Sequence[SimulatedStop], steps: Sequence[OrderStep], seconds: Counter[str], days: int) -> Measured:
    lengths = [(stop.until - stop.since) / timedelta(minutes=1) for stop in found if stop.until]
    return Measured(len(found) / days / len(DELIVERED), sum(lengths) / len(lengths),
                    sum(step.action == 'report' for step in steps) / days,
                    {status: part / seconds.total() for status, part in seconds.items()})


def test_stops_repairs_and_orders_are_the_same_before_and_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute at a time."""
    live, past, _ = played(HISTORY)
    found, steps, seconds = list[SimulatedStop](), list[OrderStep](), Counter[str]()
    plan = live._orders.stop
    monkeypatch.setattr(live._orders, 'stop', lambda stop: (found.append(stop), plan(stop)))
    while live.now < NOW + LIVE * DAY:
        seconds.update({status: 60 * count for status, count in
                        Counter(change.status for change in live.plant.frame()).items()})
        live.advance(60)
        steps += live.due_steps().steps
        live.written([])
    present = measured(found, steps, seconds, LIVE)
    assert present.stops == pytest.approx(past.stops, rel=0.06)
    assert present.mean_repair == pytest.approx(past.mean_repair, rel=0.1)
    assert present.orders == pytest.approx(past.orders, rel=0.15)
    assert present.shares == pytest.approx(past.shares, abs=0.025)


def test_it_continues_where_the_history_ended() -> None:
    """The next day of the model of the history is what is played, and no order begins twice."""
    live, _, steps = played()
    events, timeline = history(DELIVERED, 18, NOW - 2 * DAY, NOW)
    expected = timeline.events_until(NOW + DAY)
    stopped = stops([*events, *expected])
    shown = {change.machine: (change.status, change.reason) for change in live.plant.frame()}
    seen = []
    while live.now < NOW + DAY:
        live.advance(5)
        for change in live.plant.frame():
            if shown[change.machine] != (change.status, change.reason):
                shown[change.machine] = change.status, change.reason
                seen.append((change.machine, change.status, change.reason))
        steps += live.due_steps().steps
        live.written([])
    missed = Counter((event.machine, event.new, event.reason) for event in expected) - Counter(seen)
    assert len(missed) <= 0.02 * len(expected)  # what lasted less than five seconds
    reports = [(step.machine_id, step.stop_since) for step in steps if step.action == 'report']
    assert len(set(reports)) == len(reports)
    assert {report[0] for report in reports} <= {stop.machine for stop in stopped}
    versions = Counter[str]()
    for step in steps:
        assert (step.version or 0) == versions[step.order_id] or step.recovered_at
        versions[step.order_id] += step.action in {'report', 'change'} and step.recovered_at is None


def test_steps_are_due_until_they_are_written_and_an_order_of_people_is_left_to_them() -> None:
    live, *_ = played()
    while not live.due_steps().steps:
        live.advance(60)
    due = live.due_steps().steps
    assert live.due_steps().steps == due  # a tick that was rolled back
    live.written([due[0].order_id])
    live.advance(2 * 86400)
    assert due[0].order_id not in {step.order_id for step in live.due_steps().steps}


@pytest.mark.parametrize(('status', 'assignee', 'is_down', 'then'), [
    (WorkOrderStatus.OPEN, None, True, ['in_progress', 'completed']),
    (WorkOrderStatus.OPEN, 2, False, ['in_progress', 'completed']),
    (WorkOrderStatus.IN_PROGRESS, 3, True, ['completed']),
    (WorkOrderStatus.ON_HOLD, 2, False, ['in_progress', 'completed']),
])
def test_an_order_of_an_earlier_run_is_finished(status: WorkOrderStatus, assignee: int | None, is_down: bool,
                                                then: list[str]) -> None:
    live = LivePlant.beginning(DELIVERED, PEOPLE, 1, Calendar.beginning(NOW, NOW))
    assert live.now == NOW
    name = DELIVERED[2].name
    order = UnfinishedOrder('WO-1', name, 'Hydraulic leak', Priority.HIGH, status, assignee, 5, ('Test run',))
    live.take_over([(name, 'down', 'Hydraulic leak', 600.0)] if is_down else [], PEOPLE, [(order, is_down)], 'again')
    ends = live.plant.ends(name) - live.plant.now
    live.advance(9 * 86400)
    mine = [step for step in live.due_steps().steps if step.order_id == 'WO-1']
    assert [str(step.status) for step in mine if step.status] == then
    assert mine[0].version == 5
    assert len({step.who for step in mine}) == 1
    assert assignee is None or mine[0].who == next(person.name for person in PEOPLE if person.id == assignee)
    assert mine[-1].at - NOW > timedelta(seconds=ends if is_down else 0)
    assert [step.item for step in mine if step.item] == ['Test run']
