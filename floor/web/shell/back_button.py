"""Makes Back in the browser close an open dialog instead of leaving the page.

No script is needed: while the dialog is open, the address of the page has a fragment that targets a hidden element, and
an animation of that element (assets/css/floor.css) runs. Back removes the fragment, the browser cancels the animation,
and the server gets this event.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from .heading import Heading


class BackCloses(ui.element):
    """Closes one dialog. Create it next to the dialog, not inside it. Dialogs may be nested."""

    def __init__(self, dialog: ui.dialog, focus: Callable[[], ui.element],
                 query: Callable[[], str | None] = str) -> None:
        """focus: returns the heading or field of the dialog that gets the focus.

        query: returns the query of the address while the dialog is open, such as '?machine=...'; empty: the query does
        not change; None: no entry is added to the browser's history this time.
        """
        super().__init__('span')
        self.classes('history-entry').props['aria-hidden'] = 'true'
        self._dialog = dialog
        self._focus = focus
        self._query = query
        self.depth = 0  # number of open dialogs with a history entry, up to this one; 0: it has no entry
        self.going_back = False  # the server has to go back, to remove the entry
        self._was_covered = False  # by a dialog above it, since it last had the focus
        self._drawn = False  # the animation runs, so that the browser reports when the fragment is removed
        self.return_focus: Callable[[], object] | None = None
        """Gives the focus back to what opened the dialog, when that is closed and the browser has gone back."""
        dialog.on_value_change(lambda event: self._opened() if event.value else self._closed())
        self.on('animationstart', self._arrived, args=[])
        self.on('animationcancel', self._left, args=[])

    @property
    def entered(self) -> bool:
        """Whether the browser's history has an entry for the open dialog."""
        return self.depth > 0

    def _opened(self) -> None:
        # The browser gets this with the open dialog, and after it: by then the dialog has stored the element to focus
        # when it closes. The fragment moves the focus, so it is set again, before a person can have moved it.
        query = self._query()
        if query is None or self.depth:
            return
        self.depth = 1 + max(each.depth for each in self._all())
        if not self._drawn:
            self.going_back = False  # reopened before it went back after the last time
        self._was_covered = False
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
        else:
            self._return_focus()

    def _all(self) -> list[BackCloses]:
        return [each for each in self.client.elements.values() if isinstance(each, BackCloses)]

    def _arrived(self) -> None:
        self._drawn = True
        if self.going_back:  # closed before the animation started; going back earlier would not be reported
            ui.navigate.back()
            return
        for each in self._all():
            each.going_back = False
        if self.depth and self._was_covered:  # the dialog above it was closed, and going back moved the focus
            self._was_covered = False
            self._take_focus()

    def _take_focus(self) -> None:
        element = self._focus()
        if isinstance(element, Heading):
            element.props['tabindex'] = '-1'  # focusable, but skipped by the Tab key
        element.run_method('focus')

    def _left(self) -> None:
        self._drawn = False
        if self.going_back:  # caused by the server
            self.going_back = False
            self._return_focus()
        elif self.depth and self._covered():
            self._was_covered = True
        elif self.depth:
            self.depth = 0
            self._dialog.close()

    def _return_focus(self) -> None:
        if self.return_focus is not None and not self._dialog.value:
            self.return_focus()

    def _covered(self) -> bool:
        """Whether another dialog is open above this one, or is just being closed."""
        return any(each.depth > self.depth or each.going_back for each in self._all() if each is not self)
