"""Choosing the icon of a machine type: all icons with a search, and the upload of one's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from nicegui import ui

from ...core.errors import FloorError
from ...plant.machine_icons import shown_key
from ...plant.plant_items import MachineIcon, MachineType
from ..shell.addresses import with_prefix
from ..shell.chips import hide
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.icons import picture
from ..shell.messages import Alert, TextNode, as_sentence
from ..shell.text_field import TextField
from .icon_upload import IconUpload

BY_NAME = 'By its name'
NOTHING = 'No icon is called so.'
Read = Callable[[MachineType], Awaitable[tuple[MachineType, list[MachineIcon]]]]
Choose = Callable[[MachineType, str | None], Awaitable[None]]


class IconPicker:
    """The dialog; one per page, filled when it opens. Enter in the search takes the first icon that is found."""

    def __init__(self, read: Read, choose: Choose,
                 build_upload: Callable[[Callable[[MachineIcon], Awaitable[None]]], IconUpload]) -> None:
        """read: a type as it is by now, and all icons; raises FloorError. choose: gives a type an icon, None: the one
        with its name; raises FloorError. build_upload: called with what to do after an upload."""
        self._read = read
        self._choose = choose
        self._prefix = with_prefix('')
        self._type: MachineType | None = None
        self._buttons: list[tuple[str, str | None, TextNode]] = []
        self._return_focus: Callable[[], object] = lambda: None
        with Dialog() as self._dialog, ui.card().classes('sheet icon-picker'):
            self._dialog.props['aria-label'] = 'Choose an icon'
            with ui.element('header'):
                self._heading = Heading('')
                ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps dense')
            self._search = TextField('Search', on_change=self._filter).props('dense outlined clearable autofocus')
            self._search.on('keydown.enter', self._take_first, args=[])
            self._problem = Alert()
            self._grid = ui.element('div').classes('icon-grid').props('role=group aria-label=Icons')
            self._nothing = TextNode('p', NOTHING).classes('panel-note').props('role=status')
            self._upload = build_upload(self._uploaded)
        self._dialog.on('hide', self._hidden, args=[])

    async def open(self, kind: MachineType, return_focus: Callable[[], object]) -> None:
        """Choose for this type. return_focus: called when the dialog is closed."""
        self._type, self._return_focus = kind, return_focus
        self._heading.set_text(f'Icon of {kind.name}')
        self._search.value = ''
        self._problem.show('')
        self._upload.reset()
        try:
            self._type, icons = await self._read(kind)
            self._fill(self._type, icons)
        except FloorError as error:
            self._problem.show(as_sentence(error))
        self._dialog.open()

    def _hidden(self) -> None:
        self._return_focus()

    def _fill(self, kind: MachineType, icons: list[MachineIcon]) -> None:
        own = {icon.key: icon.version for icon in icons if icon.version}
        self._grid.clear()
        self._buttons = []
        with self._grid:
            self._button(None, BY_NAME, f'{BY_NAME} automatic default', shown_key(kind.name, None, own), own)
            for icon in icons:
                self._button(icon.key, icon.title, f'{icon.title} {icon.key} {icon.words}', icon.key, own)
        self._filter()

    def _button(self, key: str | None, title: str, words: str, shown: str, own: Mapping[str, str]) -> None:
        button = TextNode('button').classes('icon-choice').props('type=button')
        button.props['aria-pressed'] = str(self._type is not None and self._type.icon == key).lower()
        button.on('click', partial(self._take, key), args=[])
        with button:
            mask = ui.element('i').classes('machine-icon').props('aria-hidden=true')
            mask.style['--icon'] = picture(shown, own, self._prefix)
            TextNode('span', title)
        self._buttons.append((words.casefold(), key, button))

    def _filter(self) -> None:
        words = str(self._search.value or '').casefold().split()
        for text, _, button in self._buttons:
            hide(button, hidden=not all(word in text for word in words))
        hide(self._nothing, hidden=any(not button.props.get('hidden') for _, _, button in self._buttons))

    async def _take_first(self) -> None:
        found = [key for _, key, button in self._buttons if not button.props.get('hidden')]
        if self._search.value and found:
            await self._take(found[0])

    async def _take(self, key: str | None) -> None:
        if self._type is None or not self._dialog.value:
            return
        try:
            await self._choose(self._type, key)
        except FloorError as error:
            self._problem.show(f'{as_sentence(error)} Close this and open it again.')
        else:
            self._dialog.close()

    async def _uploaded(self, icon: MachineIcon) -> None:
        await self._take(icon.key)
