"""The two kinds of reports: the app's own, and the dashboard in Databricks. The address says which one is shown."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from nicegui import ui

from ..orders.filters import set_attribute
from .choice import ReportChoice


class Tab(StrEnum):
    """As they are called in the address."""

    PLANT = 'plant'
    DATABRICKS = 'databricks'

    @property
    def word(self) -> str:
        """On the tab."""
        return 'Figures' if self is Tab.PLANT else 'Databricks'

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Tab:
        """Of an address; what can't be read is the app's own."""
        return cls.DATABRICKS if query.get('tab') == cls.DATABRICKS else cls.PLANT

    def address(self, choice: ReportChoice) -> str:
        """The choice goes along, so that it is still there when somebody comes back."""
        return choice.address() if self is Tab.PLANT else choice.address(tab=self.value)


class ReportTabs:
    """Links, because each is a page of its own: what nobody looks at is neither computed nor loaded."""

    def __init__(self, choice: ReportChoice, shown: Tab) -> None:
        with ui.element('nav').classes('report-tabs').props('aria-label="Kinds of reports"'):
            self._links = {tab: ui.link(tab.word) for tab in Tab}
        self._links[shown].props['aria-current'] = 'page'
        self.show(choice)

    def show(self, choice: ReportChoice) -> None:
        """What is asked for now."""
        for tab, link in self._links.items():
            set_attribute(link, 'href', tab.address(choice))
