"""The plant in four numbers."""

from __future__ import annotations

from nicegui import ui

from ..model import Status
from ..store import Store
from .broadcast import FIGURES, Content, LiveElement, LiveView


def plant_figures(store: Store, view: LiveView) -> None:
    """Running, warning, down and without data, of the whole plant."""
    with ui.element('q-card').classes('figures').props('role=region aria-label="The plant now"'):
        for status in (Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN):
            view.add(PlantFigure(store, status))


class PlantFigure(LiveElement):
    """One number, its label beside it by CSS."""

    def __init__(self, store: Store, status: Status) -> None:
        super().__init__('div', FIGURES)
        self._store = store
        self._status = status
        self.classes('figure')
        self.props['data-status'] = status.value
        self.props['data-label'] = status.word
        self.props['role'] = 'img'

    def content(self) -> Content:
        count, total = self._store.counts[self._status], len(self._store.machines)
        text = f'{count} / {total}' if self._status is Status.OPERATIONAL else str(count)
        return {'data-count': str(count), 'aria-label': f'{self._status.word}: {count} of {total} machines'}, text
