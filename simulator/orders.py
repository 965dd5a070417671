"""Work orders that fit a timeline: one for each longer stop, reported by operators, done by technicians.

An order's life is a generator that yields the moments of its steps; what lies in the future has not happened yet, and
so some orders are still open, in progress or on hold. Pure: the same stops, people and seed give the same orders, and
it does not matter in how many parts time passes.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from floor.core.orders import HoldReason, Priority, WorkOrderStatus
from floor.core.people import Employee
from simulator.calendar import Calendar
from simulator.conditions import Episode, last_repair
from simulator.crew import Crew
from simulator.dwell import Lognormal
from simulator.order_batch import Draft, OrderBatch
from simulator.order_texts import CANCELLED, CHECKLISTS, COMMENTS, ROOT_CAUSE, WAITS, texts_of
from simulator.timeline import SimulatedStop

MINUTE, HOUR = 60.0, 3600.0
ALWAYS, SOMETIMES, SOME = timedelta(minutes=30), timedelta(minutes=15), 0.1
"""A stop of ALWAYS gets an order, of those of SOMETIMES one in ten."""
DUE: Sequence[tuple[Priority, timedelta, timedelta]] = (
    (Priority.CRITICAL, timedelta(minutes=120), timedelta(minutes=75)),
    (Priority.HIGH, timedelta(minutes=50), timedelta(minutes=20)),
    (Priority.MEDIUM, timedelta(minutes=25), timedelta(0)),
    (Priority.LOW, timedelta(0), timedelta(0)),
)
"""From which length of the stop on an order has a priority: an ordinary one, and one whose cause is dangerous."""

CALLED_OFF, LEFT_FOR_LATER, PROVISIONAL = 0.03, 0.25, 0.22
"""Shares of orders that come to nothing, that wait until there is time, and whose repair holds only for a while."""
TAKEN, COMMENTED, BY_CHECKLIST = 0.75, 0.2, 0.12
"""Shares of orders that a technician takes unasked, that somebody comments on, and that have a checklist."""
SPREAD = 0.7
"""How much people's times differ: the standard deviation of the logarithm."""
FOR_GOOD, LAST_WORK = timedelta(days=3), timedelta(minutes=50)
"""An order of the last days of an episode ends it: it waits for the part, and takes so long once that is there."""


@dataclass(frozen=True, slots=True)
class UnfinishedOrder:
    """An order of an earlier run of the simulator. items: the checklist as far as it is not done."""

    id: str
    machine: str
    reason: str | None
    priority: Priority
    status: WorkOrderStatus
    assignee_id: int | None
    version: int
    items: tuple[str, ...]


class PlannedOrders:
    """Orders that people are about to report, and those that they have not finished."""

    def __init__(self, people: Iterable[Employee], seed: int | str, calendar: Calendar | None = None) -> None:
        """Without people who repair there are no orders. calendar: of machines that change over time."""
        self._crew = Crew(people)
        self._seed = seed
        self._calendar = calendar
        self._batch = OrderBatch()
        self._due: list[tuple[datetime, int, Iterator[datetime]]] = []
        self._planned = 0
        self._for_good = set[Episode]()

    def stop(self, stop: SimulatedStop) -> None:
        """A machine has stopped, until a known moment."""
        if not self._crew.can_work:
            return
        life = self._life(stop)
        repair = last_repair(stop.machine, stop.reason, stop.since, self._calendar, FOR_GOOD)
        if repair and repair[0] not in self._for_good and repair[1] > life.ends + LAST_WORK:
            self._for_good.add(repair[0])
            self._plan(life.repaired_for_good(*repair))
        elif life.is_worth_an_order():
            self._plan(life.steps())

    def resume(self, order: UnfinishedOrder, now: datetime, until: datetime | None) -> None:
        """Go on with an order at this moment. until: when its machine runs again; None: it does."""
        if self._crew.can_work:
            life = self._life(SimulatedStop(order.machine, order.reason, now, until or now))
            self._plan(life.resumed(order, now, is_down=until is not None))

    def steps_until(self, moment: datetime) -> OrderBatch:
        """What people do up to this moment that was not returned before, in order of time."""
        while self._due and self._due[0][0] <= moment:
            _, number, life = heapq.heappop(self._due)
            self._push(number, life)
        batch, self._batch.steps = OrderBatch(self._batch.steps), []
        batch.sort()
        return batch

    def _life(self, stop: SimulatedStop) -> _Life:
        self._planned += 1
        random = Random(f'{self._seed}/order/{self._planned}')  # noqa: S311 - a play
        return _Life(stop, self._batch, self._crew, random)

    def _plan(self, life: Iterator[datetime]) -> None:
        self._push(self._planned, life)

    def _push(self, number: int, life: Iterator[datetime]) -> None:
        moment = next(life, None)
        if moment is not None:
            heapq.heappush(self._due, (moment, number, life))


