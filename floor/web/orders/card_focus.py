"""Which card of the board has the keyboard focus, or is about to have it.

A browser drops the focus when the card that has it moves to another column, so the server gives it back. Events of the
browser arrive later than what they report: a card that was given the focus may be moved before the browser reports it.
Therefore a command of the server counts from the moment when it is sent, and events count again after the browser has
confirmed the last command.
"""

from __future__ import annotations

from contextlib import suppress

from nicegui import background_tasks

from .order_card import OrderCard

CONFIRMED_WITHIN_S = 5.0
"""After that, the events of the browser count again."""


class CardFocus:
    """The focus of one board."""

    def __init__(self) -> None:
        self._card: OrderCard | None = None
        self._unconfirmed = 0

    @property
    def card(self) -> OrderCard | None:
        """The card that has the focus or is about to have it."""
        return None if self._card is None or self._card.is_deleted else self._card

    def is_still(self, card: OrderCard | None) -> bool:
        """Whether this card, which may be deleted by now, has the focus, or had it when it was deleted."""
        return self._card is card

    def give(self, card: OrderCard) -> None:
        """Move the focus to a card."""
        self.expect(card)
        self._unconfirmed += 1
        background_tasks.create(self._focus(card), name='focus of the board')

    def expect(self, card: OrderCard) -> None:
        """The browser is about to give the focus to this card."""
        self._card = card

    def arrived(self, card: OrderCard) -> None:
        """The browser reports that a card, or an element in it, has received the focus."""
        if not self._unconfirmed:
            self._card = card

    def left(self) -> None:
        """The browser reports that an element of the board has lost the focus, or was moved while it had it."""
        if not self._unconfirmed:
            self._card = None

    async def _focus(self, card: OrderCard) -> None:
        try:
            with suppress(TimeoutError):
                await card.link.run_method('focus', timeout=CONFIRMED_WITHIN_S)
        finally:
            self._unconfirmed -= 1
