"""The editor of a work order's description, priority and assignee. Updates never overwrite what a person types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from ...core.errors import EditConflictError, FloorError, InvalidInputError
from ...core.names import in_order_of_names
from ...core.orders import Priority, WorkOrder, WorkOrderDetails
from ...core.people import Employee, Identity, Person, Role
from ...core.text import is_visible, shortened
from ...orders.order_values import OrderEdit
from ..shell.draft_offer import DraftOffer
from ..shell.drafts import Draft, Drafts
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode, as_sentence, no_connection_note, set_reason
from ..shell.order_formatting import role_needed
from ..shell.services import Services
from ..shell.text_field import TextArea
from .conflict import Editable, OrderConflict

CHANGED_BY_OTHERS = 'Someone else changed this order. When you save, you can compare both versions.'


class OrderEditor:
    """Shows the description; Edit opens the fields below it."""

    def __init__(self, services: Services, identity: Identity, person: Person, order_id: str,
                 reload: Callable[[], Awaitable[WorkOrderDetails | None]]) -> None:
        self._services = services
        self._identity = identity
        self._person = person
        self._reload = reload
        self._drafts = Drafts(identity)
        self._place = f'edit {order_id}'
        self._order: WorkOrder | None = None
        self._base: Editable | None = None
        self._version = 0
        self._filling = self._sending = False
        self._conflict = OrderConflict(services)
        with ui.card().classes('panel description-panel').props('role=region aria-label=Description'):
            with ui.element('header').classes('panel-header'):
                Heading('Description').classes('panel-title')
                self._edit = ui.button('Edit', on_click=self._open, color=None).props('flat no-caps')
            self._shown = TextNode('p').classes('free-text description')
            self._other_tabs = DraftOffer(self._drafts, lambda other: str(other.draft.get('description') or ''),
                                          lambda other: self._restore(other.draft))
            with ui.element('div').classes('edit-form') as self._form:
                self._build()
        self._form.visible = False

    @property
    def is_open(self) -> bool:
        """Whether the fields are shown."""
        return bool(self._form.visible)

    def show(self, order: WorkOrder) -> None:
        """Update to the current order. Open fields keep their content, and a note says that the order has changed."""
        is_first, self._order = self._order is None, order
        self._shown.set_text(order.description)
        set_reason(self._edit, self._refusal(order))
        if is_first:
            self._drafts.when_connected(self._restore_or_offer)
        self._changed_note.visible = self.is_open and order.version != self._version

    def _build(self) -> None:
        self._restored = ui.label('Your unsaved changes were restored.').classes('note')
        self._description = TextArea('Description', on_change=self._typed).classes('field') \
            .props('outlined autogrow maxlength=10000')
        with ui.element('fieldset').classes('choice'):
            TextNode('legend', 'Priority')
            self._priority = ui.radio([priority.value for priority in Priority], on_change=self._typed) \
                .props('inline aria-label=Priority')
        self._assignee = ui.select({}, label='Assignee', with_input=True, clearable=True, on_change=self._typed) \
            .classes('field').props('outlined')
        self._changed_note = ui.label(CHANGED_BY_OTHERS).classes('note').props('role=status')
        no_connection_note()
        self._problem = Alert()
        with ui.element('footer').classes('sheet-buttons'):
            ui.button('Discard changes', on_click=self._discard, color=None).props('flat no-caps')
            self._save_button = ui.button('Save', on_click=self._save, color=None).props('no-caps').classes('primary')
        for field in self._description, self._assignee:
            field.on('keydown.ctrl.enter', self._save, args=[])
            field.on('keydown.meta.enter', self._save, args=[])

    def _refusal(self, order: WorkOrder) -> str:
        if self._person.role.may(Role.OPERATOR) and order.reporter_email == self._identity.email is not None:
            return ''
        return role_needed(Role.TECHNICIAN, self._person.role)

    # opening and editing

    def _open(self) -> None:
        if self._order is None or self.is_open:
            return
        self._version, self._base = self._order.version, Editable.of(self._order)
        self._fill(self._base)
        self._restored.visible = False
        self._form.visible = True
        self._problem.show('')
        self._description.run_method('focus')
        self._form.run_method('scrollIntoView', {'block': 'nearest'})  # below a long text it can be out of view

    def _restore_or_offer(self) -> None:
        """Restore the draft of this tab, or offer those of other tabs."""
        if draft := self._drafts.get(self._place):
            self._restore(draft)
        else:
            self._other_tabs.show(lambda place: place == self._place)

    def _restore(self, draft: Draft) -> None:
        """Show a draft, with the version of the order on which it is based."""
        if self._order is None or self._form.is_deleted:
            return
        now = Editable.of(self._order)
        self._version = _number(draft.get('version')) or self._order.version
        self._base = _editable(draft, 'base_', now)
        self._fill(_editable(draft, '', now))
        self._restored.visible = True
        self._form.visible = True
        self._changed_note.visible = self._order.version != self._version

    def _fill(self, content: Editable) -> None:
        self._filling = True
        people = self._choices(content)
        self._assignee.set_options(people, value=content.assignee_id if content.assignee_id in people else None)
        self._assignee.set_enabled(self._person.role.may(Role.TECHNICIAN))
        self._assignee.props['title'] = role_needed(Role.TECHNICIAN, self._person.role)
        self._assignee.props['hint'] = None if self._person.role.may(Role.SUPERVISOR) else \
            'Only supervisors can assign other people.'
        self._description.value = content.description
        self._priority.value = content.priority.value
        self._description.error = self._assignee.error = None
        self._filling = False

    def _choices(self, content: Editable) -> dict[int, str]:
        """The people who can be assigned, and the present assignee, active or not."""
        own_id = self._person.employee_id
        people = in_order_of_names(self._services.store.people.values())
        return {each.id: _name(each) for each in people if each.id == content.assignee_id
                or (each.can_be_assigned and (self._person.role.may(Role.SUPERVISOR) or each.id == own_id))}

    def _content(self) -> Editable:
        return Editable(self._description.value or '', Priority(self._priority.value), self._assignee.value)

    def _typed(self) -> None:
        if self._filling or self._base is None:
            return
        content = self._content()
        self._other_tabs.hide()
        if content == self._base:
            self._drafts.discard(self._place)
            return
        self._drafts.keep(self._place, {
            'description': content.description, 'priority': content.priority.value, 'assignee_id': content.assignee_id,
            'base_description': self._base.description, 'base_priority': self._base.priority.value,
            'base_assignee_id': self._base.assignee_id, 'version': self._version})

    def _discard(self) -> None:
        self._drafts.discard(self._place)
        self._form.visible = False
        self._changed_note.visible = False

    # saving

    async def _save(self) -> None:
        if self._sending or self._order is None or self._base is None or not self.is_open:
            return
        if not is_visible(self._description.value or ''):
            self._description.error = 'Describe what is wrong.'
            return
        self._sending = True
        self._save_button.props['loading'] = True
        self._problem.show('')
        try:
            await self._send(self._order.id, self._content(), self._base, self._version)
        finally:
            self._sending = False
            if not self._save_button.is_deleted:
                self._save_button.props['loading'] = False

    async def _send(self, order_id: str, mine: Editable, base: Editable, version: int) -> None:
        edit = mine.edit_from(base)
        if edit == OrderEdit():
            self._discard()
            return
        try:
            saved = await self._services.orders.edit(self._identity, order_id, version, edit)
        except EditConflictError as error:
            if isinstance(error.current, WorkOrder) and not self._form.is_deleted:
                await self._resolve(error.current, mine, base)
        except InvalidInputError as error:
            field = {'description': self._description, 'issue_description': self._description,
                     'assignee': self._assignee, 'assignee_id': self._assignee}.get(error.field or '')
            if field is not None and not field.is_deleted:
                field.error = as_sentence(error)
            else:
                self._failed(error)
        except FloorError as error:
            self._failed(error)
        else:
            self._saved(mine, saved)
            if not self._form.is_deleted:
                await self._reload()

    def _saved(self, mine: Editable, saved: WorkOrder) -> None:
        if self._content() != mine:  # the person has typed more since then
            self._base, self._version = Editable.of(saved), saved.version
            self._typed()
            self._problem.show('Saved. What you typed since then is not saved yet.')
        elif self._form.is_deleted:
            self._drafts.discard(self._place)
        else:
            self._discard()

    async def _resolve(self, current: WorkOrder, mine: Editable, base: Editable) -> None:
        """Let the person compare both versions, then send the values that they choose."""
        details = await self._reload()
        if details is not None:
            current = details.order
        now = Editable.of(current)
        chosen = await self._conflict.resolve(base, mine, now, current, details.events if details else ())
        if chosen is None or self._form.is_deleted:
            self._problem.show('Not saved: someone else changed this order. What you typed is kept.')
            return
        self._base, self._version = now, current.version
        self._fill(chosen)
        self._typed()
        await self._send(current.id, chosen, now, current.version)

    def _failed(self, error: FloorError) -> None:
        if not self._form.is_deleted:
            self._problem.show(f'{as_sentence(error)} What you typed is kept.')


def _name(person: Employee) -> str:
    return shortened(person.name, 80) if person.active else f'{shortened(person.name, 80)} (inactive)'


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _editable(draft: Draft, prefix: str, default: Editable) -> Editable:
    description, priority = draft.get(f'{prefix}description'), draft.get(f'{prefix}priority')
    return Editable(str(default.description if description is None else description),
                    Priority(priority) if priority in list(Priority) else default.priority,
                    _number(draft.get(f'{prefix}assignee_id')))
