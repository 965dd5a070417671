"""Navigation through the past: a slider, steps and a replay of the last shift."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from ...analytics import Window
from ...core.formatting import Detail, duration
from ...core.moments import Form, local_time
from ...core.shifts import Shift
from ..reports.axis import show_axis_labels
from ..shell.past_address import PastMoment

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
STEPS = {'−1 h': -HOUR, '−5 min': -5 * MINUTE, '−1 min': -MINUTE, '−10 s': -10 * SECOND,
         '+10 s': 10 * SECOND, '+1 min': MINUTE, '+5 min': 5 * MINUTE, '+1 h': HOUR}
SPOKEN = {'−': 'back', '+': 'forward'}
REPLAY_S, FRAME_S = 60.0, 0.5


class PastControls:
    """Calls on_move with each chosen time. The timer of the replay exists only while it plays."""

    def __init__(self, zone: tzinfo, on_move: Callable[[PastMoment], None], last_shift: Callable[[], Shift]) -> None:
        self._zone = zone
        self._on_move = on_move
        self._last_shift = last_shift
        self._moment: PastMoment | None = None
        self._timer: ui.timer | None = None
        self._frame = 0
        self._is_setting = False
        with ui.element('q-card').classes('past-controls').props('role=group aria-label="Time"') as self._root:
            with ui.element('div').classes('past-slider'):
                self._slider = ui.slider(min=0, max=1, step=1, value=0, on_change=self._slide)
                self._slider.props['aria-label'] = 'Time, in seconds from the start'
                self._axis = ui.element('div').classes('timeline-axis').props('aria-hidden=true')
            with ui.element('div').classes('past-buttons'):
                for text, step in STEPS.items():
                    button = ui.button(text, on_click=lambda step=step: self._step(step), color=None)
                    button.props('flat no-caps dense').props['aria-label'] = f'{SPOKEN[text[0]]} {text[1:]}'
                self._play = ui.button(on_click=self._play_or_stop, color=None).props('flat no-caps dense')
                self._play.classes('past-play')
        self._update_play_button()

    def show(self, moment: PastMoment) -> None:
        """Move the slider to this moment."""
        if self._moment is None or (moment.start, moment.end) != (self._moment.start, self._moment.end):
            self._slider.props['min'] = 0
            self._slider.props['max'] = int((moment.end - moment.start).total_seconds())
            show_axis_labels(self._axis, Window(moment.start, moment.end), self._zone)
        self._moment = moment
        self._is_setting = True
        self._slider.set_value(int((moment.at - moment.start).total_seconds()))
        self._is_setting = False
        self._slider.props['aria-valuetext'] = local_time(moment.at, self._zone, Form.DAY_SECONDS)

    @property
    def is_playing(self) -> bool:
        """Whether a replay runs."""
        return self._timer is not None

    def stop(self) -> None:
        """End the replay."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.delete()
            self._timer = None
            self._update_play_button()

    # internals

    def _slide(self, event: ValueChangeEventArguments[float | None]) -> None:
        if self._is_setting or self._moment is None or not isinstance(event.value, int | float):
            return
        self.stop()
        self._on_move(self._moment.to(self._moment.start + timedelta(seconds=int(event.value))))

    def _step(self, by: timedelta) -> None:
        self.stop()
        if self._moment is not None:
            self._on_move(self._moment.to(self._moment.at + by))

    def _play_or_stop(self) -> None:
        if self.is_playing:
            self.stop()
            return
        shift = self._last_shift()
        self._frame = 0
        start = PastMoment(shift.start, shift.start, shift.end)
        with self._root:
            self._timer = ui.timer(FRAME_S, lambda: self._play_next(start))
        self._update_play_button(shift)

    def _play_next(self, start: PastMoment) -> None:
        share = min(1.0, self._frame * FRAME_S / REPLAY_S)
        self._frame += 1
        self._on_move(start.to(start.start + (start.end - start.start) * share))
        if share >= 1:
            self.stop()

    def _update_play_button(self, shift: Shift | None = None) -> None:
        self._play.set_text(f'Stop replay of {shift.name}' if shift else 'Replay last shift in 1 min')


def ago(at: datetime, now: datetime) -> str:
    """'2 h 05 min ago'."""
    return f'{duration((now.astimezone(UTC) - at).total_seconds(), Detail.MINUTES)} ago'
