"""The demo's machines as a plant network publishes them: status, reason and counters. Without I/O."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import floor.plant
from simulator.calendar import Calendar
from simulator.simulated_machine import Status
from simulator.simulated_plant import SimulatedPlant, Station

CYCLE_S = 4.0
"""Seconds in which a machine that runs makes a part."""
REJECTED = 33
"""Of so many parts, one is rejected."""


@dataclass(slots=True)
class NetworkMachine:
    """A machine of the plant. since: when its status began. run_s: plant seconds in which it made parts."""

    line: str
    name: str
    status: Status
    reason: str | None
    since: datetime
    run_s: float = 0.0

    @property
    def good(self) -> int:
        """Parts that are good, since the start."""
        return int(self.run_s / CYCLE_S) - self.reject

    @property
    def reject(self) -> int:
        """Parts that are rejected, since the start."""
        return int(self.run_s / CYCLE_S) // REJECTED


class NetworkPlant:
    """The demo's plant; `speed` plant seconds pass in a second."""

    def __init__(self, now: datetime, seed: int, speed: float = 1.0) -> None:
        lines, stations = delivered_machines()
        self._speed = speed
        calendar = Calendar.beginning(now, now)
        self._plant = SimulatedPlant(stations, seed, calendar)
        calendar.set(self._plant.now, now)
        self._began, self._zero = now, self._plant.now
        self._last = self._zero
        self.machines = {
            change.machine: NetworkMachine(lines[change.machine], change.machine, change.status, change.reason, now)
            for change in self._plant.frame()}
        """By name."""

    def advance(self, now: datetime) -> list[NetworkMachine]:
        """Play until now. Returns the machines whose status has changed."""
        until = self._zero + (now - self._began).total_seconds() * self._speed
        changed: dict[str, NetworkMachine] = {}
        for change in self._plant.advance(until):
            machine = self.machines[change.machine]
            machine.status, machine.reason = change.status, change.reason
            machine.since = self._began + timedelta(seconds=(change.at - self._zero) / self._speed)
            changed[machine.name] = machine
        for machine in self.machines.values():
            if machine.status != 'down':
                machine.run_s += until - self._last
        self._last = until
        return list(changed.values())


def delivered_machines() -> tuple[dict[str, str], Sequence[Station]]:
    """The machines of floor/plant/example.csv, which are those of the demo: the line of each, and all in flow order."""
    with (Path(floor.plant.__file__).parent / 'example.csv').open(encoding='utf-8-sig', newline='') as file:
        rows = list(csv.DictReader(file))
    numbers = {line: number for number, line in enumerate(dict.fromkeys(row['line'] for row in rows))}
    return ({row['machine']: row['line'] for row in rows},
            [Station(row['machine'], row['type'], numbers[row['line']]) for row in rows])
