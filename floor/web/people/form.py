"""The form for an employee. Drafts are stored, and concurrent changes of other people are shown."""

from __future__ import annotations

from dataclasses import replace

from nicegui import ui

from ...core.errors import EditConflictError, FloorError, InvalidInputError
from ...core.people import Employee, Identity, Role
from ...core.text import is_visible
from ...orders.employees import EmployeeEdit
from ..shell.dialog import Dialog
from ..shell.draft_offer import DraftOffer
from ..shell.drafts import Draft, Drafts, OtherDraft
from ..shell.heading import Heading
from ..shell.messages import Alert, as_sentence, no_connection_note
from ..shell.services import Services
from ..shell.text_field import TextField

LABELS = {'first_name': 'First name', 'last_name': 'Last name', 'email': 'E-mail', 'department': 'Department',
          'role': 'Role'}
ROLE_LABELS = {Role.VIEWER: 'viewer: read-only access', Role.OPERATOR: 'operator: can report and comment',
              Role.TECHNICIAN: 'technician: can also take and complete orders',
              Role.SUPERVISOR: 'supervisor: can also assign, cancel and edit employees'}

CHANGED = 'Someone else changed this employee: {changes}. Check the values, then save again.'
ACTIVITY_CHANGED = 'Someone else activated or deactivated this employee. Save again to keep your changes.'

Fields = dict[str, str]


