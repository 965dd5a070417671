"""What a source reads: a point, and a value of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .point_config import PointConfig

Value = bool | int | float | str
"""Of a point."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value in the plant, and what it means for a machine."""

    source: str
    """Name of the source in gateway.yaml."""
    address: str
    """Where the value is: a topic with its JSON path, a metric with its node, a node id. Machines may share one."""
    machine: str
    config: PointConfig = field(compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of a point."""

    point: Point
    value: Value | None
    """None: no signal, such as bad quality or the death of a node; the machine becomes "No signal"."""
    at: datetime | None = None
    """When the value began, by the source's clock, with its offset from UTC; None: now."""
    is_historical: bool = False
    """A value of the past, which says nothing about now: it is reported with its time, without debounce."""
    detail: str | None = None
    """The reason that came with a status. Of no signal: why, in a few words ('bad quality', 'the node died')."""
    lost_since: datetime | None = None
    """Changes between then and this value were lost."""


Emit = Callable[[Reading], None]
"""Takes a reading. When it returns, what follows from the reading is on disk (unless a debounce delays it), so that the
source may acknowledge it. Raises QueueError if it cannot be stored: the source must not acknowledge it then. To be
called in the event loop's thread."""
