"""The panel of a report that offers its tables as files: CSV, and XLSX for spreadsheets."""

from __future__ import annotations

from nicegui import ui

from ..shell.chips import set_attribute
from ..shell.messages import TextNode
from .panel import ReportPanel, xlsx_address
from .report_query import ReportQuery

FILES = {'stops': ('Stops', 'each with its response times'),
         'machine-kpis': ('KPIs by machine', 'each of them for every machine'),
         'machines': ('Problem machines', 'most downtime first'),
         'trend': ('Trend', 'availability, time down and failures by shift, day or week'),
         'intervals': ('Intervals', 'every status of every machine, in order of time')}

UNFILTERED = '; not filtered by reason or shift'


class FilesPanel:
    """A row for each table, with its links."""

    def __init__(self, query: ReportQuery) -> None:
        self._links: dict[str, tuple[ui.link, ui.link]] = {}
        self._notes: dict[str, TextNode] = {}
        panel = ReportPanel('Download', wide=True)
        panel.card.classes('report-files')
        with panel.fill(), ui.element('ul'):
            for name, (title, note) in FILES.items():
                with ui.element('li'):
                    TextNode('span', title).classes('file-title')
                    self._notes[name] = TextNode('span', note).classes('panel-note')
                    self._links[name] = self._link(title, 'CSV'), self._link(title, 'XLSX')
        self._panel = panel
        self.show(query, '')

    def show(self, query: ReportQuery, words: str) -> None:
        """Link to the files of a report. words: what its window is called."""
        self._panel.about(words)
        unfiltered = UNFILTERED if query.reason is not None or query.shift is not None else ''
        self._notes['intervals'].set_text(FILES['intervals'][1] + unfiltered)
        for name, (csv, xlsx) in self._links.items():
            set_attribute(csv, 'href', query.file(name))
            set_attribute(xlsx, 'href', xlsx_address(query.file(name)))

    def _link(self, title: str, suffix: str) -> ui.link:
        link = ui.link(suffix).classes('chip').props('download')
        link.props['aria-label'] = f'Download {title} as {suffix}'
        return link
