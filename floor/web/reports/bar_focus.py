"""Which bar of a chart has the keyboard focus, also after the chart is built again."""

from __future__ import annotations

from nicegui import ui


class BarFocus:
    """Which bar has the keyboard focus. A browser drops the focus with the element that has it, so the bar of the same
    reason gets it when the chart is built again."""

    def __init__(self) -> None:
        self._bars: dict[str, ui.element] = {}
        self._reason: str | None = None
        self._next: str | None = None

    @property
    def reason(self) -> str | None:
        """Of the bar that has it or is to have it; None: no bar of the page has it."""
        if self._next is not None:
            return self._next
        bar = None if self._reason is None else self._bars.get(self._reason)
        return None if bar is None or bar.is_deleted else self._reason

    def follow(self, bar: ui.element, reason: str) -> None:
        """Follow the focus of the bar that is now the one of a reason."""
        self._bars[reason] = bar
        bar.on('focus', lambda: self._arrived(reason), args=[])
        bar.on('blur', lambda: self._left(reason), args=[])

    def move_to(self, reason: str) -> None:
        """The bar of this reason is to have it when the chart is built again."""
        self._next = reason

    def give(self, reason: str | None) -> None:
        """Move the focus to the bar of a reason, if there is one, wherever the page is scrolled to."""
        self._next = None
        bar = None if reason is None else self._bars.get(reason)
        if bar is not None and not bar.is_deleted:
            self._reason = reason
            bar.run_method('focus', {'preventScroll': True})

    def _arrived(self, reason: str) -> None:
        self._reason = reason

    def _left(self, reason: str) -> None:
        if self._reason == reason:
            self._reason = None
