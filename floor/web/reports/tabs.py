"""The two kinds of reports: the app's own, and the dashboard in Databricks. The address says which one is shown."""

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
    """As they are called in the address."""

    PLANT = 'plant'
    DATABRICKS = 'databricks'

    @property
    def word(self) -> str:
        """On the tab."""
        return 'KPIs' if self is Tab.PLANT else 'Databricks'

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Tab:
        """Of an address; without it, the app's own.

        :raises QueryError: there is no such tab
        """
        asked = Query(query, ['tab'], others=True)
        tab = asked.one_of('tab', cls) or cls.PLANT
        asked.check(tab)
        return tab

    def address(self, choice: ReportQuery) -> str:
        """The choice goes along, so that it is still there when somebody comes back."""
        return choice.address() if self is Tab.PLANT else choice.address(tab=self.value)


@dataclass(frozen=True, slots=True)
class RequestedReport:
    """What an address asks for as far as it is understood; refusal: a sentence about the rest, if there is any."""

    choice: ReportQuery
    tab: Tab
    refusal: str = ''

    @classmethod
    def from_query(cls, query: Mapping[str, str], zone: tzinfo) -> RequestedReport:
        """zone: the plant's."""
        faults: dict[str, str] = {}
        tab = Tab.PLANT
        try:
            choice = ReportQuery.from_query(query, zone, also=['tab'])
        except QueryError as error:
            choice, faults = cast(ReportQuery, error.understood), error.faults
        try:
            tab = Tab.from_query(query)
        except QueryError as error:
            faults |= error.faults
        return cls(choice, tab, ' '.join(faults.values()))


class ReportTabs:
    """Links, because each is a page of its own: what nobody looks at is neither computed nor loaded."""

    def __init__(self, choice: ReportQuery, shown: Tab) -> None:
        with ui.element('nav').classes('report-tabs').props('aria-label="Report types"'):
            self._links = {tab: ui.link(tab.word) for tab in Tab}
        self._links[shown].props['aria-current'] = 'page'
        self.show(choice)

    def show(self, choice: ReportQuery) -> None:
        """What is asked for now."""
        for tab, link in self._links.items():
            set_attribute(link, 'href', tab.address(choice))
