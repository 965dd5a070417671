"""The head of a printed report: its windows and filters."""

from __future__ import annotations

from dataclasses import replace

from ..shell.paper_head import PaperHead
from .report_query import ReportQuery
from .report_windows import Comparison
from .stop_query import FIRST

OF_WINDOWS = frozenset({'window', 'from', 'to', 'by'})


class ReportHead(PaperHead):
    """Shown on paper only."""

    def about(self, query: ReportQuery, comparison: Comparison) -> None:
        """Show the windows of a report and all its filters but those of the list of stops."""
        compared = f', compared with {comparison.before_dates}' if comparison.before_dates else ''
        filters = (f'{name.capitalize()}: {value}' for name, value in replace(query, stops=FIRST).to_query().items()
                   if name not in OF_WINDOWS)
        words = comparison.words[:1].upper() + comparison.words[1:]
        self.show(' · '.join([f'{words}{compared}', *filters]))
