"""Which bar of a chart has the keyboard focus."""

from __future__ import annotations

from nicegui import ui


class BarFocus:
    """Which bar has the keyboard focus, as the browser reports it. A browser takes the focus from an element that goes
    or is moved, and then the chart gives it back."""

    def __init__(self) -> None:
        self._bars: dict[str, ui.element] = {}
        self._key: str | None = None

    @property
    def key(self) -> str | None:
        """Of the bar that has it, or had it when it went; None: no bar."""
        return self._key

    def follow(self, bar: ui.element, key: str) -> None:
        """Follow the focus of the bar that now has this key."""
        self._bars[key] = bar
        bar.on('focus', lambda: self.arrived(key), args=[])
        bar.on('blur', lambda: self._left(key), args=[])

    def arrived(self, key: str) -> None:
        """The bar with this key has it now."""
        self._key = key

    def give(self, key: str | None) -> None:
        """Move the focus to the bar with a key, wherever the page is scrolled to; None: no bar has it."""
        self._key = key
        if key is not None:
            self._bars[key].run_method('focus', {'preventScroll': True})

    def _left(self, key: str) -> None:
        if self._key == key:
            self._key = None
