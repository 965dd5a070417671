"""The floor at any moment of the past, computed from the history and clearly distinguished from the live floor."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from ...analytics import Analytics
from ...core.errors import FloorError, HistoryNotReadyError, QueryError
from ...core.formatting import Detail, duration
from ...core.shifts import Shift
from ...core.text import shortened
from ...feed.difference import Difference
from ...feed.machine import Machine
from ...feed.store import Store
from ..floor_view.machine_orders import MAX_ROWS, more_rows, order_row
from ..live.live_view import LiveView
from ..reports.stop_details import PAST
from ..shell.addresses import with_prefix
from ..shell.chips import hide
from ..shell.dialog import Dialog
from ..shell.frame import frame
from ..shell.heading import Heading
from ..shell.icons import show_icon
from ..shell.loading import RESPONSE_TIMEOUT_S, Loading
from ..shell.order_formatting import due_text
from ..shell.paper_head import PaperHead
from ..shell.past_address import PastMoment, at_text
from ..shell.services import Services
from ..shell.times import date_and_time
from .controls import PastControls, ago
from .moment_picker import MomentPicker
from .past_floor import PastFloor

NO_DATA = 'There is no data for this time: the history starts later.'


def register(services: Services, analytics: Analytics) -> None:
    """Serve /past?at=TIME; from and to are the range of the slider."""
    @ui.page(PAST, response_timeout=RESPONSE_TIMEOUT_S)
    async def past_page(request: Request) -> None:
        person = services.person(services.visitor())
        view = LiveView(ui.context.client, lambda: None)
        with frame('The past', services, view, person, section='Reports'):
            try:
                moment = PastMoment.from_query(request.query_params, now(services), services.zone)
            except QueryError as error:
                show_error(str(error))
                services.broadcast.join(view)
                return
            PaperHead('The past', services.store, view)
            page = PastPage(services, analytics)
        services.broadcast.join(view)
        page.request(moment)
        await page.loading.first_answer()


class PastPage:
    """One browser's page. It reads one moment at a time; while it reads, only the latest requested moment is kept."""

    def __init__(self, services: Services, analytics: Analytics) -> None:
        self._services = services
        self._analytics = analytics
        self._client = ui.context.client
        self._requested: PastMoment | None = None
        self._moment: PastMoment | None = None
        with ui.element('div').classes('past') as self._root:
            with ui.element('q-card').classes('past-banner'):
                ui.label('The past').classes('past-label')
                self._title = Heading('').classes('past-title')
                self._ago = ui.label().classes('past-ago')
                ui.link('Back to live', '/').classes('past-back')
            self._picker = MomentPicker(services.zone, lambda: now(services), self._go)
            self._controls = PastControls(services.zone, self._move, self._last_shift)
            self.loading = Loading(services.store, 'the floor at that time', self._read_requested)
            self._empty = ui.label().classes('past-empty').props('hidden')
            self._floor = PastFloor(services.store.plant, self._open)
            hide(self._floor.root, hidden=True)  # until there is a moment to show
        self._machine = PastMachineDialog(services)
        self._client.on_delete(services.store.subscribe(self._on_difference))

    def request(self, moment: PastMoment) -> None:
        """Set the moment to read next."""
        self._requested = self._moment = moment
        self._controls.show(moment)
        self._picker.show(moment)

    async def _read_requested(self) -> None:
        """Read until the latest requested moment is shown."""
        while (moment := self._requested) is not None and not self._client.is_deleted:
            self._requested = None
            done = False
            try:
                await self._read(moment)
                done = True
            finally:
                if not done:  # it is still to be read, unless another one was requested meanwhile
                    self._requested = self._requested or moment

    def _on_difference(self, difference: Difference) -> None:
        if difference.history and self._moment is not None:  # the history was incomplete
            self._move(self._moment)

    def _go(self, moment: PastMoment) -> None:
        """Show a moment that somebody chose by its time."""
        self._controls.stop()
        self._move(moment)

    def _move(self, moment: PastMoment) -> None:
        """Read and show another moment."""
        self.request(moment)
        self.loading.start()

    async def _read(self, moment: PastMoment) -> None:
        try:
            snapshot = await self._analytics.floor_at(moment.at)
        except FloorError as error:
            self._controls.stop()
            if isinstance(error, HistoryNotReadyError):  # the content shown before is wrong
                hide(self._floor.root, hidden=True)
                hide(self._empty, hidden=True)
            raise
        if self._client.is_deleted:
            return
        with self._client:
            self._floor.show(snapshot)
            hide(self._floor.root, hidden=not snapshot.machines)
            hide(self._empty, hidden=bool(snapshot.machines))
            self._empty.set_text('' if snapshot.machines else NO_DATA)
            self._show_time(moment)
            if self._requested is None:
                ui.navigate.history.replace(with_prefix(address_of(moment)))

    def _show_time(self, moment: PastMoment) -> None:
        at_ms = int(moment.at.timestamp() * 1000)
        self._root.props['data-past'] = at_text(moment.at)
        self._title.set_text(f'{moment.at.astimezone(self._services.zone):%a} '
                             f'{date_and_time(at_ms, self._services.zone)}')
        self._ago.set_text(ago(moment.at, now(self._services)))

    def _last_shift(self) -> Shift:
        shifts = self._services.calendar.shifts
        return shifts.before(shifts.at(now(self._services)))

    def _open(self, machine: Machine) -> None:
        self._controls.stop()
        self._machine.show_machine(machine, self._floor.store)


class PastMachineDialog(Dialog):
    """One machine at that moment, with a link to its current status."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        with self, ui.card().classes('details-dialog') as self._card:
            pass

    def show_machine(self, machine: Machine, past: Store) -> None:
        """Open the dialog for a machine. past: the store of its moment."""
        zone = self._services.zone
        self._card.clear()
        with self._card:
            ui.label(f'The past: {date_and_time(past.now_ms, zone)}').classes('past-label')
            with ui.element('header').classes('details-header'):
                show_icon(Heading(str(machine.display)), past, machine.name)
                ui.button('Close', on_click=self.close, color=None).props('flat no-caps autofocus')
            ui.label(machine.status_label).classes('drawer-status').props['data-status'] = machine.status.value
            if machine.reason:
                ui.label(shortened(machine.reason)).classes('details-reason')
            lasted = duration(past.seconds_in_status(machine), Detail.MINUTES)
            ui.label(f'Since {date_and_time(machine.since_ms, zone)}, for {lasted}').classes('details-when')
            if orders := past.orders_of(machine.name):
                with ui.element('ul').classes('drawer-orders').props('aria-label="Work orders at that time"'):
                    for order in orders[:MAX_ROWS]:
                        order_row(order, due_text(order, past.now_ms, zone), overdue=order.is_overdue(past.now_ms))
                    more_rows(len(orders))
            if machine.name in self._services.store.machines:
                ui.link('Show current status', f'/?{urlencode({"machine": machine.name})}')
        self.open()


def show_error(message: str) -> None:
    """Build an error message with a link to the live floor."""
    with ui.card().classes('panel past-refusal'):
        Heading('The past')
        ui.label(message)
        ui.link('Show the live floor', '/')


def address_of(moment: PastMoment) -> str:
    """The address of the page for a moment and the range of its slider."""
    query = {'at': moment.at, 'from': moment.start, 'to': moment.end}
    return f'{PAST}?{urlencode({name: at_text(at) for name, at in query.items()}, safe=":")}'


def now(services: Services) -> datetime:
    """The present time by the database's clock."""
    return datetime.fromtimestamp(services.store.now_ms / 1000, UTC)
