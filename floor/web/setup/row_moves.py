"""Moving a row: its handle is dragged onto another row, or it goes up and down by buttons and Alt with an arrow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from ..shell.messages import TextNode

UP, DOWN = -1, 1


class RowMoves:
    """The cell with the handle and the position, which is built where this is created, and the buttons."""

    def __init__(self, row: ui.element, *, move: Callable[[int], Awaitable[None]], drag: Callable[[], None],
                 drop: Callable[[], Awaitable[None]]) -> None:
        """move: by UP or DOWN. drag: the handle was taken. drop: another handle was let go over this row."""
        self._row = row
        self._move = move
        self._steps: dict[int, TextNode] = {}
        row.on('keydown.alt.up.prevent', lambda: self.step(UP), args=[])
        row.on('keydown.alt.down.prevent', lambda: self.step(DOWN), args=[])
        row.on('dragover.prevent', lambda: None, args=[], leading_events=False, trailing_events=False)
        row.on('drop.prevent', drop, args=[])
        with ui.element('td').classes('row-place'):
            self._handle = TextNode('span', '⠿').classes('row-handle')
            self._handle.props.update({'draggable': 'true', 'aria-hidden': 'true', 'title': 'Drag to another place'})
            self._handle.on('dragstart', drag, args=[])
            self._position = TextNode('span', '')

    def build_buttons(self) -> None:
        """Build the buttons here."""
        for by, text in (UP, '↑'), (DOWN, '↓'):
            self._steps[by] = self._step_button(text, by)

    def show(self, name: str, position: str, *, can_move: bool = True) -> None:
        """name: of the item. can_move: whether it has a place."""
        self._position.set_text(position)
        self._handle.set_visibility(can_move)
        for by, button in self._steps.items():
            button.props['aria-label'] = f'Move {name} {"up" if by == UP else "down"}'
            button.set_visibility(can_move)

    async def step(self, by: int) -> None:
        """Move by one place, and keep the focus: the browser takes it from an element that moves."""
        await self._move(by)
        if not self._row.is_deleted:
            self._steps[by].run_method('focus')

    def _step_button(self, text: str, by: int) -> TextNode:
        button = TextNode('button', text).classes('row-step').props('type=button')
        button.on('click', lambda: self.step(by), args=[])
        return button
