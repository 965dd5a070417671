"""Uploading an icon: a file is cleaned, shown in light and dark as it will be drawn, and stored under a name."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import Request
from nicegui import ui

from ...core.errors import FloorError
from ...plant.icon_svg import MAX_BYTES, clean_svg
from ...plant.plant_items import MachineIcon
from ..orders.upload_button import UploadButton
from ..shell.messages import Alert, TextNode, as_sentence
from ..shell.text_field import TextField

ABOUT = 'An SVG of at most 20 kB. It is drawn in one colour, so only its outline counts.'
REJECTED = 'Choose an SVG file of at most 20 kB.'
SIZES = ('24px', '48px')


class IconUpload:
    """The button, and below it the preview with the name."""

    def __init__(self, add: Callable[[str, bytes], Awaitable[MachineIcon]],
                 added: Callable[[MachineIcon], Awaitable[None]],
                 upload_slot: Callable[[Request], AbstractAsyncContextManager[None]]) -> None:
        """add: stores an icon; raises FloorError. added: called with it. upload_slot: as of FileUpload."""
        self._add = add
        self._added = added
        self._svg = ''
        with ui.element('div').classes('icon-upload'):
            UploadButton('Upload an SVG', refusal='', accept='image/svg+xml,.svg', max_bytes=MAX_BYTES,
                         on_file=self._received, on_begin=self.reset, on_problem=self._refused,
                         on_rejected=lambda: self._refused(REJECTED), upload_slot=upload_slot)
            TextNode('p', ABOUT).classes('panel-note')
        self._problem = Alert()
        with ui.element('div').classes('icon-preview') as self._preview:
            self._masks: list[ui.element] = []
            for ground in 'light', 'dark':
                with ui.element('div').classes(f'icon-ground {ground}') as box:
                    box.props['role'] = 'img'
                    box.props['aria-label'] = f'Preview, {ground}'
                    for size in SIZES:
                        mask = ui.element('i').classes('machine-icon')
                        mask.style['font-size'] = size
                        self._masks.append(mask)
            self._key = TextField('Name of the icon').props('dense outlined').classes('field')
            self._key.on('keydown.enter', self._store, args=[])
            ui.button('Add this icon', on_click=self._store, color=None).props('no-caps').classes('primary')
        self.reset()

    def reset(self) -> None:
        """Show no file and no problem."""
        self._svg = ''
        self._problem.show('')
        self._preview.set_visibility(False)

    async def _received(self, name: str, content: bytes) -> None:
        self._svg = clean_svg(content)
        address = f'data:image/svg+xml;base64,{b64encode(self._svg.encode()).decode()}'
        for mask in self._masks:
            mask.style['--icon'] = f'url("{address}")'
        self._key.value = key_of(name)
        self._preview.set_visibility(True)

    def _refused(self, problem: str) -> None:
        self._problem.show(problem)

    async def _store(self) -> None:
        if not self._svg:
            return
        self._problem.show('')
        try:
            icon = await self._add(key_of(str(self._key.value or '')), self._svg.encode())
        except FloorError as error:
            self._problem.show(as_sentence(error))
            return
        self.reset()
        await self._added(icon)


def key_of(name: str) -> str:
    """The key for the name of a file or an icon: 'Bag Sealer.svg' is bag_sealer."""
    return re.sub('[^a-z0-9-]+', '_', name.removesuffix('.svg').casefold()).strip('_-')[:40]
