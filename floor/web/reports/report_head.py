"""The head of a printed report: the name of its window, and its filters."""

from __future__ import annotations

from dataclasses import replace

from ..shell.paper_head import PaperHead
from .report_query import ReportQuery
from .report_windows import Span
from .stop_query import FIRST

NO_FILTERS = frozenset({'window', 'from', 'to', 'by', 'causes', 'trend', 'lanes'})
"""Parameters of an address that leave nothing out."""


class ReportHead(PaperHead):
    """Shown on paper only; the dates are below it, as on the screen."""

    def about(self, query: ReportQuery) -> None:
        """Show the window of a report and all its filters but those of the list of stops."""
        window = [] if query.span is Span.RANGE else [query.span.word]
        filters = (f'{name.capitalize()}: {value}' for name, value in replace(query, stops=FIRST).to_query().items()
                   if name not in NO_FILTERS)
        self.show(' · '.join([*window, *filters]))
