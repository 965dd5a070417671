"""The ticks of a time axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from nicegui import ui

from ...analytics import Window
from ...core.moments import Form, is_ambiguous, meanings, zone_abbreviation

MINUTE_S, QUARTER_S, HOUR_S, DAY_S = 60, 900, 3600, 86_400
STEPS_S = (1, 5, 15, 30, *(minutes * MINUTE_S for minutes in (1, 5, 10, 15, 30)),
           *(hours * HOUR_S for hours in (1, 2, 3, 6, 12)), *(days * DAY_S for days in (1, 2, 7, 28)))
MAX_TICKS = 10


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis. at: its position; 0 is the start of the window, 1 its end."""

    at: float
    text: str


def show_axis_labels(axis: ui.element, window: Window, zone: tzinfo) -> None:
    """Replace the labels of an axis."""
    axis.clear()
    with axis:
        for tick in ticks(window, zone):
            label = ui.label(tick.text).classes('timeline-tick')
            label.style['left'] = f'{tick.at * 100:.2f}%'
            label.style['--length'] = f'{len(tick.text)}ch'


def ticks(window: Window, zone: tzinfo, most: int = MAX_TICKS) -> list[Tick]:
    """Round times on the plant's clock, at most `most`; midnight is labelled with the date."""
    start, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
    length = (end - start).total_seconds()
    if length <= 0:
        return []
    longest = STEPS_S[-1]
    step = next((step for step in STEPS_S if length / step <= most), longest * (int(length / longest / most) + 1))
    return [Tick((moment - start).total_seconds() / length, _text(moment.astimezone(zone), step))
            for moment in _round_times(start, end, zone, step)]


def _round_times(start: datetime, end: datetime, zone: tzinfo, step: int) -> list[datetime]:
    """Multiples of the step in local time; both of an ambiguous time."""
    if step <= QUARTER_S:  # clocks differ from UTC by whole quarters of an hour
        first = math.floor(start.timestamp() / step) * step
        steps = (datetime.fromtimestamp(second, UTC) for second in range(first, math.ceil(end.timestamp()), step))
        return [moment for moment in steps if start <= moment < end]
    day, last, found = start.astimezone(zone).date(), end.astimezone(zone).date(), set[datetime]()
    while day <= last:
        midnight = datetime.combine(day, time(), zone)
        if step < DAY_S:
            from_s = max(0, int((start - midnight.astimezone(UTC)).total_seconds()) - 2 * HOUR_S) // step * step
            to_s = min(DAY_S, int((end - midnight.astimezone(UTC)).total_seconds()) + 2 * HOUR_S)
            clock = (midnight.replace(tzinfo=None) + timedelta(seconds=second)
                     for second in range(from_s, max(from_s, to_s), step))
            found.update(moment.astimezone(UTC) for shown in clock for moment in meanings(shown, zone))
        elif day.toordinal() % (step // DAY_S) == 0:
            found.add(midnight.astimezone(UTC))
        day += timedelta(days=1)
    return sorted(moment for moment in found if start <= moment < end)


def _text(moment: datetime, step: int) -> str:
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f'{moment:%a} {moment.day} {moment:%b}'
    return moment.strftime(Form.SECONDS if step < MINUTE_S else Form.TIME) + (
        f' {zone_abbreviation(moment)}' if is_ambiguous(moment) else '')
