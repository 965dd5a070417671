"""The bands of a timeline as SVG. It contains only computed numbers and names of statuses, never input."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ...analytics import Band, Lane, Window
from ...core.machines import Status

WIDTH, LANE = 1200, 22
NARROWEST = 1.5
FULL, LOWEST = 20, 0.7
"""Heights of a lane of shares, and of the smallest share."""
TOP_AND_HEIGHT = {Status.OPERATIONAL: (5, 12), Status.WARNING: (4, 14), Status.DOWN: (1, 20), Status.UNKNOWN: (5, 12)}
"""Worse statuses are higher, so that they can be distinguished without colour."""
DRAWN = (Status.OPERATIONAL, Status.UNKNOWN, Status.WARNING, Status.DOWN)
HATCH = ('<defs><pattern id="timeline-gap" width="6" height="6" patternUnits="userSpaceOnUse" '
         'patternTransform="rotate(45)"><rect width="6" height="6" class="gap-ground"></rect>'
         '<rect width="3" height="6" class="gap-line"></rect></pattern></defs>')


def drawing(window: Window, lanes: Sequence[Lane]) -> str:
    """The SVG of the lanes, 1200 wide, with one path per lane and status. Stops have a minimum width. The times of the
    bands are in UTC."""
    height = max(1, len(lanes)) * LANE
    if has_columns(lanes):
        paths = [_areas(lane, number) for number, lane in enumerate(lanes)]
    else:
        paths = [_path(window, lane, number, status) for number, lane in enumerate(lanes) for status in DRAWN]
    return f'{HATCH}{"".join(paths)}<rect class="timeline-ground" width="{WIDTH}" height="{height}"></rect>'


def _path(window: Window, lane: Lane, number: int, status: Status) -> str:
    top, height = TOP_AND_HEIGHT[status]
    start, length = window.start.astimezone(UTC), _length(window)  # computed once for tens of thousands of bands
    narrowest = NARROWEST if status is not Status.OPERATIONAL else 0.0
    steps = []
    for band in lane.bands:
        if band.status is status:
            width = max(WIDTH * ((band.until - band.since) / length), narrowest)
            steps.append(f'M{WIDTH * ((band.since - start) / length):.1f} {number * LANE + top}'
                         f'h{width:.1f}v{height}h{-width:.1f}z')
    fill = ' fill="url(#timeline-gap)"' if status is Status.UNKNOWN else ''
    return f'<path class="band {status.value}"{fill} d="{"".join(steps)}"></path>' if steps else ''


def has_columns(lanes: Sequence[Lane]) -> bool:
    """Whether the picture shows shares of columns, as bands would be too close to each other."""
    return any(lane.columns for lane in lanes)


def _areas(lane: Lane, number: int) -> str:
    """The shares of one lane, on top of each other: down, warning, operational, unknown."""
    top = number * LANE + 1
    gap = f'<rect class="band unknown" fill="url(#timeline-gap)" y="{top}" width="{WIDTH}" height="{FULL}"></rect>'
    areas = [gap] if not lane.columns or any(column.unknown > 0 for column in lane.columns) else []
    for status, highs in ((Status.OPERATIONAL, [1 - column.unknown for column in lane.columns]),
                          (Status.WARNING, [column.down + column.warning for column in lane.columns]),
                          (Status.DOWN, [column.down for column in lane.columns])):
        if any(high > 0 for high in highs):
            areas.append(f'<path class="band {status.value}" d="{_area(highs, top + FULL)}"></path>')
    return ''.join(areas)


def _area(highs: Sequence[float], base: int) -> str:
    """The outline of columns of these heights (0 to 1); one that is not nothing can be seen."""
    steps = (f'V{base - max(FULL * high, LOWEST if high > 0 else 0.0):.1f}H{WIDTH * (place + 1) / len(highs):.1f}'
             for place, high in enumerate(highs))
    return f'M0 {base}{"".join(steps)}V{base}z'


def _length(window: Window) -> timedelta:
    """The length of the window, at least 1 µs."""
    return max(window.end.astimezone(UTC) - window.start.astimezone(UTC), timedelta(microseconds=1))


def x_of(window: Window, moment: datetime) -> float:
    """The position of a moment in the picture."""
    return WIDTH * ((moment.astimezone(UTC) - window.start.astimezone(UTC)) / _length(window))


def moment_at(window: Window, x: float) -> datetime:
    """The moment at x; outside of the picture, the start or the end."""
    start, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
    return start + (end - start) * (min(max(x, 0.0), WIDTH) / WIDTH)


def band_at(window: Window, lanes: Sequence[Lane], x: float, y: float) -> tuple[Lane, Band] | None:
    """The band at a position, with a tolerance of two pixels for narrow stops."""
    number = int(y // LANE)
    if not 0 <= number < len(lanes):
        return None
    lane = lanes[number]
    moment, near = moment_at(window, x), moment_at(window, 2) - moment_at(window, 0)
    hit = [band for band in lane.bands if band.since - near <= moment < band.until + near]
    stops = [band for band in hit if band.status is Status.DOWN and band.until - band.since <= 4 * near]
    exact = [band for band in hit if band.since <= moment < band.until]
    found = stops or exact or hit
    return (lane, min(found, key=lambda band: _distance(band, moment))) if found else None


def _distance(band: Band, moment: datetime) -> timedelta:
    return max(band.since - moment, moment - band.until, timedelta())
