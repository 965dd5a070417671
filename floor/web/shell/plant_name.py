"""The plant's name: in the bar, in the titles of pages and on paper."""

from __future__ import annotations

from ...core.version import NAME
from ...feed.store import Store
from ..live.live_element import SECOND, Content, LiveElement


def plant_name(store: Store) -> str:
    """The name that the plant was given; without one, the program's."""
    return store.plant.name or NAME


class PlantName(LiveElement):
    """The heading of every page."""

    def __init__(self, store: Store) -> None:
        super().__init__('h1', SECOND)
        self._store = store
        self.classes('bar-name')
        self.props['dir'] = 'auto'

    def content(self) -> Content:
        name = plant_name(self._store)
        return {'title': name if name == NAME else f'{name} · {NAME}'}, name
