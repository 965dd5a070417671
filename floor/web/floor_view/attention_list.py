"""Needs attention: the machines that aren't running, stops first and the longest of them on top."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ...core.formatting import Detail, counted, duration
from ...core.machines import DisplayName, MachineName, Status
from ...core.text import shortened
from ...feed.machine import Machine
from ...feed.store import Store
from ..live.live_element import LISTS, Content, LiveElement
from ..live.live_view import LiveView
from ..shell.heading import Heading
from ..shell.order_formatting import short_id

ROWS = 12
ID_LENGTH = 4  # enough to find it among those of a floor, and there is little room


def attention_list(store: Store, view: LiveView, on_open: Callable[[MachineName, ui.element], None]) -> None:
    """A fixed number of rows that always show the first machines of the list, and how many there are in all."""
    with ui.card().classes('panel attention').props('role=region aria-label="Needs attention"'):
        Heading('Needs attention').classes('panel-title')
        for rank in range(ROWS):
            view.add(AttentionRow(store, rank, on_open))
        view.add(AttentionSummary(store))


class AttentionRow(LiveElement):
    """One machine: shape, name, how long, reason, and who is on it."""

    def __init__(self, store: Store, rank: int, on_open: Callable[[MachineName, ui.element], None]) -> None:
        super().__init__('button', LISTS)
        self._store = store
        self._rank = rank
        self.classes('row-machine')
        self.props['type'] = 'button'
        self.on_press(lambda _: on_open(machine.name, self) if (machine := self._machine()) else None)

    def _machine(self) -> Machine | None:
        machines = self._store.needing_attention()
        return machines[self._rank] if self._rank < len(machines) else None

    def content(self) -> Content:
        if (machine := self._machine()) is None:
            return {'hidden': True}, ''
        since = duration(self._store.seconds_in_status(machine), Detail.NARROW)
        what = shortened(machine.reason) or machine.status_label
        order = self._order_of(machine)
        return {'data-status': machine.status.value, 'data-state': since, 'data-row-machine': machine.name,
                'aria-label': f'{machine.display}, {machine.status_label}, {shortened(machine.reason)} for {since}'
                              f'{order and f", {order}"}'}, \
            f'{named(machine.display)}\n{" · ".join(filter(None, (what, order)))}'

    def _order_of(self, machine: Machine) -> str:
        """The most pressing order and who has it; a stop without one says so."""
        orders = self._store.orders_of(machine.name)
        if not orders:
            return 'no work order' if machine.status is Status.DOWN else ''
        more = f' +{len(orders) - 1}' if len(orders) > 1 else ''
        who = shortened(orders[0].assignee, 60) or 'unassigned'
        return f'WO-{short_id(orders[0].id)[:ID_LENGTH]}{more} · {who}'


class AttentionSummary(LiveElement):
    """All well, or how many machines there are in all where they are more than the rows. Not how many more: nobody here
    knows how many rows a window shows."""

    def __init__(self, store: Store) -> None:
        super().__init__('p', LISTS)
        self._store = store
        self.classes('panel-note')

    def content(self) -> Content:
        count = len(self._store.needing_attention())
        if not self._store.machines:
            return {}, 'No machines.'
        if count == 0:
            return {}, 'All machines are running.'
        return ({}, f'{counted(count, "machine")} in total') if count > ROWS else ({'hidden': True}, '')


def named(display: DisplayName) -> str:
    """The number first, because the end of a line is what is cut off."""
    return shortened(f'{display.code} {display.title}' if display.code else display.title, 60)
