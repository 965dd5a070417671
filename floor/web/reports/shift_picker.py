"""The choice of a shift: its day, its name, and steps to the one before and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial

from nicegui import ui

from ...core.errors import InvalidInputError
from ...core.moments import parse_day
from ...core.plant_calendar import PlantCalendar
from ...core.shifts import Shift
from ..shell.messages import Alert
from .filters import step_button
from .range_dialog import day_field


class ShiftPicker:
    """It shows a shift, and calls `choose` with another one; it says why a shift cannot be shown."""

    def __init__(self, plant: PlantCalendar, now: Callable[[], datetime],
                 choose: Callable[[Shift], None]) -> None:
        """now: by the database's clock."""
        self._shifts = shifts = plant.shifts
        self._plant = plant
        self._now = now
        self._choose = choose
        self._shift: Shift | None = None
        self._is_showing = False
        with ui.element('div').classes('picker').props('role=group aria-label="Shift"'):
            step_button('‹', 'Previous shift', partial(self._step, shifts.before))
            self._day = day_field('Day on which it starts')
            self._day.on_value_change(self._chosen)
            self._name = ui.select(list(shifts.names), label='Shift', on_change=self._chosen)
            self._name.props('outlined dense options-dense').classes('picker-shift')
            self._after = step_button('›', 'Next shift', partial(self._step, shifts.after))
            self._current = ui.button('Current shift', on_click=self._show_current, color=None)
            self._current.props('flat no-caps').classes('picker-now')
        self._problem = Alert()

    def show(self, shift: Shift) -> None:
        """Show a shift."""
        self._shift = shift
        self._is_showing = True
        now = self._now()
        self._day.props['max'] = self._plant.day_of(now).isoformat()
        if self._day.value != shift.date.isoformat():
            self._day.value = shift.date.isoformat()
        self._name.value = shift.name
        self._is_showing = False
        self._problem.show('')
        is_current = shift == self._shifts.at(now)
        self._after.set_enabled(not is_current)
        self._current.set_visibility(not is_current)

    def refuse(self) -> None:
        """Show no shift, after an address that is wrong; the fields have the current one."""
        self.show(self._shifts.at(self._now()))
        self._shift = None
        self._current.set_visibility(True)

    def _chosen(self) -> None:
        if self._is_showing or not self._day.value:  # incomplete
            return
        try:
            day = parse_day(self._day.value, 'day')
        except InvalidInputError:  # a year of which not all digits are typed
            return
        shift = self._shifts.of(day, self._name.value)
        if shift is None or shift.start > self._now():
            self._problem.show(self._problem_of(day, shift))
        elif shift != self._shift:
            self._choose(shift)

    def _problem_of(self, day: date, shift: Shift | None) -> str:
        if shift is None:
            return f'There is no {self._name.value} shift on {day}: it falls into the hour that the clock change skips.'
        latest = self._shifts.at(self._now())
        return f'This shift has not started yet. The latest is {latest.name}, {latest.date:%a} {latest.date}.'

    def _step(self, to: Callable[[Shift], Shift]) -> None:
        shift = to(self._shift or self._shifts.at(self._now()))
        if shift.start <= self._now():
            self._choose(shift)

    def _show_current(self) -> None:
        self._choose(self._shifts.at(self._now()))
