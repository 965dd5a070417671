"""Which news of work orders concern whom, found once for all pages; and which page of a person makes the sound.

Somebody with six tabs open hears an alert once: from the page they used last. When that page has gone, or its browser
does not play the sound, the page that was used before it does. Every page shows the news.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from ...core.model import Identity, OrderBrief, OrderId, Person, Priority
from ...feed.active_orders import OrderChange
from ...feed.store import Connection, Difference, Store

log = logging.getLogger(__name__)

GATHER_S = 0.3  # what comes together is said together


class AlertPage(Protocol):
    """One page in a browser."""

    person: Person
    listener: str
    """Who hears its sound: a person, or a screen at which nobody is signed in."""

    @property
    def can_sound(self) -> bool:
        """Whether its sound is on and its browser is there."""

    @property
    def is_blocked(self) -> bool:
        """Whether its browser did not play the last one."""

    def show(self, assigned: list[OrderBrief], critical: list[OrderBrief]) -> None:
        """Say it, without a sound."""

    def sound(self, failed: Callable[[], None]) -> None:
        """Play the sound; failed: called where it was not heard."""


class AlertHub:
    """Gathers what happens to orders for a moment, then tells each page what concerns its person."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: dict[AlertPage, int] = {}
        """When each was used last, as a number that grows."""
        self._moments = itertools.count()
        self._assigned: dict[OrderId, OrderBrief] = {}
        self._critical: dict[OrderId, OrderBrief] = {}
        self._due: asyncio.TimerHandle | None = None
        store.subscribe(self._on_difference)

    def join(self, page: AlertPage) -> None:
        """A page was opened, by which it is in use."""
        self.used(page)

    def used(self, page: AlertPage) -> None:
        """Somebody has pressed, typed or pointed at something on this page."""
        self._pages[page] = next(self._moments)

    def leave(self, page: AlertPage) -> None:
        """A page has gone."""
        self._pages.pop(page, None)

    # what happens

    def _on_difference(self, difference: Difference) -> None:
        if not difference.orders or not self._pages or self._store.connection is Connection.CONNECTING:
            return  # what the first reading of the floor finds has not just happened
        for change in difference.orders:
            self._weigh(change)
        if (self._assigned or self._critical) and self._due is None:
            self._due = asyncio.get_running_loop().call_later(GATHER_S, self._tell)

    def _weigh(self, change: OrderChange) -> None:
        after = change.after if change.after is not None and change.after.status.is_active else None
        known = self._assigned.get(change.id)
        if known is not None and (after is None or after.assignee_id != known.assignee_id):
            del self._assigned[change.id]
        if after is None or after.priority is not Priority.CRITICAL:
            self._critical.pop(change.id, None)
        if after is None:
            return
        if became_assigned(change):
            self._assigned[change.id] = after
        if became_critical(change):
            self._critical[change.id] = after

    def _tell(self) -> None:
        assigned, critical, self._due = self._assigned, self._critical, None
        self._assigned, self._critical = {}, {}
        of_employee: dict[int | None, list[OrderBrief]] = {}
        for order in assigned.values():
            of_employee.setdefault(order.assignee_id, []).append(order)
        told: dict[Person, tuple[list[OrderBrief], list[OrderBrief]]] = {}
        hear: dict[str, list[AlertPage]] = {}
        # the one that was used last comes first, and a browser that is known to block sounds last
        for page in sorted(self._pages, key=lambda page: (page.is_blocked, -self._pages[page])):
            me = self._store.person(Identity(page.person.name, page.person.email), page.person.role)
            if me not in told:
                mine = {order.id: order for order in of_employee.get(me.employee_id or 0, ()) if not is_by(order, me)}
                told[me] = list(mine.values()), [order for order in critical.values()
                                                 if order.id not in mine and not is_by(order, me)]
            if any(told[me]):
                self._show(page, *told[me])
                hear.setdefault(page.listener, []).append(page)
        for pages in hear.values():
            sound_once(pages)


    def _show(self, page: AlertPage, assigned: list[OrderBrief], critical: list[OrderBrief]) -> None:
        try:
            page.show(assigned, critical)
        except Exception:  # one page's fault must not keep the news from the others
            log.exception('a page could not say what happened to work orders')


def sound_once(pages: Sequence[AlertPage]) -> None:
    """The first of these pages that can sound does; where its sound is not heard, the next one."""
    for number, page in enumerate(pages, 1):
        if page.can_sound:
            return page.sound(partial(sound_once, pages[number:]))


def is_by(order: OrderBrief, person: Person) -> bool:
    """Whether this person did it. Nobody is known by no address: what is done without one, everybody is told of."""
    return order.by is not None and person.email is not None and order.by.lower() == person.email.lower()


def became_assigned(change: OrderChange) -> bool:
    """Whether it is somebody's that was not theirs."""
    before, after = change.before, change.after
    return (after is not None and after.assignee_id is not None
            and (before is None or before.assignee_id != after.assignee_id))


def became_critical(change: OrderChange) -> bool:
    """Whether it is critical and was not."""
    before, after = change.before, change.after
    return (after is not None and after.priority is Priority.CRITICAL
            and (before is None or before.priority is not Priority.CRITICAL))
