"""The tabs of the reports page: the app's own report, and the dashboard in Databricks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import cast

from nicegui import ui

from ...core.errors import QueryError
from ...core.query_parameters import Query
from ..shell.chips import set_attribute
from .report_query import ReportQuery


class Tab(StrEnum):
    """The tabs, with their names in the address."""

    PLANT = 'plant'
    DATABRICKS = 'databricks'

    @property
    def label(self) -> str:
        """The label of the tab."""
        return 'KPIs' if self is Tab.PLANT else 'Databricks'

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Tab:
        """Parse the query of an address. The default is the app's own report.

        :raises QueryError: there is no such tab
        """
        parsed = Query(query, ['tab'], others=True)
        tab = parsed.one_of('tab', cls) or cls.PLANT
        parsed.check(tab)
        return tab

    def address(self, query: ReportQuery) -> str:
        """The address of the tab. It contains the query of the report, so that it is kept when somebody returns."""
        return query.address() if self is Tab.PLANT else query.address(tab=self.value)


@dataclass(frozen=True, slots=True)
class RequestedReport:
    """The valid parts of an address. refusal: a message about invalid parts; empty: there are none."""

    query: ReportQuery
    tab: Tab
    refusal: str = ''

    @classmethod
    def from_query(cls, query: Mapping[str, str], zone: tzinfo) -> RequestedReport:
        """Parse the query of an address. zone: the plant's time zone."""
        faults: dict[str, str] = {}
        tab = Tab.PLANT
        try:
            report_query = ReportQuery.from_query(query, zone, also=['tab'])
        except QueryError as error:
            report_query, faults = cast(ReportQuery, error.understood), error.faults
        try:
            tab = Tab.from_query(query)
        except QueryError as error:
            faults |= error.faults
        return cls(report_query, tab, ' '.join(faults.values()))


class ReportTabs:
    """The tabs as links: each loads a separate page, so that only the visible tab is computed."""

    def __init__(self, query: ReportQuery, shown: Tab) -> None:
        with ui.element('nav').classes('report-tabs').props('aria-label="Report types"') as self.bar:
            self._links = {tab: ui.link(tab.label) for tab in Tab}
        self._links[shown].props['aria-current'] = 'page'
        self.show(query)

    def show(self, query: ReportQuery) -> None:
        """Update the links for a query."""
        for tab, link in self._links.items():
            set_attribute(link, 'href', tab.address(query))
