"""The filter bar of a report: time window, line, machine and shift."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Literal

from nicegui import ui

from ...analytics import Window
from ...core.machines import MachineName
from ...core.plant_calendar import PlantCalendar
from ...core.text import shortened
from ...feed.store import Store
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
                 step: Callable[[Literal[-1, 1]], None], plant: PlantCalendar, store: Store) -> None:
        """ask: called with another query. step: called with -1 for the previous window, 1 for the next."""
        self._query = query
        self._window: Window | None = None
        self._ask = ask
        self._showing = False
        self._shift_names = plant.shifts.names
        self._lines: Mapping[str, Collection[MachineName]] = {}
        self._labels: Mapping[str, str] = {}
        self._machines: Mapping[MachineName, str] = {}
        self._range = RangeDialog(self._change_range, plant)
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
            with ui.element('div').classes('chips chips-right'):
                self._as_of = ui.label().classes('report-as-of').props('role=status')
                with ui.element('div').classes('chips'):
                    ui.link('Shift report', SHIFT_ADDRESS).classes('chip')
                    self._csv = ui.link('KPIs (CSV)').classes('chip').props('download')
                    self._csv.props['aria-label'] = 'Download the KPIs as CSV'
                    self._stops = ui.link('Stops (CSV)').classes('chip').props('download')
                    self._stops.props['aria-label'] = 'Download all stops with their response times as CSV'
            self._chips = FilterChips(store, ask, self._dates)
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
        self._offer()
        for select, value in (self._line, query.line), (self._machine, query.machine), (self._shift, query.shift):
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

    def offer(self, lines: Mapping[str, Collection[MachineName]], machines: Mapping[MachineName, str],
              labels: Mapping[str, str]) -> None:
        """Set the options for lines and machines. lines: with the machines of each. machines: all, in order, with
        what they are called. labels: of the lines."""
        self._lines, self._machines, self._labels = lines, machines, labels
        self._showing = True
        self._offer()
        self._showing = False

    def show_status(self, text: str) -> None:
        """Show the time of the report, or that it is loading."""
        if self._as_of.text != text:
            self._as_of.set_text(text)

    # internals

    def _offer(self) -> None:
        """Set options and values of all filters: with a line, only its machines."""
        query = self._query
        _choose(self._line, query.line, self._labels)
        _choose(self._machine, query.machine, {name: called for name, called in self._machines.items()
                                               if self._is_on(query.line, name)})
        _choose(self._shift, query.shift, {name: name for name in self._shift_names})

    def _is_on(self, line: str | None, machine: MachineName) -> bool:
        """Whether a machine is on this line; also if it is not known which machines are."""
        return line is None or line not in self._lines or machine in self._lines[line]

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
        if machine is not None and not self._is_on(line, machine):  # the one that was chosen last remains
            line, machine = (line, None) if line != self._query.line else (None, machine)
        self._ask(replace(self._query, line=line, machine=machine, shift=self._shift.value or None))

    def _change_range(self, start: datetime, end: datetime) -> None:
        self._ask(replace(self._query, span=Span.RANGE, start=start, end=end))


def _choose(select: ui.select, value: str | None, names: Mapping[str, str]) -> None:
    """Set options and value, if they differ. A value that is no option is from a link: removed, or not known yet."""
    options = {name: shortened(text, MAX_NAME_LENGTH) for name, text in names.items()}
    if value is not None:
        options.setdefault(value, shortened(value, MAX_NAME_LENGTH))
    if select.options != options or select.value != value:
        select.set_options(options, value=value)


def step_button(text: str, label: str, on_press: Callable[[], None]) -> ui.button:
    """Build a button to another window."""
    button = ui.button(text, on_click=on_press, color=None).props('flat dense no-caps').classes('step')
    button.props['aria-label'] = label
    button.props['title'] = label
    return button
