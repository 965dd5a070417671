"""One stop in the list of stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from nicegui import ui

from ...analytics import LossCosts, Stop, Window
from ...analytics.report_tables import NO_REASON
from ...core.formatting import NOTHING, duration
from ...core.moments import Form, local_time
from ...core.text import shortened
from ...feed.store import Store
from ..shell.chips import set_attribute
from ..shell.icons import type_number
from ..shell.messages import TextNode
from ..shell.order_formatting import order_address, short_id

MAX_NAME_LENGTH = 60


class StopRow(ui.element):
    """A row. It stays the same element while its stop is listed, so that a press is not lost when the list is read
    again."""

    def __init__(self, stop: Stop, store: Store, zone: tzinfo, open_details: Callable[[Stop], None]) -> None:
        super().__init__('tr')
        self._stop = stop
        self._store = store
        self._zone = zone
        with self:
            with StopCell('Machine').classes('free-text'):
                self._machine = TextNode('span')
            self._reason = StopCell('Reason').classes('free-text')
            self._since, self._until, self._down = StopCell('From'), StopCell('To'), StopCell('Down')
            self._response, self._order = StopCell('Response'), StopCell('Work order')
            with StopCell('Details'):
                self._details = ui.button('Details', on_click=lambda: open_details(self._stop), color=None)
                self._details.props('flat no-caps dense')

    def show(self, stop: Stop, window: Window | None, costs: LossCosts | None) -> None:
        """Show what is known of the stop. costs: of the time down, if any."""
        self._stop = stop
        name = shortened(str(self._store.names.of(stop.machine)), MAX_NAME_LENGTH)
        since = self._time(stop.since)
        carried_in = window is not None and stop.since < window.start
        whole = [f'{duration(stop.length)} in all'] if round(stop.length) != round(stop.down) else []
        silent = [f'no data for {duration(stop.unconfirmed)}'] if stop.unconfirmed else []
        cost = [] if costs is None or stop.cost is None else [costs.text(stop.cost)]
        self._machine.set_text(name)
        set_attribute(self._machine, 'data-icon', type_number(self._store, stop.machine))
        self._reason.show(shortened(stop.reason) or NO_REASON)
        self._since.show(since, *(['carried in'] if carried_in else []))
        self._until.show('ongoing' if stop.until is None else self._time(stop.until))
        self._down.show(duration(stop.down), *(['micro-stop'] if stop.is_micro else []), *whole, *silent, *cost)
        self._response.show(duration(stop.response))
        if stop.order is None:
            self._order.show(NOTHING)
        else:
            self._order.show(f'WO-{short_id(stop.order)}', address=order_address(stop.order))
        set_attribute(self._details, 'aria-label', f'Details of {name}, {since}')

    def _time(self, at: datetime) -> str:
        return local_time(at, self._zone, Form.DAY_SECONDS)


class StopCell(TextNode):
    """A cell. Its heading is shown where the table is a list of cards."""

    def __init__(self, head: str) -> None:
        super().__init__('td')
        self._shown: tuple[str, ...] = ()
        self.props['data-head'] = head

    def show(self, text: str, *marks: str, address: str = '') -> None:
        """Show a text, which may be a link, and marks below it."""
        if self._shown == (text, *marks, address):
            return
        self._shown = text, *marks, address
        is_plain = not marks and not address
        self.clear()
        self.set_text(text if is_plain else '')
        with self:
            if address:
                ui.link(text, address)
            elif not is_plain:
                TextNode('span', text)
            for mark in marks:
                TextNode('span', mark).classes('stop-mark')
