"""What charts say of themselves: what is in their numbers, and why others on the page differ from them."""

from __future__ import annotations

from ...analytics import LossCosts, StopClocks, WaitAttribution
from ...core.formatting import counted, downtime, number
from .report_query import ReportQuery

RANKED = 'Ranked by own downtime plus the time that other machines of the line were starved or blocked because of it'
LEAST_S = 1.0


def waiting_caption(query: ReportQuery, attribution: WaitAttribution, costs: LossCosts | None) -> str:
    """What the machines are ranked by, why the summary may name another one first, and, of the floor or of a line, how
    much waiting nobody caused. costs: of the time down, if any."""
    if query.machine is not None:
        return f'{RANKED}.'
    by_cost = costs is not None and costs.is_complete
    ranked = f'{RANKED}; the summary at the top counts own downtime alone{", by its cost" if by_cost else ""}.'
    waited = sum(each.waited for each in attribution.machines)
    if attribution.not_attributed < LEAST_S or not waited:
        return ranked
    return f'{ranked} Of {downtime(waited)} waiting, {downtime(attribution.not_attributed)} had no machine that was ' \
           'down as their cause.'


def clocks_caption(clocks: StopClocks) -> str:
    """Of which failures the four times are means, and why MTTR is not their sum."""
    seen = sum(cause.stops for cause in clocks.causes)
    return f'The four times of a cause are means of the same failures, and add up: those whose work order was ' \
           f'acknowledged and started, {number(seen)} of {counted(clocks.total, "stop")}. MTTR is of all ' \
           'failures that ended, response of all that were acknowledged.'
