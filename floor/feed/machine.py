"""A machine and a line as pages show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..core.machines import DisplayName, MachineChange, MachineName, MachineRecord, Status

NOT_ON_A_LINE = 'Not on a line'
NO_SIGNAL_YET = 'No signal yet'
"""The status of a machine that has never reported."""


@dataclass(slots=True)
class Machine:
    """One machine as pages show it. Only the store writes it."""

    record: MachineRecord
    display: DisplayName
    status: Status
    reason: str | None
    since_ms: int
    reported_ms: int | None
    version: int

    @classmethod
    def of(cls, record: MachineRecord, display: DisplayName) -> Machine:
        """The machine of a row in the database."""
        return cls(record, display, record.status, record.reason, record.since_ms,
                   record.reported_ms, record.version)

    @property
    def name(self) -> MachineName:
        """The name in the database."""
        return self.record.name

    @property
    def status_label(self) -> str:
        """The label of the status; for unknown, the reason."""
        return self.status.word if self.reported_ms is not None else NO_SIGNAL_YET

    def agrees_with(self, record: MachineRecord) -> bool:
        """Whether it equals the row in the database; a silent machine is unknown only in the
        store, and one without signal has no other status there."""
        if self.status is Status.UNKNOWN:
            return self.version == record.version
        return (self.version, self.status, self.reason, self.since_ms, self.reported_ms) == \
            (record.version, record.status, record.reason, record.since_ms, record.reported_ms)

    def set_status(self, row: MachineRecord | MachineChange) -> None:
        """Copy the status, and what belongs to it, from a row or a change."""
        self.status = row.status
        self.reason = row.reason
        self.since_ms = row.since_ms
        self.reported_ms = row.reported_ms
        self.version = row.version


@dataclass(slots=True)
class Line:
    """One line: its machines in flow order. area None: in no area."""

    name: str
    area: str | None = None
    machines: list[Machine] = field(default_factory=list)

    @property
    def worst(self) -> Status:
        """The most severe status of its machines."""
        return max((machine.status for machine in self.machines), key=lambda s: s.severity, default=Status.UNKNOWN)

    @property
    def counts(self) -> Counter[Status]:
        """The number of machines in each status."""
        return Counter(machine.status for machine in self.machines)

    @property
    def unknown_label(self) -> str:
        """The label of unknown machines: 'No signal yet' if none of them has ever reported."""
        return unknown_label(self.machines)


def lines_of(machines: Iterable[Machine]) -> list[Line]:
    """The lines of machines in flow order; one more for machines without a line."""
    lines: dict[str, Line] = {}
    for machine in machines:
        name = machine.record.line or NOT_ON_A_LINE
        lines.setdefault(name, Line(name, machine.record.area)).machines.append(machine)
    return list(lines.values())


def unknown_label(machines: Iterable[Machine]) -> str:
    """The label of unknown machines: 'No signal yet' if none of them has ever reported, else 'No signal'."""
    labels = {machine.status_label for machine in machines if machine.status is Status.UNKNOWN}
    return NO_SIGNAL_YET if labels == {NO_SIGNAL_YET} else Status.UNKNOWN.word
