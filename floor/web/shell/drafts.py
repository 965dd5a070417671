"""Drafts: unsent text, stored while it is typed, so that it survives reloads and restarts.

A draft belongs to the browser tab in which it is typed. A tab only changes its own drafts; drafts of other tabs of the
same person, open or closed, are offered (draft_offer.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from nicegui import Client, app, ui

from ...core.people import Identity

STORED_AS = 'drafts of tabs'
KEPT = 100  # drafts per person; the oldest ones are deleted

Draft = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class OtherDraft:
    """A draft of the same person in another tab."""

    tab: str
    place: str
    draft: Draft


class Drafts:
    """The drafts of this tab, by place: the name of a form or field. Create it while the page is built.

    The browser reports the id of its tab when it connects; until then there are no drafts.
    """

    def __init__(self, identity: Identity) -> None:
        self._user = app.storage.user
        self._who = identity.email or identity.name
        self._client = ui.context.client
        self._tab: str | None = None
        self._waiting: list[Callable[[], None]] = []
        if self._client.tab_id is None:
            self._client.on_connect(self._connected)
        else:
            self._connected()

    def when_connected(self, show: Callable[[], None]) -> None:
        """Call this once the drafts of this tab are known: now, or when its browser connects."""
        if self._tab is None:
            self._waiting.append(show)
        else:
            show()

    def get(self, place: str) -> Draft:
        """A copy of the draft; empty if there is none."""
        return next((_draft(each) for each in self._all() if self._is_mine(each, place)), {})

    def text(self, place: str) -> str:
        """The text of a draft with one field."""
        return str(self.get(place).get('text') or '')

    def keep(self, place: str, draft: Mapping[str, str | int | None]) -> None:
        """Store a draft."""
        others = [each for each in self._all() if not self._is_mine(each, place)]
        stored = {field: storable(value) for field, value in draft.items()}
        self._store([*others, {'tab': self._tab, 'place': place, 'draft': stored}])

    def keep_text(self, place: str, text: str) -> None:
        """Store the draft of one field, with the reference under which it will be sent."""
        if not text.strip():
            self.discard(place)
        else:
            before = self.get(place)
            self.keep(place, {**before, 'text': text, 'reference': before.get('reference') or new_reference()})

    def reference_for(self, place: str, text: str) -> str:
        """The reference for sending this text: unchanged for a retry with the same text, otherwise a new one."""
        draft = self.get(place)
        is_same = draft.get('sent') in (None, text)
        reference = str((draft.get('reference') if is_same else None) or new_reference())
        self.keep(place, {**draft, 'text': text, 'reference': reference, 'sent': text})
        return reference

    def discard(self, place: str) -> None:
        """Delete a draft that was sent or discarded."""
        everything = self._all()
        others = [each for each in everything if not self._is_mine(each, place)]
        if len(others) < len(everything):
            self._store(others)

    def places(self) -> list[str]:
        """The places with drafts of this tab, oldest first."""
        return [each['place'] for each in self._all() if each['tab'] == self._tab]

    # other tabs

    def of_other_tabs(self, concerns: Callable[[str], bool]) -> list[OtherDraft]:
        """Drafts of other tabs, the latest first, without declined ones and places for which this tab has a draft.

        concerns: whether a place is wanted."""
        mine = set(self.places())
        return [OtherDraft(each['tab'], each['place'], _draft(each)) for each in reversed(self._all())
                if each['tab'] != self._tab and concerns(each['place']) and each['place'] not in mine
                and self._tab not in each.get('declined', ())]

    def take_over(self, other: OtherDraft) -> None:
        """Copy a draft to this tab; it is kept in the other tab only if that is open."""
        if not _is_open(other.tab):
            self._store([each for each in self._all() if (each['tab'], each['place']) != (other.tab, other.place)])
        self.keep(other.place, other.draft)

    def decline(self, other: OtherDraft) -> None:
        """Decline a draft: it is not offered to this tab again unless it changes."""
        self._store([{**each, 'declined': [*each.get('declined', ()), self._tab]}
                     if (each['tab'], each['place']) == (other.tab, other.place) else each for each in self._all()])

    # storage

    def _connected(self) -> None:
        if self._tab is not None or self._client.tab_id is None:
            return
        self._tab = self._client.tab_id
        former = _former_tab(self._client)
        if former is not None and not _is_open(former):
            self._store([{**each, 'tab': self._tab} if each['tab'] == former else each for each in self._all()])
        waiting, self._waiting = self._waiting, []
        for show in waiting:
            show()

    def _is_mine(self, entry: Mapping[str, Any], place: str) -> bool:
        return (entry['tab'], entry['place']) == (self._tab, place)

    def _all(self) -> list[dict[str, Any]]:
        everybodys = self._user.get(STORED_AS)
        entries = everybodys.get(self._who) if isinstance(everybodys, Mapping) else None
        return [dict(each) for each in entries or () if isinstance(each, Mapping) and 'tab' in each and 'place' in each]

    def _store(self, entries: list[dict[str, Any]]) -> None:
        everybodys = self._user.get(STORED_AS)
        self._user[STORED_AS] = {**(everybodys if isinstance(everybodys, Mapping) else {}), self._who: entries[-KEPT:]}


def storable(value: str | int | None) -> str | int | None:
    """Replace lone surrogates, which a browser can send but a file cannot store."""
    return value.encode(errors='replace').decode() if isinstance(value, str) else value


def new_reference() -> str:
    """A new client reference: commands with the same reference are executed once."""
    return str(uuid4())


def _draft(entry: Mapping[str, Any]) -> Draft:
    draft = entry.get('draft')
    return dict(draft) if isinstance(draft, Mapping) else {}


def _is_open(tab: str) -> bool:
    return any(client.tab_id == tab and client.has_socket_connection for client in Client.instances.values())


def _former_tab(client: Client) -> str | None:
    """The former id of this tab: of before its browser was restarted, or of the tab that it was duplicated from."""
    query = str((client.environ or {}).get('QUERY_STRING', ''))
    return parse_qs(query).get('old_tab_id', [None])[0]
