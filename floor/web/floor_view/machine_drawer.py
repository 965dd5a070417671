"""The details of one machine, beside the floor: facts, work orders and latest events, updated while it is open."""

from __future__ import annotations

from nicegui import background_tasks, binding, ui

from ...core.errors import DatabaseError
from ...core.formatting import Detail, duration
from ...core.machines import MachineName, Status
from ...core.people import Identity, Person
from ...core.text import shortened
from ...feed.difference import Difference
from ...feed.machine import Machine
from ..shell.addresses import query_of
from ..shell.back_button import BackCloses
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.icons import show_icon
from ..shell.messages import TextNode, as_sentence
from ..shell.services import Services
from ..shell.times import date_and_time
from .event_stream import event_text
from .machine_orders import MachineOrders

EVENTS_SHOWN = 20


@binding.bindable_dataclass
class MachineFacts:
    """The texts of the drawer. They belong to one page, so they use NiceGUI's binding."""

    title: str = ''
    status: str = ''
    status_label: str = ''
    reason: str = ''
    since: str = ''
    line: str = ''
    type: str = ''
    reported: str = ''
    name: str = ''


FACTS = {'reason': 'Reason', 'since': 'Since', 'line': 'Line', 'type': 'Type', 'reported': 'Last report',
         'name': 'Name in the database'}


class MachineDrawer:
    """A panel at the right edge, closed by Escape or a click outside. The address of the page contains the machine.

    It is built when it is opened for the first time."""

    def __init__(self, services: Services, person: Person, identity: Identity) -> None:
        self._services, self._person, self._identity = services, person, identity
        self._store = services.store
        self._events_of = services.events_of
        self._name: MachineName | None = None
        self._facts = MachineFacts()
        self._parent = ui.element('div')
        self._is_built = False
        self._stop = self._store.subscribe(self._on_difference)
        ui.context.client.on_delete(self._leave)

    def _build(self) -> None:
        forms = ui.element('div')  # not in the drawer, which may be closed while a form is open
        with Dialog().props('position=right no-route-dismiss') as self._dialog, ui.card().classes('drawer'):
            with ui.element('header').classes('drawer-header'):
                self._heading = Heading('').bind_text_from(self._facts, 'title')
                ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps dense')
            self._status = ui.label().classes('drawer-status').bind_text_from(self._facts, 'status_label')
            with ui.element('dl').classes('facts'):
                for field, label in FACTS.items():
                    with ui.element('div').classes('fact'):
                        TextNode('dt', label)
                        TextNode('dd').bind_text_from(self._facts, field)
            self._orders = MachineOrders(self._services, self._person, self._identity, forms)
            Heading('Latest events', level=3)
            self._reading = TextNode('p', 'Loading events…').classes('quiet')
            self._events = ui.element('ol').classes('drawer-events')
        self._dialog.on_value_change(lambda event: None if event.value else self._closed())
        self._back = BackCloses(self._dialog, lambda: self._heading, self._query)
        self._is_built = True

    def open(self, name: MachineName, opener: ui.element | None = None) -> None:
        """Show this machine. An unknown name, as in an old link, is reported.

        opener: the pressed element. None: the machine is in the address of the page, so Back leaves the page.
        """
        if name not in self._store.machines:
            ui.notify(f'There is no machine {shortened(name, 80)} on the floor.', type='warning')
            return
        if not self._is_built:
            with self._parent:
                self._build()
        self._name = name
        self._show()
        self._back.return_focus = None if opener is None else lambda: opener.run_method('focus')
        self._dialog.open()

    def _leave(self) -> None:
        self._name = None
        self._stop()

    def _query(self) -> str | None:
        return None if self._back.return_focus is None or self._name is None else query_of(self._name)

    def _closed(self) -> None:
        self._name = None
        if not self._back.entered:
            ui.navigate.history.replace('./')

    def _on_difference(self, difference: Difference) -> None:
        if self._name is None:
            return
        if self._name in difference.machines or difference.layout or difference.history or difference.plant:
            self._show()
        elif difference.orders:
            self._orders.show(self._name)

    def _show(self) -> None:
        if self._name is None:
            return
        machine = self._store.called(self._name)  # it may just have been renamed
        if machine is not None:
            self._name = machine.name
        self._orders.show(self._name)
        if machine is None:
            self._facts.status_label = 'Removed from the floor'
            return
        self._fill(machine)
        background_tasks.create(self._load_events(machine.name), name=f'events of {machine.name}')

    def _fill(self, machine: Machine) -> None:
        facts, record, zone = self._facts, machine.record, self._store.plant.zone
        show_icon(self._heading, self._store, machine.name)
        facts.title = shortened(str(machine.display))
        facts.status = machine.status.value
        facts.status_label = machine.status_label
        self._status.props['data-status'] = machine.status.value
        facts.reason = machine.reason or 'Not given'
        lasted = duration(self._store.seconds_in_status(machine), Detail.MINUTES)
        facts.since = f'{date_and_time(machine.since_ms, zone)} ({lasted})'
        facts.line = record.line or 'None'
        facts.type = record.type.replace('_', ' ')
        facts.reported = 'Never' if machine.reported_ms is None else date_and_time(machine.reported_ms, zone)
        facts.name = machine.name

    async def _load_events(self, name: MachineName) -> None:
        self._reading.set_visibility(True)
        try:
            events = await self._events_of(name, EVENTS_SHOWN)
        except DatabaseError as error:
            events, problem = [], f'{as_sentence(error)} Close this panel and open it again.'
        else:
            problem = '' if events else 'No events yet.'
        if name != self._name:
            return  # another machine was opened meanwhile, or the page was closed
        self._reading.set_visibility(False)
        self._events.clear()
        with self._events:
            for event in events:
                row = TextNode('li', f'{date_and_time(event.changed_ms, self._store.plant.zone)}  {event_text(event)}')
                row.props['data-status'] = (event.new or Status.UNKNOWN).value
            if problem:
                TextNode('li', problem)
