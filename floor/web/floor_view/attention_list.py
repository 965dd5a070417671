"""The list "Needs attention": silent feeds, then machines that are not running, stopped ones first, the longest stop on
top."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ...core.formatting import Detail, counted, duration
from ...core.machines import MachineName, Status
from ...core.text import shortened
from ...feed.machine import Machine
from ...feed.store import Store
from ..live.live_element import LISTS, Content, LiveElement
from ..live.live_view import LiveView
from ..shell.heading import Heading
from ..shell.messages import TextNode
from ..shell.order_formatting import short_id
from .silent_feed_row import FEED_ROWS, SilentFeedLink, SilentFeedRow

ROWS = 12
NAME_LENGTH = 32
ID_LENGTH = 4  # characters of an order id: enough to identify an open order, and space is limited


def attention_list(store: Store, view: LiveView, on_open: Callable[[MachineName, ui.element], None], *,
                   is_of_more: bool = False, leads_to_feeds: bool = False) -> None:
    """Build a fixed number of rows, which show the first feeds and machines of the list, and a summary. is_of_more: the
    page shows some lines only; the list is of the whole plant. leads_to_feeds: a feed leads to its page, which only
    supervisors see."""
    with ui.card().classes('panel attention').props('role=region aria-label="Needs attention"'):
        with Heading('Needs attention').classes('panel-title'):
            if is_of_more:
                TextNode('small', ' whole plant')  # the space is for those who hear it
        for rank in range(FEED_ROWS):
            view.add(SilentFeedLink(store, rank) if leads_to_feeds else SilentFeedRow(store, rank))
        for rank in range(ROWS):
            view.add(AttentionRow(store, rank, on_open))
        view.add(AttentionSummary(store))


class AttentionRow(LiveElement, default_classes='row-machine'):
    """One machine: status, name, duration, reason, and the assignee of its work order."""

    def __init__(self, store: Store, rank: int, on_open: Callable[[MachineName, ui.element], None]) -> None:
        super().__init__('button', LISTS)
        self._store = store
        self._rank = rank
        self.props['type'] = 'button'
        self.on_press(lambda _: on_open(machine.name, self) if (machine := self._machine()) else None)

    def _machine(self) -> Machine | None:
        machines = self._store.needing_attention()
        return machines[self._rank] if self._rank < len(machines) else None

    def content(self) -> Content:
        if (machine := self._machine()) is None:
            return {'hidden': True}, ''
        since = duration(self._store.seconds_in_status(machine), Detail.NARROW)
        reason = shortened(machine.reason) or machine.status_label
        order = self._order_of(machine)
        return {'data-status': machine.status.value, 'data-state': since, 'data-row-machine': machine.name,
                'data-icon': str(machine.record.type_id),
                'aria-label': f'{machine.display}, {machine.status_label}, {shortened(machine.reason)} for {since}'
                              f'{order and f", {order}"}'}, \
            f'{machine.display.cut(NAME_LENGTH)}\n{" · ".join(filter(None, (reason, order)))}'

    def _order_of(self, machine: Machine) -> str:
        """The most urgent order with its assignee; 'no work order' for a stop without one."""
        orders = self._store.orders_of(machine.name)
        if not orders:
            return 'no work order' if machine.status is Status.DOWN else ''
        more = f' +{len(orders) - 1}' if len(orders) > 1 else ''
        assignee = shortened(orders[0].assignee, 60) or 'unassigned'
        return f'WO-{short_id(orders[0].id)[:ID_LENGTH]}{more} · {assignee}'


class AttentionSummary(LiveElement):
    """'All machines are running', or the total number of machines if there are more than rows. It is not the number of
    hidden machines, because the number of visible rows depends on the window."""

    def __init__(self, store: Store) -> None:
        super().__init__('p', LISTS)
        self._store = store
        self.classes('panel-note')

    def content(self) -> Content:
        count = len(self._store.needing_attention())
        if not self._store.machines:
            return {}, 'No machines.'
        if count == 0 and not self._store.silent_feeds:
            return {}, 'All machines are running.'
        return ({}, f'{counted(count, "machine")} in total') if count > ROWS else ({'hidden': True}, '')
