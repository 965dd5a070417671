"""The details of a stop: machine, reason, duration, response times, work order, and a link to the floor at that
time."""

from __future__ import annotations

from datetime import datetime, tzinfo
from urllib.parse import urlencode

from nicegui import ui

from ...analytics import Stop
from ...core.formatting import duration
from ...core.moments import Form, local_time
from ...core.text import shortened
from ...feed.store import Store
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.icons import show_icon
from ..shell.messages import TextNode
from ..shell.order_formatting import order_address, short_id
from ..shell.past_address import at_text

CLOCKS = {'detect': ('Detect', 'until a work order was reported'),
          'acknowledge': ('Acknowledge', 'until the order was acknowledged'),
          'respond': ('Respond', 'until work started'), 'repair': ('Repair', 'until the machine ran again')}
PAST = '/past'


class StopDetailsDialog(Dialog):
    """The dialog; one per page, filled when it opens."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        super().__init__()
        self._store = store
        self._zone = zone
        with self, ui.card().classes('details-dialog') as self._card:
            pass

    def show_stop(self, stop: Stop) -> None:
        """Open the dialog for a stop."""
        self._card.clear()
        with self._card:
            with ui.element('header').classes('details-header'):
                show_icon(Heading(str(self._store.names.of(stop.machine))), self._store, stop.machine)
                ui.button('Close', on_click=self.close, color=None).props('flat no-caps autofocus')
            ui.label(shortened(stop.reason) or 'No reason given').classes('details-reason')
            ui.label(self._when(stop)).classes('details-when')
            if stop.order is not None:
                self._clocks(stop)
            with ui.element('p').classes('details-links'):
                if stop.order is not None:
                    ui.link(f'Work order WO-{short_id(stop.order)}', order_address(stop.order))
                else:
                    ui.label('This stop has no work order, so its response times are unknown.')
                ui.link('Floor at that time', past_address(stop.since))
        self.open()

    def _when(self, stop: Stop) -> str:
        since = self._time(stop.since)
        kind = 'Micro-stop' if stop.is_micro else 'Stop'
        silent = f'; for {duration(stop.unconfirmed)} of it there is no data' if stop.unconfirmed else ''
        if stop.until is None:
            return f'{kind} since {since}, {duration(stop.length)} until now, ongoing{silent}'
        end = '' if stop.repaired else '; the machine was removed before it ran again'
        return f'{kind} from {since} to {self._time(stop.until)}, {duration(stop.length)}{end}{silent}'

    def _clocks(self, stop: Stop) -> None:
        """Build the response times, each with a bar for its share."""
        seconds = {name: getattr(stop, name) for name in CLOCKS}
        whole = sum(length or 0 for length in seconds.values())
        with TextNode('dl').classes('clocks'):
            for name, (label, meaning) in CLOCKS.items():
                length: float | None = seconds[name]
                with ui.element('div').classes('clock-row') as row:
                    row.props['data-clock'] = name
                    row.style['--part'] = f'{(length or 0) / whole:.4f}' if whole else '0'
                    TextNode('dt', label).props['title'] = meaning
                    TextNode('dd', 'unknown' if length is None else duration(length))
                    TextNode('dd', meaning).classes('clock-meaning')

    def _time(self, at: datetime) -> str:
        return local_time(at, self._zone, Form.DAY_SECONDS)


def past_address(at: datetime) -> str:
    """The address of the floor at a moment."""
    return f'{PAST}?{urlencode({"at": at_text(at)}, safe=":")}'
