"""The figures above the floor: machines per status and open work orders, of the plant or of a part of it."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from ...core.floor_snapshot import HistoryState
from ...core.formatting import counted, number
from ...core.machines import Status
from ...core.orders import Priority
from ...feed.machine import Line
from ...feed.store import Store
from ...plant.line_commands import areas_of
from ..live.live_element import FIGURES, Content, LiveElement
from ..live.live_view import LiveView
from ..shell.messages import TextNode

LISTED_NAMES = 3


class PartOfPlant:
    """The lines that a page shows of the plant; without any, the whole plant."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.lines: Sequence[Line] = ()

    def machines(self) -> Store | Line:
        """Its machines, as those of one line."""
        return Line('', None, [each for line in self.lines for each in line.machines]) if self.lines else self._store

    def open_orders(self, priority: Priority | None) -> int:
        """The number of its open work orders. priority None: of all priorities."""
        if not self.lines:
            return len(self._store.orders) if priority is None else self._store.order_counts.get(priority, 0)
        names = {machine.name for line in self.lines for machine in line.machines}
        return sum(order.machine in names and priority in {None, order.priority}
                   for order in self._store.orders.values())

    def title(self, areas: Sequence[str]) -> str:
        """What it is called. areas: those that the page was asked for; empty for the whole plant."""
        folded = {name.casefold() for name in areas}
        whole = [area for area in areas_of(self.lines) if area.casefold() in folded]
        names = [*whole, *(line.name for line in self.lines if line.area not in whole)]
        return ', '.join(names) if len(names) <= LISTED_NAMES else counted(len(self.lines), 'line')


class PlantFigures(ui.element):
    """Machines running, with a warning, down and without data; open work orders."""

    def __init__(self, store: Store, view: LiveView) -> None:
        super().__init__('q-card')
        self.classes('figures').props('role=region')
        self._part = PartOfPlant(store)
        with self:
            self._title = TextNode('strong').classes('figures-of free-text')
            for status in (Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN):
                view.add(PlantFigure(self._part, status))
            for priority in None, Priority.CRITICAL:
                view.add(OrderFigure(store, self._part, priority))
        self.show(())

    def show(self, lines: Sequence[Line], areas: Sequence[str] = ()) -> None:
        """Count these lines; without any, the whole plant. areas: as in PartOfPlant.title."""
        self._part.lines = lines
        title = self._part.title(areas)
        self._title.set_text(title)
        for figure in self.default_slot.children[1:]:  # in the class: what counts something else has another layout
            figure.classes(add='of-part' if lines else '', remove='' if lines else 'of-part')
        self.props['aria-label'] = f'{title or "The plant"} now'


class PlantFigure(LiveElement):
    """Number of machines with one status; CSS adds the label."""

    def __init__(self, part: PartOfPlant, status: Status) -> None:
        super().__init__('div', FIGURES)
        self._part = part
        self._status = status
        self.classes('figure')
        self.props['data-status'] = status.value
        self.props['role'] = 'img'

    def content(self) -> Content:
        shown = self._part.machines()
        count, total = shown.counts[self._status], len(shown.machines)
        label = shown.unknown_label if self._status is Status.UNKNOWN else self._status.word
        text = f'{count} / {total}' if self._status is Status.OPERATIONAL else str(count)
        return {'data-count': str(count), 'data-label': label,
                'aria-label': f'{label}: {count} of {total} machines'}, text


class OrderFigure(LiveElement):
    """Number of open work orders, all or those with one priority."""

    def __init__(self, store: Store, part: PartOfPlant, priority: Priority | None = None) -> None:
        super().__init__('div', FIGURES)
        self._store = store
        self._part = part
        self._priority = priority
        self.classes('figure')
        self.props['data-orders'] = priority.value if priority else 'open'
        self.props['data-label'] = priority.value.capitalize() if priority else 'Open work orders'
        self.props['role'] = 'img'

    def content(self) -> Content:
        kind = f'{self._priority} open' if self._priority else 'open'
        if self._store.history is HistoryState.CREATING:
            return {'data-count': '0', 'aria-label': f'{kind.capitalize()} work orders: not known yet'}, '–'
        count = self._part.open_orders(self._priority)
        label = counted(count, f'{kind} work order')
        return {'data-count': str(count), 'aria-label': label}, number(count)
