"""Alerts about work orders: computed once for all pages, and played on one page of each person.

A person with several tabs hears an alert once, on the tab they used last. If that tab has closed or its browser blocks
the sound, the tab that was used before it plays it. Every tab shows the alert.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from ...core.machines import DisplayNames
from ...core.orders import OrderBrief, OrderId, Priority
from ...core.people import Identity, Person
from ...feed.active_orders import ActiveOrderChange
from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ...feed.store import Store

log = logging.getLogger(__name__)

GATHER_S = 0.3  # changes within this time share one alert


class AlertPage(Protocol):
    """One page in a browser."""

    person: Person
    listener: str
    """Key of the listener: a person, or a browser without a signed-in person."""

    @property
    def can_sound(self) -> bool:
        """Whether the sound is on and the browser is connected."""

    @property
    def is_blocked(self) -> bool:
        """Whether the browser blocked the last sound."""

    def show(self, assigned: list[OrderBrief], critical: list[OrderBrief], names: DisplayNames) -> None:
        """Show the alerts, without a sound. names: what machines are called."""

    def sound(self, failed: Callable[[], None]) -> None:
        """Play the sound. failed: called if it was not played."""


class AlertHub:
    """Collects changes of orders for a moment, then alerts the pages of the people concerned."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: dict[AlertPage, int] = {}
        """When each page was last used, as an increasing number."""
        self._moments = itertools.count()
        self._assigned: dict[OrderId, OrderBrief] = {}
        self._critical: dict[OrderId, OrderBrief] = {}
        self._due: asyncio.TimerHandle | None = None
        store.subscribe(self._on_difference)

    def join(self, page: AlertPage) -> None:
        """Register a page that was opened."""
        self.used(page)

    def used(self, page: AlertPage) -> None:
        """Record that a person used this page."""
        self._pages[page] = next(self._moments)

    def leave(self, page: AlertPage) -> None:
        """Remove a page that was closed."""
        self._pages.pop(page, None)

    # changes of orders

    def _on_difference(self, difference: Difference) -> None:
        if not difference.orders or not self._pages or self._store.connection is Freshness.CONNECTING:
            return  # the first read of the floor is not news
        for change in difference.orders:
            self._collect(change)
        if (self._assigned or self._critical) and self._due is None:
            self._due = asyncio.get_running_loop().call_later(GATHER_S, self._notify)

    def _collect(self, change: ActiveOrderChange) -> None:
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

    def _notify(self) -> None:
        assigned, critical, self._due = self._assigned, self._critical, None
        self._assigned, self._critical = {}, {}
        of_employee: dict[int | None, list[OrderBrief]] = {}
        for order in assigned.values():
            of_employee.setdefault(order.assignee_id, []).append(order)
        alerts: dict[Person, tuple[list[OrderBrief], list[OrderBrief]]] = {}
        listeners: dict[str, list[AlertPage]] = {}
        # the most recently used page first, browsers that block sounds last
        for page in sorted(self._pages, key=lambda page: (page.is_blocked, -self._pages[page])):
            me = self._store.person(Identity(page.person.name, page.person.email), page.person.role)
            if me not in alerts:
                mine = {order.id: order for order in of_employee.get(me.employee_id or 0, ()) if not is_by(order, me)}
                alerts[me] = list(mine.values()), [order for order in critical.values()
                                                   if order.id not in mine and not is_by(order, me)]
            if any(alerts[me]):
                self._show(page, *alerts[me])
                listeners.setdefault(page.listener, []).append(page)
        for pages in listeners.values():
            sound_once(pages)

    def _show(self, page: AlertPage, assigned: list[OrderBrief], critical: list[OrderBrief]) -> None:
        try:
            page.show(assigned, critical, self._store.names)
        except Exception:  # an error on one page must not affect the others
            log.exception('a page could not show an alert')


def sound_once(pages: Sequence[AlertPage]) -> None:
    """Play the sound on the first page that can, or on the next one if that fails."""
    for number, page in enumerate(pages, 1):
        if page.can_sound:
            return page.sound(partial(sound_once, pages[number:]))


def is_by(order: OrderBrief, person: Person) -> bool:
    """Whether this person made the change; False for changes without an e-mail address."""
    return order.by is not None and person.email is not None and order.by.lower() == person.email.lower()


def became_assigned(change: ActiveOrderChange) -> bool:
    """Whether the order was assigned or reassigned."""
    before, after = change.before, change.after
    return (after is not None and after.assignee_id is not None
            and (before is None or before.assignee_id != after.assignee_id))


def became_critical(change: ActiveOrderChange) -> bool:
    """Whether the order became critical."""
    before, after = change.before, change.after
    return (after is not None and after.priority is Priority.CRITICAL
            and (before is None or before.priority is not Priority.CRITICAL))
