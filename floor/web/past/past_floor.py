"""The floor at one moment of the past: the same lines, tiles and lists as on the floor, filled from the history.

It has a separate store, whose clock is stopped at that moment, so that it cannot show live data.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from ...core.floor_snapshot import FloorSnapshot
from ...core.machines import MachineName, Status
from ...core.plant_calendar import PlantSettings
from ...feed.machine import Machine
from ...feed.store import Store
from ..floor_view.attention_list import ROWS as ATTENTION_ROWS
from ..floor_view.attention_list import AttentionRow, AttentionSummary
from ..floor_view.event_stream import ROWS as EVENT_ROWS
from ..floor_view.event_stream import EventRow
from ..floor_view.line_card import line_card
from ..floor_view.machine_tile import MachineTile
from ..floor_view.plant_figures import PartOfPlant, PlantFigure
from ..live.live_view import LiveView
from ..shell.heading import Heading

STATUSES = (Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN)


class PastFloor:
    """Figures, lines, attention list and events of the snapshot that was shown last."""

    def __init__(self, plant: PlantSettings, on_open: Callable[[Machine], None]) -> None:
        """on_open: called with the machine that somebody pressed."""
        self.store = Store(monotonic=lambda: 0.0, plant=plant)
        self._on_open = on_open
        self._tiles = LiveView(ui.context.client, self._build_lines)
        self._rest = LiveView(ui.context.client, lambda: None)
        with ui.element('div').classes('past-floor') as self.root:
            with ui.element('q-card').classes('figures').props('role=region aria-label="Plant at that time"'):
                for status in STATUSES:
                    self._rest.add(PlantFigure(PartOfPlant(self.store), status))
            with ui.element('div').classes('floor'):
                self._lines = ui.element('div').classes('lines')
                with ui.element('aside').classes('side'):
                    self._lists()
        self._rest.settle({})
        self._tiles.settle({})

    def show(self, snapshot: FloorSnapshot) -> None:
        """Show the floor of a snapshot."""
        if self.store.replace(snapshot).layout:
            self._build_lines()
        for element in [*self._tiles.all(), *self._rest.all()]:
            element.update()

    def _build_lines(self) -> None:
        self._tiles.forget()
        self._lines.clear()
        with self._lines:
            for line in self.store.lines:
                line_card(line, self.store, self._tiles, self._open_tile)
        self._tiles.settle({})

    def _lists(self) -> None:
        with ui.card().classes('panel attention').props('role=region aria-label="Needed attention"'):
            Heading('Needed attention').classes('panel-title')
            for rank in range(ATTENTION_ROWS):
                self._rest.add(AttentionRow(self.store, rank, lambda name, _: self._open(name)))
            self._rest.add(AttentionSummary(self.store))
        with ui.card().classes('panel stream').props('role=region aria-label="Previous events"'):
            Heading('Previous events').classes('panel-title')
            for rank in range(EVENT_ROWS):
                self._rest.add(EventRow(self.store, rank))

    def _open_tile(self, event: GenericEventArguments) -> None:
        if isinstance(event.sender, MachineTile):
            self._open(event.sender.name)

    def _open(self, name: MachineName) -> None:
        if (machine := self.store.machines.get(name)) is not None:
            self._on_open(machine)
