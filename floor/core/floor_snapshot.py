"""The whole floor at one moment, as the store is filled with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .feeds import SilentFeed
from .icons import NO_ICONS, FloorIcons
from .machines import DisplayNames, MachineRecord, StatusEvent
from .orders import OrderBrief
from .people import Employee
from .plant_calendar import PlantSettings

NO_DISPLAY_NAMES = DisplayNames()


class HistoryState(StrEnum):
    """Whether the data of reports is ready. creating: the history of a new floor is still being created; processing:
    its totals are still being computed, so reports are slow."""

    READY = 'ready'
    PROCESSING = 'processing'
    CREATING = 'creating'


@dataclass(frozen=True, slots=True)
class FloorSnapshot:
    """The whole floor at one moment, machines in flow order, with the latest events, newest first."""

    machines: tuple[MachineRecord, ...]
    events: tuple[StatusEvent, ...]
    now_ms: int
    orders: tuple[OrderBrief, ...] = ()
    people: tuple[Employee, ...] = ()
    is_demo: bool = False
    """Whether the floor is simulated."""
    history: HistoryState = HistoryState.READY
    setup_change: int = 0
    """Number of the latest change of the set-up; 0: none yet."""
    icons: FloorIcons = NO_ICONS
    plant: PlantSettings | None = None
    """The plant's own settings; None: a floor of the past, which has none."""
    names: DisplayNames = NO_DISPLAY_NAMES
    """Of the machines, also former ones."""
    former_lines: Mapping[str, str] = field(default_factory=dict)
    """The present names of lines, by names that they had before and no line has now."""
    silent_feeds: tuple[SilentFeed, ...] = ()
    """The longest silent first."""
