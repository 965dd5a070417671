"""A field whose text is kept until it is sent, and offered to the same person's other tabs."""

from __future__ import annotations

from .draft_offer import DraftOffer
from .drafts import Drafts
from .text_field import TextArea, TextField


class KeptText:
    """The one text of a form. What other tabs have kept is offered where this is made."""

    def __init__(self, drafts: Drafts, place: str) -> None:
        """place: what the text is for, as 'comment WO-...'."""
        self.place = place
        self._drafts = drafts
        self._field: TextField | TextArea | None = None
        self._other_tabs = DraftOffer(drafts, lambda other: str(other.draft.get('text') or ''),
                                      lambda _: self._return())

    def fill(self, field: TextField | TextArea) -> None:
        """The field, which gets back what was typed before as soon as its browser is there."""
        self._field = field
        self._drafts.when_connected(self._return)

    def typed(self) -> None:
        """For each change of the field."""
        if self._field is not None:
            self._other_tabs.hide()
            self._drafts.keep_text(self.place, self._field.value or '')

    def _return(self) -> None:
        if self._field is None:
            return
        if text := self._drafts.text(self.place):
            self._field.value = text
        else:
            self._other_tabs.show(lambda place: place == self.place)
