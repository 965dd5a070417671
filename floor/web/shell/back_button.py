"""The browser's Back closes what is open on a page instead of leaving the page.

No script is needed: while the dialog is open, the page's address has a fragment that points at a hidden element, and an
animation of that element (assets/css/floor.css) runs for as long as the fragment does. Back takes the fragment away,
the browser cancels the animation, and that event reaches the server.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from .heading import Heading


class BackCloses(ui.element):
    """Build it where the dialog is built, not inside it. Dialogs may open above each other."""

    def __init__(self, dialog: ui.dialog, focus: Callable[[], ui.element],
                 query: Callable[[], str | None] = str) -> None:
        """focus: what in the dialog takes the focus, a heading or a field.

        query: what the address shows while the dialog is open, as '?machine=...'; empty: a fragment is added to what it
        showed before; None: this opening gets no entry in the browser's history.
        """
        super().__init__('span')
        self.classes('history-entry').props['aria-hidden'] = 'true'
        self._dialog = dialog
        self._focus = focus
        self._query = query
        self.depth = 0  # how many dialogs are open with an entry, up to this one; 0 while it has none
        self.going_back = False  # the entry is still to be left, by our own step back
        self._drawn = False  # the animation runs: the browser tells when the fragment goes
        self.opener: ui.element | None = None
        """What was pressed, if it is a native element: it gets the focus back, which our own step back takes."""
        dialog.on('before-show', self._showing, args=[])
        dialog.on_value_change(lambda event: None if event.value else self._closed())
        self.on('animationstart', self._arrived, args=[])
        self.on('animationcancel', self._left, args=[])

    @property
    def entered(self) -> bool:
        """Whether the browser's history has an entry of the open dialog, which closing it takes back."""
        return self.depth > 0

    def _showing(self) -> None:
        # by now the dialog knows what to focus when it closes; following a fragment takes the focus, so it is set again
        query = self._query()
        if query is None or self.depth or not self._dialog.value:
            return
        self.depth = 1 + max(each.depth for each in self._all())
        if not self._drawn:
            self.going_back = False  # opened again before the step back of its last opening
        ui.navigate.to(f'#{self.html_id}')
        if query:
            ui.navigate.history.replace(f'{query}#{self.html_id}')
        self._take_focus()

    def _closed(self) -> None:
        if self.depth:
            self.depth = 0
            self.going_back = True
            if self._drawn:
                ui.navigate.back()

    def _all(self) -> list[BackCloses]:
        return [each for each in self.client.elements.values() if isinstance(each, BackCloses)]

    def _arrived(self) -> None:
        self._drawn = True
        if self.going_back:  # closed before it was drawn; to step back sooner would go unnoticed, and lose the focus
            ui.navigate.back()
            return
        for each in self._all():
            each.going_back = False
        if self.depth:  # a dialog above it has gone, and the step back took the focus
            self._take_focus()

    def _take_focus(self) -> None:
        element = self._focus()
        if isinstance(element, Heading):
            element.props['tabindex'] = '-1'  # focusable, but no stop of the Tab key
        element.run_method('focus')

    def _left(self) -> None:
        self._drawn = False
        if self.going_back:  # our own step back
            self.going_back = False
            if self.opener is not None and not self.opener.is_deleted:
                self.opener.run_method('focus')
        elif self.depth and not self._covered():
            self.depth = 0
            self._dialog.close()

    def _covered(self) -> bool:
        """Whether another dialog has opened above this one, or is just being left for it."""
        return any(each.depth > self.depth or each.going_back for each in self._all() if each is not self)
