"""What somebody has typed and not sent: kept while they type, so that neither a reload nor a restart loses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from nicegui import app

from ..model import Identity

STORED_AS = 'drafts'
KEPT = 50  # of each person; the oldest goes first

Draft = dict[str, str | int | None]


class Drafts:
    """One person's drafts in this browser, each under the place it is typed at. Build it while a page is built."""

    def __init__(self, identity: Identity) -> None:
        self._user = app.storage.user
        self._who = identity.email or identity.name

    def get(self, place: str) -> Draft:
        """What was typed there, a copy; empty if nothing."""
        found = self._mine().get(place)
        return dict(found) if isinstance(found, Mapping) else {}

    def text(self, place: str) -> str:
        """What was typed into a place of one field."""
        return str(self.get(place).get('text') or '')

    def keep(self, place: str, draft: Mapping[str, str | int | None]) -> None:
        """What is typed there now."""
        mine = self._mine()
        mine.pop(place, None)
        mine[place] = {field: storable(value) for field, value in draft.items()}
        self._store(dict(list(mine.items())[-KEPT:]))

    def keep_text(self, place: str, text: str) -> None:
        """What is typed now into a place of one field; with the reference it will be sent under, the same each time."""
        if not text.strip():
            self.discard(place)
        else:
            self.keep(place, {'text': text, 'reference': self.get(place).get('reference') or new_reference()})

    def discard(self, place: str) -> None:
        """It was sent, or thrown away on purpose."""
        mine = self._mine()
        if mine.pop(place, None) is not None:
            self._store(mine)

    def places(self) -> list[str]:
        """Where something was typed and not sent, the latest last."""
        return list(self._mine())

    def _mine(self) -> dict[str, Any]:
        everybodys = self._user.get(STORED_AS)
        mine = everybodys.get(self._who) if isinstance(everybodys, Mapping) else None
        return dict(mine) if isinstance(mine, Mapping) else {}

    def _store(self, mine: dict[str, Any]) -> None:
        everybodys = self._user.get(STORED_AS)
        self._user[STORED_AS] = {**(everybodys if isinstance(everybodys, Mapping) else {}), self._who: mine}


def storable(value: str | int | None) -> str | int | None:
    """Half a character, which a browser can send, cannot be written to a file."""
    return value.encode(errors='replace').decode() if isinstance(value, str) else value


def new_reference() -> str:
    """The name that a command is sent under: sent twice, it is done once."""
    return str(uuid4())
