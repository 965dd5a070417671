"""What concerns the person at this page: an order is assigned to them, or one is critical. Said once, with a sound."""

from __future__ import annotations

import asyncio

from nicegui import app, ui

from ...model import DisplayName, Identity, OrderBrief, OrderId, Person, Priority
from ...orders.active_orders import OrderChange
from ...store import Connection, Difference, Store
from ..assets import address_of
from ..machine_tile import shortened
from .words import short_id

SOUND = 'sounds/order.wav'
STORED_AS = 'sound'
SOUND_MEANS = 'A sound when an order is assigned to you or is critical'
BLOCKED = 'The browser blocks sounds on this page. Press here to allow them.'
GATHER_S = 0.3  # what comes together is said together
SHOWN_MS = 15_000
SOUND_STARTS_WITHIN_S = 1.0
"""A sound that has been loaded and does not play by then was blocked by the browser."""


def order_alerts(store: Store, person: Person) -> None:
    """The button that switches the sound, for the bar; what happens from now on is said on this page."""
    OrderAlerts(store, person)


class OrderAlerts:
    """Of one page: gathers what happens to orders for a moment, then says it in one sentence."""

    def __init__(self, store: Store, person: Person) -> None:
        self._store = store
        self._person = person
        self._client = ui.context.client
        self._user = app.storage.user
        self._assigned: dict[OrderId, OrderBrief] = {}
        self._critical: dict[OrderId, OrderBrief] = {}
        self._saying: asyncio.TimerHandle | None = None
        self._button = ui.button(on_click=self._switch_sound, color=None).props('flat no-caps dense') \
            .classes('sound-button')
        self._player = ui.element('div').props('hidden')
        self._is_blocked = False
        self._waiting_for_sound: asyncio.TimerHandle | None = None
        self._show_sound()
        self._stop = store.subscribe(self._on_difference)
        self._client.on_delete(self._leave)

    # the sound

    @property
    def _has_sound(self) -> bool:
        return bool(self._user.get(STORED_AS, True))

    def _switch_sound(self) -> None:
        if not (self._is_blocked and self._has_sound):  # else the press itself allows the browser to play it
            self._user[STORED_AS] = not self._has_sound
        self._show_sound()
        if self._has_sound:
            self._play()  # so that it is heard, and the browser knows that it is wanted

    def _show_sound(self) -> None:
        is_blocked = self._is_blocked and self._has_sound
        self._button.set_text('Sound blocked' if is_blocked else 'Sound on' if self._has_sound else 'Sound off')
        self._button.props['aria-pressed'] = str(self._has_sound).lower()
        self._button.props['data-blocked'] = str(is_blocked).lower()
        self._button.props['title'] = BLOCKED if is_blocked else SOUND_MEANS

    def _play(self) -> None:
        """The sound is loaded only now. A browser that blocks it says nothing: it loads it and does not play."""
        self._player.clear()
        with self._player:
            sound = ui.audio(address_of(SOUND), controls=False, autoplay=True)
        sound.on('canplaythrough', self._sound_loaded, args=[])
        sound.on('playing', lambda: self._heard(True), args=[])

    def _sound_loaded(self) -> None:
        if self._waiting_for_sound is None:
            self._waiting_for_sound = asyncio.get_running_loop().call_later(SOUND_STARTS_WITHIN_S, self._heard, False)

    def _heard(self, is_heard: bool) -> None:
        if self._waiting_for_sound is not None:
            self._waiting_for_sound.cancel()
            self._waiting_for_sound = None
        self._is_blocked = not is_heard
        self._show_sound()

    # what happens

    def _on_difference(self, difference: Difference) -> None:
        if not difference.orders or self._store.connection is Connection.CONNECTING:
            return  # what the first reading of the floor finds has not just happened
        me = self._store.person(Identity(self._person.name, self._person.email), self._person.role)
        for change in difference.orders:
            self._weigh(change, me)
        if (self._assigned or self._critical) and self._saying is None:
            self._saying = asyncio.get_running_loop().call_later(GATHER_S, self._say)

    def _weigh(self, change: OrderChange, me: Person) -> None:
        after = change.after
        if after is None or not after.state.is_active or after.assignee_id != me.employee_id:
            self._assigned.pop(change.id, None)
        if after is None or not after.state.is_active or after.priority is not Priority.CRITICAL:
            self._critical.pop(change.id, None)
        if after is None or is_by(after, me):
            return
        if became_mine(change, me):
            self._critical.pop(change.id, None)
            self._assigned[change.id] = after
        elif became_critical(change) and change.id not in self._assigned:
            self._critical[change.id] = after

    def _say(self) -> None:
        assigned, critical, self._saying = [*self._assigned.values()], [*self._critical.values()], None
        self._assigned, self._critical = {}, {}
        if not assigned and not critical:
            return
        with self._client:
            for text in filter(None, (said_of_assigned(assigned), said_of_critical(critical))):
                ui.notify(text, timeout=SHOWN_MS, close_button='Close', multi_line=True, position='bottom-left')
            if self._has_sound:
                self._play()

    def _leave(self) -> None:
        self._stop()
        for waiting in self._saying, self._waiting_for_sound:
            if waiting is not None:
                waiting.cancel()


def is_by(order: OrderBrief, person: Person) -> bool:
    """Whether this person did it. Nobody is known by no address: what is done without one, everybody is told of."""
    return order.by is not None and person.email is not None and order.by.lower() == person.email.lower()


def became_mine(change: OrderChange, person: Person) -> bool:
    """Whether it is this person's now, and was not before."""
    after, before = change.after, change.before
    return (person.employee_id is not None and after is not None and after.state.is_active
            and after.assignee_id == person.employee_id
            and (before is None or before.assignee_id != person.employee_id))


def became_critical(change: OrderChange) -> bool:
    """Whether it is critical now, and was not before or was not there."""
    after, before = change.after, change.before
    return (after is not None and after.state.is_active and after.priority is Priority.CRITICAL
            and (before is None or before.priority is not Priority.CRITICAL))


def said_of_assigned(orders: list[OrderBrief]) -> str:
    """One sentence, however many there are; none for none."""
    if len(orders) == 1:
        pressing = ', critical' if orders[0].priority is Priority.CRITICAL else ''
        return f'Assigned to you{pressing}: {_words(orders[0])}'
    critical = sum(order.priority is Priority.CRITICAL for order in orders)
    more = f', {critical} of them critical' if critical else ''
    return f'{len(orders)} orders were assigned to you{more}' if orders else ''


def said_of_critical(orders: list[OrderBrief]) -> str:
    """One sentence, however many there are; none for none."""
    if len(orders) == 1:
        return f'Critical order: {_words(orders[0])}'
    return f'{len(orders)} more orders are critical' if orders else ''


def _words(order: OrderBrief) -> str:
    machine = shortened(str(DisplayName.of(order.machine)), 80)
    return f'{short_id(order.id)}, {machine}: {shortened(order.description, 120)}'
