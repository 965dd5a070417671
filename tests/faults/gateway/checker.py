"""Compares what machines have sent with what the floor's history says, event by event."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import asyncpg
from database.postgres import SCHEMA

from .publisher import Sent

MOST = 5
"""Examples of each kind."""
MOMENT = timedelta(seconds=5)
HISTORY = f"""
SELECT machine_name, happened_at, new_status, reason
FROM {SCHEMA}.machine_status_history JOIN {SCHEMA}.machines USING (machine_id)
WHERE machine_name = ANY ($1) ORDER BY version"""
INTERVALS = f"""
SELECT machine_name, since, until, status, reason
FROM {SCHEMA}.status_intervals JOIN {SCHEMA}.machines USING (machine_id)
WHERE machine_name = ANY ($1) ORDER BY since"""
COUNTS = f"""
SELECT machine_name, minute, good FROM {SCHEMA}.machine_counts JOIN {SCHEMA}.machines USING (machine_id)
WHERE machine_name = ANY ($1)"""
STORED = f"""
SELECT count(*) FROM {SCHEMA}.machine_status_history JOIN {SCHEMA}.machines USING (machine_id)
WHERE machine_name = ANY ($1)"""
Change = tuple[str, datetime, str, str | None]
"""Machine, time, status, reason."""


@dataclass(slots=True)
class Recorded:
    """What the floor has of some machines."""

    changes: list[Change] = field(default_factory=list)
    """In the order in which they were stored."""
    intervals: dict[str, list[tuple[datetime, datetime, str, str | None]]] = field(default_factory=dict)
    """By machine: since, until, status, reason; in their order."""
    good: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    """By machine and minute."""

    @classmethod
    async def read(cls, connection: asyncpg.Connection, machines: Sequence[str]) -> Recorded:
        recorded = cls([tuple(row) for row in await connection.fetch(HISTORY, machines)])
        for name, *interval in await connection.fetch(INTERVALS, machines):
            recorded.intervals.setdefault(name, []).append(tuple(interval))
        recorded.good.update({(name, minute): good for name, minute, good in await connection.fetch(COUNTS, machines)})
        return recorded


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a fault does to the comparison. in_order: nothing was published out of order, so all is stored in order.
    gaps: every machine was without signal in between, and only then. exact_minutes: counts are in their
    minutes. counts: there are any."""

    in_order: bool = True
    gaps: bool = False
    exact_minutes: bool = True
    counts: bool = True


def differences(sent: Sequence[Sent], recorded: Recorded, expected: Expectation) -> list[str]:
    """A sentence for everything that is lost, doubled, in wrong order or at a wrong time; nothing is."""
    wanted = [(each.machine, each.at, each.status, each.reason) for each in sorted(sent, key=lambda each: each.at)]
    found, stored = Counter(wanted), Counter(recorded.changes)
    return [*_examples('lost', (found - stored).elements()),
            *_examples('doubled or invented', (stored - found).elements()),
            *(_order(recorded.changes) if expected.in_order else ()),
            *_intervals(wanted, recorded, gaps=expected.gaps),
            *(_counts(sent, recorded.good, exact=expected.exact_minutes) if expected.counts else ())]


def differences_by_arrival(sent: Sequence[Sent], recorded: Recorded, made_at: Mapping[Sent, datetime]) -> list[str]:
    """As differences(), where the times that were sent are wrong: changes count from when they were made, and what is
    in between is a moment."""
    by_machine = {machine: [(each.status, each.reason, made_at[each]) for each in sent if each.machine == machine]
                  for machine in {each.machine for each in sent}}
    wrong = []
    for machine, wanted in by_machine.items():
        stored = [(status, reason, at) for name, at, status, reason in recorded.changes if name == machine]
        if [each[:2] for each in stored] != [each[:2] for each in wanted]:
            wrong.append(f'{machine} has {len(stored)} changes, not {len(wanted)}, or others')
        wrong += [f'{machine}: {was[1]} at {was[2]}, not {was_made[2]}'
                  for was, was_made in zip(stored, wanted, strict=False) if abs(was[2] - was_made[2]) > MOMENT]
    return [*_examples('wrong', iter(wrong))]


def _examples(kind: str, wrong: Iterator[object]) -> Iterator[str]:
    every = list(wrong)
    if every:
        yield f'{kind}: {len(every)}, such as {"; ".join(map(str, every[:MOST]))}'


def _order(changes: Sequence[Change]) -> Iterator[str]:
    last: dict[str, datetime] = {}
    wrong = []
    for machine, at, *_ in changes:
        if at < last.get(machine, at):
            wrong.append((machine, at))
        last[machine] = at
    yield from _examples('out of order', iter(wrong))


def _intervals(wanted: Sequence[Change], recorded: Recorded, *, gaps: bool) -> Iterator[str]:
    """Each status lasts until the next one of its machine, or until a gap."""
    by_machine: defaultdict[str, list[Change]] = defaultdict(list)
    for change in wanted:
        by_machine[change[0]].append(change)
    wrong: list[object] = []
    for machine, changes in by_machine.items():
        intervals = recorded.intervals.get(machine, [])
        known = [each for each in intervals if each[2] != 'unknown']
        if bool(gaps) != (len(known) < len(intervals)):
            wrong.append(f'{machine} was {"never" if gaps else "at some time"} without signal')
        lasting = [(machine, since, status, reason) for number, (since, _, status, reason) in enumerate(known)
                   if not (number and gaps and known[number - 1][2:] == (status, reason))]
        if lasting != changes:
            different = next((pair for pair in zip(lasting, changes, strict=False) if pair[0] != pair[1]),
                             (len(lasting), len(changes)))
            wrong.append(f'{machine} was {different[0]}, not {different[1]}')
        wrong += [f'{machine} was nothing from {before[1]}' for before, after in pairwise(intervals)
                  if before[1] != after[0]]
    yield from _examples('wrong intervals', iter(wrong))


def _counts(sent: Sequence[Sent], good: Counter[tuple[str, datetime]], *, exact: bool) -> Iterator[str]:
    wanted: Counter[tuple[str, datetime]] = Counter()
    last: dict[str, int] = {}
    for each in sorted(sent, key=lambda each: each.at):
        made = each.good - last.get(each.machine, each.good)
        if made:
            wanted[each.machine, each.at.replace(second=0, microsecond=0)] += made
        last[each.machine] = each.good
    if not exact:
        wanted, good = _by_machine(wanted), _by_machine(good)
    wrong = [f'{key}: {good[key]} parts, not {wanted[key]}' for key in sorted({*wanted, *good})
             if good[key] != wanted[key]]
    yield from _examples('wrong counts', iter(wrong))


def _by_machine(counts: Counter[tuple[str, datetime]]) -> Counter[tuple[str, datetime]]:
    summed: Counter[tuple[str, datetime]] = Counter()
    for (machine, _), number in counts.items():
        summed[machine, datetime.min] += number
    return summed
