"""The dialog that asks for a range: of whole days, or of two times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from nicegui import ui

from ...analytics import Window
from ...core.errors import InvalidInputError, QueryError
from ...core.moments import Form, parse_day, with_offset
from ...core.plant_calendar import DAY, MIDNIGHT, PlantCalendar
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.messages import Alert
from ..shell.text_field import TextField
from .moment_field import MomentField
from .report_query import ReportQuery
from .report_windows import Span


class RangeDialog:
    """It opens with the window that is shown: as days where it is made of whole days, else as times."""

    def __init__(self, on_range: Callable[[datetime, datetime], None], plant: PlantCalendar) -> None:
        """on_range: called with the start, and with the end, which is not included."""
        self._on_range = on_range
        self._plant = plant
        self._zone = zone = plant.zone
        with Dialog() as self._dialog, ui.element('q-card').classes('report-dialog range-dialog'):
            self._dialog.props['aria-label'] = 'Dates'
            Heading('Dates')
            with ui.element('div').classes('range-fields') as self._days:
                self._first, self._last = day_field('First day'), day_field('Last day')
                if plant.day_start != MIDNIGHT:
                    ui.label(f'A day begins at {plant.day_start.strftime(Form.TIME)}.').classes('panel-note')
            with ui.element('div').classes('range-fields') as self._times:
                self._from, self._to = MomentField('From', zone), MomentField('Until', zone)
                ui.label('Plant time. The end is not included.').classes('panel-note')
            self._with_times = ui.checkbox('Choose times', on_change=self._show_fields)
            self._problem = Alert()
            with ui.element('div').classes('report-dialog-buttons'):
                ui.button('Cancel', on_click=self._dialog.close, color=None).props('flat no-caps')
                ui.button('Show', on_click=self._submit, color=None).classes('primary').props('no-caps unelevated')

    def open(self, window: Window | None) -> None:
        """With this window in its fields."""
        if window is not None:
            start, end = (moment.astimezone(self._zone) for moment in (window.start, window.end))
            self._with_times.value = not self._plant.is_of_days(window.start, window.end)
            self._first.value = self._plant.day_of(window.start).isoformat()
            self._last.value = self._plant.day_of(window.end - timedelta(microseconds=1)).isoformat()
            self._from.show(start)
            self._to.show(end)
        self._show_fields()
        self._problem.show('')
        self._dialog.open()

    def _show_fields(self) -> None:
        self._times.set_visibility(bool(self._with_times.value))
        self._days.set_visibility(not self._with_times.value)

    def _submit(self) -> None:
        try:
            start, end = self._asked_times() if self._with_times.value else self._asked_days()
        except (InvalidInputError, QueryError) as error:
            self._problem.show(str(error))
            return
        self._dialog.close()
        self._on_range(start, end)

    def _asked_days(self) -> tuple[datetime, datetime]:
        if not (self._first.value and self._last.value):
            raise InvalidInputError('Choose both days.', 'from')
        first, last = parse_day(self._first.value, 'first day'), parse_day(self._last.value, 'last day')
        if last < first:
            raise InvalidInputError('The last day has to be the first day or later.', 'to')
        return self._range(*(with_offset(self._plant.start_of(day), self._zone) for day in (first, last + DAY)))

    def _asked_times(self) -> tuple[datetime, datetime]:
        if not (self._from.text and self._to.text):
            raise InvalidInputError('Choose both times.', 'from')
        return self._range(self._from.text, self._to.text)

    def _range(self, start: str, end: str) -> tuple[datetime, datetime]:
        asked = ReportQuery.from_query({'from': start, 'to': end, 'window': Span.RANGE.value}, self._zone)
        if asked.start is None or asked.end is None:
            raise InvalidInputError('Choose both times.', 'from')
        return asked.start, asked.end


def day_field(label: str) -> TextField:
    """The browser's own field for a day."""
    field = TextField(label)
    field.props('type=date outlined dense stack-label')
    return field
