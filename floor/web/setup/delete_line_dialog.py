"""Asks where the machines of a line go before it is deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from ...core.formatting import counted, line_label
from ...plant.plant_items import ProductionLine
from ..shell.confirmation import close_when_done
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode

NO_LINE = 0


class DeleteLineDialog:
    """One per page. Nothing is chosen at first, so that nobody moves machines by accident."""

    def __init__(self, delete: Callable[[ProductionLine, int | None], Awaitable[None]]) -> None:
        """delete: deletes the line; its machines go to the line with this id, None: to no line. Raises FloorError."""
        self._delete = delete
        self._line: ProductionLine | None = None
        self._sending = False
        with Dialog() as self._dialog, ui.card().classes('sheet'):
            self._dialog.props['aria-label'] = 'Delete line'
            self._heading = Heading('')
            self._text = TextNode('p')
            self._target = ui.select({}, label='Move its machines to', on_change=self._allow).props('outlined') \
                .classes('field')
            self._problem = Alert()
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Keep the line', on_click=self._dialog.close, color=None).props('flat no-caps autofocus')
                self._button = ui.button('Delete line', on_click=self._send, color=None).props('no-caps') \
                    .classes('primary')

    def open(self, line: ProductionLine, others: list[ProductionLine]) -> None:
        """Ask about a line that has machines. others: where they can go."""
        self._line = line
        self._heading.set_text(f'Delete {line.name}?')
        self._text.set_text(f'It has {counted(line.machines, "machine")}. Work orders and history stay. What '
                            'happened on this line is in reports of the whole floor, without its name.')
        self._target.set_options({**{other.id: line_label(other.name, other.area) for other in others},
                                  NO_LINE: 'No line'}, value=None)
        self._problem.show('')
        self._allow()
        self._dialog.open()

    def _allow(self) -> None:
        self._button.set_enabled(self._target.value is not None)

    async def _send(self) -> None:
        if self._sending or self._line is None or self._target.value is None or not self._dialog.value:
            return
        self._sending = True
        try:
            await close_when_done(self._dialog, self._problem,
                                  self._delete(self._line, int(self._target.value) or None))
        finally:
            self._sending = False
