"""The choice of a moment by day and time, and steps of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import partial

from nicegui import ui

from ...core.errors import QueryError
from ...core.moments import meanings, with_offset
from ..reports.filters import step_button
from ..reports.moment_field import MomentField
from ..shell.messages import Alert
from ..shell.past_address import PastMoment

DAY = timedelta(days=1)


class MomentPicker:
    """It shows a moment, and calls `choose` with another one in the middle of a new range of the slider."""

    def __init__(self, zone: tzinfo, now: Callable[[], datetime], choose: Callable[[PastMoment], None]) -> None:
        """zone: the plant's. now: by the database's clock."""
        self._zone = zone
        self._now = now
        self._choose = choose
        self._at: datetime | None = None
        with ui.element('div').classes('picker').props('role=group aria-label="Day and time"'):
            step_button('‹', 'Previous day', partial(self._step, -DAY))
            with ui.element('div').classes('picker-moment'):
                self._field = MomentField('Day and time', zone)
            self._show = ui.button('Show', on_click=self._submit, color=None).props('no-caps flat')
            self._show.classes('picker-show')
            self._after = step_button('›', 'Next day', partial(self._step, DAY))
        self._field.on_enter(self._submit)
        self._problem = Alert()

    def show(self, moment: PastMoment) -> None:
        """Show a moment; a text that is being typed stays until another moment is shown."""
        if moment.at != self._at:
            self._at = moment.at
            self._field.show(moment.at)
            self._problem.show('')
            self._after.set_enabled(self._later(moment.at, DAY) <= self._now())

    def _submit(self) -> None:
        if self._field.text:
            self._ask(self._field.text)

    def _step(self, by: timedelta) -> None:
        if self._at is not None:
            self._ask(with_offset(self._later(self._at, by), self._zone))

    def _later(self, at: datetime, by: timedelta) -> datetime:
        """The same time by the plant's clock so much later; an hour after it where the clocks skip it."""
        local = at.astimezone(self._zone).replace(tzinfo=None) + by
        found = meanings(local, self._zone) or meanings(local + timedelta(hours=1), self._zone)
        return found[0]

    def _ask(self, at: str) -> None:
        try:
            moment = PastMoment.from_query({'at': at}, self._now(), self._zone)
        except QueryError as error:
            self._problem.show(str(error))
            return
        self._problem.show('')
        self._choose(moment)
