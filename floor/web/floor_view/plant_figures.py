"""The plant's figures: machines per status and open work orders."""

from __future__ import annotations

from nicegui import ui

from ...core.floor_snapshot import HistoryState
from ...core.formatting import counted, number
from ...core.machines import Status
from ...core.orders import Priority
from ...feed.store import Store
from ..live.live_element import FIGURES, Content, LiveElement
from ..live.live_view import LiveView


def plant_figures(store: Store, view: LiveView) -> ui.element:
    """Build the figures: machines running, with a warning, down and without data; open work orders."""
    with ui.element('q-card').classes('figures').props('role=region aria-label="The plant now"') as figures:
        for status in (Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN):
            view.add(PlantFigure(store, status))
        view.add(OrderFigure(store))
        view.add(OrderFigure(store, Priority.CRITICAL))
    return figures


class PlantFigure(LiveElement):
    """Number of machines with one status; CSS adds the label."""

    def __init__(self, store: Store, status: Status) -> None:
        super().__init__('div', FIGURES)
        self._store = store
        self._status = status
        self.classes('figure')
        self.props['data-status'] = status.value
        self.props['role'] = 'img'

    def content(self) -> Content:
        count, total = self._store.counts[self._status], len(self._store.machines)
        label = self._store.unknown_label if self._status is Status.UNKNOWN else self._status.word
        text = f'{count} / {total}' if self._status is Status.OPERATIONAL else str(count)
        return {'data-count': str(count), 'data-label': label,
                'aria-label': f'{label}: {count} of {total} machines'}, text


class OrderFigure(LiveElement):
    """Number of open work orders, all or those with one priority."""

    def __init__(self, store: Store, priority: Priority | None = None) -> None:
        super().__init__('div', FIGURES)
        self._store = store
        self._priority = priority
        self.classes('figure')
        self.props['data-orders'] = priority.value if priority else 'open'
        self.props['data-label'] = priority.value.capitalize() if priority else 'Open work orders'
        self.props['role'] = 'img'

    def content(self) -> Content:
        count = len(self._store.orders) if self._priority is None else self._store.order_counts.get(self._priority, 0)
        kind = f'{self._priority} open' if self._priority else 'open'
        if self._store.history is HistoryState.CREATING:
            return {'data-count': '0', 'aria-label': f'{kind.capitalize()} work orders: not known yet'}, '–'
        label = counted(count, f'{kind} work order')
        return {'data-count': str(count), 'aria-label': label}, number(count)
