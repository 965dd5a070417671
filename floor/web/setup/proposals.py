"""Names that fields of a page propose while somebody types. One list for all fields, so that many rows cost no more."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui


class Proposals(ui.element):
    """A <datalist>; fields name its id."""

    def __init__(self, id_: str) -> None:
        super().__init__('datalist')
        self.props['id'] = id_
        self._names: list[str] = []

    def show(self, names: Sequence[str]) -> None:
        """Propose these names."""
        if self._names != list(names):
            self._names = list(names)
            self.clear()
            with self:
                for name in names:
                    ui.element('option').props['value'] = name
