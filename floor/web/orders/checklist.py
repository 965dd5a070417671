"""The checklist of a work order."""

from __future__ import annotations

from collections.abc import Awaitable

from nicegui import ui

from ...core.orders import ChecklistItem, WorkOrder, WorkOrderDetails
from ...core.people import Identity, Person, Role
from ...core.text import is_visible
from ..shell.confirmation import succeeds
from ..shell.drafts import Drafts
from ..shell.heading import Heading
from ..shell.kept_text import KeptText
from ..shell.messages import Alert, TextNode, set_reason
from ..shell.order_formatting import role_needed
from ..shell.services import Services
from ..shell.text_field import TextField


class ChecklistPanel:
    """The steps, and a field for a new one, whose text is kept as a draft."""

    def __init__(self, services: Services, identity: Identity, person: Person, order_id: str) -> None:
        self._orders = services.orders
        self._identity = identity
        self._person = person
        self._order_id = order_id
        self._drafts = Drafts(identity)
        self._details: WorkOrderDetails | None = None
        self._sending = False
        with ui.card().classes('panel').props('role=region aria-label=Checklist'):
            Heading('Checklist').classes('panel-title')
            self._list = ui.element('ul').classes('checklist')
            self._kept = KeptText(self._drafts, f'step {order_id}')
            with ui.element('div').classes('one-line-form'):
                self._text = TextField('Add a step', on_change=self._kept.typed) \
                    .classes('field').props('outlined dense maxlength=500')
                self._add_button = ui.button('Add', on_click=self._add, color=None).props('no-caps')
            self._problem = Alert()
        self._text.on('keydown.enter', self._add, args=[])
        self._kept.fill(self._text)

    def show(self, details: WorkOrderDetails, *, force: bool = False) -> None:
        """Update to the current steps. force: rebuild even if unchanged."""
        before, self._details = self._details, details
        set_reason(self._add_button, '' if self._is_reporter(details.order) and self._person.role.may(Role.OPERATOR)
                   else role_needed(Role.TECHNICIAN, self._person.role))
        if before is not None and before.checklist == details.checklist and not force:
            return  # do not rebuild checkboxes under a finger
        self._list.clear()
        with self._list:
            for item in details.checklist:
                self._row(item)
            if not details.checklist:
                TextNode('li', 'No steps yet.').classes('panel-note')

    def _row(self, item: ChecklistItem) -> None:
        refusal = role_needed(Role.TECHNICIAN, self._person.role)
        with ui.element('li'):
            box = ui.checkbox(item.text, value=item.done_at is not None,
                              on_change=lambda event: self._run(
                                  self._orders.check_item(self._identity, self._order_id, item.id, event.value)))
            set_reason(box, refusal)
            if item.done_by:
                TextNode('span', item.done_by).classes('quiet')
            remove = ui.button('Remove', color=None, on_click=lambda: self._run(
                self._orders.remove_item(self._identity, self._order_id, item.id))).props('flat no-caps dense')
            remove.props['aria-label'] = f'Remove the step {item.text[:80]}'
            set_reason(remove, refusal)

    def _is_reporter(self, order: WorkOrder) -> bool:
        return order.reporter_email is not None and order.reporter_email == self._identity.email

    async def _add(self) -> None:
        text = (self._text.value or '').strip()
        if self._sending or not is_visible(text) or not self._add_button.enabled:
            return
        self._sending = True
        try:
            if await self._run(self._orders.add_item(self._identity, self._order_id, text)):
                typed_since = (self._text.value or '').strip()
                self._drafts.discard(self._kept.place)
                self._drafts.keep_text(self._kept.place, '' if typed_since == text else typed_since)
                if not self._text.is_deleted and typed_since == text:
                    self._text.value = ''
        finally:
            self._sending = False

    async def _run(self, command: Awaitable[None]) -> bool:
        succeeded = await succeeds(command, self._problem)
        if not succeeded and self._details is not None and not self._text.is_deleted:
            self.show(self._details, force=True)  # resets the checkbox
        return succeeded
