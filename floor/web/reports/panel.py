"""A panel of a report: heading, content, and the same data as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from nicegui import ui

from ..shell.chips import hide, set_attribute
from ..shell.heading import Heading
from ..shell.messages import TextNode

Content = TypeVar('Content')


class PanelBody(ui.element):
    """What a panel or a part of it shows: a message, or its content."""

    def __init__(self) -> None:
        super().__init__('div')
        self._content: Any = None

    @contextmanager
    def fill(self) -> Iterator[None]:
        """Replace the content by what the block builds."""
        self._content = None
        self.clear()
        with self:
            yield

    def content(self, build: Callable[[], Content]) -> Content:
        """The content that was built last, unless a message has replaced it: then what build returns. Its elements
        stay when a report is read again, with the focus, a press on them that has begun, and what is unfolded."""
        if self._content is None:
            with self.fill():
                content = build()
            self._content = content
        kept: Content = self._content
        return kept

    def show_message(self, sentence: str) -> None:
        """Show a message instead of the content."""
        with self.fill():
            ui.label(sentence).classes('panel-empty')


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
            self._body = PanelBody()
            self._body.classes('panel-body')
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
        with self._body.fill():
            yield

    def content(self, build: Callable[[], Content]) -> Content:
        """The content that was built last, unless a message has replaced it: then what build returns."""
        return self._body.content(build)

    def show_message(self, sentence: str) -> None:
        """Show a message instead of a chart."""
        self._body.show_message(sentence)


def explain_button(name: str, on_press: Callable[[], None]) -> None:
    """Build a button that explains something of this name."""
    button = TextNode('button', 'explain').classes('explain')
    button.on('click', on_press, args=[])
    button.props['type'] = 'button'
    button.props['aria-label'] = f'Explain {name}'


def xlsx_address(csv_address: str) -> str:
    """The address of the same table as a spreadsheet."""
    return csv_address.replace('.csv', '.xlsx', 1)
