"""The machines in the store, their lines, and their latest status changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from ..core.machines import DisplayNames, MachineChange, MachineName, MachineRecord, Status, StatusEvent
from .machine import Line, Machine, lines_of

EVENTS_KEPT = 200


class MachineStates:
    """Machines by name, lines in their order, and events newest first."""

    def __init__(self, silent_after: float | None) -> None:
        """silent_after: seconds without a report after which a machine's status is unknown (None: never)."""
        self.by_name: dict[MachineName, Machine] = {}
        self.by_id: dict[int, Machine] = {}
        self.lines: list[Line] = []
        self.arrangement = 0
        """As in the store."""
        self.events: deque[StatusEvent] = deque(maxlen=EVENTS_KEPT)
        self.silent_after = silent_after

    def replace(self, records: Sequence[MachineRecord], names: DisplayNames, *, layout: bool) -> set[MachineName]:
        """Replace all machines by those of a snapshot; returns the changed ones. layout: group them by line again, with
        these display names; all of them are changed then."""
        changed: set[MachineName] = set()
        machines: dict[MachineName, Machine] = {}
        for record in records:
            machine = self.by_name.get(record.name)
            if machine is None:
                machine = Machine.of(record, names.of(record.name))
            elif not machine.agrees_with(record):
                machine.set_status(record)
                changed.add(record.name)
            machine.record = record
            machines[record.name] = machine
        self.by_name = machines
        if layout:
            for name, machine in machines.items():
                machine.display = names.of(name)
            self.by_id = {machine.record.machine_id: machine for machine in machines.values()}
            self._arrange(lines_of(machines.values()))
            changed = set(machines)
        return changed

    def _arrange(self, lines: list[Line]) -> None:
        """Keep the lines that pages show if each machine has kept its place."""
        if list(map(places_of, lines)) != list(map(places_of, self.lines)):
            self.lines = lines
            self.arrangement += 1
            return
        for line, present in zip(self.lines, lines, strict=True):
            line.machines = present.machines

    def differs_in_layout(self, records: Sequence[MachineRecord]) -> bool:
        """Whether names, types, lines or the order of the machines differ."""
        return [layout_of(record) for record in records] != \
            [layout_of(machine.record) for machine in self.by_name.values()]

    def replace_events(self, events: Iterable[StatusEvent]) -> None:
        """Replace the latest events, with those that were too quick to be notified one by one."""
        data_gaps = [event for event in self.events if event.new is Status.UNKNOWN]  # not in the database
        newest_first = sorted([*events, *data_gaps], key=lambda event: (-event.changed_ms, -event.version))
        self.events = deque(newest_first[:EVENTS_KEPT], maxlen=EVENTS_KEPT)

    def apply(self, changes: Iterable[MachineChange]) -> list[MachineChange]:
        """Apply notifications, oldest first; returns the applied ones. Known or older changes are ignored."""
        applied = []
        for change in changes:
            machine = self.by_name.get(change.name)
            if machine is None or change.version <= machine.version:
                continue
            if (machine.status, machine.reason) != (change.status, change.reason):
                before = None if machine.reported_ms is None else machine.status
                self.events.appendleft(StatusEvent(change.version, change.name, before, change.status, change.reason,
                                                   change.since_ms if change.status is Status.UNKNOWN
                                                   else change.reported_ms))
            machine.set_status(change)
            applied.append(change)
        return applied

    def find_silent(self, now_ms: int) -> set[MachineName]:
        """Set the status of machines without a recent report to unknown; returns those machines."""
        silent = set()
        for machine in self.by_name.values():
            limits = [each for each in (self.silent_after, machine.record.silent_after) if each is not None]
            reported_ms = machine.reported_ms
            if (not limits or machine.status is Status.UNKNOWN or reported_ms is None
                    or reported_ms >= now_ms - min(limits) * 1000):
                continue
            self.events.appendleft(StatusEvent(machine.version, machine.name, machine.status, Status.UNKNOWN, None,
                                               now_ms))
            machine.status, machine.reason, machine.since_ms = Status.UNKNOWN, None, reported_ms
            silent.add(machine.name)
        return silent


def places_of(line: Line) -> tuple[str, str | None, tuple[int, ...]]:
    """Name and area of a line, and the ids of its machines in their order."""
    return line.name, line.area, tuple(machine.record.machine_id for machine in line.machines)


def layout_of(record: MachineRecord) -> tuple[str, str, str | None, str | None]:
    """What a machine's place on the floor depends on: name, type, line, area."""
    return record.name, record.type, record.line, record.area
