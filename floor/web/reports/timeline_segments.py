"""What the pointer and the keyboard find in a timeline: bands or, zoomed out, columns with shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ...analytics import Band, Lane, Window
from ...analytics.timeline import ColumnShares
from ...core.formatting import percent
from ...core.machines import Status
from .timeline_picture import LANE, WIDTH, band_at, moment_at, x_of


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a lane: a band, or a column with its shares, of which the band has the times."""

    lane: Lane
    band: Band
    shares: ColumnShares | None = None

    @property
    def has_stop(self) -> bool:
        """Whether the machine was down in it."""
        return self.band.status is Status.DOWN


def segments_of(window: Window, lane: Lane) -> list[Segment]:
    """The parts of a lane, in order of time."""
    if not lane.columns:
        return [Segment(lane, band) for band in lane.bands]
    edges = [moment_at(window, WIDTH * place / len(lane.columns)) for place in range(len(lane.columns) + 1)]
    return [Segment(lane, Band(since, until, Status.DOWN if shares.down > 0 else Status.OPERATIONAL, None), shares)
            for since, until, shares in zip(edges, edges[1:], lane.columns, strict=False)]


def segment_at(window: Window, lanes: Sequence[Lane], x: float, y: float) -> Segment | None:
    """The part at a position of the picture."""
    number = int(y // LANE)
    if not 0 <= number < len(lanes):
        return None
    columns = lanes[number].columns
    if columns:
        return segments_of(window, lanes[number])[min(max(int(x / WIDTH * len(columns)), 0), len(columns) - 1)]
    found = band_at(window, lanes, x, y)
    return None if found is None else Segment(*found)


def shares_text(shares: ColumnShares) -> str:
    """'Down 9.8 %, warning 20.0 %, operational 70.2 %': without what there was nothing of."""
    parts = [('down', shares.down), ('warning', shares.warning), ('operational', shares.operational),
             ('unknown', shares.unknown)]
    return ', '.join(f'{name} {percent(share)}' for name, share in parts if share > 0).capitalize()


class KeyboardCursor:
    """Where in a timeline the arrow keys are: a lane, and a moment in it."""

    def __init__(self) -> None:
        self._lane = 0
        self._moment: datetime | None = None

    def move(self, window: Window, lanes: Sequence[Lane], by_lanes: int, by_parts: int) -> Segment | None:
        """The part that is so many lanes below, and so many parts later; None: there is none. At first, the last."""
        if not lanes:
            return None
        self._lane = min(max(self._lane + by_lanes, 0), len(lanes) - 1)
        segments = segments_of(window, lanes[self._lane])
        if not segments:
            return None
        moment, place = self._moment, len(segments) - 1
        if moment is not None:
            place = next((number for number, each in enumerate(segments) if moment < each.band.until), place)
            place = min(max(place + by_parts, 0), len(segments) - 1)
        found = segments[place]
        if by_parts or moment is None:
            self._moment = found.band.since + (found.band.until - found.band.since) / 2
        return found

    def position(self, window: Window, segment: Segment) -> tuple[float, float]:
        """Where in the picture the cursor is."""
        middle = segment.band.since + (segment.band.until - segment.band.since) / 2
        return x_of(window, middle), (self._lane + 0.5) * LANE
