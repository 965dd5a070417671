"""Finds a machine from the first letter typed: Enter opens the first one found. The key / focuses the field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import KeyEventArguments

from ...core.machines import MachineName
from ...core.text import shortened
from ...feed.machine import Machine
from ...feed.store import Store
from ..shell.chips import hide
from ..shell.messages import TextNode
from ..shell.text_field import TextField

FOUND = 8
"""Results that are shown. Their elements are there from the start: pages of the same layout share their element ids."""
LABEL = 'Find a machine'


class MachineSearch(ui.element):
    """The field with its results below."""

    def __init__(self, store: Store, on_open: Callable[[MachineName, ui.element], None]) -> None:
        """on_open: called with the machine to open, and the element that gets the focus back."""
        super().__init__('div')
        self._store = store
        self._on_open = on_open
        self._found: list[Machine] = []
        self.classes('machine-search').props('role=search')
        with self:
            self._field = TextField(placeholder=LABEL, on_change=self._find) \
                .props('borderless dense clearable').classes('chip-search')
            self._field.props.update({'aria-label': LABEL, 'aria-keyshortcuts': '/', 'autocomplete': 'off'})
            self._field.on('keydown.enter', lambda: self._open(0), args=[])
            self._field.on('keydown.esc', self._clear, args=[])
            self._results = ui.element('div').classes('search-results')
            with self._results:
                self._buttons = [self._result(rank) for rank in range(FOUND)]
                self._summary = TextNode('p').classes('panel-note')
                self._summary.props['aria-live'] = 'polite'
        ui.keyboard(on_key=self._on_key, repeating=False)
        self._show('')

    def _result(self, rank: int) -> TextElement:
        button = TextNode('button').classes('search-result').props('type=button')
        button.on('click', partial(self._open, rank), args=[])
        return button

    def _find(self) -> None:
        self._show(str(self._field.value or '').strip())

    def _show(self, text: str) -> None:
        found = find_machines(self._store, text) if text else []
        self._found = found[:FOUND]
        for rank, button in enumerate(self._buttons):
            machine = self._found[rank] if rank < len(self._found) else None
            hide(button, hidden=machine is None)
            button.set_text('' if machine is None else result_text(machine))
        more = len(found) - FOUND
        none = 'No machine matches.' if text else ''
        self._summary.set_text(none if not found else f'and {more} more' if more > 0 else '')
        hide(self._results, hidden=not text)

    def _open(self, rank: int) -> None:
        if rank < len(self._found):
            name = self._found[rank].name
            self._clear()
            self._on_open(name, self._field)

    def _clear(self) -> None:
        self._field.value = ''
        self._show('')

    def _on_key(self, event: KeyEventArguments) -> None:
        if event.action.keydown and event.key == '/' and not event.modifiers.ctrl and not event.modifiers.meta:
            self._field.run_method('focus')


def find_machines(store: Store, text: str) -> list[Machine]:
    """Machines with this text in their name, regardless of upper and lower case: names that begin with it first."""
    needle = text.casefold()
    found = [machine for machine in store.machines.values()
             if any(needle in name.casefold() for name in (machine.name, str(machine.display)))]
    return sorted(found, key=lambda machine: not any(
        name.casefold().startswith(needle) for name in (machine.name, str(machine.display))))


def result_text(machine: Machine) -> str:
    """'Valve 01·01 · Engine Line · Down'."""
    return ' · '.join(filter(None, (shortened(str(machine.display), 80), shortened(machine.record.line, 40),
                                    machine.status_label)))