class EmployeeForm:
    """The dialog with the form; one per page."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services = services
        self._identity = identity
        self._drafts = Drafts(identity)
        self._employee: Employee | None = None
        self._base: Fields = {}
        self._filling = self._sending = False
        with Dialog() as self._dialog, ui.card().classes('sheet employee-form'):
            self._build()

    def open(self, employee: Employee | None = None) -> None:
        """Edit this person, or add one. An unsent draft is restored."""
        self._employee = employee
        self._heading.set_text(f'Edit {employee.name}' if employee else 'New employee')
        self._dialog.props['aria-label'] = 'Edit employee' if employee else 'New employee'
        self._save_button.set_text('Save' if employee else 'Add')
        self._base = fields_of(employee)
        self._restore(self._drafts.get(self._place))
        self._other_tabs.show(lambda place: place == self._place)
        self._problem.show('')
        self._dialog.open()

    def _restore(self, draft: Draft) -> None:
        """Restore a draft with the version that it is based on, so that later changes of others are a conflict."""
        version = draft.get('version')
        if self._employee is not None and isinstance(version, int):
            self._employee = replace(self._employee, version=version)
            self._base = {field: str(draft.get(f'base_{field}') or '') for field in LABELS}
        self._fill(self._base | _texts(draft))
        self._returned.visible = self._discard.visible = bool(draft)

    def _build(self) -> None:
        with ui.element('header').classes('sheet-header'):
            self._heading = Heading('')
            ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps')
        self._returned = ui.label('Your unsent draft was restored.').classes('note')
        self._other_tabs = DraftOffer(self._drafts, _summary, lambda other: self._restore(other.draft))
        self._inputs: dict[str, TextField | ui.select] = {}
        for field, label in LABELS.items():
            if field == 'role':
                roles = {role.value: label for role, label in ROLE_LABELS.items()}
                self._inputs[field] = ui.select(roles, label=label, on_change=self._typed)
            else:
                self._inputs[field] = TextField(label, on_change=self._typed)
                self._inputs[field].on('keydown.enter', self._save, args=[])
            self._inputs[field].classes('field').props('outlined')
        self._inputs['first_name'].props('autofocus')
        self._inputs['email'].props('type=email')
        no_connection_note()
        self._problem = Alert()
        with ui.element('footer').classes('sheet-buttons'):
            self._discard = ui.button('Discard draft', on_click=self._throw_away, color=None).props('flat no-caps')
            self._save_button = ui.button('', on_click=self._save, color=None).props('no-caps').classes('primary')

    @property
    def _place(self) -> str:
        return f'employee {self._employee.id if self._employee else "new"}'

    def _fill(self, fields: Fields) -> None:
        self._filling = True
        for field, element in self._inputs.items():
            if field != 'role' or fields[field] in list(Role):
                element.value = fields[field]
            element.error = None
        self._filling = False

    def _typed(self) -> None:
        if not self._filling:
            self._keep()

    def _keep(self) -> None:
        fields = self._fields()
        self._other_tabs.hide()
        if fields == self._base:
            self._drafts.discard(self._place)
        else:
            base = {f'base_{field}': value for field, value in self._base.items()}
            self._drafts.keep(self._place, {**fields, **base,
                                            'version': self._employee.version if self._employee else None})
        self._discard.visible = fields != self._base

    def _fields(self) -> Fields:
        return {field: str(element.value or '') for field, element in self._inputs.items()}

    def _throw_away(self) -> None:
        self._drafts.discard(self._place)
        self._dialog.close()

    async def _save(self) -> None:
        if self._sending or not self._dialog.value:
            return
        fields = self._fields()
        for field, element in self._inputs.items():
            element.error = None if is_visible(fields[field]) else 'This field is required.'
        if any(element.error for element in self._inputs.values()):
            return
        self._sending = True
        self._save_button.props['loading'] = True
        self._problem.show('')
        place = self._place
        try:
            await self._send(EmployeeEdit(fields['first_name'], fields['last_name'], fields['email'],
                                          fields['department'], Role(fields['role'])))
        except FloorError as error:
            self._failed(error)
        else:
            self._drafts.discard(place)
            if not self._dialog.is_deleted:
                self._dialog.close()
        finally:
            self._sending = False
            if not self._save_button.is_deleted:
                self._save_button.props['loading'] = False

    async def _send(self, edit: EmployeeEdit) -> None:
        employees = self._services.employees
        if self._employee is None:
            await employees.add(self._identity, edit)
        else:
            await employees.edit(self._identity, self._employee.id, self._employee.version, edit)

    def _failed(self, error: FloorError) -> None:
        if self._dialog.is_deleted:
            return
        if isinstance(error, EditConflictError) and isinstance(error.current, Employee):
            self._merge(error.current)
        elif isinstance(error, InvalidInputError) and error.field in self._inputs:
            self._inputs[error.field].error = as_sentence(error)
        else:
            self._problem.show(f'{as_sentence(error)} What you typed is kept.')

    def _merge(self, current: Employee) -> None:
        """Take over values that only the other person changed; keep the typed value where both did, and show theirs."""
        mine, theirs, base = self._fields(), fields_of(current), self._base
        self._employee, self._base = current, theirs
        self._fill({field: mine[field] if mine[field] != base[field] else theirs[field] for field in LABELS})
        self._keep()
        changed = [field for field in LABELS if theirs[field] != base[field]]
        for field in changed:
            if self._fields()[field] != theirs[field]:
                self._inputs[field].error = f'Changed by someone else to: {theirs[field]}'
        changes = '; '.join(f'{LABELS[field]}: {base[field]} → {theirs[field]}' for field in changed)
        self._problem.show(CHANGED.format(changes=changes) if changes else ACTIVITY_CHANGED)


def fields_of(employee: Employee | None) -> Fields:
    """The editable values of a person; empty for a new one."""
    if employee is None:
        return {'first_name': '', 'last_name': '', 'email': '', 'department': '', 'role': Role.OPERATOR.value}
    return {'first_name': employee.first_name, 'last_name': employee.last_name, 'email': employee.email,
            'department': employee.department, 'role': employee.role.value}


def _texts(draft: Draft) -> Fields:
    return {field: str(draft[field]) for field in LABELS if field in draft}


def _summary(other: OtherDraft) -> str:
    return ', '.join(text for text in _texts(other.draft).values() if text)
