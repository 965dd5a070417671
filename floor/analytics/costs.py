"""What time down costs, where a supervisor has set the cost of an hour of a line."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.formatting import HOUR, number
from ..core.machines import MachineName
from .report_snapshot import Reading


@dataclass(frozen=True, slots=True)
class LossCosts:
    """Costs of the stops of a window.

    currency     what stands before an amount, may be empty
    per_hour     of each machine whose line has a cost
    by_reason    what the stops of each reason cost inside the window (None: without a reason)
    is_complete  whether each machine of the report has a cost
    """

    currency: str
    per_hour: dict[MachineName, float]
    by_reason: dict[str | None, float]
    is_complete: bool

    @property
    def total(self) -> float:
        """Of all stops."""
        return sum(self.by_reason.values())

    @property
    def total_text(self) -> str:
        """'EUR 1,204', or 'at least EUR 1,204' where not each machine has a cost."""
        return self.text(self.total) if self.is_complete else f'at least {self.text(self.total)}'

    def of(self, machine: MachineName, seconds: float) -> str:
        """What so many seconds down of a machine cost, as text; empty: its line has no cost."""
        cost = self.per_hour.get(machine)
        return '' if cost is None else self.text(seconds / HOUR * cost)

    def text(self, amount: float | None) -> str:
        """'EUR 1,204'; empty: there is none."""
        return '' if amount is None else f'{self.currency} {number(amount)}'.strip()


async def read_costs(reading: Reading) -> LossCosts | None:
    """The costs of all that is asked about; None: no line of it has any."""
    rates = {row['name']: row['cost_per_hour'] async for row in reading.queries.line_costs(reading.connection)}
    per_hour = {machine.name: float(cost) for machine in reading.machines
                if machine.line is not None and (cost := rates.get(machine.line)) is not None}
    if not per_hour:
        return None
    settings = await reading.queries.report_settings(reading.connection)
    rows = reading.queries.stop_costs(reading.connection, machines=list(per_hour), costs=list(per_hour.values()),
                                      **reading.chosen_stops)
    return LossCosts(settings['currency'], per_hour, {row['reason']: row['cost'] async for row in rows},
                     len(per_hour) == len(reading.machines))
