"""Lines, machines and shifts of a report side by side, the one that was down longest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nicegui import ui

from ...analytics import DEFINITIONS, Analytics, Kpi, Kpis, LineKpis, LossCosts, MachineKpis, Window
from ...analytics.report_tables import NO_LINE
from ...core.formatting import NOTHING, downtime
from ...core.machines import DisplayNames
from ...core.text import shortened
from ..shell.chips import set_attribute
from ..shell.heading import Heading
from ..shell.kept_rows import counted_keys, keep_rows
from ..shell.messages import TextNode
from .kpi_change import value
from .report_query import ReportQuery

COLUMNS = (Kpi.AVAILABILITY, Kpi.DOWN, Kpi.WAITING, Kpi.FAILURES, Kpi.MTTR)
MAX_ROWS = 12


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One of them. address: of the same report about it alone; empty: there is none. is_chosen: the report is about
    it. cost: of its time down, as text; empty: there is none."""

    name: str
    kpis: Kpis
    address: str
    is_chosen: bool = False
    cost: str = ''


@dataclass(frozen=True, slots=True)
class ComparedGroup:
    """What is compared with each other."""

    title: str
    rows: tuple[ComparedRow, ...]

    @property
    def has_costs(self) -> bool:
        """Whether the cost of any is known."""
        return any(row.cost for row in self.rows)

    @classmethod
    def of(cls, title: str, rows: Iterable[ComparedRow]) -> ComparedGroup:
        """The worst first; of many the worst, and the one that the report is about."""
        ordered = sorted(rows, key=lambda row: (-row.kpis.down, -row.kpis.failures))
        shown = [row for number, row in enumerate(ordered) if number < MAX_ROWS or row.is_chosen]
        hidden = len(ordered) - len(shown)
        return cls(f'{title}, the worst {len(shown)} of {len(ordered)}' if hidden else title, tuple(shown))


async def read_groups(analytics: Analytics, window: Window, query: ReportQuery, shift_names: Iterable[str],
                      *, names: DisplayNames, costs: LossCosts | None) -> list[ComparedGroup]:
    """Of the whole floor its lines, of a line its machines, of a machine those of its type; and the shifts of what is
    asked about, unless it is one of them. Each with the reason and the shift of the query. names: of the machines.
    costs: of the time down, if any.

    :raises FloorError: they cannot be read
    """
    groups = [await _read_places(analytics, window, query, names, costs)]
    of_shifts = tuple(shift_names)
    if query.shift is None and len(of_shifts) > 1:
        shifts = [(name, await analytics.kpis(window, replace(query.scope, shift=name))) for name in of_shifts]
        rows = [ComparedRow(name, kpis, replace(query, shift=name).address(),
                            cost=await _cost_of_shift(analytics, window, query, name) if costs is not None else '')
                for name, kpis in shifts if kpis.covered]
        groups.append(ComparedGroup.of('Shifts', rows))
    return [group for group in groups if group.rows]


async def _read_places(analytics: Analytics, window: Window, query: ReportQuery, names: DisplayNames,
                       costs: LossCosts | None) -> ComparedGroup:
    scope = query.scope
    if query.machine is not None:
        members = await analytics.members()
        kind = next((member.type for member in members if member.name == query.machine), None)
        of_type = {member.name for member in members if member.type == kind}
        wide = replace(scope, line=None, machine=None)
        everywhere = await analytics.machine_kpis(window, wide)
        costs = None if costs is None else await analytics.costs(window, wide)
        machines = [each for each in everywhere if each.machine in of_type]
        title = 'Machines of its type' if kind is None else f'Machines of type {shortened(kind.replace("_", " "), 60)}'
        return ComparedGroup.of(title, rows_of_machines(machines, query, names, costs))
    if query.line is not None:
        return ComparedGroup.of('Machines of this line',
                                rows_of_machines(await analytics.machine_kpis(window, scope), query, names, costs))
    return ComparedGroup.of('Lines', rows_of_lines(await analytics.lines(window, scope), query, costs))


async def _cost_of_shift(analytics: Analytics, window: Window, query: ReportQuery, name: str) -> str:
    costs = await analytics.costs(window, replace(query.scope, shift=name))
    return '' if costs is None else costs.total_text


def rows_of_lines(lines: Iterable[LineKpis], query: ReportQuery, costs: LossCosts | None) -> list[ComparedRow]:
    """A row for each line; machines without one are a row without a link, if anything is known of them."""
    return [ComparedRow(each.line or NO_LINE, each.kpis,
                        replace(query, line=each.line, machine=None).address() if each.line else '',
                        cost='' if costs is None else costs.text(costs.by_line.get(each.line or '')))
            for each in lines if each.line or each.kpis.covered]


