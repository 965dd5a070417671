"""The dialog for a new work order. It keeps what a person types as a draft until it is sent or discarded."""

from __future__ import annotations

from nicegui import ui

from ...core.errors import (
    DatabaseUnavailableError,
    FloorError,
    InvalidInputError,
    OrderAlreadyOpenError,
    ReferenceReusedError,
)
from ...core.machines import MachineName
from ...core.orders import WorkOrder
from ...core.people import Identity, Person, Role
from ...core.text import shortened
from ...orders.order_values import NewOrder
from ..shell.back_button import BackCloses
from ..shell.dialog import Dialog
from ..shell.draft_offer import DraftOffer
from ..shell.drafts import Drafts, OtherDraft, new_reference
from ..shell.heading import Heading
from ..shell.messages import Alert, as_sentence, no_connection_note, set_reason
from ..shell.order_formatting import order_address, role_needed, short_id
from ..shell.services import Services
from .order_fields import OrderFields
from .toast import OrderToast

FORM_RECONNECT_S = 600.0
"""Seconds that a page with a form waits for its browser: text typed without a connection is lost with the page."""
PLACE = 'new order'
FIRST_ATTEMPT_SAVED = 'Your first attempt was saved as {order}. Edit that order, or press Create to add another.'
SAVED_WITHOUT_EDITS = ('{order} was created without your latest edits, which are kept here. Edit that order, or press '
                       'Create to add another.')


