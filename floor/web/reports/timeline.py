"""The status timeline: a lane per machine, zoom by dragging, details of a stop by a click; and the table of stops for
keyboards and screen readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from ...analytics import Analytics, Band, FloorTimeline, Lane, Page, Scope, Stop, Window
from ...core.errors import FloorError, HistoryNotReadyError
from ...core.formatting import duration
from ...core.machines import MachineName, Status
from ...core.moments import Form, local_time
from ...core.text import shortened
from ...feed.store import Store
from ..shell.chips import Chip, hide, set_attribute
from ..shell.heading import Heading
from ..shell.icons import show_icon
from ..shell.messages import Alert, as_sentence
from .axis import show_axis_labels
from .report_query import LaneOrder, ReportQuery
from .report_windows import NOT_STARTED
from .stop_details import StopDetailsDialog
from .timeline_picture import LANE, WIDTH, drawing, has_columns, moment_at
from .timeline_segments import KeyboardCursor, Segment, segment_at, shares_text

FIRST = 12
COLUMNS = 300
"""Where intervals are closer than these columns, shares of columns are shown, which limits the size of the response."""
CLICK = 5.0
SHORTEST = timedelta(seconds=10)
FOUND = Page(size=20)
HOVER_GAP_S = 0.06
KEYS = 'Status timeline: use the arrow keys to read it, and Enter for the details of a stop.'
HINT = 'drag to zoom, click a stop for details'
HINT_OF_SHARES = 'each column shows the shares of its time; drag to zoom'
ORDERS: dict[LaneOrder, str] = {'worst': 'Worst first', 'flow': 'Flow order'}
LEGEND = (Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN)

OnZoom = Callable[[Window], None]


def timeline_panel(  # noqa: PLR0917 (all have different types)
        analytics: Analytics, store: Store, zone: tzinfo, window: Window, machines: Sequence[MachineName] | None,
        on_zoom: OnZoom, change: Callable[..., None] = lambda **fields: None) -> TimelinePanel:
    """Build the panel, which loads its data. machines: in the order of the lanes; None: all in flow order. on_zoom:
    called with the selected part of the window; call `show` to show it. change: with fields of the query that another
    one is to have."""
    return TimelinePanel(analytics, store, zone, window=window, machines=machines, on_zoom=on_zoom, change=change)


class TimelinePanel:
    """One browser's timeline."""

    def __init__(self, analytics: Analytics, store: Store, zone: tzinfo, *, window: Window,
                 machines: Sequence[MachineName] | None, on_zoom: OnZoom, change: Callable[..., None]) -> None:
        self._analytics = analytics
        self._store = store
        self._zone = zone
        self._window = window
        self._chosen = machines
        self._on_zoom = on_zoom
        self._all = False
        self._worst: Scope | None = None
        self._lanes: tuple[Lane, ...] = ()
        self._shown = window
        self._asked = 0
        self._dragged_from: float | None = None
        self._cursor = KeyboardCursor()
        self._client = ui.context.client
        with ui.card().classes('panel timeline').props('role=region aria-label="Status timeline"') as self.card:
            with ui.element('header').classes('timeline-header'):
                Heading('Status timeline').classes('panel-title')
                self._unfiltered = ui.label('all reasons and shifts').classes('panel-note').props('hidden')
                self._note = ui.label(HINT).classes('panel-note screen-hint')
                with ui.element('div').classes('panel-tools'):
                    self._orders: dict[LaneOrder, Chip] = {
                        order: Chip(text, partial(change, lanes=order)).classes('toggle')
                        for order, text in ORDERS.items()}
                self._toggle = ui.button(on_click=self._show_all_or_first, color=None).props('flat no-caps dense')
                self._toggle.classes('timeline-toggle')
            self._problem = Alert()
            self._empty = ui.label(NOT_STARTED).classes('panel-empty').props('hidden')
            with ui.element('div').classes('timeline-body') as body:
                self._names = ui.element('div').classes('timeline-names').props('aria-hidden=true')
                with ui.element('div').classes('timeline-plot') as plot:
                    self._picture = ui.element('div')
                    self._selection = ui.element('div').classes('timeline-selection').props('hidden')
                    self._hover = ui.label().classes('timeline-hover').props('hidden role=status')
                self._listen_to_keys(plot)
                self._axis = ui.element('div').classes('timeline-axis').props('aria-hidden=true')
            with ui.element('div').classes('timeline-legend') as legend:
                for status in LEGEND:
                    ui.label(status.word).classes('legend-entry').props['data-status'] = status.value
        self._filled = body, legend, self._note
        self._details = StopDetailsDialog(store, zone)
        self.show(window, machines)

    def sort(self, query: ReportQuery) -> None:
        """Sort the lanes as a query asks for, from the next `show` on."""
        self._worst = query.scope if query.lanes == 'worst' else None
        hide(self._unfiltered, hidden=not query.scope.is_filtered)
        for order, chip in self._orders.items():
            chip.set_visibility(query.machine is None)
            set_attribute(chip, 'aria-pressed', str(order == query.lanes).lower())

    def show(self, window: Window, machines: Sequence[MachineName] | None = None) -> None:
        """Show another window or other machines. The present content stays until they are loaded."""
        self._window = window
        self._chosen = machines
        self._asked += 1
        background_tasks.create(self.read(self._asked), name='read the timeline')

    async def read(self, asked: int | None = None) -> None:
        """Load and show the window, unless another one was requested meanwhile."""
        asked = self._asked if asked is None else asked
        begun = self._window.start <= self._now
        machines = self._machines() if begun else []
        problem, is_wrong = '', False
        timeline = FloorTimeline(self._window.until(self._now), ())
        try:
            machines = await self._sorted(machines)
            shown = machines if self._all else machines[:FIRST]
            if shown:
                timeline = await self._analytics.timeline(self._window, shown, COLUMNS)
        except FloorError as error:
            problem = f'Cannot load the timeline. {as_sentence(error)}'
            is_wrong = isinstance(error, HistoryNotReadyError)  # the content shown before
        if asked != self._asked or self._client.is_deleted:
            return
        with self._client.layout:
            self._problem.show(problem)
            hide(self._empty, hidden=begun)
            for part in self._filled:
                hide(part, hidden=not begun)
            if not problem or is_wrong:
                self._draw(timeline.window, timeline.lanes, len(machines))

    async def _sorted(self, machines: list[MachineName]) -> list[MachineName]:
        """In flow order, or the ones that were down longest first."""
        if self._worst is None or not machines[1:]:
            return machines
        worst = await self._analytics.problem_machines(self._window, self._worst, len(machines))
        places = {each.machine: place for place, each in enumerate(worst)}
        return sorted(machines, key=lambda name: places.get(name, len(places)))

    @property
    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._store.now_ms / 1000, UTC)

    def _draw(self, window: Window, lanes: tuple[Lane, ...], of: int) -> None:
        self._lanes, self._shown = lanes, window
        self._stop_dragging()
        hide(self._hover, hidden=True)
        count = max(1, len(lanes))
        self.card.style['--lanes'] = str(count)
        self._picture.clear()
        with self._picture:
            self._draw_picture(drawing(window, lanes), count)
        self._names.clear()
        with self._names:
            for lane in lanes:
                name = str(self._store.names.of(lane.machine))
                label = ui.label(shortened(name, 60)).classes('timeline-name')
                label.props['title'] = name
                show_icon(label, self._store, lane.machine)
        self._note.set_text(HINT_OF_SHARES if has_columns(lanes) else HINT)
        show_axis_labels(self._axis, window, self._zone)
        self._toggle.set_visibility(of > FIRST)
        self._toggle.set_text(f'{FIRST} of {of} machines: show all' if not self._all
                              else f'All {of} machines: show {FIRST}')

    def _draw_picture(self, content: str, lanes: int) -> None:
        """Build a new image each time, because an image keeps its first size. It is not sanitized, because it contains
        no input: the browser would load a sanitizer first, and then draw into an image that may be replaced."""
        picture = ui.interactive_image(content=content, size=(WIDTH, lanes * LANE), events=[], sanitize=False)
        picture.classes('timeline-picture').props['aria-hidden'] = 'true'
        picture.on('svg:pointerdown', self._press, ['image_x'])
        picture.on('svg:pointermove', self._move, ['image_x', 'image_y'], throttle=HOVER_GAP_S)
        picture.on('svg:pointerup', self._release, ['image_x', 'image_y'])
        picture.on('svg:pointerleave', self._leave, [])

    # pointer events

    def _show_all_or_first(self) -> None:
        self._all = not self._all
        self.show(self._window, self._chosen)

    def _press(self, event: GenericEventArguments) -> None:
        self._dragged_from = _number(event.args, 'image_x')

    def _move(self, event: GenericEventArguments) -> None:
        x, y = _number(event.args, 'image_x'), _number(event.args, 'image_y')
        if self._dragged_from is not None and abs(x - self._dragged_from) > CLICK:
            low, high = sorted((x, self._dragged_from))
            self._selection.style(f'left: {low / WIDTH * 100:.2f}%; width: {(high - low) / WIDTH * 100:.2f}%')
            hide(self._selection, hidden=False)
            self._show_hover(x, y, self._range_text(low, high))
        elif found := segment_at(self._shown, self._lanes, x, y):
            self._show_hover(x, y, self._segment_text(found))
        else:
            hide(self._hover, hidden=True)

    async def _release(self, event: GenericEventArguments) -> None:
        x, y = _number(event.args, 'image_x'), _number(event.args, 'image_y')
        start, self._dragged_from = self._dragged_from, None
        self._stop_dragging()
        if start is not None and abs(x - start) > CLICK:
            low, high = sorted((x, start))
            window = Window(moment_at(self._shown, low), moment_at(self._shown, high))
            if window.end - window.start >= SHORTEST:
                self._on_zoom(window)
        elif (found := segment_at(self._shown, self._lanes, x, y)) and found.has_stop:
            await self._open_details(found.lane, found.band)

    def _leave(self) -> None:
        self._stop_dragging()
        hide(self._hover, hidden=True)

    async def _open_details(self, lane: Lane, band: Band) -> None:
        """Open the details of the longest stop within a band, which may be a column with several."""
        try:
            page = await self._analytics.stops(Window(band.since, band.until), Scope(machine=lane.machine), FOUND)
        except FloorError as error:
            self._problem.show(f'Cannot load the stop. {as_sentence(error)}')
            return
        if page.stops:
            self._show_details(max(page.stops, key=lambda stop: stop.down))

    # keyboard

    def _listen_to_keys(self, plot: ui.element) -> None:
        plot.props('tabindex=0 role=group')
        plot.props['aria-label'] = KEYS
        for key, by_lanes, by_parts in ('up', -1, 0), ('down', 1, 0), ('left', 0, -1), ('right', 0, 1):
            plot.on(f'keydown.arrow-{key}.prevent', partial(self._step, by_lanes, by_parts), args=[])
        plot.on('keydown.enter', self._open_at_cursor, args=[])
        plot.on('blur', self._leave, args=[])

    def _step(self, by_lanes: int, by_parts: int) -> None:
        segment = self._cursor.move(self._shown, self._lanes, by_lanes, by_parts)
        if segment is not None:
            self._show_hover(*self._cursor.position(self._shown, segment), self._segment_text(segment))

    async def _open_at_cursor(self) -> None:
        segment = self._cursor.move(self._shown, self._lanes, 0, 0)
        if segment is not None and segment.has_stop:
            await self._open_details(segment.lane, segment.band)

    # internals

    def _show_details(self, stop: Stop) -> None:
        hide(self._hover, hidden=True)
        self._details.show_stop(stop)

    def _stop_dragging(self) -> None:
        self._dragged_from = None
        hide(self._selection, hidden=True)

    def _show_hover(self, x: float, y: float, text: str) -> None:
        self._hover.set_text(text)
        side = 'right' if x > WIDTH * 0.6 else 'left'
        distance = (WIDTH - x if side == 'right' else x) / WIDTH * 100
        below = (min(max(y // LANE, 0), max(len(self._lanes), 1) - 1) + 1) / max(len(self._lanes), 1) * 100
        self._hover.style(replace=f'{side}: {distance:.1f}%; top: {below:.1f}%')
        hide(self._hover, hidden=False)

    def _segment_text(self, segment: Segment) -> str:
        if segment.shares is None:
            return self._band_text(segment.lane, segment.band)
        return (f'{self._store.names.of(segment.lane.machine)}\n{shares_text(segment.shares)}\n'
                f'{self._time(segment.band.since)} to {self._time(segment.band.until)}')

    def _band_text(self, lane: Lane, band: Band) -> str:
        """Machine, status, reason, start, end and duration."""
        what = f'{band.status.word}{f": {shortened(band.reason)}" if band.reason else ""}'
        lasted = duration((band.until - band.since).total_seconds())
        return (f'{self._store.names.of(lane.machine)}\n{what}\n'
                f'{self._time(band.since)} to {self._time(band.until)}, {lasted}')

    def _range_text(self, low: float, high: float) -> str:
        since, until = moment_at(self._shown, low), moment_at(self._shown, high)
        return f'Zoom: {self._time(since)} to {self._time(until)}, {duration((until - since).total_seconds())}'

    def _time(self, at: datetime) -> str:
        """A time, with the date if the window has several days."""
        days = {self._shown.start.astimezone(self._zone).date(), self._shown.end.astimezone(self._zone).date()}
        return local_time(at, self._zone, Form.SECONDS if len(days) == 1 else Form.DAY_SECONDS)

    def _machines(self) -> list[MachineName]:
        if self._chosen is not None:
            return list(self._chosen)
        return [machine.name for line in self._store.lines for machine in line.machines]


def _number(args: Any, key: str) -> float:
    """A coordinate of an event; 0 if the value sent by the browser is invalid."""
    value = args.get(key) if isinstance(args, dict) else None
    return float(value) if isinstance(value, int | float) and abs(value) < WIDTH * 100 else 0.0
