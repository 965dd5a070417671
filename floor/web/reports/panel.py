"""A panel of a report: heading, chart, and the same data as a table and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, tzinfo

from nicegui import ui

from ...analytics.report_tables import Cell, Kind, ReportTable
from ...core.formatting import NOTHING, duration, number, percent
from ...core.machines import MachineName
from ...core.moments import Form, local_time
from ...core.text import shortened
from ...feed.store import Store
from ..shell.chips import hide, set_attribute
from ..shell.heading import Heading
from ..shell.icons import show_icon
from ..shell.messages import TextNode

MAX_TEXT_LENGTH = 120
MAX_ROWS = 40
NUMBERS = frozenset({Kind.COUNT, Kind.HOUR, Kind.NUMBER, Kind.SECONDS, Kind.SHARE})
AddressOf = Callable[[MachineName], str]


class ReportPanel:
    """A panel. It shows that it is loading until it is filled for the first time, and then its last content."""

    def __init__(self, title: str, *, file: str = '', wide: bool = False, hint: str = '') -> None:
        """file: name of its CSV file; empty: none. wide: as wide as the page. hint: what can be done on the screen."""
        self.file = file
        with ui.element('q-card').classes('panel').props('role=region') as self.card:
            self.card.props['aria-label'] = title
            self.card.props['data-wide'] = str(wide).lower()
            with ui.element('header'):
                Heading(title)
                if hint:
                    ui.label(hint).classes('panel-note screen-hint')
                self._note = ui.label().classes('panel-note')
                self.tools = ui.element('div').classes('panel-tools')
                if file:
                    with self.tools:
                        self._csv = ui.link('CSV').props('download')
                        self._csv.props['aria-label'] = f'Download {title} as CSV'
                        self._xlsx = ui.link('XLSX').props('download')
                        self._xlsx.props['aria-label'] = f'Download {title} as XLSX'
            self._body = ui.element('div').classes('panel-body')
        self._link_files('')
        self.show_message('Loading…')

    def about(self, note: str, csv_address: str = '') -> None:
        """Set the note beside the heading, and the links to the files; without an address there are none."""
        self._note.set_text(note)
        self._link_files(csv_address)

    def _link_files(self, csv_address: str) -> None:
        if self.file:
            for link, address in ((self._csv, csv_address), (self._xlsx, xlsx_address(csv_address))):
                set_attribute(link, 'href', address)
                hide(link, hidden=not address)

    def explain_with(self, on_press: Callable[[], None], name: str = '') -> None:
        """Add a button that explains what the panel shows. name: if that is not its title."""
        with self.tools:
            explain_button(name or str(self.card.props['aria-label']), on_press)

    @contextmanager
    def fill(self) -> Iterator[None]:
        """Replace the content by what the block builds."""
        self._body.clear()
        with self._body:
            yield

    def show_message(self, sentence: str) -> None:
        """Show a message instead of a chart."""
        with self.fill():
            ui.label(sentence).classes('panel-empty')


def explain_button(name: str, on_press: Callable[[], None]) -> None:
    """Build a button that explains something of this name."""
    button = TextNode('button', 'explain').classes('explain')
    button.on('click', on_press, args=[])
    button.props['type'] = 'button'
    button.props['aria-label'] = f'Explain {name}'


class TableView:
    """Builds tables: machine names as links to their reports, times by the plant's clock."""

    def __init__(self, store: Store, zone: tzinfo, address_of: AddressOf | None = None) -> None:
        self._store = store
        self._zone = zone
        self._address_of = address_of

    def below(self, table: ReportTable, csv_address: str, *, summary: str = 'Table') -> None:
        """Build a collapsed table, to be placed below a chart."""
        FoldedTable(summary).show(self, table, csv_address)

    def show(self, table: ReportTable, csv_address: str = '', *, most: int = MAX_ROWS, caption: str = '') -> None:
        """Build a table with the first rows; further rows are only in the CSV file."""
        with ui.element('div').classes('report-scroll').props('tabindex=0 role=group'), \
                ui.element('table').classes('report-table'):
            if caption:
                TextNode('caption', caption)
            with ui.element('thead'), ui.element('tr'):
                for column in table.columns:
                    TextNode('th', column.title).props('scope=col').props['data-kind'] = _kind(column.kind)
            with ui.element('tbody'):
                for row in table.rows[:most]:
                    with ui.element('tr'):
                        for column, cell in zip(table.columns, row, strict=True):
                            self._cell(column.kind, cell)
        if len(table.rows) > most and csv_address:
            with ui.element('p').classes('panel-more'):
                ui.label(f'{number(len(table.rows) - most)} more are in the')
                ui.link('CSV file', csv_address).props('download')

    def _cell(self, kind: Kind, cell: Cell) -> None:
        if kind is Kind.MACHINE and isinstance(cell, str):
            with ui.element('td'):
                self.machine(MachineName(cell))
        else:
            TextNode('td', self.text_of(kind, cell)).props['data-kind'] = _kind(kind)

    def machine(self, name: MachineName) -> None:
        """Build the name of a machine as a link to its report."""
        text = shortened(str(self._store.names.of(name)), MAX_TEXT_LENGTH)
        element = ui.label(text) if self._address_of is None else \
            ui.link(text, self._address_of(name)).classes('report-machine')
        show_icon(element, self._store, name)

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


class FoldedTable:
    """A collapsed table below a chart. Somebody may have unfolded it, or be in it with the keyboard: it is built again
    only if it has changed, and then stays unfolded."""

    def __init__(self, summary: str = 'Table') -> None:
        self._shown: tuple[ReportTable, str] | None = None
        with ui.element('details').classes('panel-details'):
            TextNode('summary', summary)
            self._content = ui.element('div')

    def show(self, view: TableView, table: ReportTable, csv_address: str) -> None:
        """Show a table with the first rows."""
        if self._shown != (table, csv_address):
            self._shown = table, csv_address
            self._content.clear()
            with self._content:
                view.show(table, csv_address)


def xlsx_address(csv_address: str) -> str:
    """The address of the same table as a spreadsheet."""
    return csv_address.replace('.csv', '.xlsx', 1)


def _kind(kind: Kind) -> str:
    return 'number' if kind in NUMBERS else 'text'
