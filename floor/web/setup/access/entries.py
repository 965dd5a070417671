"""A panel of /setup/access: what has access, each with a button that ends it after a confirmation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from nicegui import ui

from ....core.errors import FloorError
from ....core.moments import Form, local_time
from ...shell.chips import hide, set_attribute
from ...shell.confirmation import close_when_done
from ...shell.dialog import Dialog
from ...shell.heading import Heading
from ...shell.kept_rows import keep_rows
from ...shell.loading import Loading
from ...shell.messages import Alert, TextNode, as_sentence
from ...shell.services import Services


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. id: which it is of those of its panel. facts: what is known about it, without empty ones. end: the
    command of its button."""

    id: int
    name: str
    facts: Sequence[str]
    end: Callable[[], Awaitable[object]]
    consequence: str


@dataclass(frozen=True, slots=True)
class PanelTexts:
    """title: the heading. add: the label of the button that adds one, empty: none. end: the label of an entry's button.
    what: for messages about loading, as 'the tokens'."""

    title: str
    what: str
    note: str
    empty: str
    add: str
    end: str


class EntryPanel:
    """The panel; it loads its entries again after every change on this page, and when the page asks for it."""

    def __init__(self, services: Services, texts: PanelTexts, read: Callable[[], Awaitable[Sequence[Entry]]],
                 add: Callable[[], Awaitable[None] | None]) -> None:
        """read: returns the entries; raises FloorError. add: opens the dialog of the button Add."""
        self._texts = texts
        self._read = read
        self._rows: dict[int, EntryRow] = {}
        with ui.card().classes('panel').props('role=region') as panel:
            panel.props['aria-label'] = texts.title
            with ui.element('header').classes('panel-header'):
                Heading(texts.title).classes('panel-title')
                if texts.add:
                    ui.button(texts.add, on_click=add, color=None).props('no-caps').classes('primary')
            TextNode('p', texts.note).classes('panel-note')
            self.loading = Loading(services.store, texts.what, self._load)
            self._list = ui.element('ul').classes('access-entries')
            self._list.props['aria-label'] = texts.title
            self._empty = TextNode('p', texts.empty).classes('panel-note')
            hide(self._empty, hidden=True)
        self._dialog = EndDialog(texts.end, self.loading.again)

    async def _load(self) -> None:
        entries = await self._read()
        if self._list.is_deleted:
            return
        hide(self._empty, hidden=bool(entries))
        by_id = {entry.id: entry for entry in entries}
        keep_rows(self._list, self._rows, by_id, lambda entry: EntryRow(entry, self._texts.end, self._dialog))
        for key, entry in by_id.items():
            self._rows[key].show(entry)


class EntryRow(ui.element):
    """One row with its button."""

    def __init__(self, entry: Entry, label: str, dialog: EndDialog) -> None:
        """label: of the button."""
        super().__init__('li')
        self.classes('access-entry')
        self._label = label
        self._entry = entry
        self._facts: list[TextNode] = []
        with self:
            with ui.element('div') as self._texts:
                self._name = TextNode('strong').classes('free-text')
            self._button = ui.button(label, on_click=lambda: dialog.open(self._entry), color=None)
            self._button.props('flat no-caps')

    def show(self, entry: Entry) -> None:
        """Show what is known now of the same entry."""
        self._entry = entry
        self._name.set_text(entry.name)
        set_attribute(self._button, 'aria-label', f'{self._label} {entry.name}')
        while len(self._facts) > len(entry.facts):
            self._facts.pop().delete()
        with self._texts:
            while len(self._facts) < len(entry.facts):
                self._facts.append(TextNode('span').classes('free-text'))
        for node, fact in zip(self._facts, entry.facts, strict=True):
            node.set_text(fact)


class EndDialog:
    """Asks before something ends."""

    def __init__(self, label: str, done: Callable[[], None]) -> None:
        """label: of the button. done: called after the command."""
        self._label, self._done = label, done
        self._entry: Entry | None = None
        self._sending = False
        with Dialog() as self._dialog, ui.card().classes('sheet'):
            self._heading = Heading('').classes('free-text')
            self._text = TextNode('p').classes('free-text')
            self._problem = Alert()
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Back', on_click=self._dialog.close, color=None).props('flat no-caps autofocus')
                ui.button(label, on_click=self._send, color=None).props('no-caps').classes('primary')

    def open(self, entry: Entry) -> None:
        """Ask about this entry."""
        self._entry = entry
        self._heading.set_text(f'{self._label} {entry.name}?')
        self._dialog.props['aria-label'] = f'{self._label} {entry.name}'
        self._text.set_text(entry.consequence)
        self._problem.show('')
        self._dialog.open()

    async def _send(self) -> None:
        if self._sending or self._entry is None or not self._dialog.value:
            return
        self._sending = True
        try:
            await close_when_done(self._dialog, self._problem, self._entry.end())
        finally:
            self._sending = False
        self._done()


class AddDialog:
    """A dialog with a form whose command makes something. Subclasses add the fields and the command."""

    def __init__(self, title: str, button: str, done: Callable[[], None]) -> None:
        """done: called after the command."""
        self._done = done
        self._sending = False
        with Dialog() as self._dialog, ui.card().classes('sheet'):
            self._dialog.props['aria-label'] = title
            Heading(title)
            self._fields = ui.element('div').classes('access-fields')
            self._problem = Alert()
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Back', on_click=self._dialog.close, color=None).props('flat no-caps')
                ui.button(button, on_click=self._send, color=None).props('no-caps').classes('primary')

    async def open(self) -> None:
        """Open it with empty fields."""
        self._problem.show('')
        await self._reset()
        self._dialog.open()

    async def _reset(self) -> None:
        """Empty the fields."""

    async def _make(self) -> Callable[[], None]:
        """The command; returns what is done when the dialog is closed.

        :raises FloorError: it is refused
        """
        raise NotImplementedError

    async def _send(self) -> None:
        if self._sending or not self._dialog.value:
            return
        self._sending = True
        try:
            show = await self._make()
        except FloorError as error:
            if not self._dialog.is_deleted:
                self._problem.show(as_sentence(error))
            return
        finally:
            self._sending = False
        if not self._dialog.is_deleted:
            self._dialog.close()
            show()
        self._done()


def since(label: str, at: datetime | None, zone: tzinfo) -> str:
    """'last used 2026-11-23 10:42'; empty: never."""
    return '' if at is None else f'{label} {local_time(at, zone, Form.MINUTES)}'


def facts(*each: str) -> list[str]:
    """Those that are not empty."""
    return [fact for fact in each if fact]
