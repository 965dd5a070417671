"""The transitions of a work order: which are allowed, the dialog for the values that they require, and refusals."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import background_tasks, ui

from ...core.errors import DatabaseUnavailableError, EditConflictError, FloorError, InvalidInputError
from ...core.machines import Status
from ...core.orders import AllowedTransition, HoldReason, WorkOrder, WorkOrderStatus
from ...core.people import Identity, Person
from ...core.text import is_visible, shortened
from ...feed.difference import Difference
from ...orders.order_values import OrderEdit, Transition
from ...orders.work_orders import TEXTS_OF, UNASSIGNED_START
from ..shell.back_button import BackCloses
from ..shell.dialog import Dialog
from ..shell.draft_offer import DraftOffer
from ..shell.drafts import Draft, Drafts, OtherDraft
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode, as_sentence, no_connection_note
from ..shell.order_formatting import HOLD_LABELS, role_needed, short_id, transition_label
from ..shell.services import Services
from ..shell.text_field import TextArea

WITHOUT_DIALOG = {WorkOrderStatus.IN_PROGRESS}
"""Transitions to these statuses are made with one click, as they require no values."""


class OrderTransitions:
    """Makes transitions, with a dialog for the values that they require. Built once per page."""

    def __init__(self, services: Services, person: Person, identity: Identity) -> None:
        self._services = services
        self._person = person
        self._identity = identity
        self._drafts = Drafts(identity)
        self._transitions: dict[WorkOrderStatus, tuple[AllowedTransition, ...]] = {}
        self._order: WorkOrder | None = None
        self._to, self._label = WorkOrderStatus.OPEN, ''
        self._filling = self._sending = False
        with Dialog() as self._dialog, ui.card().classes('sheet transition-form'):
            self._build()
        self._back = BackCloses(self._dialog, lambda: self._first)
        ui.context.client.on_delete(services.store.subscribe(self._on_difference))
        background_tasks.create(self._try_to_load(), name='work order transitions')

    async def load(self) -> None:
        """Read the allowed transitions, once: they do not change while the program runs.

        :raises DatabaseUnavailableError: the database does not respond
        """
        if not self._transitions:
            self._transitions = await self._services.orders.transitions()

    def allowed(self, order: WorkOrder) -> list[AllowedTransition]:
        """The transitions from the order's status, for any role; empty until they are loaded."""
        return list(self._transitions.get(order.status, ()))

    def refusal(self, order: WorkOrder, transition: AllowedTransition) -> str:
        """Why this person cannot make this transition now; empty if they can."""
        ended = order.completed_at or order.cancelled_at
        if transition.within is not None and ended is not None \
                and self._services.store.now_ms / 1000 - ended.timestamp() > transition.within.total_seconds():
            return f'This order ended more than {transition.within.days} days ago. Create a new one.'
        if transition.to_status is WorkOrderStatus.IN_PROGRESS and order.assignee_id is None \
                and self._person.employee_id is None and self._person.role.may(transition.role):
            return as_sentence(UNASSIGNED_START)
        return role_needed(transition.role, self._person.role)

    async def make(self, order: WorkOrder, to: WorkOrderStatus,
                   return_focus: Callable[[], None] | None = None) -> bool:
        """Make a transition, with the dialog if it requires values, and show the reason if it is refused.

        :returns: whether it was made

        return_focus: gives the focus back when the dialog has closed. A transition that is not allowed is sent without
        the dialog, so that the database's refusal is shown.
        """
        if self._sending or self._dialog.value:
            return False
        await self._try_to_load()
        transition = next((each for each in self.allowed(order) if each.to_status is to), None)
        if to in WITHOUT_DIALOG or transition is None or self.refusal(order, transition):
            return await self._send(order, Transition(to)) is not None
        self._open(order, to)
        self._back.return_focus = return_focus
        return await self._dialog is True

    @property
    def is_asking(self) -> bool:
        """Whether the dialog is open."""
        return bool(self._dialog.value)

    def can_undo(self, before: WorkOrder, to: WorkOrderStatus) -> bool:
        """Whether this person may make the reverse transition."""
        return any(transition.to_status is before.status and not role_needed(transition.role, self._person.role)
                   for transition in self._transitions.get(to, ()))

    async def undo(self, order: WorkOrder, before: WorkOrder) -> None:
        """Set the status back, and unassign the order if the transition has assigned it. Shows the reason if it is
        refused, for example after another change of the order."""
        restored = await self._send(order, Transition(before.status, hold_reason=before.hold_reason))
        if restored is not None and before.assignee_id is None and restored.assignee_id is not None:
            await self._send(restored, OrderEdit(assignee_id=None))

    # the dialog

    def _build(self) -> None:
        with ui.element('header').classes('sheet-header'):
            self._heading = Heading('')
            ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps')
        self._other_tabs = DraftOffer(self._drafts, _summary, lambda other: self._fill(other.draft))
        self._still_down = ui.label('').classes('note').props('role=alert')
        with ui.element('fieldset').classes('choice') as self._hold_choice:
            TextNode('legend', 'Waiting for')
            self._hold_reason = ui.radio({reason.value: HOLD_LABELS[reason] for reason in HoldReason},
                                         on_change=self._typed).props('inline aria-label="Waiting for"')
        self._cause = self._field('Cause: what was wrong', 2000)
        self._action_taken = self._field('Action: what was done', 2000)
        self._cancel_reason = self._field('Reason for cancelling', 2000)
        self._first = self._note = self._field('Note (optional)', 2000)
        no_connection_note()
        self._problem = Alert()
        with ui.element('footer').classes('sheet-buttons'):
            ui.button('Back', on_click=self._dialog.close, color=None).props('flat no-caps')
            self._button = ui.button('', on_click=self._submit, color=None).props('no-caps').classes('primary')

    def _field(self, label: str, max_length: int) -> TextArea:
        field = TextArea(label, on_change=self._typed).classes('field') \
            .props(f'outlined autogrow maxlength={max_length}')
        field.on('keydown.ctrl.enter', self._submit, args=[])
        field.on('keydown.meta.enter', self._submit, args=[])
        return field

    def _open(self, order: WorkOrder, to: WorkOrderStatus) -> None:
        self._order, self._to = order, to
        self._label = transition_label(order.status, to)
        self._heading.set_text(f'{self._label} {short_id(order.id)}')
        self._dialog.props['aria-label'] = self._label
        self._warn_if_down()
        self._hold_choice.set_visibility(to is WorkOrderStatus.ON_HOLD)
        self._cause.set_visibility(to is WorkOrderStatus.COMPLETED)
        self._action_taken.set_visibility(to is WorkOrderStatus.COMPLETED)
        self._cancel_reason.set_visibility(to is WorkOrderStatus.CANCELLED)
        self._fill(self._drafts.get(self._place))
        self._other_tabs.show(lambda place: place == self._place)
        self._problem.show('')
        self._first = {WorkOrderStatus.COMPLETED: self._cause,
                       WorkOrderStatus.CANCELLED: self._cancel_reason}.get(to, self._note)
        for field in self._texts.values():
            field.error = None
            field.props['autofocus'] = field is self._first

    def _warn_if_down(self) -> None:
        """Warn before an order is completed whose machine is still down."""
        machine = self._services.store.machines.get(self._order.machine) if self._order else None
        is_down = self._to is WorkOrderStatus.COMPLETED and machine is not None and machine.status is Status.DOWN
        self._still_down.set_text(
            f'{shortened(str(machine.display), 80)} is still down.' if machine and is_down else '')
        self._still_down.set_visibility(is_down)
        self._button.set_text(f'{self._label} anyway' if is_down else self._label)

    def _on_difference(self, difference: Difference) -> None:
        if self._dialog.value and self._order is not None and self._order.machine in difference.machines:
            self._warn_if_down()

    @property
    def _place(self) -> str:
        return f'transition {self._order.id if self._order else ""} {self._to}'

    @property
    def _texts(self) -> dict[str, TextArea]:
        return {'cause': self._cause, 'action_taken': self._action_taken, 'cancel_reason': self._cancel_reason,
                'note': self._note}

    def _fill(self, draft: Draft) -> None:
        self._filling = True
        for name, field in self._texts.items():
            field.value = str(draft.get(name) or '')
        hold_reason = draft.get('hold_reason')
        self._hold_reason.value = hold_reason if hold_reason in list(HoldReason) else None
        self._filling = False

    def _typed(self) -> None:
        if self._filling or self._order is None:
            return
        self._other_tabs.hide()
        draft: Draft = {'hold_reason': self._hold_reason.value,
                        **{name: field.value or '' for name, field in self._texts.items()}}
        if any(draft.values()):
            self._drafts.keep(self._place, draft)
        else:
            self._drafts.discard(self._place)

    # sending

    async def _submit(self) -> None:
        if self._sending or not self._dialog.value or self._order is None or not self._is_complete():
            return
        self._sending = True
        self._button.props['loading'] = True
        self._button.disable()
        self._problem.show('')
        place = self._place
        try:
            await self._services.orders.transition(
                self._identity, self._order.id, self._order.version, self._transition())
        except FloorError as error:
            self._failed(error)
        else:
            self._drafts.discard(place)
            self._dialog.submit(True)
        finally:
            self._sending = False
            if not self._button.is_deleted:
                self._button.props['loading'] = False
                self._button.enable()

    def _is_complete(self) -> bool:
        missing = [name for name in TEXTS_OF.get(self._to, ()) if not is_visible(self._texts[name].value or '')]
        for name, field in self._texts.items():
            field.error = 'This field is required.' if name in missing else None
        no_reason = self._to is WorkOrderStatus.ON_HOLD and not self._hold_reason.value
        self._problem.show('Choose what the order is waiting for.' if no_reason else '')
        return not missing and not no_reason

    def _transition(self) -> Transition:
        texts = {name: (field.value or '').strip() if field.visible else '' for name, field in self._texts.items()}
        hold_reason = HoldReason(self._hold_reason.value) if self._to is WorkOrderStatus.ON_HOLD else None
        return Transition(self._to, hold_reason=hold_reason, cause=texts['cause'], action_taken=texts['action_taken'],
                          cancel_reason=texts['cancel_reason'], note=texts['note'])

    def _failed(self, error: FloorError) -> None:
        """Show the error and keep the texts. After a conflict, pressing the button again applies them to the current
        version."""
        if self._button.is_deleted:
            return
        if isinstance(error, EditConflictError) and isinstance(error.current, WorkOrder) and self._order is not None:
            self._problem.show(f'{what_changed(self._order, error.current)} '
                               f'Press {self._button.text} again to continue.')
            self._order = error.current
        elif isinstance(error, InvalidInputError) and error.field in self._texts and self._texts[error.field].visible:
            self._texts[error.field].error = as_sentence(error)
        elif isinstance(error, DatabaseUnavailableError):
            self._problem.show(f'{as_sentence(error)} What you typed is kept.')
        else:
            self._problem.show(as_sentence(error))


    async def _send(self, order: WorkOrder, change: Transition | OrderEdit) -> WorkOrder | None:
        orders, self._sending = self._services.orders, True
        try:
            if isinstance(change, Transition):
                return await orders.transition(self._identity, order.id, order.version, change)
            return await orders.edit(self._identity, order.id, order.version, change)
        except FloorError as error:
            if not self._dialog.is_deleted:
                with self._dialog:
                    ui.notify(refusal_text(order, error), type='warning', multi_line=True, close_button='Close',
                              timeout=10_000)
            return None
        finally:
            self._sending = False

    async def _try_to_load(self) -> None:
        try:
            await self.load()
        except FloorError:
            pass  # the next transition loads them again, and the database refuses what is not allowed


def _summary(other: OtherDraft) -> str:
    reason = other.draft.get('hold_reason')
    texts = [HOLD_LABELS[HoldReason(reason)] if reason in list(HoldReason) else '',
             *(str(other.draft.get(name) or '') for name in ('cause', 'action_taken', 'cancel_reason', 'note'))]
    return '; '.join(text for text in texts if text)


def refusal_text(seen: WorkOrder, error: FloorError) -> str:
    """Why a command on an order was refused, as a sentence. seen: the order as the page showed it."""
    if isinstance(error, EditConflictError) and isinstance(error.current, WorkOrder):
        return what_changed(seen, error.current)
    return as_sentence(error)


def what_changed(seen: WorkOrder, current: WorkOrder) -> str:
    """What another person has changed, as a sentence. seen: the order as the page showed it."""
    changes = [f'{name}: {old} → {new}' for name, old, new in (
        ('status', seen.status.word, current.status.word),
        ('priority', seen.priority, current.priority),
        ('assignee', seen.assignee or 'unassigned', current.assignee or 'unassigned')) if old != new]
    if seen.description != current.description:
        changes.append('description edited')
    return f'{short_id(current.id)} was changed by someone else: {"; ".join(changes) or "see its history"}.'
