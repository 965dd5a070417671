"""Who works on a simulated floor, and how long its machines were what, for several tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from floor.core.people import Employee, Role
from simulator.timeline import SimulatedEvent

NOW = datetime(2026, 11, 23, 14, 5, 6, 789012, tzinfo=UTC)
PEOPLE = [Employee(number, first, last, f'{first}.{last}@Example.com', 'Plant', True, NOW, role)
          for number, (first, last, role) in enumerate([
              ('Mike', 'Johnson', Role.SUPERVISOR), ('Lisa', 'Garcia', Role.TECHNICIAN),
              ('Tom', 'Kowalski', Role.TECHNICIAN), ('Jonas', 'Weber', Role.TECHNICIAN),
              ('Elena', 'Petrova', Role.OPERATOR), ('Carlos', 'Mendez', Role.OPERATOR),
              ('Ann', 'Guest', Role.VIEWER)], start=1)]


def chains(events: Sequence[SimulatedEvent]) -> dict[str, list[SimulatedEvent]]:
    by_machine = defaultdict(list)
    for event in events:
        by_machine[event.machine].append(event)
    return by_machine


def stretches(events: Sequence[SimulatedEvent]) -> Iterator[tuple[SimulatedEvent, timedelta]]:
    for chain in chains(events).values():
        for event, following in pairwise(chain):
            yield event, following.at - event.at
        yield chain[-1], NOW - chain[-1].at
