"""Work orders that fit a timeline: one for each longer stop, reported by operators, done by technicians.

An order's life is a generator that yields the moments of its steps; what lies in the future has not happened yet, and
so some orders are still open, in progress or on hold. Pure: the same stops, people and seed give the same orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from floor.core.orders import HoldReason, Priority
from floor.core.people import Employee, Role
from simulator.dwell import Lognormal
from simulator.order_batch import Draft, OrderBatch
from simulator.order_texts import CANCELLED, CHECKLISTS, COMMENTS, WAITS, texts_of
from simulator.timeline import SimulatedStop

MINUTE, HOUR = 60.0, 3600.0
FAR = timedelta(days=365)
"""A stop that is going on ends so long from now at the latest."""

ALWAYS, SOMETIMES, SOME = timedelta(minutes=30), timedelta(minutes=15), 0.1
"""A stop of ALWAYS gets an order, of those of SOMETIMES one in ten."""
DUE: Sequence[tuple[Priority, timedelta, timedelta]] = (
    (Priority.CRITICAL, timedelta(minutes=120), timedelta(minutes=75)),
    (Priority.HIGH, timedelta(minutes=50), timedelta(minutes=20)),
    (Priority.MEDIUM, timedelta(minutes=25), timedelta(0)),
    (Priority.LOW, timedelta(0), timedelta(0)),
)
"""From which length of the stop on an order has a priority: an ordinary one, and one whose cause is dangerous."""

CALLED_OFF, LEFT_FOR_LATER, PROVISIONAL = 0.03, 0.17, 0.22
"""Shares of orders that come to nothing, that wait until there is time, and whose repair holds only for a while."""
TAKEN, COMMENTED, BY_CHECKLIST = 0.75, 0.2, 0.12
"""Shares of orders that a technician takes unasked, that somebody comments on, and that have a checklist."""
SPREAD = 0.7
"""How much people's times differ: the standard deviation of the logarithm."""


def write_orders(
    stops: Iterable[SimulatedStop], people: Iterable[Employee], *, now: datetime, seed: int,
) -> OrderBatch:
    """What has been done by now to the orders for some stops; nothing where nobody is there to do them."""
    crew, batch = Crew(people), OrderBatch()
    if crew.can_work:
        for number, stop in enumerate(stops):
            life = _Life(stop, batch, crew, Random(f'{seed}/order/{number}'), now=now)  # noqa: S311 - a play
            if life.is_worth_an_order():
                for moment in life.steps():
                    if moment > now:
                        break
        batch.sort()
    return batch


class Crew:
    """Those who report, those who repair, and those who lead; who repairs gets about as much to do as the others."""

    def __init__(self, people: Iterable[Employee]) -> None:
        active = sorted((person for person in people if person.active), key=lambda person: person.id)
        self.technicians = [person for person in active if person.role is Role.TECHNICIAN]
        self.supervisors = [person for person in active if person.role is Role.SUPERVISOR] or self.technicians
        self.reporters = [person for person in active if person.role is Role.OPERATOR] or self.supervisors
        self._busy: dict[int, list[datetime]] = {person.id: [] for person in self.technicians}
        self._had = dict.fromkeys(self._busy, 0)

    @property
    def can_work(self) -> bool:
        """Without technicians nothing would ever be done."""
        return bool(self.technicians)

    def send(self, at: datetime, until: datetime) -> Employee:
        """The person with the fewest open orders, who gets one more."""
        for person, ends in self._busy.items():
            self._busy[person] = [end for end in ends if end > at]
        chosen = min(self.technicians, key=lambda person: (len(self._busy[person.id]), self._had[person.id]))
        self._busy[chosen.id].append(until)
        self._had[chosen.id] += 1
        return chosen


class _Life:
    """What becomes of one stop."""

    def __init__(self, stop: SimulatedStop, batch: OrderBatch, crew: Crew, random: Random, *, now: datetime) -> None:
        self._stop, self._batch, self._crew, self._random = stop, batch, crew, random
        self._texts = texts_of(stop.reason)
        self._ends = stop.until or now + FAR
        self._length = (stop.until or now + (now - stop.since) / 2) - stop.since

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
        written = self._after(self._ends, 6 * MINUTE)
        resumed = self._after(written, 30 * HOUR)
        technician = self._crew.send(taken, written if for_good else resumed)
        yield taken
        draft.assign(taken, technician,
                     by=technician if random.random() < TAKEN else random.choice(self._crew.supervisors))
        started = self._after(taken, 5 * MINUTE, most=0.25)
        yield started
        draft.start(started, technician)
        yield from self._at_work(draft, started, technician)
        yield self._ends
        draft.recover(self._ends)
        yield written
        if not for_good:
            reason = random.choices(list(WAITS), (5, 3, 1, 1))[0]
            draft.hold(written, technician, HoldReason(reason), WAITS[reason].format(part=self._texts.part))
            yield resumed
            draft.start(resumed, technician)
            written = self._after(resumed, HOUR)
            yield written
        draft.complete(written, technician, *random.choice(self._texts.repairs))

    def _left_for_later(self, draft: Draft) -> Iterator[datetime]:
        """The operator restarted it; a technician checks it later."""
        yield self._ends
        draft.recover(self._ends)
        taken = self._after(self._ends, 10 * HOUR)
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
        yield self._ends
        draft.recover(self._ends)
        at = self._after(self._ends, 20 * MINUTE)
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
