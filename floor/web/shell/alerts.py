"""Alerts for the person at this page: an order was assigned to them, or became critical.

All their pages show the alert; one of them plays the sound (alert_hub.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import app, ui

from ...core.formatting import number
from ...core.machines import DisplayNames
from ...core.orders import OrderBrief, Priority
from ...core.people import Person
from ...core.text import shortened
from .alert_hub import AlertHub
from .assets import address_of
from .order_formatting import short_id

SOUND = 'sounds/order.wav'
STORED_AS = 'sound'
SOUND_TITLE = 'Play a sound when an order is critical or assigned to you'
BLOCKED = 'Your browser blocks sounds on this page. Press to allow them.'
SHOWN_MS = 15_000
SOUND_STARTS_WITHIN_S = 1.0
"""A sound that was loaded and does not play within this time was blocked by the browser."""
SOUND_ANSWERS_WITHIN_S = 3.0
"""A browser that does not report by then is gone or too slow."""
USED_AT_MOST_EVERY_S = 5.0
USES = 'pointerdown', 'keydown', 'pointermove'


def order_alerts(hub: AlertHub, person: Person, page: ui.element) -> None:
    """Add the sound button to the bar and show alerts on this page.

    page: the root element; pressing, typing or pointing in it counts as use of the page.
    """
    alerts = OrderAlerts(hub, person)
    for use in USES:
        page.on(use, lambda: hub.used(alerts), args=[], throttle=USED_AT_MOST_EVERY_S, trailing_events=False)


class OrderAlerts:
    """The alerts of one page."""

    def __init__(self, hub: AlertHub, person: Person) -> None:
        self.person = person
        self.listener = person.email.lower() if person.email else f'screen {app.storage.browser["id"]}'
        self.is_blocked = False
        self._client = ui.context.client
        self._user = app.storage.user
        self._button = ui.button(on_click=self._switch_sound, color=None).props('flat no-caps dense') \
            .classes('sound-button')
        self._player = ui.element('div').props('hidden')
        self._waiting: asyncio.TimerHandle | None = None
        self._failed: Callable[[], None] | None = None
        self._show_sound()
        hub.join(self)
        self._client.on_delete(lambda: self._leave(hub))

    # the sound

    @property
    def _has_sound(self) -> bool:
        return bool(self._user.get(STORED_AS, True))

    def _switch_sound(self) -> None:
        if not (self.is_blocked and self._has_sound):  # otherwise the press only unblocks the sound
            self._user[STORED_AS] = not self._has_sound
        self._show_sound()
        if self._has_sound:
            self._play()  # demonstrates the sound and unblocks it

    def _show_sound(self) -> None:
        is_blocked = self.is_blocked and self._has_sound
        self._button.set_text('Sound blocked' if is_blocked else 'Sound on' if self._has_sound else 'Sound off')
        self._button.props['aria-pressed'] = str(self._has_sound).lower()
        self._button.props['data-blocked'] = str(is_blocked).lower()
        self._button.props['title'] = BLOCKED if is_blocked else SOUND_TITLE

    @property
    def can_sound(self) -> bool:
        """Whether the sound is on and the browser is connected."""
        return self._has_sound and self._client.has_socket_connection

    def sound(self, failed: Callable[[], None]) -> None:
        """Play the sound. failed: called if it was not played."""
        self._failed = failed
        with self._client:
            self._play()

    def _play(self) -> None:
        """Load and play the sound. A browser that blocks sounds loads it without playing it or raising an error."""
        self._player.clear()
        with self._player:
            sound = ui.audio(address_of(SOUND), controls=False, autoplay=True)
        sound.on('canplaythrough', lambda: self._wait(SOUND_STARTS_WITHIN_S, self._blocked), args=[])
        sound.on('playing', self._heard, args=[])
        self._wait(SOUND_ANSWERS_WITHIN_S, self._give_up)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._end_wait()
        self._waiting = asyncio.get_running_loop().call_later(seconds, then)

    def _end_wait(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _heard(self) -> None:
        self._end_wait()
        self._failed = None
        self.is_blocked = False
        self._show_sound()

    def _blocked(self) -> None:
        self.is_blocked = True
        self._show_sound()
        self._give_up()

    def _give_up(self) -> None:
        """Let another page play the sound."""
        self._end_wait()
        failed, self._failed = self._failed, None
        if not self._client.is_deleted:
            self._player.clear()
        if failed is not None:
            failed()

    # notifications

    def show(self, assigned: list[OrderBrief], critical: list[OrderBrief], names: DisplayNames) -> None:
        """Show the alerts, without a sound."""
        with self._client:
            for text in filter(None, (assigned_text(assigned, names), critical_text(critical, names))):
                ui.notify(text, timeout=SHOWN_MS, close_button='Close', multi_line=True, position='bottom-left')

    def _leave(self, hub: AlertHub) -> None:
        hub.leave(self)
        if self._failed is not None:
            self._give_up()
        self._end_wait()


def assigned_text(orders: list[OrderBrief], names: DisplayNames) -> str:
    """The text of one alert for all orders; empty without orders."""
    if len(orders) == 1:
        order = _order_text(orders[0], names)
        is_critical = orders[0].priority is Priority.CRITICAL
        return f'Assigned to you, critical: {order}' if is_critical else f'Assigned to you: {order}'
    critical = sum(order.priority is Priority.CRITICAL for order in orders)
    if critical:
        return f'{number(len(orders))} orders were assigned to you, {number(critical)} of them critical'
    return f'{number(len(orders))} orders were assigned to you' if orders else ''


def critical_text(orders: list[OrderBrief], names: DisplayNames) -> str:
    """The text of one alert for all orders; empty without orders."""
    if len(orders) == 1:
        return f'Critical order: {_order_text(orders[0], names)}'
    return f'{number(len(orders))} more orders are critical' if orders else ''


def _order_text(order: OrderBrief, names: DisplayNames) -> str:
    machine = shortened(str(names.of(order.machine)), 80)
    return f'{short_id(order.id)}, {machine}: {shortened(order.description, 120)}'
