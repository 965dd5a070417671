"""A ribbon above every page of a demo, whose data is simulated. Supervisors can replace the demo by a plant."""

from __future__ import annotations

from nicegui import ui

from ...core.errors import FloorError
from ...core.people import Identity, Role
from ...plant.demo_removal import DemoContents
from ..live.live_element import SECOND, Content, LiveElement
from .confirmation import close_when_done
from .dialog import Dialog
from .heading import Heading
from .messages import Alert, TextNode, as_sentence
from .services import Services

LABEL = 'Demo: simulated data'
SETUP = '/setup'


class DemoRibbon(LiveElement):
    """The ribbon; hidden as soon as the floor is a plant."""

    def __init__(self, services: Services, role: Role = Role.VIEWER) -> None:
        """role: of the person; only supervisors can remove the demo."""
        super().__init__('div', SECOND)
        self._store = services.store
        self.classes('demo-ribbon')
        self.props['role'] = 'note'
        with self:
            ui.label(LABEL)
            if role.may(Role.SUPERVISOR):
                SetUpPlantButton(services).props('flat dense')

    def content(self) -> Content:
        return {'hidden': not self._store.is_demo}, None


class SetUpPlantButton(ui.button):
    """Replaces the demo by a plant, after a confirmation."""

    def __init__(self, services: Services) -> None:
        super().__init__('Set up your plant', on_click=self._ask, color=None)
        self.props('no-caps')
        self._services, self._identity = services, services.visitor()
        self._dialog: RemoveDemoDialog | None = None

    async def _ask(self) -> None:
        self._dialog = self._dialog or RemoveDemoDialog(self._services, self._identity)
        await self._dialog.open()


WAITING = ('Removing the demo. While its past is still being written, or reports are being prepared, this can take '
           'up to a minute and a half.')


class RemoveDemoDialog:
    """Shows what is deleted and asks for confirmation; then it goes on with the set-up."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services = services
        self._identity = identity
        self._working = False
        with Dialog() as self._dialog, ui.card().classes('sheet'):
            self._dialog.props['aria-label'] = 'Set up your plant'
            Heading('Set up your plant')
            self._contents = TextNode('p')
            self._sure = ui.checkbox('Permanently remove the demo data', on_change=self._allow)
            self._waiting = TextNode('p').classes('note')
            self._waiting.props['role'] = 'status'
            self._problem = Alert()
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Keep the demo', on_click=self._dialog.close, color=None).props('flat no-caps autofocus')
                self._button = ui.button('Remove the demo', on_click=self._remove, color=None).props('no-caps') \
                    .classes('primary')

    async def open(self) -> None:
        """Open the dialog with the current counts."""
        self._sure.value = False
        self._sure.set_visibility(False)
        self._allow()
        self._problem.show('')
        self._contents.set_text('Counting…')
        self._dialog.open()
        try:
            contents = await self._services.plant.contents(self._identity)
        except FloorError as error:
            if not self._dialog.is_deleted:
                self._contents.set_text('')
                self._problem.show(as_sentence(error))
            return
        if not self._dialog.is_deleted:
            self._contents.set_text(removal_text(contents))
            self._sure.set_visibility(True)

    def _allow(self) -> None:
        self._button.set_enabled(bool(self._sure.value))

    async def _remove(self) -> None:
        if self._working or not self._sure.value or not self._dialog.value:
            return
        self._working = True
        self._waiting.set_text(WAITING)
        self._button.props['loading'] = True
        try:
            await close_when_done(self._dialog, self._problem, self._remove_demo())
        finally:
            self._working = False
            if not self._button.is_deleted:
                self._waiting.set_text('')
                self._button.props['loading'] = False

    async def _remove_demo(self) -> None:
        await self._services.plant.remove_demo(self._identity)
        if not self._dialog.is_deleted:
            with self._dialog:
                ui.navigate.to(SETUP)


def removal_text(contents: DemoContents) -> str:
    """The sentences above the confirmation."""
    return (f'The simulator stops, and the demo data is permanently deleted for everyone: {contents}. '
            'Everybody else is signed out, and tokens, stations, wall screens and invitations end. The floor is then '
            'empty and ready for your own machines.')
