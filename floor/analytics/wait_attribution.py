"""Downtime of each machine, and the waiting that it caused to its neighbours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from ..core.machines import MachineName
from ..core.names import name_key
from .kpis import machine_times
from .report_snapshot import ReportSnapshot
from .window import seconds


@dataclass(frozen=True, slots=True)
class MachineDowntime:
    """Seconds that the machine was down, that machines of its line waited for it (caused), that it waited itself, and
    of those the ones for which nobody could be charged."""

    machine: MachineName
    line: str | None
    own: float
    caused: float
    waited: float
    not_attributed: float


@dataclass(frozen=True, slots=True)
class WaitAttribution:
    """Every machine that was down, caused or suffered a wait, the most costly (own and caused) first.

    At each moment a starved machine waits for the nearest machine before it on its line that is down or waits itself:
    the one that is down is charged; one that is starved too waits for the same; of one that is blocked the chain leads
    back to where it came from, and nobody is charged. A blocked machine waits in the same way for the machine after
    it. The line is that of then, the order of its machines that of now.
    """

    machines: tuple[MachineDowntime, ...]
    not_attributed: float


async def read_wait_attribution(reading: ReportSnapshot) -> WaitAttribution:
    """Of the machines that are asked about, also for neighbours that are not; in the hours of the shift, whatever the
    reason."""
    charges = {row['machine_name']: (row['caused'], row['unattributed']) async for row in await _charges(reading)}
    rows = []
    for machine, sums in (await machine_times(reading)).items():
        caused, nobody = charges.get(machine.name, (0, 0))
        if sums.down or sums.waiting or caused:
            rows.append((-sums.down - caused, machine, sums, caused, nobody))
    rows.sort(key=lambda row: (row[0], name_key(row[1].name)))
    return WaitAttribution(
        tuple(MachineDowntime(machine.name, machine.line, seconds(sums.down), seconds(caused), seconds(sums.waiting),
                              seconds(nobody)) for _, machine, sums, caused, nobody in rows),
        seconds(sum(row[4] for row in rows)))


async def _charges(reading: ReportSnapshot) -> AsyncIterator[Any]:
    return reading.queries.machine_charges(reading.connection, now=reading.now, line=reading.line_id,
                                           **await reading.hours_since_known())
