"""The fields of a new work order: their options, their defaults, and the order that they describe."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ...core.errors import InvalidInputError
from ...core.machines import MachineName, Status
from ...core.names import in_order_of_names
from ...core.orders import Priority
from ...core.people import Person, Role
from ...core.text import is_visible, shortened
from ...orders.order_values import NewOrder
from ..shell.drafts import Draft
from ..shell.messages import TextNode, as_sentence
from ..shell.order_formatting import role_needed
from ..shell.services import Services
from ..shell.text_field import TextArea

NOT_CHOSEN = 'Choose a machine.'
NOT_DESCRIBED = 'Describe what is wrong.'


class OrderFields:
    """Description, machine, priority, assignee and checklist. A machine suggests the priority until a person chooses
    one."""

    def __init__(self, services: Services, person: Person, *, on_change: Callable[[], None],
                 on_machine: Callable[[], None], on_submit: Callable[[], object]) -> None:
        """on_change: a person has changed a field. on_machine: before it, if the field is the machine. on_submit: Ctrl
        and Enter were pressed."""
        self._services = services
        self._person = person
        self._on_change = on_change
        self._on_machine = on_machine
        self._filling = False
        self._has_chosen_priority = False
        self.description = TextArea('What is wrong', on_change=self._changed).classes('field') \
            .props('outlined autogrow autofocus maxlength=10000')
        self._machine = ui.select({}, label='Machine', with_input=True, on_change=self._machine_changed) \
            .classes('field').props('outlined')
        with ui.element('fieldset').classes('choice'):
            TextNode('legend', 'Priority')
            self._priority = ui.radio([priority.value for priority in Priority], value=Priority.MEDIUM.value,
                                      on_change=self._priority_changed).props('inline aria-label=Priority')
        self._assignee = ui.select({}, label='Assignee', with_input=True, clearable=True, on_change=self._changed) \
            .classes('field').props('outlined')
        self._checklist = TextArea('Checklist, one step per line', on_change=self._changed) \
            .classes('field').props('outlined autogrow')
        for field in self.description, self._machine, self._assignee, self._checklist:
            field.on('keydown.ctrl.enter', on_submit, args=[])
            field.on('keydown.meta.enter', on_submit, args=[])

    # values

    @property
    def machine(self) -> MachineName | None:
        """The chosen machine."""
        return MachineName(str(self._machine.value)) if self._machine.value else None

    @property
    def has_text(self) -> bool:
        """Whether the description or the checklist has visible text."""
        return is_visible(_text(self.description)) or is_visible(_text(self._checklist))

    def draft(self, reference: str) -> Draft:
        """The values as a draft."""
        return {'machine': self._machine.value, 'description': _text(self.description),
                'priority': self._priority.value, 'assignee': self._assignee.value,
                'checklist': _text(self._checklist), 'reference': reference}

    def new_order(self, reference: str, *, even_if_open: bool) -> NewOrder:
        """The order that the fields describe."""
        steps = tuple(step.strip() for step in _text(self._checklist).splitlines() if is_visible(step))
        return NewOrder(machine=MachineName(str(self._machine.value)), description=_text(self.description),
                        priority=Priority(self._priority.value), assignee_id=self._assignee.value,
                        client_reference=reference, checklist=steps, even_if_open=even_if_open)

    def validate(self) -> bool:
        """Show an error at each required field that is empty; whether there is none."""
        self._machine.error = None if self._machine.value else NOT_CHOSEN
        self.description.error = None if is_visible(_text(self.description)) else NOT_DESCRIBED
        return not (self._machine.error or self.description.error)

    def show_error(self, error: InvalidInputError) -> bool:
        """Show an error at the field that it names; whether there is such a field."""
        field = self._by_name.get(error.field or '')
        if field is not None:
            field.error = as_sentence(error)
        return field is not None

    # filling

    def fill(self, draft: Draft) -> None:
        """Show a draft that a person has typed before."""
        self._has_chosen_priority = True
        self._fill(draft)

    def fill_defaults(self, name: MachineName | None) -> None:
        """Show the defaults for a machine: its reason as description, if it does not run."""
        machine = self._services.store.machines.get(name) if name else None
        reason = machine is not None and machine.status is not Status.OPERATIONAL and machine.reason
        self._has_chosen_priority = False
        self._fill({'machine': name, 'description': reason or '', 'priority': self._default_priority(name)})

    def _fill(self, draft: Draft) -> None:
        self._filling = True
        store = self._services.store
        machines = {name: shortened(called, 120) for name, called in store.names.sorted(store.machines).items()}
        people = self._assignable()
        machine, assignee, priority = draft.get('machine'), draft.get('assignee'), draft.get('priority')
        self._machine.set_options(machines, value=machine if machine in machines else None)
        self._assignee.set_options(people, value=assignee if assignee in people else None)
        self._assignee.set_enabled(bool(people))
        self._assignee.props['title'] = role_needed(Role.TECHNICIAN, self._person.role)
        self._assignee.props['hint'] = self._assignee_hint()
        self._priority.value = priority if priority in list(Priority) else Priority.MEDIUM.value
        self.description.value = str(draft.get('description') or '')
        self._checklist.value = str(draft.get('checklist') or '')
        for field in self._by_name.values():
            field.error = None
        self._filling = False

    def _default_priority(self, name: MachineName | None) -> str:
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

    # changes by a person

    def _changed(self) -> None:
        if not self._filling:
            self._on_change()

    def _machine_changed(self) -> None:
        if self._filling:
            return
        if not self._has_chosen_priority:
            self._filling = True
            self._priority.value = self._default_priority(self._machine.value)
            self._filling = False
        self._on_machine()
        self._on_change()

    def _priority_changed(self) -> None:
        self._has_chosen_priority = self._has_chosen_priority or not self._filling
        self._changed()

    @property
    def _by_name(self) -> dict[str, TextArea | ui.select]:
        """The fields by the names that errors use."""
        return {'machine': self._machine, 'machine_id': self._machine, 'description': self.description,
                'issue_description': self.description, 'assignee': self._assignee, 'assignee_id': self._assignee,
                'checklist': self._checklist}


def _text(field: TextArea) -> str:
    return field.value or ''
