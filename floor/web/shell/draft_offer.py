"""Offers drafts from other tabs of the same person, which are only used on request."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ...core.text import shortened
from .drafts import Drafts, OtherDraft
from .messages import TextNode

MAX_OFFERED = 3
MAX_EXCERPT = 120


class DraftOffer(ui.element):
    """A note with two buttons for each draft; hidden without drafts."""

    def __init__(self, drafts: Drafts, summary: Callable[[OtherDraft], str],
                 take: Callable[[OtherDraft], None]) -> None:
        """summary: returns the text of a draft to show. take: fills the fields; the draft belongs to this tab then."""
        super().__init__('div')
        self.classes('draft-offers').set_visibility(False)
        self._drafts = drafts
        self._summary = summary
        self._take = take

    def show(self, concerns: Callable[[str], bool]) -> None:
        """Offer the drafts of other tabs for these forms."""
        others = self._drafts.of_other_tabs(concerns)[:MAX_OFFERED]
        self.clear()
        self.set_visibility(bool(others))
        with self:
            for other in others:
                self._row(other, concerns)

    def hide(self) -> None:
        """Hide the drafts, because text that is being typed must not be replaced."""
        if self.visible:
            self.set_visibility(False)

    def _row(self, other: OtherDraft, concerns: Callable[[str], bool]) -> None:
        excerpt = shortened(' '.join(self._summary(other).split()), MAX_EXCERPT)
        with ui.element('div').classes('note draft-offer'):
            TextNode('p', f'Unsent draft from another tab: “{excerpt}”')
            with ui.element('div').classes('draft-buttons'):
                ui.button('Ignore', on_click=lambda: self._leave(other, concerns), color=None).props('flat no-caps')
                ui.button('Use draft', on_click=lambda: self._take_over(other), color=None).props('no-caps')

    def _take_over(self, other: OtherDraft) -> None:
        self._drafts.take_over(other)
        self.hide()
        self._take(other)

    def _leave(self, other: OtherDraft, concerns: Callable[[str], bool]) -> None:
        self._drafts.decline(other)
        self.show(concerns)
