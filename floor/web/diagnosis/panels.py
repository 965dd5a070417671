"""The elements of the diagnosis page. They are built once and updated only where something has changed, so that
selected text stays selected."""

from __future__ import annotations

from nicegui import ui

from ...operations.checks import Finding, Severity
from ..shell.heading import Heading
from ..shell.messages import TextNode
from .facts import DiagnosisPanel

LABELS = {Severity.DOWN: 'Error', Severity.WARNING: 'Warning'}
NO_PROBLEMS = 'No problems found'


class FindingsPanel:
    """Problems with their remedies, or that there are none."""

    def __init__(self) -> None:
        self._shown: list[Finding] | None = None
        with ui.card().classes('panel findings').props('role=region aria-label=Summary'):
            self._heading = Heading('').classes('findings-title')
            self._list = ui.element('ul').classes('findings-list')

    def show(self, found: list[Finding]) -> None:
        """Show the findings in the given order, the worst first."""
        if found == self._shown:
            return
        self._shown = found
        worst = found[0].severity.value if found else 'operational'
        self._heading.props['data-status'] = worst
        self._heading.set_text(NO_PROBLEMS if not found else '1 problem found' if len(found) == 1
                               else f'{len(found)} problems found')
        self._list.clear()
        with self._list:
            for finding in found:
                with ui.element('li') as item:
                    item.props['data-status'] = finding.severity.value
                    TextNode('strong', LABELS[finding.severity])
                    TextNode('p', finding.what).classes('free-text')
                    TextNode('p', finding.do).classes('findings-action')
            if not found:
                TextNode('li', 'Changes arrive, the schema is complete, and all background tasks are running.')


class FactPanel:
    """One panel."""

    def __init__(self, panel: DiagnosisPanel) -> None:
        self._shown = DiagnosisPanel(panel.title)
        with ui.card().classes('panel') as card:
            card.props['role'] = 'region'
            card.props['aria-label'] = panel.title
            Heading(panel.title).classes('panel-title')
            self._facts = ui.element('dl').classes('facts')
            self._table = ui.element('div').classes('diagnosis-table')
        self._values: dict[str, TextNode] = {}
        self.show(panel)

    def show(self, panel: DiagnosisPanel) -> None:
        """Update what has changed."""
        if [name for name, _ in panel.facts] != [name for name, _ in self._shown.facts]:
            self._build_facts(panel)
        for name, value in panel.facts:
            self._values[name].set_text(value)
        if (panel.columns, panel.rows) != (self._shown.columns, self._shown.rows):
            self._build_table(panel)
        self._shown = panel

    def _build_facts(self, panel: DiagnosisPanel) -> None:
        self._facts.clear()
        self._values = {}
        with self._facts:
            for name, value in panel.facts:
                with ui.element('div').classes('fact'):
                    TextNode('dt', name)
                    self._values[name] = TextNode('dd', value)

    def _build_table(self, panel: DiagnosisPanel) -> None:
        self._table.clear()
        if not panel.rows:
            return
        with self._table, ui.element('table'):
            with ui.element('thead'), ui.element('tr'):
                for column in panel.columns:
                    TextNode('th', column).props['scope'] = 'col'
            with ui.element('tbody'):
                for row in panel.rows:
                    with ui.element('tr'):
                        for column, text in zip(panel.columns, row, strict=True):
                            TextNode('td', text).props['data-column'] = column
