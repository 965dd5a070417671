"""The filter bar of a report: time window, line, machine and shift."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Literal

from nicegui import ui

from ...analytics import Window
from ...core.machines import DisplayName, MachineName
from ...core.text import shortened
from ..shell.chips import Chip, hide, set_attribute
from .filter_chips import FilterChips
from .range_dialog import RangeDialog
from .report_query import ReportQuery
from .report_windows import NAMED, Comparison, Span

MAX_NAME_LENGTH = 60
SHIFT_ADDRESS = '/reports/shift'
_SPANS = {span.value: span.word for span in NAMED}


class ReportFilters:
    """The filter bar. It shows the query of the page and its dates, and calls `ask` with a changed one."""

    def __init__(self, query: ReportQuery, ask: Callable[[ReportQuery], None],
                 step: Callable[[Literal[-1, 1]], None], zone: tzinfo, shift_names: Iterable[str]) -> None:
        """ask: called with another query. step: called with -1 for the previous window, 1 for the next. zone: the
        plant's time zone. shift_names: in the order of their starts."""
        self._query = query
        self._window: Window | None = None
        self._ask = ask
        self._showing = False
        self._range = RangeDialog(self._change_range, zone)
        with ui.element('q-card').classes('report-filters').props('role=search aria-label="Filter the report"'):
            with ui.element('div').classes('chips'):
                self._span = ui.select(dict(_SPANS), on_change=self._span_chosen)
                self._span.classes('chip-select window-select').props('dense borderless options-dense')
                self._span.props['aria-label'] = 'Window'
                self._earlier = step_button('‹', 'Previous window', partial(step, -1))
                self._later = step_button('›', 'Next window', partial(step, 1))
                self._dates = Chip('Dates…', self._open_range)
                self._line = self._select('All lines')
                self._machine = self._select('All machines')
                self._shift = self._select('All shifts')
                self._shift.set_options({name: name for name in shift_names})
            with ui.element('div').classes('chips chips-right'):
                self._as_of = ui.label().classes('report-as-of').props('role=status')
                with ui.element('div').classes('chips'):
                    ui.link('Shift report', SHIFT_ADDRESS).classes('chip')
                    self._csv = ui.link('KPIs (CSV)').classes('chip').props('download')
                    self._csv.props['aria-label'] = 'Download the KPIs as CSV'
                    self._stops = ui.link('Stops (CSV)').classes('chip').props('download')
                    self._stops.props['aria-label'] = 'Download all stops with their response times as CSV'
            self._chips = FilterChips(ask)
            self._compared = ui.label().classes('report-dates')
        self.show(query)

    def show(self, query: ReportQuery) -> None:
        """Show a query."""
        self._query = query
        self._showing = True
        is_range = query.span is Span.RANGE
        spans = _SPANS | ({query.span.value: 'Dates'} if is_range else {})
        if (self._span.value, self._span.options) != (query.span.value, spans):
            self._span.set_options(spans, value=query.span.value)
        set_attribute(self._span, 'data-set', str(not is_range).lower())
        self._dates.show('Dates…', is_range)
        self._chips.show(query)
        for select, value in (self._line, query.line), (self._machine, query.machine), (self._shift, query.shift):
            if value is not None and value not in select.options:  # from a link: removed, or not known yet
                select.set_options({**_options(select), value: shortened(value, MAX_NAME_LENGTH)})
            if select.value != value:
                select.value = value
            set_attribute(select, 'data-set', str(value is not None).lower())
        for link in self._csv, self._stops:
            hide(link, hidden=False)
        set_attribute(self._csv, 'href', query.file('figures'))
        set_attribute(self._stops, 'href', query.file('stops'))
        self._showing = False

    def show_dates(self, comparison: Comparison, *, has_next: bool) -> None:
        """Show the dates of both windows. has_next: whether the next window has started."""
        self._window = comparison.window
        compared = f', compared with {comparison.before_dates}' if comparison.before_dates else ''
        text = f'{comparison.dates}{compared}'
        if self._compared.text != text:
            self._compared.set_text(text)
        if self._later.enabled != has_next:
            self._later.set_enabled(has_next)

    def refuse(self) -> None:
        """Show that the address is invalid: no chip is pressed, and there are no files."""
        set_attribute(self._dates, 'aria-pressed', 'false')
        self._compared.set_text('')
        for link in self._csv, self._stops:
            hide(link, hidden=True)
        self.show_status('')

    def offer(self, lines: Iterable[str], machines: Iterable[MachineName]) -> None:
        """Set the options for lines and machines."""
        self._showing = True
        for select, options in ((self._line, {line: shortened(line, MAX_NAME_LENGTH) for line in lines}),
                                (self._machine, {name: shortened(str(DisplayName.of(name)), MAX_NAME_LENGTH)
                                                 for name in machines})):
            gone = {select.value: shortened(str(select.value), MAX_NAME_LENGTH)} if select.value else {}
            if select.options != gone | options:
                select.set_options(gone | options, value=select.value)
        self._showing = False

    def show_status(self, text: str) -> None:
        """Show the time of the report, or that it is loading."""
        if self._as_of.text != text:
            self._as_of.set_text(text)

    # internals

    def _select(self, label: str) -> ui.select:
        select = ui.select({}, with_input=True, clearable=True, on_change=self._chosen)
        select.classes('chip-select').props('dense borderless options-dense hide-bottom-space')
        select.props['aria-label'] = label
        select.props['placeholder'] = label
        return select

    def _span_chosen(self) -> None:
        if not self._showing and self._span.value in _SPANS:
            self._ask(replace(self._query, span=Span(self._span.value), start=None, end=None))

    def _open_range(self) -> None:
        self._range.open(self._window)

    def _chosen(self) -> None:
        if self._showing:
            return
        machine = self._machine.value or None
        line = self._line.value or None
        if line != self._query.line and line is not None:
            machine = None  # it may belong to another line
        elif machine != self._query.machine and machine is not None:
            line = None
        self._ask(replace(self._query, line=line, machine=machine, shift=self._shift.value or None))

    def _change_range(self, start: datetime, end: datetime) -> None:
        self._ask(replace(self._query, span=Span.RANGE, start=start, end=end))


def _options(select: ui.select) -> dict[str, str]:
    return dict(select.options)


def step_button(text: str, label: str, on_press: Callable[[], None]) -> ui.button:
    """Build a button to another window."""
    button = ui.button(text, on_click=on_press, color=None).props('flat dense no-caps').classes('step')
    button.props['aria-label'] = label
    button.props['title'] = label
    return button
