"""What points of all sources have in common in gateway.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from .mapping import Mapping, Reports
from .strict import Strict
from .topic_pattern import names_in

MAX_DELAY_S = 3_600.0
MAX_SILENT_S = 86_400.0
LATENCY_S = 4.0
SPARE_S = 30.0
"""For a repetition that waits until its source has caught up, and its way to the app."""
BEHIND_REPEATS = 3
"""After so many times that a status should have been repeated it is, although its source is behind: the clock of the
machines may be wrong."""


class PointConfig(Mapping):
    """A point: its machine, what it reports, and how fast. Each kind of source adds where the value is."""

    machine: Annotated[str, Field(min_length=1, max_length=200)]
    """Its name on the floor."""
    debounce: Annotated[float, Field(ge=0, le=MAX_DELAY_S)] = 0
    """Seconds that a new status must last before it is reported."""
    least_time: Annotated[float, Field(ge=0, le=MAX_DELAY_S)] = 0
    """Least seconds between two reported changes."""
    silent_after: Annotated[float | None, Field(ge=1, le=MAX_SILENT_S)] = None
    """Of a point whose values come regularly, changed or not: seconds without one after which its machine becomes "No
    signal". None: a value holds as long as the source is connected."""

    def address(self, place: str) -> str:
        """The address of a value at a place: one signal may report two things, such as a status and its reason."""
        return place if self.reports is Reports.STATUS else f'{place} ({self.reports})'

    @model_validator(mode='after')
    def _status_only(self) -> PointConfig:
        if self.silent_after is not None and self.reports is not Reports.STATUS:
            raise PydanticCustomError('not_fitting', 'silent_after is not used by a point that reports {reports}', {
                'reports': self.reports.value})
        return self


class SourceConfig(Strict):
    """A source: its name, and how long its machines keep their status without it."""

    name: Annotated[str, Field(pattern=r'^[\w.-]{1,40}$')]
    """Of letters, digits, ., _ and -; unique in the file."""
    grace: Annotated[float, Field(ge=0, le=MAX_DELAY_S)] = 30
    """Seconds without a connection after which its machines become "No signal"."""
    repeat: Annotated[float, Field(ge=1, le=MAX_DELAY_S)] = 60
    """While it is connected, the status of each machine is reported again after so many seconds."""
    source_time: bool = True
    """Whether the times of its values are trusted. Without it, values count from when they arrive."""
    points: tuple[PointConfig, ...] = ()

    @property
    def machines(self) -> set[str]:
        """Those whose status it reports, as far as the file names them: a placeholder stands for any."""
        return {each.machine for each in self.points
                if each.reports is Reports.STATUS and not names_in(each.machine)}

    @property
    def latency(self) -> float:
        """Seconds that a change may take to arrive: a status is repeated as of so long before its source was heard
        last."""
        return LATENCY_S

    @property
    def least_silent_after(self) -> float:
        """Seconds after which a machine that is not reported again may count as silent, at the earliest."""
        return max(self.repeat, 1.5 * self.latency) + self._held + SPARE_S

    @property
    def longest_pause(self) -> float:
        """Seconds after which a machine with a signal has been reported again, also by a source that is behind."""
        return BEHIND_REPEATS * max(self.repeat, 1.5 * self.latency) + self._held + 2 * SPARE_S

    @property
    def _held(self) -> float:
        """Seconds for which a new status may be held back."""
        return max((max(each.debounce, each.least_time) for each in self.points), default=0)