def rows_of_machines(machines: Iterable[MachineKpis], query: ReportQuery, names: DisplayNames,
                     costs: LossCosts | None) -> list[ComparedRow]:
    """A row for each machine of which something is known."""
    return [ComparedRow(str(names.of(each.machine)), each.kpis,
                        query.of_machine(each.machine).address(), each.machine == query.machine,
                        '' if costs is None else costs.text(costs.by_machine.get(each.machine)))
            for each in machines if each.kpis.covered]


class ComparedGroups:
    """A table for each group, with a bar for the time down. A row stays the same element while what it is about is
    compared, so that its link keeps the focus, and a press that has begun, when the report is read again."""

    def __init__(self) -> None:
        self._place = ui.element('div').classes('compared-groups')
        self._tables: dict[tuple[str, bool], ComparedTable] = {}

    def show(self, groups: Sequence[ComparedGroup]) -> None:
        """Show these groups."""
        by_key = {(group.title, group.has_costs): group for group in groups}
        keep_rows(self._place, self._tables, by_key, ComparedTable)
        for key, group in by_key.items():
            self._tables[key].show(group)


class ComparedTable(ui.element):
    """The heading and the table of a group."""

    def __init__(self, group: ComparedGroup) -> None:
        super().__init__('section')
        self._has_costs = group.has_costs
        self._lines: dict[tuple[tuple[str, bool, bool], int], ComparedLine] = {}
        with self:
            Heading(group.title, level=3)
            with ui.element('table').classes('compared') as table:
                table.props['aria-label'] = f'{group.title}, the most time down first'
                with ui.element('thead'), ui.element('tr'):
                    TextNode('th', 'Name').props('scope=col')
                    for kpi in COLUMNS:
                        TextNode('th', DEFINITIONS[kpi].name).props('scope=col')
                    if self._has_costs:
                        TextNode('th', 'Cost').props('scope=col')
                self._body = ui.element('tbody')

    def show(self, group: ComparedGroup) -> None:
        """Show the rows of a group that has costs as the first one had, or none."""
        worst = max((row.kpis.down for row in group.rows), default=0.0)
        keys = counted_keys((row.name, bool(row.address), row.is_chosen) for row in group.rows)
        rows = dict(zip(keys, group.rows, strict=True))
        keep_rows(self._body, self._lines, rows, lambda row: ComparedLine(row, has_cost=self._has_costs))
        for key, row in rows.items():
            self._lines[key].show(row, worst)


class ComparedLine(ui.element):
    """A row of the table."""

    def __init__(self, row: ComparedRow, *, has_cost: bool) -> None:
        super().__init__('tr')
        self._link: ui.link | None = None
        self._texts: dict[Kpi, TextNode] = {}
        self._cost: TextNode | None = None
        self.props['data-chosen'] = str(row.is_chosen).lower()
        name = shortened(row.name, 60)
        with self:
            with TextNode('th').props('scope=row').classes('free-text'):
                if row.is_chosen or not row.address:
                    TextNode('span', f'{name} (this one)' if row.is_chosen else name)
                else:
                    self._link = ui.link(name)
            for kpi in COLUMNS:
                with TextNode('td') as cell:
                    cell.props['data-head'] = DEFINITIONS[kpi].name
                    if kpi is Kpi.DOWN:
                        with ui.element('span').classes('bar-track').props('aria-hidden=true'):
                            self._down = TextNode('i')
                            self._down.props['data-part'] = 'down'
                    self._texts[kpi] = TextNode('span')
            if has_cost:
                self._cost = TextNode('td')
                self._cost.props['data-head'] = 'Cost'

    def show(self, row: ComparedRow, worst: float) -> None:
        """Show the figures of a row of the same name. worst: the time down that fills the bar."""
        if self._link is not None:
            set_attribute(self._link, 'href', row.address)
        self._down.style(replace=f'width: {100 * row.kpis.down / worst if worst else 0:.2f}%')
        for kpi, text in self._texts.items():
            if kpi is Kpi.DOWN:
                text.set_text(downtime(row.kpis.down))
            elif kpi is Kpi.WAITING:
                text.set_text(NOTHING if row.kpis.waiting is None else downtime(row.kpis.waiting))
            else:
                text.set_text(value(getattr(row.kpis, kpi), DEFINITIONS[kpi].unit))
        if self._cost is not None:
            self._cost.set_text(row.cost or NOTHING)
