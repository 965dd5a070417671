"""The form above a table: a new item from a few texts. Enter adds it and goes on with the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from ...core.errors import FloorError, InvalidInputError
from ..shell.messages import Alert, as_sentence
from ..shell.text_field import TextField
from .editable_row import Column, Texts


class AddForm(ui.element):
    """The first field is emptied after an item was added, the others stay for the next one."""

    def __init__(self, label: str, columns: Sequence[Column], add: Callable[[Texts], Awaitable[None]]) -> None:
        """label: of the button. add: adds an item; raises FloorError."""
        super().__init__('div')
        self.classes('add-form')
        self._add = add
        self._adding = False
        self._fields: dict[str, TextField] = {}
        with self:
            for column in columns:
                field = TextField(column.label).props('dense outlined hide-bottom-space').classes('field')
                if column.options:
                    field.props.update({'list': column.options, 'autocomplete': 'off'})
                field.on('keydown.enter', self._send, args=[])
                self._fields[column.key] = field
            ui.button(label, on_click=self._send, color=None).props('no-caps').classes('primary')
            self._problem = Alert()

    async def _send(self) -> None:
        texts = {key: str(field.value or '').strip() for key, field in self._fields.items()}
        first = next(iter(self._fields))
        for field in self._fields.values():
            field.error = None
        self._problem.show('')
        if self._adding:
            return
        if not texts[first]:
            self._fields[first].error = 'This field is required.'
            return
        self._adding = True
        try:
            await self._add(texts)
        except FloorError as error:
            if self.is_deleted:
                return
            if isinstance(error, InvalidInputError) and error.field in self._fields:
                self._fields[error.field].error = as_sentence(error)
            else:
                self._problem.show(f'{as_sentence(error)} What you typed is kept.')
        else:
            if not self.is_deleted:
                self._fields[first].value = ''
                self._fields[first].run_method('focus')
        finally:
            self._adding = False