def write_orders(stops: Iterable[SimulatedStop], people: Iterable[Employee], *, now: datetime, seed: int,
                 calendar: Calendar | None = None) -> tuple[OrderBatch, PlannedOrders]:
    """What has been done by now to the orders for some stops, sorted by time, and what is still to be done."""
    planned, batch = PlannedOrders(people, seed, calendar), OrderBatch()
    for stop in stops:
        batch.steps += planned.steps_until(min(stop.since, now)).steps
        planned.stop(stop)
    batch.steps += planned.steps_until(now).steps
    return batch, planned


class _Life:
    """What becomes of one stop."""

    def __init__(self, stop: SimulatedStop, batch: OrderBatch, crew: Crew, random: Random) -> None:
        self._stop, self._batch, self._crew, self._random = stop, batch, crew, random
        self._texts = texts_of(stop.reason)
        self.ends = stop.until or stop.since
        self._length = self.ends - stop.since

    def is_worth_an_order(self) -> bool:
        return self._length >= ALWAYS or (self._length >= SOMETIMES and self._random.random() < SOME)

    def steps(self) -> Iterator[datetime]:
        """Each moment that it yields must have come for what follows to happen."""
        at = self._after(self._stop.since, 3 * MINUTE, most=0.3)
        yield at
        draft = self._report(at)
        chance = self._random.random()
        if chance < CALLED_OFF:
            yield from self._called_off(draft)
        elif chance < CALLED_OFF + LEFT_FOR_LATER and draft.priority in {Priority.MEDIUM, Priority.LOW}:
            yield from self._left_for_later(draft)
        else:
            for_good = draft.priority == Priority.CRITICAL or self._random.random() >= PROVISIONAL
            yield from self._repaired(draft, at, for_good=for_good)

    def _repaired(self, draft: Draft, at: datetime, *, for_good: bool) -> Iterator[datetime]:
        """The usual: somebody comes, and the machine runs again; if not for good, the rest waits."""
        random = self._random
        taken = self._after(at, 4 * MINUTE, most=0.25)
        written = self._after(self.ends, 6 * MINUTE)
        resumed = self._after(written, 30 * HOUR)
        technician = self._crew.send(taken, written if for_good else resumed)
        yield taken
        draft.assign(taken, technician,
                     by=technician if random.random() < TAKEN else random.choice(self._crew.supervisors))
        started = self._after(taken, 5 * MINUTE, most=0.25)
        yield started
        draft.start(started, technician)
        yield from self._at_work(draft, started, technician)
        yield self.ends
        draft.recover(self.ends)
        yield written
        if not for_good:
            reason = random.choices(list(WAITS), (5, 3, 1, 1))[0]
            draft.hold(written, technician, HoldReason(reason), WAITS[reason].format(part=self._texts.part))
            yield resumed
            draft.start(resumed, technician)
            written = self._after(resumed, HOUR)
            yield written
        draft.complete(written, technician, *random.choice(self._texts.repairs))

    def repaired_for_good(self, episode: Episode, done: datetime) -> Iterator[datetime]:
        """The last repair of a cause that came repeatedly: completed when it comes no more."""
        at = self._after(self._stop.since, 3 * MINUTE, most=0.3)
        yield at
        draft = self._report(at)
        taken = self._after(at, 4 * MINUTE, most=0.25)
        technician, lead = self._crew.send(taken, done), self._crew.supervisors[0]
        yield taken
        draft.assign(taken, technician, by=lead)
        draft.comment(taken, lead, ROOT_CAUSE)
        started = self._after(taken, 5 * MINUTE, most=0.25)
        yield started
        draft.start(started, technician)
        yield self.ends
        draft.recover(self.ends)
        held = min(self._after(self.ends, 6 * MINUTE), done - LAST_WORK)
        yield held
        draft.hold(held, technician, HoldReason.PARTS, WAITS['parts'].format(part=self._texts.part))
        yield done - LAST_WORK
        draft.start(done - LAST_WORK, technician)
        yield done
        draft.complete(done, technician, episode.found, episode.done)

    def resumed(self, order: UnfinishedOrder, now: datetime, *, is_down: bool) -> Iterator[datetime]:
        """What is left to do."""
        technician = self._crew.of(order.assignee_id) or self._crew.send(now, now)
        draft = Draft(self._batch, order.id, order.priority, version=order.version, items=order.items)
        if order.status is WorkOrderStatus.OPEN:
            now = self._after(now, 4 * MINUTE if is_down else 14 * HOUR)
            yield now
            if order.assignee_id is None:
                draft.assign(now, technician, by=technician)
        if order.status is WorkOrderStatus.ON_HOLD:
            now = self._after(now, 30 * HOUR)
        if order.status is not WorkOrderStatus.IN_PROGRESS:
            now = self._after(now, 5 * MINUTE)
            yield now
            draft.start(now, technician)
        done = self._after(max(now, self.ends), 6 * MINUTE if is_down else HOUR)
        yield done
        draft.complete(done, technician, *self._random.choice(self._texts.repairs))

    def _left_for_later(self, draft: Draft) -> Iterator[datetime]:
        """The operator restarted it; a technician checks it later."""
        yield self.ends
        draft.recover(self.ends)
        taken = self._after(self.ends, 14 * HOUR)
        started = self._after(taken, 10 * MINUTE)
        done = self._after(started, HOUR)
        technician = self._crew.send(taken, done)
        yield taken
        draft.assign(taken, technician, by=technician)
        yield started
        draft.start(started, technician)
        yield done
        draft.complete(done, technician, *self._random.choice(self._texts.repairs))

    def _called_off(self, draft: Draft) -> Iterator[datetime]:
        yield self.ends
        draft.recover(self.ends)
        at = self._after(self.ends, 20 * MINUTE)
        yield at
        draft.cancel(at, self._random.choice(self._crew.supervisors), self._random.choice(CANCELLED))

    def _at_work(self, draft: Draft, at: datetime, technician: Employee) -> Iterator[datetime]:
        """What is written while the machine is down."""
        random = self._random
        if random.random() < BY_CHECKLIST:
            draft.plan(at, technician, random.choice(CHECKLISTS))
        if random.random() < COMMENTED:
            at += (self._stop.since + self._length - at) / 2
            yield at
            draft.comment(at, random.choice([technician, *self._crew.reporters]), random.choice(COMMENTS))

    def _report(self, at: datetime) -> Draft:
        reporter = self._random.choice(self._crew.reporters)
        order_id = f'WO-{at.astimezone(UTC):%Y%m%d}-{self._random.getrandbits(32):08x}'
        draft = Draft(self._batch, order_id, self._priority())
        draft.report(at, reporter, machine=self._stop.machine, machine_reason=self._stop.reason,
                     description=f'{self._stop.reason or "Down"}: {self._random.choice(self._texts.seen)}',
                     stop_since=self._stop.since)
        return draft

    def _priority(self) -> Priority:
        return next(priority for priority, ordinary, dangerous in DUE
                    if self._length >= (dangerous if self._texts.dangerous else ordinary))

    def _after(self, at: datetime, mean: float, *, most: float | None = None) -> datetime:
        """So many seconds later, more or less. most: of the length of the stop."""
        seconds = Lognormal(mean, SPREAD).draw(self._random)
        if most is not None:
            seconds = min(seconds, most * self._length.total_seconds())
        return at + timedelta(seconds=seconds)
