"""Tables of a report. A report is read again while somebody is in it: rows stay the same elements, and with them the
focus and a press on a link that has begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo

from nicegui import ui

from ...analytics.report_tables import Cell, Kind, ReportColumn, ReportTable
from ...core.formatting import NOTHING, duration, number, percent
from ...core.machines import MachineName
from ...core.moments import Form, local_time
from ...core.text import shortened
from ...feed.store import Store
from ..shell.chips import hide, set_attribute
from ..shell.icons import type_number
from ..shell.kept_rows import counted_keys, keep_rows
from ..shell.messages import TextNode

MAX_TEXT_LENGTH = 120
MAX_ROWS = 40
NUMBERS = frozenset({Kind.COUNT, Kind.HOUR, Kind.NUMBER, Kind.SECONDS, Kind.SHARE})
AddressOf = Callable[[MachineName], str]
MachineElement = ui.label | ui.link


class TableView:
    """What is shown of cells: machine names as links to their reports, times by the plant's clock."""

    def __init__(self, store: Store, zone: tzinfo, address_of: AddressOf | None = None) -> None:
        """address_of: of the report of a machine; None: there is none."""
        self._store = store
        self._zone = zone
        self._address_of = address_of

    def machine(self) -> MachineElement:
        """Build an element for the name of a machine."""
        return ui.label() if self._address_of is None else ui.link().classes('report-machine')

    def show_machine(self, element: MachineElement, name: MachineName) -> None:
        """Show the name of a machine in its element, as a link to its report."""
        element.set_text(shortened(str(self._store.names.of(name)), MAX_TEXT_LENGTH))
        set_attribute(element, 'data-icon', type_number(self._store, name))
        if self._address_of is not None:
            set_attribute(element, 'href', self._address_of(name))

    def text_of(self, kind: Kind, cell: Cell) -> str:
        """A cell as text."""
        if isinstance(cell, datetime):
            return local_time(cell, self._zone, Form.FULL)
        if isinstance(cell, date):
            return f'{cell:%a %Y-%m-%d}'
        if isinstance(cell, str):
            return shortened(cell, MAX_TEXT_LENGTH)
        if cell is None:
            return '' if kind is Kind.TEXT else 'ongoing' if kind is Kind.MOMENT else NOTHING
        return percent(cell) if kind is Kind.SHARE else duration(cell) if kind is Kind.SECONDS else \
            number(cell, 1 if kind is Kind.NUMBER else 0)


class TableRow(ui.element):
    """A row of a table."""

    def __init__(self, columns: Sequence[ReportColumn], row: Sequence[Cell], view: TableView) -> None:
        super().__init__('tr')
        self._machines: list[MachineElement | None] = []
        self._cells: list[TextNode] = []
        for column, cell in zip(columns, row, strict=True):
            with self, TextNode('td') as element:
                self._cells.append(element)
                self._machines.append(view.machine() if _is_machine(column, cell) else None)
            if not _is_machine(column, cell):
                element.props['data-kind'] = _kind(column.kind)

    def show(self, columns: Sequence[ReportColumn], row: Sequence[Cell], view: TableView) -> None:
        """Show a row with the same machines."""
        for column, cell, element, machine in zip(columns, row, self._cells, self._machines, strict=True):
            if machine is not None:
                view.show_machine(machine, MachineName(str(cell)))
            else:
                element.set_text(view.text_of(column.kind, cell))


class TableElement:
    """A table with the first rows; further rows are only in the CSV file. A row stays while its machine, or in a table
    without machines its place, is in the table."""

    def __init__(self) -> None:
        with ui.element('div').classes('report-scroll').props('tabindex=0 role=group'), \
                ui.element('table').classes('report-table'):
            with ui.element('thead'):
                self._heads = ui.element('tr')
            self._body = ui.element('tbody')
        with ui.element('p').classes('panel-more') as self._more:
            self._number = ui.label()
            self._file = ui.link('CSV file').props('download')
        self._columns: tuple[ReportColumn, ...] = ()
        self._rows: dict[tuple[tuple[Cell, ...], int], TableRow] = {}

    def show(self, view: TableView, table: ReportTable, csv_address: str = '') -> None:
        """Show a table. csv_address: of the file that has all rows; empty: there is none."""
        columns, shown = table.columns, table.rows[:MAX_ROWS]
        if columns != self._columns:
            self._show_heads(columns)
        machines = [tuple(cell for column, cell in zip(columns, row, strict=True) if _is_machine(column, cell))
                    for row in shown]
        rows = dict(zip(counted_keys(machines), shown, strict=True))
        keep_rows(self._body, self._rows, rows, lambda row: TableRow(columns, row, view))
        for key, row in rows.items():
            self._rows[key].show(columns, row, view)
        further = len(table.rows) - len(shown)
        hide(self._more, hidden=not further or not csv_address)
        self._number.set_text(f'{number(further)} more are in the')
        set_attribute(self._file, 'href', csv_address)

    def _show_heads(self, columns: tuple[ReportColumn, ...]) -> None:
        self._columns = columns
        self._rows.clear()
        self._body.clear()
        self._heads.clear()
        with self._heads:
            for column in columns:
                TextNode('th', column.title).props('scope=col').props['data-kind'] = _kind(column.kind)


class FoldedTable(TableElement):
    """A collapsed table below a chart. It stays unfolded when the report is read again."""

    def __init__(self, summary: str = 'Table') -> None:
        with ui.element('details').classes('panel-details'):
            TextNode('summary', summary)
            super().__init__()


def _is_machine(column: ReportColumn, cell: Cell) -> bool:
    return column.kind is Kind.MACHINE and isinstance(cell, str)


def _kind(kind: Kind) -> str:
    return 'number' if kind in NUMBERS else 'moment' if kind in {Kind.MOMENT, Kind.DAY} else 'text'
