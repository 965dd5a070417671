"""The parts of a shift report: KPIs, stops, causes, work orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TypeAlias, TypeVar

from nicegui import ui

from ...analytics import DEFINITIONS, Kpis, Stop
from ...analytics.report_tables import NO_REASON
from ...analytics.shift_report import ShiftReport, ended_by
from ...core.formatting import NOTHING, Detail, counted, duration, minutes, number, percent
from ...core.machines import DisplayNames
from ...core.moments import Form, local_time
from ...core.orders import OrderId, WorkOrder
from ...core.text import shortened
from ...feed.store import Store
from ..shell.chips import hide
from ..shell.heading import Heading
from ..shell.messages import TextNode
from ..shell.order_formatting import order_address, short_id
from .cards import CARDS, notes_of, value_of

MAX_ROWS = 40
FREE_TEXT = {'Machine', 'Reason', 'Description', 'Assignee', 'By', 'Action taken'}
"""Columns with texts of any length."""
Cell: TypeAlias = str | OrderId | None
Content = TypeVar('Content')


@dataclass(frozen=True, slots=True)
class Section:
    """A panel with a table. nothing: the text if there are no rows."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    nothing: str


class ShiftSheet:
    """The report on a page. Only changed parts are sent to the browser."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store = store
        self._zone = zone
        self._root = ui.element('div').classes('handover-sheet').props('hidden')
        self._shown: dict[int, object] = {}
        with self._root:
            with ui.element('header').classes('handover-header'):
                self._title = Heading('')
                self._time = ui.label().classes('handover-note')
            self._parts = [ui.card().classes('panel') for _ in range(1 + len(SECTIONS))]
            with ui.element('div').classes('handover-signatures'):
                for text in 'Handed over by', 'Accepted by', 'Notes':
                    ui.label(text)

    def show(self, report: ShiftReport) -> None:
        """Show a report."""
        shift, zone = report.shift, self._zone
        start, end = (local_time(at, zone, Form.TIME) for at in (shift.start, shift.end))
        so_far = f', as of {local_time(report.until, zone, Form.SECONDS)}' if report.is_going else ''
        self._title.set_text(f'Shift report: {shift.name}, {shift.date:%a %Y-%m-%d}')
        self._time.set_text(f'{start} to {end}, '
                            f'{duration((shift.end - shift.start).total_seconds())}{so_far}')
        self._show(0, figures(report.kpis), show_figures)
        for place, section in enumerate(SECTIONS, 1):
            self._show(place, section(report, zone, self._store.names), show_section)
        hide(self._root, hidden=False)

    def hide(self) -> None:
        """Show nothing until there is another report."""
        hide(self._root, hidden=True)

    def _show(self, number: int, content: Content, fill: Callable[[Content], None]) -> None:
        if self._shown.get(number) == content:
            return
        self._shown[number] = content
        self._parts[number].clear()
        with self._parts[number]:
            fill(content)


def figures(kpis: Kpis) -> tuple[tuple[str, str, str], ...]:
    """The KPIs as name, value and note."""
    covered = f'coverage {percent(kpis.coverage)}'
    return tuple((DEFINITIONS[kpi].name, value_of(DEFINITIONS[kpi], kpis), ', '.join([*notes_of(kpi, kpis), covered]))
                 for kpi in CARDS)


def show_figures(shown: tuple[tuple[str, str, str], ...]) -> None:
    """Build the list of KPIs."""
    Heading('Figures', level=3)
    with TextNode('dl').classes('handover-figures'):
        for name, value, note in shown:
            with ui.element('div'):
                TextNode('dt', name)
                TextNode('dd', value)
                TextNode('dd', note).classes('handover-note')


def running(report: ShiftReport, zone: tzinfo, names: DisplayNames) -> Section:
    """Machines that are still down."""
    return Section(
        f'Still down {"now" if report.is_going else "at the end"}: {len(report.running)}',
        ('Machine', 'Since', 'For', 'Reason', 'Work order'),
        tuple((machine(stop, names), at(stop.since, zone),
               duration((report.until - stop.since).total_seconds(), Detail.BRIEF),
               reason(stop), stop.order) for stop in report.running), 'No machine was down.')


def losses(report: ShiftReport, zone: tzinfo, names: DisplayNames) -> Section:
    """The causes with the most downtime."""
    return Section('Top causes of downtime', ('Reason', 'Minutes', 'Stops', 'Share of down time'),
                   tuple((shortened(cause.reason) or NO_REASON, minutes(cause.seconds), number(cause.count),
                          percent(cause.share)) for cause in report.causes), 'No losses.')


def orders_left(report: ShiftReport, zone: tzinfo, names: DisplayNames) -> Section:
    """Open work orders."""
    when = 'now' if report.is_going else 'at the end'
    return Section(
        f'Open work orders {when}: {number(len(report.left))}, {number(report.overdue)} overdue',
        ('Work order', 'Machine', 'Description', 'Priority', 'Due', 'Assignee'),
        tuple((order.id, machine(order, names), shortened(order.description, 120), order.priority.value,
               at(order.due_at, zone) + (' overdue' if report.is_overdue(order) else ''),
               order.assignee or 'Unassigned')
              for order in report.left), 'None.')


def orders_completed(report: ShiftReport, zone: tzinfo, names: DisplayNames) -> Section:
    """Completed work orders."""
    return Section(
        f'Completed work orders: {number(len(report.completed))}',
        ('Work order', 'Machine', 'Description', 'Done', 'By', 'Action taken'),
        tuple((order.id, machine(order, names), shortened(order.description, 120), time(order.completed_at, zone),
               order.assignee or NOTHING, shortened(order.action_taken, 120)) for order in report.completed),
        'None.')


def stops(report: ShiftReport, zone: tzinfo, names: DisplayNames) -> Section:
    """The failures of the shift, the longest first. Only the time within this shift counts."""
    def since(stop: Stop) -> str:
        return time(stop.since, zone) if stop.since >= report.shift.start else f'earlier: {at(stop.since, zone)}'

    longest_first = sorted(report.stops, key=lambda stop: -stop.down)
    return Section(
        f'Failures: {report.new} new, {report.cleared} cleared; {counted(report.kpis.micro_stops, "micro-stop")} '
        'not listed', ('Machine', 'From', 'To', 'In this shift', 'Reason', 'Work order'),
        tuple((machine(stop, names), since(stop),
               time(stop.until, zone) if ended_by(stop, report.until) else 'still down',
               duration(stop.down), reason(stop), stop.order) for stop in longest_first), 'No failures.')


SECTIONS = (running, losses, orders_left, orders_completed, stops)


def show_section(section: Section) -> None:
    """Build a heading and a table, with work orders as links."""
    Heading(section.title, level=3)
    if not section.rows:
        ui.label(section.nothing).classes('handover-note')
        return
    with ui.element('q-card').classes('handover-scroll'), ui.element('table').classes('handover-table'):
        with ui.element('thead'), ui.element('tr'):
            for head in section.heads:
                TextNode('th', head).props['scope'] = 'col'
        with ui.element('tbody'):
            for row in section.rows[:MAX_ROWS]:
                with ui.element('tr'):
                    for head, cell in zip(section.heads, row, strict=True):
                        fill(head, cell)
    if len(section.rows) > MAX_ROWS:
        ui.label(f'and {number(len(section.rows) - MAX_ROWS)} more').classes('handover-note')


def fill(head: str, cell: Cell) -> None:
    """Build one cell."""
    if head == 'Work order':
        with TextNode('td'):
            if cell is not None:
                ui.link(f'WO-{short_id(cell)}', order_address(cell))
        return
    box = TextNode('td', cell or '')
    if head in FREE_TEXT:
        box.classes('free-text')
    if head == 'Due' and cell and cell.endswith('overdue'):
        box.props['data-overdue'] = '1'


def machine(of: Stop | WorkOrder, names: DisplayNames) -> str:
    """What the machine of a stop or an order is called."""
    return shortened(str(names.of(of.machine)), 60)


def reason(stop: Stop) -> str:
    """The reason of a stop."""
    return shortened(stop.reason, 120) or 'none given'


def at(moment: datetime | None, zone: tzinfo) -> str:
    """'Mon 23 Nov 10:42'."""
    return '' if moment is None else local_time(moment, zone, Form.DAY)


def time(moment: datetime | None, zone: tzinfo) -> str:
    """'10:42'."""
    return '' if moment is None else local_time(moment, zone, Form.TIME)
