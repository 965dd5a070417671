"""What time down costs, where a supervisor has set the cost of an hour of a line."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.formatting import number
from ..core.machines import MachineName
from .report_snapshot import ReportSnapshot

REASON, MACHINE, LINE = 3, 5, 6
"""What a row of the query stop_costs is about."""


@dataclass(frozen=True, slots=True)
class LossCosts:
    """What the stops of a window cost inside it, each by the line on which it began.

    currency     what stands before an amount, may be empty
    by_reason    of each reason (None: without a reason)
    by_machine   of each machine
    by_line      of each line
    is_complete  whether each line of the report has a cost
    """

    currency: str
    by_reason: dict[str | None, float]
    by_machine: dict[MachineName, float] = field(default_factory=dict)
    by_line: dict[str, float] = field(default_factory=dict)
    is_complete: bool = True

    @property
    def total(self) -> float:
        """Of all stops."""
        return sum(self.by_reason.values())

    @property
    def total_text(self) -> str:
        """'EUR 1,204', or 'at least EUR 1,204' where not each line has a cost."""
        return self.text(self.total) if self.is_complete else f'at least {self.text(self.total)}'

    def text(self, amount: float | None) -> str:
        """'EUR 1,204'; empty: there is none."""
        return '' if amount is None else f'{self.currency} {number(amount)}'.strip()


async def read_costs(reading: ReportSnapshot) -> LossCosts | None:
    """The costs of all that is asked about; None: no line of it has any."""
    with_cost = {row['name'] async for row in reading.queries.line_costs(reading.connection)
                 if row['cost_per_hour'] is not None}
    lines = {placement.line for machine in reading.machines for placement in machine.placements
             if reading.line_id in {None, placement.line_id}}
    if not lines & with_cost:
        return None
    costs = LossCosts(await read_currency(reading), {}, is_complete=lines <= with_cost)
    async for row in reading.queries.stop_costs(reading.connection, **reading.stops_in_parts):
        if row['of'] == REASON:
            costs.by_reason[row['reason']] = row['cost']
        elif row['of'] == MACHINE:
            costs.by_machine[MachineName(row['machine_name'])] = row['cost']
        else:
            costs.by_line[row['line']] = row['cost']
    return costs


async def read_currency(reading: ReportSnapshot) -> str:
    """What amounts are in; may be empty."""
    settings = await reading.queries.report_settings(reading.connection)
    return str(settings['currency'])