class OrderForm:
    """Built once per page; opened with or without a machine."""

    def __init__(self, services: Services, person: Person, identity: Identity) -> None:
        self._services = services
        self._person = person
        self._identity = identity
        self._drafts = Drafts(identity)
        self._place = PLACE
        self._reference = ''
        self._sending = False
        self._confirmed_machine: MachineName | None = None
        """The machine whose stop has an open order: the person has seen it, and may create another."""
        self._toast = OrderToast()
        with Dialog().props('aria-label="New work order"') as self._dialog, ui.card().classes('sheet order-form'):
            self._build()
        BackCloses(self._dialog, lambda: self._fields.description)

    def open(self, machine: MachineName | None = None) -> None:
        """Show the dialog: with the unsent draft for this machine, else with defaults."""
        self._place = f'{PLACE} {machine}' if machine else PLACE
        draft = self._drafts.get(self._place)
        self._reference = str(draft.get('reference') or new_reference())
        self._confirmed_machine = None
        if draft:
            self._fields.fill(draft)
        else:
            self._fields.fill_defaults(machine)
        self._restored.visible = self._discard.visible = bool(draft)
        self._show_other_drafts()
        self._show_problem('')
        set_reason(self._create, role_needed(Role.OPERATOR, self._person.role))
        self._dialog.open()

    def _build(self) -> None:
        with ui.element('header').classes('sheet-header'):
            Heading('New work order')
            ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps')
        self._restored = ui.label('Your unsent draft was restored.').classes('note')
        self._other_machines = ui.element('div').classes('note')
        self._other_tabs = DraftOffer(self._drafts, self._summary, self._use_draft)
        self._fields = OrderFields(self._services, self._person, on_change=self._changed,
                                   on_machine=lambda: self._show_problem(''), on_submit=self._submit)
        no_connection_note()
        self._problem = Alert()
        self._link = ui.link('').classes('note')
        with ui.element('footer').classes('sheet-buttons'):
            self._discard = ui.button('Discard draft', on_click=self._discard_draft, color=None).props('flat no-caps')
            self._create = ui.button('Create', on_click=self._submit, color=None).props('no-caps').classes('primary')

    # drafts

    def _show_other_drafts(self) -> None:
        """Offer the drafts for other machines and of other tabs."""
        self._other_tabs.show(_is_new_order)
        self._other_machines.clear()
        places = [place for place in self._drafts.places() if _is_new_order(place) and place != self._place]
        self._other_machines.visible = bool(places)
        with self._other_machines:
            for place in reversed(places[-3:]):
                name = _machine_of(place)
                label = f'Continue draft for {shortened(str(self._services.store.names.of(name)), 60)}' if name \
                    else 'Continue draft without a machine'
                ui.button(label, color=None,
                          on_click=lambda name=name: self.open(name or None)).props('flat no-caps dense')

    def _summary(self, other: OtherDraft) -> str:
        machine = str(other.draft.get('machine') or '')
        text = str(other.draft.get('description') or other.draft.get('checklist') or '')
        return f'{self._services.store.names.of(MachineName(machine))}: {text}' if machine else text

    def _use_draft(self, other: OtherDraft) -> None:
        self.open(_machine_of(other.place) or None)

    def _changed(self) -> None:
        if self._fields.has_text:
            self._drafts.keep(self._place, self._fields.draft(self._reference))
            self._other_tabs.hide()
        else:
            self._drafts.discard(self._place)
        self._discard.visible = self._place in self._drafts.places()

    def _discard_draft(self) -> None:
        self._drafts.discard(self._place)
        self._dialog.close()

    # sending

    async def _submit(self) -> None:
        if self._sending or not self._dialog.value or not self._is_complete():
            return
        self._sending = True
        self._create.props['loading'] = True
        self._create.disable()
        self._show_problem('')
        new, place = self._new_order(), self._place
        had_draft = bool(self._drafts.get(place))
        self._drafts.keep(place, self._fields.draft(self._reference))  # a retry after a reload has the same reference
        try:
            order = await self._services.orders.create(self._identity, new)
        except ReferenceReusedError as error:
            if isinstance(error.earlier, WorkOrder):  # a first attempt was saved, and its response was lost
                is_shown = (self._place, self._reference) == (place, new.client_reference)
                self._start_another(error.earlier, place, FIRST_ATTEMPT_SAVED, is_shown=is_shown)
        except FloorError as error:
            if not (had_draft or isinstance(error, DatabaseUnavailableError)):
                self._drafts.discard(place)
            self._failed(error)
        else:
            self._created(order, new, place)
        finally:
            self._sending = False
            if not self._create.is_deleted:
                self._create.props['loading'] = False
                self._create.enable()

    def _is_complete(self) -> bool:
        is_valid = self._fields.validate()
        refusal = role_needed(Role.OPERATOR, self._person.role)
        self._show_problem(refusal)
        return is_valid and not refusal

    def _new_order(self) -> NewOrder:
        return self._fields.new_order(self._reference, even_if_open=self._confirmed_machine == self._fields.machine)

    def _failed(self, error: FloorError) -> None:
        if self._create.is_deleted or (isinstance(error, InvalidInputError) and self._fields.show_error(error)):
            return
        if isinstance(error, OrderAlreadyOpenError) and isinstance(error.order, WorkOrder):
            self._ask_to_confirm(error.order)
        elif isinstance(error, DatabaseUnavailableError):
            self._show_problem(f'{as_sentence(error)} What you typed is kept.')
            self._create.set_text('Try again')
        else:
            self._show_problem(as_sentence(error))

    def _ask_to_confirm(self, order: WorkOrder) -> None:
        """An order is open for the stop: link to it, and let the person create another."""
        self._show_problem(f'WO-{short_id(order.id)} is already open for this stop: '
                           f'{shortened(order.description, 120)} ({order.status.word}, '
                           f'{shortened(order.assignee, 80) or "unassigned"}).')
        self._link_to(order)
        self._confirmed_machine = order.machine
        self._create.set_text('Create another anyway')

    def _created(self, order: WorkOrder, sent: NewOrder, place: str) -> None:
        """place: of its draft; meanwhile the dialog may show another one."""
        is_shown = (self._place, self._reference) == (place, sent.client_reference)
        if is_shown and self._new_order() != sent:
            self._start_another(order, place, SAVED_WITHOUT_EDITS, is_shown=True)
            return
        self._drafts.discard(place)
        if not self._create.is_deleted:
            if is_shown:
                self._dialog.close()
            self._toast.show(f'WO-{short_id(order.id)} created.', 'View order', order_address(order.id))

    def _start_another(self, order: WorkOrder, place: str, message: str, *, is_shown: bool) -> None:
        """Keep the text as the draft of another order, with a new reference, as it differs from the saved order."""
        reference = new_reference()
        if is_shown:
            self._reference = reference
        self._drafts.keep(place, self._fields.draft(reference) if is_shown else
                          {**self._drafts.get(place), 'reference': reference})
        if is_shown and not self._create.is_deleted:
            self._show_problem(message.format(order=f'WO-{short_id(order.id)}'))
            self._link_to(order)

    def _link_to(self, order: WorkOrder) -> None:
        self._link.set_text(f'Open WO-{short_id(order.id)}')
        self._link.props['href'] = order_address(order.id)
        self._link.visible = True

    def _show_problem(self, problem: str) -> None:
        self._problem.show(problem)
        self._link.visible = False
        self._create.set_text('Create')


def _is_new_order(place: str) -> bool:
    return place == PLACE or place.startswith(f'{PLACE} ')


def _machine_of(place: str) -> MachineName:
    return MachineName(place.removeprefix(PLACE).removeprefix(' '))
