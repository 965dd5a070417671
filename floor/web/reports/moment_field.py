"""A field for date and time by the plant's clock. For an ambiguous time, it offers both meanings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from nicegui import ui

from ...core.moments import Form, local_time, meanings, with_offset
from ..shell.text_field import TextField
from .report_query import field_value

ORDINALS = ('first', 'second')


class MomentField:
    """The browser's field for date and time, and a choice below it if the time is ambiguous."""

    def __init__(self, label: str, zone: tzinfo) -> None:
        self._zone = zone
        self._meanings: tuple[datetime, ...] = ()  # in UTC: Python compares times with the same zone by local time
        self._input = TextField(label, on_change=self._changed).props('type=datetime-local outlined dense stack-label')
        self._which = ui.radio({}).props('dense').classes('range-which')
        self._which.props['aria-label'] = f'{label}: before or after the clocks go back'
        self._which.set_visibility(False)

    def show(self, at: datetime) -> None:
        """Show a time."""
        self._input.value = field_value(at.astimezone(self._zone))
        if self._meanings:
            self._which.value = self._meanings.index(at.astimezone(UTC))

    def on_enter(self, submit: Callable[[], None]) -> None:
        """Call submit when somebody presses Enter in the field."""
        self._input.on('keydown.enter', submit, args=[])

    @property
    def text(self) -> str:
        """The value as in an address; with its offset if the time is ambiguous."""
        if self._meanings:
            return with_offset(self._meanings[self._which.value or 0], self._zone)
        return str(self._input.value or '')

    def _changed(self) -> None:
        try:
            local = datetime.fromisoformat(self._input.value or '')
            found = tuple(at.astimezone(UTC) for at in meanings(local.replace(tzinfo=None), self._zone))
        except (ValueError, OverflowError):  # incomplete
            found = ()
        found = found if len(found) > 1 else ()
        if found != self._meanings:
            self._meanings = found
            self._which.set_options({number: f'{local_time(at, self._zone, Form.TIME)}, the {ORDINALS[number]}'
                                     for number, at in enumerate(found)}, value=0 if found else None)
            self._which.set_visibility(bool(found))
