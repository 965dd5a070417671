"""What points of all sources have in common in gateway.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .mapping import Mapping
from .strict import Strict

MAX_DELAY_S = 3_600.0


class PointConfig(Mapping):
    """A point: its machine, what it reports, and how fast. Each kind of source adds where the value is."""

    machine: Annotated[str, Field(min_length=1, max_length=200)]
    """Its name on the floor."""
    debounce: Annotated[float, Field(ge=0, le=MAX_DELAY_S)] = 0
    """Seconds that a new status must last before it is reported."""
    least_time: Annotated[float, Field(ge=0, le=MAX_DELAY_S)] = 0
    """Least seconds between two reported changes."""


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
