"""The explanation of a KPI: formula, terms, exclusions with reasons, machines, and intervals or stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo

from nicegui import background_tasks, ui

from ...analytics import DEFINITIONS, Analytics, Explanation, Kpi, Page, Term, Unit
from ...analytics import report_tables as tables
from ...analytics.chart_definitions import CHARTS, Chart, ChartDefinition
from ...core.errors import DatabaseError, InvalidInputError
from ...core.formatting import HOUR, downtime, number, percent
from ...feed.store import Store
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode, as_sentence
from .kpi_change import value
from .report_query import ReportQuery
from .report_windows import Comparison
from .table_view import FoldedTable, TableElement, TableView

ROWS = 30
LONG_S = 10 * HOUR


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: a KPI of a report, and the chart that it is of, if any. page: of its stops or intervals."""

    query: ReportQuery
    comparison: Comparison
    kpi: Kpi
    chart: ChartDefinition | None
    page: int = 1


class ExplainDialog:
    """The dialog; one per page, filled when it is opened."""

    def __init__(self, analytics: Analytics, store: Store, zone: tzinfo) -> None:
        self._analytics = analytics
        self._store = store
        self._zone = zone
        self._client = ui.context.client
        self._asked: Subject | None = None
        self._task: asyncio.Task[None] | None = None
        with Dialog() as self._dialog, ui.element('q-card').classes('report-dialog explain-dialog'):
            with ui.element('header'):
                self._title = Heading('')
                ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps dense')
            self._formulas = ui.element('div').classes('explain-body')
            with ui.element('label').classes('explain-kpi') as self._which:
                ui.label('Figure')
                self._kpi = ui.select({kpi.value: DEFINITIONS[kpi].name for kpi in DEFINITIONS},
                                      on_change=self._chosen).classes('chip-select')
                self._kpi.props('dense borderless options-dense aria-label="Figure that is explained"')
            self._problem = Alert()
            self._body = ui.element('div').classes('explain-body')
        self._client.on_delete(self._end)

    def open(self, kpi: Kpi, query: ReportQuery, comparison: Comparison) -> None:
        """Explain a KPI of this report."""
        self._open(Subject(query, comparison, kpi, None), DEFINITIONS[kpi].name)
        self._read()

    def open_chart(self, chart: Chart, query: ReportQuery, comparison: Comparison) -> None:
        """Explain a chart or table of this report, with the stops or intervals behind it."""
        definition = CHARTS[chart]
        self._open(Subject(query, comparison, definition.kpi or Kpi.DOWN, definition), definition.name)
        if definition.kpi is not None:
            self._read()
        else:
            self._end()
            self._body.clear()

    def _open(self, subject: Subject, name: str) -> None:
        self._asked = subject
        self._title.set_text(f'{name}: {subject.comparison.words}')
        self._dialog.props['aria-label'] = f'Explanation of {name}'
        self._formulas.clear()
        with self._formulas:
            for formula in () if subject.chart is None else subject.chart.formulas:
                TextNode('code', formula).classes('formula')
        self._which.set_visibility(subject.chart is None or subject.chart.kpi is not None)
        self._kpi.value = subject.kpi.value
        self._problem.show('')
        self._dialog.open()

    def _chosen(self) -> None:
        if self._asked is not None and self._kpi.value not in {None, self._asked.kpi.value}:
            self._asked = replace(self._asked, kpi=Kpi(self._kpi.value), page=1)
            self._read()

    def _turn(self, by: int) -> None:
        if self._asked is not None:
            self._asked = replace(self._asked, page=self._asked.page + by)
            self._read()

    def _read(self) -> None:
        if self._asked is None:
            return
        self._problem.show('')
        self._body.clear()
        with self._body:
            ui.label('Loading…').classes('panel-empty')
        self._end()
        self._task = background_tasks.create(self._answer(self._asked), name='explanation')

    async def _answer(self, asked: Subject) -> None:
        try:
            explanation = await self._analytics.explain(asked.kpi, asked.comparison.window, asked.query.scope,
                                                        Page(asked.page, ROWS))
        except (DatabaseError, InvalidInputError) as error:
            again = ' Please try again.' if isinstance(error, DatabaseError) else ''
            with self._client:
                self._body.clear()
                self._problem.show(f'{as_sentence(error)}{again}')
            return
        if self._asked is asked:
            with self._client:
                self._body.clear()
                with self._body:
                    self._show(explanation, asked)

    def _show(self, explanation: Explanation, asked: Subject) -> None:
        kpi, query, page = asked.kpi, asked.query, asked.page
        definition = DEFINITIONS[kpi]
        view = TableView(self._store, self._zone)
        ui.label(amount_of(explanation.value, definition.unit)).classes('kpi-value')
        TextNode('code', explanation.formula).classes('formula')
        with ui.element('dl'):
            self._fact('Source', explanation.source)
            self._fact('Coverage', percent(explanation.coverage))
            for term in explanation.terms:
                self._fact(term.name, amount_of(term.amount, term.unit))
        Heading('Excluded', level=3)
        with ui.element('ul').classes('excluded'):
            for text in exclusions(explanation.left_out):
                TextNode('li', text)
        counted = sum(piece.counted for piece in explanation.pieces)
        what = definition.evidence.capitalize()
        pieces = query.file('explain', kpi=kpi.value)
        with ui.element('header'):
            Heading(what, level=3)
            first = (page - 1) * ROWS + 1
            last = first + len(explanation.pieces) - 1
            of_all = 'of them counted' if explanation.counted is None else \
                f'of the {number(explanation.counted)} that count'
            shown = f'{number(first)} to {number(last)}, {number(counted)} {of_all}'
            ui.label(shown if explanation.pieces else '').classes('panel-note')
            ui.link('Download all as CSV', pieces).props('download')
        if explanation.pieces:
            TableElement().show(view, tables.of_pieces(explanation.pieces), pieces)
        else:
            ui.label(f'No {what.lower()} in this window.').classes('panel-empty')
        with ui.element('div').classes('report-dialog-buttons'):
            if page > 1:
                ui.button('Previous', on_click=lambda: self._turn(-1), color=None) \
                    .props('flat no-caps')
            if explanation.more:
                ui.button('Next', on_click=lambda: self._turn(1), color=None) \
                    .props('flat no-caps')
        address = query.file('explain-machines', kpi=kpi.value)
        table = FoldedTable(f'Each of {number(len(explanation.parts))} machines')
        table.show(view, tables.of_parts(explanation), address)

    def _fact(self, term: str, description: str) -> None:
        TextNode('dt', term)
        TextNode('dd', description)

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None


def amount_of(amount: float | None, unit: Unit) -> str:
    """A figure as text; times over machines that are long in hours, as in the summary."""
    return downtime(amount) if unit is Unit.SECONDS and (amount or 0) >= LONG_S and amount else value(amount, unit)


def exclusions(terms: Iterable[Term]) -> list[str]:
    """A line for each exclusion, or a sentence if there are none."""
    return [f'{term.name}: {amount_of(term.amount, term.unit)}' for term in terms] or ['Nothing is excluded.']
