"""What an address of a report asks for, checked before anything is read: for files and the REST interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ...analytics import Analytics
from ...core.errors import QueryError
from ...core.moments import Form, local_time
from ...core.plant_calendar import CalendarSource, PlantCalendar
from ..reports.report_query import ReportQuery
from ..reports.report_windows import Comparison


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The query of an address, and its windows as of now (the database's clock), by the plant's calendar."""

    query: ReportQuery
    comparison: Comparison
    now: datetime
    plant: PlantCalendar


class ReportRequests:
    """Reads queries of addresses."""

    def __init__(self, analytics: Analytics, calendar: CalendarSource) -> None:
        self._analytics = analytics
        self._calendar = calendar

    async def read(self, parameters: Mapping[str, str], now: datetime, also: Iterable[str] = ()) -> ReportRequest:
        """Parse the parameters. now: the database's clock. also: parameters that are parsed elsewhere.

        :raises QueryError: a parameter is not valid, a name does not exist, or the window has not started
        """
        plant = self._calendar()
        query = ReportQuery.from_query(parameters, plant.zone, also)
        known = await self._analytics.checked(query.scope)
        query = replace(query, line=known.line, machine=known.machine)
        comparison = query.at(now, plant)
        if comparison.window.start > now:
            raise QueryError({'from': f'This window has not started yet: it is {local_time(now, plant.zone, Form.FULL)}'
                                      ' now, so use an earlier from'})
        return ReportRequest(query, comparison, now, plant)
