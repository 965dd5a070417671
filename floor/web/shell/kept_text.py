"""A text field whose draft is stored until it is sent, and offered in other tabs of the same person."""

from __future__ import annotations

from .draft_offer import DraftOffer
from .drafts import Drafts
from .text_field import TextArea, TextField


class KeptText:
    """The draft of a form with a single text. Drafts of other tabs are offered where this is created."""

    def __init__(self, drafts: Drafts, place: str) -> None:
        """place: the name of the form, such as 'comment WO-...'."""
        self.place = place
        self._drafts = drafts
        self._field: TextField | TextArea | None = None
        self._other_tabs = DraftOffer(drafts, lambda other: str(other.draft.get('text') or ''),
                                      lambda _: self._return())

    def fill(self, field: TextField | TextArea) -> None:
        """Restore the draft in the field as soon as the browser has connected."""
        self._field = field
        self._drafts.when_connected(self._return)

    def typed(self) -> None:
        """Call on each change of the field."""
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
