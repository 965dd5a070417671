"""The last change that was made on a page, with a button that takes it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nicegui import ui

from ...core.errors import FloorError
from ...plant.plant_items import MachineType, PlantMachine, ProductionLine
from ..shell.messages import Alert, TextNode, as_sentence

Item = TypeVar('Item', bound=ProductionLine | MachineType | PlantMachine | None)


@dataclass(frozen=True, slots=True)
class AppliedChange(Generic[Item]):
    """A change that was made. text: a sentence about it. undo: takes it back; None: it cannot be taken back. item: as
    it is now; None: it is gone, or there are several."""

    text: str
    undo: Callable[[], Awaitable[object]] | None
    item: Item


def change_text(before: ProductionLine | MachineType | PlantMachine, after: ProductionLine | MachineType | PlantMachine,
                *others: str) -> str:
    """'Renamed Valve_01 to V1. Moved V1 to Engine Line.' others: sentences about what else changed; empty: it did
    not."""
    renamed = f'Renamed {before.name} to {after.name}.' if before.name != after.name else ''
    return ' '.join(filter(None, (renamed, *others))) or f'{after.name} is unchanged.'


class UndoNote(ui.element):
    """Stays until the next change, because people read at different speeds."""

    def __init__(self) -> None:
        super().__init__('div')
        self.classes('undo-note')
        self._done: AppliedChange[Any] | None = None
        with self:
            self._message = TextNode('p')
            self._message.props['role'] = 'status'
            self._button = ui.button('Undo', on_click=self._undo, color=None).props('flat no-caps')
            self._problem = Alert()
        self.show(None)

    def show(self, done: AppliedChange[Any] | None) -> None:
        """Show a change; None: there is none."""
        self._done = done
        self._message.set_text(done.text if done else '')
        self._problem.show('')
        self._button.set_visibility(done is not None and done.undo is not None)
        self._place()

    def fail(self, error: FloorError) -> None:
        """A change was refused."""
        self.show(None)
        self._refuse(error)

    async def run(self, command: Awaitable[AppliedChange[Any]]) -> bool:
        """Make a change and show it, or why it was refused; whether it was made."""
        try:
            done = await command
        except FloorError as error:
            if not self.is_deleted:
                self.fail(error)
            return False
        if not self.is_deleted:
            self.show(done)
        return True

    async def _undo(self) -> None:
        done, self._done = self._done, None
        if done is None or done.undo is None:
            return
        try:
            await done.undo()
        except FloorError as error:
            if not self.is_deleted:
                self._refuse(error)
        else:
            if not self.is_deleted:
                self.show(AppliedChange(f'Taken back: {done.text}', None, None))

    def _refuse(self, error: FloorError) -> None:
        self._problem.show(as_sentence(error))
        self._place()

    def _place(self) -> None:
        """Keep it visible while the table scrolls, but take no place from the table where it is empty."""
        self.props['data-shown'] = str(bool(self._message.text or self._problem.text)).lower()
