"""The filter bar of a report: its window, and the line or machine that it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial

from nicegui import ui

from ...core.errors import QueryError
from ...core.machines import DisplayName, MachineName
from ...core.text import shortened
from ..shell.chips import Chip, hide, set_attribute
from ..shell.heading import Heading
from ..shell.messages import Alert
from .moment_field import MomentField
from .report_query import ReportQuery, Span, format_moment

MAX_NAME_LENGTH = 60
SHIFT_ADDRESS = '/reports/shift'


class ReportFilters:
    """The bar. It shows the page's choice, and says what a press asks for."""

    def __init__(self, choice: ReportQuery, ask: Callable[[ReportQuery], None], zone: tzinfo) -> None:
        """zone: of the plant."""
        self._zone = zone
        self._choice = choice
        self._ask = ask
        self._showing = False
        self._range = RangeDialog(self._change_range, zone)
        with ui.element('q-card').classes('report-filters').props('role=search aria-label="Filter the report"'):
            with ui.element('div').classes('chips'):
                self._chips = {span: Chip(span.word, partial(self._press, span)) for span in Span}
                self._line = self._select('All lines')
                self._machine = self._select('All machines')
            with ui.element('div').classes('chips chips-right'):
                self._as_of = ui.label().classes('report-as-of').props('role=status')
                with ui.element('div').classes('chips'):
                    ui.link('Shift report', SHIFT_ADDRESS).classes('chip')
                    self._csv = ui.link('KPIs (CSV)').classes('chip').props('download')
                    self._csv.props['aria-label'] = 'Download the KPIs as CSV'
                    self._stops = ui.link('Stops (CSV)').classes('chip').props('download')
                    self._stops.props['aria-label'] = 'Download all stops with their response times as CSV'
        self.show(choice)

    def show(self, choice: ReportQuery) -> None:
        """What is asked for now."""
        self._choice = choice
        self._showing = True
        for span, chip in self._chips.items():
            text = span.word
            if span is Span.RANGE and choice.start is not None and choice.end is not None:
                text = ' – '.join(format_moment(at, self._zone, '%d %b %Y') for at in (choice.start, choice.end))
            chip.show(text, span is choice.span)
        for select, value in (self._line, choice.line), (self._machine, choice.machine):
            if value is not None and value not in select.options:  # of a link: it is gone, or not known yet
                select.set_options({**_options(select), value: shortened(value, MAX_NAME_LENGTH)})
            if select.value != value:
                select.value = value
            set_attribute(select, 'data-set', str(value is not None).lower())
        for link in self._csv, self._stops:
            hide(link, hidden=False)
        set_attribute(self._csv, 'href', choice.file('figures'))
        set_attribute(self._stops, 'href', choice.file('stops'))
        self._showing = False

    def refuse(self) -> None:
        """The address is not understood: there is nothing to be read, and no file of it."""
        for chip in self._chips.values():
            set_attribute(chip, 'aria-pressed', 'false')
        for link in self._csv, self._stops:
            hide(link, hidden=True)
        self.say('')

    def offer(self, lines: Iterable[str], machines: Iterable[MachineName]) -> None:
        """The lines and machines to choose from."""
        self._showing = True
        for select, options in ((self._line, {line: shortened(line, MAX_NAME_LENGTH) for line in lines}),
                                (self._machine, {name: shortened(str(DisplayName.of(name)), MAX_NAME_LENGTH)
                                                 for name in machines})):
            gone = {select.value: shortened(str(select.value), MAX_NAME_LENGTH)} if select.value else {}
            if select.options != gone | options:
                select.set_options(gone | options, value=select.value)
        self._showing = False

    def say(self, text: str) -> None:
        """How old the report is, or that it is being read."""
        if self._as_of.text != text:
            self._as_of.set_text(text)

    # within

    def _select(self, label: str) -> ui.select:
        select = ui.select({}, with_input=True, clearable=True, on_change=self._chosen)
        select.classes('chip-select').props('dense borderless options-dense hide-bottom-space')
        select.props['aria-label'] = label
        select.props['placeholder'] = label
        return select

    def _press(self, span: Span) -> None:
        if span is Span.RANGE:
            self._range.open(self._choice)
        else:
            self._ask(replace(self._choice, span=span, start=None, end=None))

    def _chosen(self) -> None:
        if self._showing:
            return
        machine = self._machine.value or None
        line = self._line.value or None
        if line != self._choice.line and line is not None:
            machine = None  # of another line, perhaps
        elif machine != self._choice.machine and machine is not None:
            line = None
        self._ask(replace(self._choice, line=line, machine=machine))

    def _change_range(self, start: datetime, end: datetime) -> None:
        self._ask(replace(self._choice, span=Span.RANGE, start=start, end=end))


class RangeDialog:
    """Asks for two moments by the plant's clock."""

    def __init__(self, on_range: Callable[[datetime, datetime], None], zone: tzinfo) -> None:
        self._on_range = on_range
        self._zone = zone
        with ui.dialog() as self._dialog, ui.element('q-card').classes('report-dialog range-dialog'):
            self._dialog.props['aria-label'] = 'Range'
            Heading('Range')
            self._from, self._to = MomentField('From', zone), MomentField('Until', zone)
            ui.label('Plant time. The end is not included.').classes('panel-note')
            self._problem = Alert()
            with ui.element('div').classes('report-dialog-buttons'):
                ui.button('Cancel', on_click=self._dialog.close, color=None).props('flat no-caps')
                ui.button('Show', on_click=self._submit, color=None).classes('primary').props('no-caps unelevated')

    def open(self, choice: ReportQuery) -> None:
        """With the range that is shown, if it is one."""
        if choice.start is not None and choice.end is not None:
            self._from.show(choice.start)
            self._to.show(choice.end)
        self._problem.show('')
        self._dialog.open()

    def _submit(self) -> None:
        if not (self._from.text and self._to.text):
            self._problem.show('Choose both times.')
            return
        query = {'from': self._from.text, 'to': self._to.text, 'window': Span.RANGE.value}
        try:
            asked = ReportQuery.from_query(query, self._zone)
        except QueryError as error:
            self._problem.show(str(error))
            return
        if asked.start is None or asked.end is None:
            return
        self._dialog.close()
        self._on_range(asked.start, asked.end)


def _options(select: ui.select) -> dict[str, str]:
    return dict(select.options)
