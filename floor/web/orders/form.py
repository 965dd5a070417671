"""A new work order: the dialog in which it is written. What is typed is kept until it is sent or thrown away."""

from __future__ import annotations

from nicegui import ui

from ...core.errors import (
    DatabaseUnavailableError,
    FloorError,
    InvalidInputError,
    OrderAlreadyOpenError,
    ReferenceReusedError,
)
from ...core.machines import DisplayName, MachineName, Status
from ...core.names import in_order_of_names, name_key
from ...core.orders import Priority, WorkOrder
from ...core.people import Identity, Person, Role
from ...core.text import is_visible, shortened
from ...orders.order_values import NewOrder
from ..shell.back_button import BackCloses
from ..shell.draft_offer import DraftOffer
from ..shell.drafts import Draft, Drafts, OtherDraft, new_reference
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode, as_sentence, no_connection_note, set_reason
from ..shell.order_formatting import order_address, role_needed, short_id
from ..shell.services import Services
from ..shell.text_field import TextArea
from .toast import OrderToast

FORM_RECONNECT_S = 600.0
"""How long a page waits for its browser: what is typed while the connection is away is lost with the page."""
PLACE = 'new order'
NOT_CHOSEN = 'Choose a machine.'
NOT_DESCRIBED = 'Describe what is wrong.'
FIRST_ATTEMPT_SAVED = 'Your first attempt was saved as {order}. Edit that order, or press Create to add another.'
SAVED_WITHOUT_EDITS = ('{order} was created without your latest edits, which are kept here. Edit that order, or press '
                       'Create to add another.')


