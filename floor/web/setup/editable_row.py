"""A row of a table that is edited in place: Enter saves, Escape reverts, Tab goes on.

What is typed stays when somebody else changes the item: fields that were not touched follow, the others say what they
are now. A save that is based on an older version is refused with who changed what; saving again keeps one's own value.
Drafts are stored, so that a reload keeps them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from nicegui import ui

from ...core.errors import EditConflictError, FloorError, InvalidInputError
from ...plant.plant_items import MachineType, PlantMachine, ProductionLine
from ..shell.drafts import Draft, Drafts
from ..shell.messages import Alert, as_sentence
from ..shell.text_field import TextField

Item = TypeVar('Item', bound=ProductionLine | MachineType | PlantMachine)
Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """An editable column. key: of the texts. options: the id of a datalist with proposals; empty: none."""

    key: str
    label: str
    options: str = ''


class EditableRow(ui.element, Generic[Item]):
    """One item. Subclasses say what its texts are, how they are saved, and add buttons."""

    kind = ''
    """What the item is, in the names of drafts."""
    columns: tuple[Column, ...] = ()

    def __init__(self, item: Item, drafts: Drafts, on_touch: Callable[[EditableRow[Item]], None]) -> None:
        """on_touch: called when a field gets the focus, and with each change of its text."""
        super().__init__('tr')
        self.item = item
        self._base = item
        self._drafts = drafts
        self._on_touch = on_touch
        self._filling = self._saving = False
        self.fields: dict[str, TextField] = {}
        with self:
            self.build_start()
            for column in self.columns:
                with ui.element('td') as cell:
                    cell.props['data-column'] = column.label
                    self.fields[column.key] = self._field(column)
                    if column is self.columns[0]:
                        self._problem = Alert()
            with ui.element('td').classes('row-actions'):
                self._save_buttons = ui.element('div').classes('row-save')
                with ui.element('div').classes('row-buttons') as self.row_buttons:
                    self.build_buttons()
        self._fill(self.texts(item))
        self._show_buttons()
        drafts.when_connected(self._restore)

    # what subclasses define

    def texts(self, item: Item) -> Texts:
        """The texts of the fields by key."""
        raise NotImplementedError

    async def change(self, base: Item, texts: Texts) -> Item:
        """Save these texts, the changed ones by key; returns the item as it is then. base: the item that they were
        typed on.

        :raises FloorError:
        """
        raise NotImplementedError

    def build_start(self) -> None:
        """Cells before the fields."""

    def build_buttons(self) -> None:
        """Buttons after the fields."""

    def show_item(self) -> None:
        """The item has changed: show what is not a field."""

    # what the page calls

    @property
    def is_dirty(self) -> bool:
        """Whether there is text that is not saved."""
        return bool(self._typed())

    def show(self, item: Item) -> None:
        """Show an item as it is now. What somebody is typing stays, and says what the value is now."""
        if item == self.item:
            return
        typed, before = self._typed(), self.texts(self._base)
        now = self.texts(item)
        self.item = item
        if not typed:
            self._base = item
        self._fill({key: text for key, text in now.items() if key not in typed})
        for key in typed:
            if now[key] != before[key]:
                self.fields[key].error = f'Now: {now[key] or "none"}'
        self._show_buttons()
        self.show_item()

    async def save(self) -> None:
        """Save what was typed; a refusal is shown at its field."""
        typed = self._typed()
        if self._saving or not typed:
            return
        self._saving = True
        self._show_problem('')
        try:
            saved = await self.change(self._base, typed)
        except FloorError as error:
            if not self.is_deleted:
                self._failed(error)
        else:
            self._drafts.discard(self._draft)
            if not self.is_deleted:
                since = [key for key, text in self._typed().items() if text != typed.get(key)]
                self._base = self.item = saved
                self._fill({key: text for key, text in self.texts(saved).items() if key not in since})
                self._show_problem('')
                self._show_buttons()
                self.show_item()
        finally:
            self._saving = False

    def revert(self) -> None:
        """Discard what was typed."""
        self._drafts.discard(self._draft)
        self._base = self.item
        self._fill(self.texts(self.item))
        self._show_problem('')
        self._show_buttons()

    # internals

    @property
    def _draft(self) -> str:
        return f'{self.kind} {self.item.id}'

    def _field(self, column: Column) -> TextField:
        field = TextField(on_change=self._on_typed).props('dense outlined hide-bottom-space').classes('field')
        field.props['aria-label'] = f'{column.label} of {self.item.name}'
        if column.options:
            field.props['list'] = column.options
            field.props['autocomplete'] = 'off'
        field.on('focus', lambda: self._on_touch(self), args=[])
        field.on('keydown.enter', self.save, args=[])
        field.on('keydown.esc', self.revert, args=[])
        return field

    def _typed(self) -> Texts:
        base = self.texts(self._base)
        return {key: text for key, field in self.fields.items()
                if (text := str(field.value or '').strip()) != base[key]}

    def _fill(self, texts: Texts) -> None:
        """Fill these fields; the others keep what is in them, to the letter, because somebody is typing there."""
        self._filling = True
        for key, field in self.fields.items():
            if key in texts and str(field.value or '') != texts[key]:
                field.value = texts[key]
            field.error = None
            field.props['aria-label'] = f'{self._label(key)} of {self.item.name}'
        self._filling = False

    def _label(self, key: str) -> str:
        return next(column.label for column in self.columns if column.key == key)

    def _on_typed(self) -> None:
        if self._filling:
            return
        if typed := self._typed():
            self._drafts.keep(self._draft, {**typed, 'version': self._base.version, 'item': self.item.name})
        else:
            self._drafts.discard(self._draft)
        self._show_buttons()
        self._on_touch(self)

    def _restore(self) -> None:
        draft = self._drafts.get(self._draft)
        typed = {key: str(draft[key]) for key in self.fields if isinstance(draft.get(key), str)}
        if self.is_deleted or not typed or self.is_dirty or self._is_of_another(draft):
            return
        if isinstance(version := draft.get('version'), int):
            self._base = replace(self._base, version=version)
        self._fill(self.texts(self.item) | typed)
        self._show_buttons()

    def _is_of_another(self, draft: Draft) -> bool:
        """Whether a draft was typed on an item of a demo that is gone, whose number this one has."""
        return draft.get('item') != self.item.name and draft.get('version') == self.item.version

    def _failed(self, error: FloorError) -> None:
        if isinstance(error, EditConflictError) and isinstance(error.current, type(self.item)):
            self.show(error.current)
            self._base = error.current
            self._show_problem(f'{as_sentence(error)} Save again to keep what you typed, or revert.')
        elif isinstance(error, InvalidInputError) and error.field in self.fields:
            self.fields[error.field].error = as_sentence(error)
        else:
            self._show_problem(f'{as_sentence(error)} What you typed is kept.')

    def _show_problem(self, text: str) -> None:
        self._problem.show(text)
        if not text:
            for field in self.fields.values():
                field.error = None

    def _show_buttons(self) -> None:
        is_dirty = self.is_dirty
        if is_dirty and not any(self._save_buttons):  # a page has many rows, and few are ever changed
            with self._save_buttons:
                ui.button('Save', on_click=self.save, color=None).props('no-caps').classes('primary')
                ui.button('Revert', on_click=self.revert, color=None).props('flat no-caps')
        self._save_buttons.set_visibility(is_dirty)
        self.row_buttons.set_visibility(not is_dirty)