class OrderForm:
    """Built once per page; opened for a machine, or for none."""

    def __init__(self, services: Services, person: Person, identity: Identity) -> None:
        self._services = services
        self._person = person
        self._identity = identity
        self._drafts = Drafts(identity)
        self._place = PLACE
        self._reference = ''
        self._filling = False
        self._sending = False
        self._has_chosen_priority = False
        self._warned_of: MachineName | None = None  # that its stop has an order already
        self._toast = OrderToast()
        with ui.dialog().props('aria-label="New work order"') as self._dialog, ui.card().classes('sheet order-form'):
            self._build()
        BackCloses(self._dialog, lambda: self._description)

    def open(self, machine: MachineName | None = None) -> None:
        """Show the dialog: with what was typed for this machine and not sent, else new with the machine's reason."""
        self._place = f'{PLACE} {machine}' if machine else PLACE
        draft = self._drafts.get(self._place)
        self._reference = str(draft.get('reference') or new_reference())
        self._has_chosen_priority = bool(draft)
        self._warned_of = None
        self._fill(draft or self._fresh(machine))
        self._returned.visible = self._discard.visible = bool(draft)
        self._show_others()
        self._say('')
        set_reason(self._create, role_needed(Role.OPERATOR, self._person.role))
        self._dialog.open()

    # building

    def _build(self) -> None:
        with ui.element('header').classes('sheet-header'):
            Heading('New work order')
            ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps')
        self._returned = ui.label('Your unsent draft was restored.').classes('note')
        self._others = ui.element('div').classes('note')
        self._other_tabs = DraftOffer(self._drafts, _summary, self._taken_over)
        self._description = TextArea('What is wrong', on_change=self._typed).classes('field') \
            .props('outlined autogrow autofocus maxlength=10000')
        self._machine = ui.select({}, label='Machine', with_input=True, on_change=self._machine_chosen) \
            .classes('field').props('outlined')
        with ui.element('fieldset').classes('choice'):
            TextNode('legend', 'Priority')
            self._priority = ui.radio([priority.value for priority in Priority], value=Priority.MEDIUM.value,
                                      on_change=self._priority_chosen).props('inline aria-label=Priority')
        self._assignee = ui.select({}, label='Assignee', with_input=True, clearable=True, on_change=self._typed) \
            .classes('field').props('outlined')
        self._checklist = TextArea('Checklist, one step per line', on_change=self._typed) \
            .classes('field').props('outlined autogrow')
        no_connection_note()
        self._problem = Alert()
        self._earlier = ui.link('').classes('note')
        with ui.element('footer').classes('sheet-buttons'):
            self._discard = ui.button('Discard draft', on_click=self._throw_away, color=None).props('flat no-caps')
            self._create = ui.button('Create', on_click=self._submit, color=None).props('no-caps').classes('primary')
        for field in self._description, self._machine, self._assignee, self._checklist:
            field.on('keydown.ctrl.enter', self._submit, args=[])
            field.on('keydown.meta.enter', self._submit, args=[])

    # filling

    def _fresh(self, name: MachineName | None) -> Draft:
        machine = self._services.store.machines.get(name) if name else None
        reason = machine is not None and machine.status is not Status.OPERATIONAL and machine.reason
        return {'machine': name, 'description': reason or '', 'priority': self._usual_priority(name), 'assignee': None,
                'checklist': ''}

    def _fill(self, draft: Draft) -> None:
        self._filling = True
        in_order = sorted(self._services.store.machines.values(), key=lambda each: name_key(each.name))
        machines = {each.name: shortened(str(each.display), 80) for each in in_order}
        people = self._assignable()
        machine, assignee, priority = draft.get('machine'), draft.get('assignee'), draft.get('priority')
        self._machine.set_options(machines, value=machine if machine in machines else None)
        self._assignee.set_options(people, value=assignee if assignee in people else None)
        self._assignee.set_enabled(bool(people))
        self._assignee.props['title'] = role_needed(Role.TECHNICIAN, self._person.role)
        self._assignee.props['hint'] = self._assignee_hint()
        self._priority.value = priority if priority in list(Priority) else Priority.MEDIUM.value
        self._description.value = str(draft.get('description') or '')
        self._checklist.value = str(draft.get('checklist') or '')
        for field in self._fields.values():
            field.error = None
        self._filling = False

    def _usual_priority(self, name: MachineName | None) -> str:
        machine = self._services.store.machines.get(name) if name else None
        return (Priority.HIGH if machine is not None and machine.status is Status.DOWN else Priority.MEDIUM).value

    def _assignable(self) -> dict[int, str]:
        people = in_order_of_names(self._services.store.people.values())
        return {each.id: shortened(each.name, 80) for each in people if each.can_be_assigned and (
            self._person.role.may(Role.SUPERVISOR)
            or (self._person.role.may(Role.TECHNICIAN) and each.id == self._person.employee_id))}

    def _assignee_hint(self) -> str:
        if self._person.role.may(Role.SUPERVISOR):
            return 'Optional'
        if self._person.role.may(Role.TECHNICIAN):
            return 'Optional. Only supervisors can assign other people.'
        return 'Technicians can assign themselves, supervisors anyone.'

    def _show_others(self) -> None:
        """Drafts for other machines and of other tabs: named, and one click away."""
        self._other_tabs.show(_is_new_order)
        self._others.clear()
        places = [place for place in self._drafts.places() if _is_new_order(place) and place != self._place]
        self._others.visible = bool(places)
        with self._others:
            for place in reversed(places[-3:]):
                name = _machine_of(place)
                label = f'Continue draft for {shortened(str(DisplayName.of(name)), 60)}' if name \
                    else 'Continue draft without a machine'
                ui.button(label, color=None,
                          on_click=lambda name=name: self.open(name or None)).props('flat no-caps dense')

    def _taken_over(self, other: OtherDraft) -> None:
        self.open(_machine_of(other.place) or None)

    # typing

    def _typed(self) -> None:
        if self._filling:
            return
        if not (is_visible(self._text(self._description)) or is_visible(self._text(self._checklist))):
            self._drafts.discard(self._place)
        else:
            self._drafts.keep(self._place, self._draft())
            self._other_tabs.hide()
        self._discard.visible = self._place in self._drafts.places()

    def _machine_chosen(self) -> None:
        if not self._filling and not self._has_chosen_priority:
            self._filling = True
            self._priority.value = self._usual_priority(self._machine.value)
            self._filling = False
        if not self._filling:
            self._say('')
        self._typed()

    def _priority_chosen(self) -> None:
        self._has_chosen_priority = self._has_chosen_priority or not self._filling
        self._typed()

    def _draft(self) -> Draft:
        return {'machine': self._machine.value, 'description': self._text(self._description),
                'priority': self._priority.value, 'assignee': self._assignee.value,
                'checklist': self._text(self._checklist), 'reference': self._reference}

    @staticmethod
    def _text(field: TextArea) -> str:
        return field.value or ''

    def _throw_away(self) -> None:
        self._drafts.discard(self._place)
        self._dialog.close()

    # sending

    async def _submit(self) -> None:
        if self._sending or not self._dialog.value or self._lacks_something():
            return
        self._sending = True
        self._create.props['loading'] = True
        self._create.disable()
        self._say('')
        new, place = self._new_order(), self._place
        was_typed = bool(self._drafts.get(place))
        self._drafts.keep(place, self._draft())  # also what was filled in: a retry after a reload is the same order
        try:
            order = await self._services.orders.create(self._identity, new)
        except ReferenceReusedError as error:
            if isinstance(error.earlier, WorkOrder):  # an attempt whose answer was lost, with what was typed then
                is_shown = (self._place, self._reference) == (place, new.client_reference)
                self._keep_for_another(error.earlier, place, FIRST_ATTEMPT_SAVED, is_shown=is_shown)
        except FloorError as error:
            if not (was_typed or isinstance(error, DatabaseUnavailableError)):
                self._drafts.discard(place)
            self._failed(error)
        else:
            self._created(order, new, place)
        finally:
            self._sending = False
            if not self._create.is_deleted:
                self._create.props['loading'] = False
                self._create.enable()

    def _lacks_something(self) -> bool:
        self._machine.error = None if self._machine.value else NOT_CHOSEN
        self._description.error = None if is_visible(self._text(self._description)) else NOT_DESCRIBED
        refusal = role_needed(Role.OPERATOR, self._person.role)
        self._say(refusal)
        return bool(self._machine.error or self._description.error or refusal)

    def _new_order(self) -> NewOrder:
        steps = tuple(step.strip() for step in self._text(self._checklist).splitlines() if is_visible(step))
        return NewOrder(machine=MachineName(str(self._machine.value)), description=self._text(self._description),
                        priority=Priority(self._priority.value), assignee_id=self._assignee.value,
                        client_reference=self._reference, checklist=steps,
                        even_if_open=self._warned_of == self._machine.value)

    def _failed(self, error: FloorError) -> None:
        if self._create.is_deleted:
            return
        if isinstance(error, InvalidInputError) and (field := self._fields.get(error.field or '')) is not None:
            field.error = as_sentence(error)
        elif isinstance(error, OrderAlreadyOpenError) and isinstance(error.order, WorkOrder):
            self._warn_of(error.order)
        elif isinstance(error, DatabaseUnavailableError):
            self._say(f'{as_sentence(error)} What you typed is kept.')
            self._create.set_text('Try again')
        else:
            self._say(as_sentence(error))

    def _warn_of(self, order: WorkOrder) -> None:
        """The stop has an order already: it is offered, and another can be made all the same."""
        self._say(f'WO-{short_id(order.id)} is already open for this stop: {shortened(order.description, 120)} '
                  f'({order.status.word}, {shortened(order.assignee, 80) or "unassigned"}).')
        self._offer(order)
        self._warned_of = order.machine
        self._create.set_text('Create another anyway')

    def _offer(self, order: WorkOrder) -> None:
        self._earlier.set_text(f'Open WO-{short_id(order.id)}')
        self._earlier.props['href'] = order_address(order.id)
        self._earlier.visible = True

    def _created(self, order: WorkOrder, sent: NewOrder, place: str) -> None:
        """place: where it was written. By now the dialog may have been opened for another machine."""
        is_shown = (self._place, self._reference) == (place, sent.client_reference)
        if is_shown and self._new_order() != sent:
            self._keep_for_another(order, place, SAVED_WITHOUT_EDITS, is_shown=True)
            return
        self._drafts.discard(place)
        if not self._create.is_deleted:
            if is_shown:
                self._dialog.close()
            self._toast.show(f'WO-{short_id(order.id)} created.', 'View order', order_address(order.id))

    def _keep_for_another(self, order: WorkOrder, place: str, message: str, *, is_shown: bool) -> None:
        """What was typed is not the order that was made: from now on it goes by another reference."""
        reference = new_reference()
        if is_shown:
            self._reference = reference
        self._drafts.keep(place, self._draft() if is_shown else {**self._drafts.get(place), 'reference': reference})
        if is_shown and not self._create.is_deleted:
            self._say(message.format(order=f'WO-{short_id(order.id)}'))
            self._offer(order)

    def _say(self, problem: str) -> None:
        self._problem.show(problem)
        self._earlier.visible = False
        self._create.set_text('Create')

    @property
    def _fields(self) -> dict[str, TextArea | ui.select]:
        return {'machine': self._machine, 'machine_id': self._machine, 'description': self._description,
                'issue_description': self._description, 'assignee': self._assignee, 'assignee_id': self._assignee,
                'checklist': self._checklist}


def _is_new_order(place: str) -> bool:
    return place == PLACE or place.startswith(f'{PLACE} ')


def _machine_of(place: str) -> MachineName:
    return MachineName(place.removeprefix(PLACE).removeprefix(' '))


def _summary(other: OtherDraft) -> str:
    machine = str(other.draft.get('machine') or '')
    text = str(other.draft.get('description') or other.draft.get('checklist') or '')
    return f'{DisplayName.of(MachineName(machine))}: {text}' if machine else text
