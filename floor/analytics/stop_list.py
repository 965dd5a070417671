"""The list of stops: which of them, in which order, and how many there are of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..core.machines import MachineName
from ..core.names import fold
from .kpi_definitions import Kpi
from .report_snapshot import ReportSnapshot
from .stops import Stop, to_stop
from .window import Page, seconds


class StopKind(StrEnum):
    """Which stops a list shows. LONG: no micro-stops."""

    ALL = 'all'
    LONG = 'long'
    FAILURES = 'failures'
    MICRO_STOPS = 'micro-stops'
    CARRIED_IN = 'carried-in'

    @property
    def counted_by(self) -> str:
        """The key by which listed_stops() counts them."""
        return {StopKind.ALL: Kpi.DOWN, StopKind.FAILURES: Kpi.FAILURES, StopKind.MICRO_STOPS: Kpi.MICRO_STOPS,
                StopKind.CARRIED_IN: Kpi.CARRIED_IN}.get(self, self.value)


class StopSort(StrEnum):
    """What a list is sorted by. LENGTH: the time inside the window."""

    LENGTH = 'length'
    START = 'start'
    MACHINE = 'machine'
    REASON = 'reason'

    @property
    def descends(self) -> bool:
        """Whether the greatest come first, if nothing else is asked for."""
        return self in {StopSort.LENGTH, StopSort.START}


@dataclass(frozen=True, slots=True)
class StopSelection:
    """Which stops, and in which order. words: the reason, the name of the machine or the id of an order contains them;
    empty: all. turned: the other way round than the order is usually."""

    kind: StopKind = StopKind.ALL
    words: str = ''
    sort: StopSort = StopSort.LENGTH
    turned: bool = False

    @property
    def descending(self) -> bool:
        """Whether the greatest come first."""
        return self.sort.descends != self.turned


@dataclass(frozen=True, slots=True)
class StopList:
    """One page of the stops that were selected.

    total, seconds  how many were selected, and their time inside the window
    failures, micro_stops, carried_in  how many of each kind have the words, whichever kind is shown: the first two
                    began in the window, and together they are its stops
    long            failures, and what was carried in unless it is a micro-stop
    """

    stops: tuple[Stop, ...]
    total: int
    seconds: float = 0.0
    failures: int = 0
    micro_stops: int = 0
    carried_in: int = 0
    long: int = 0


@dataclass(frozen=True, slots=True)
class ListedStop:
    """A stop, whether a KPI counts it, and the seconds that it adds. began, ended: in the hours that are asked
    about."""

    stop: Stop
    counted: bool
    amount: float
    began: bool
    ended: bool


async def read_stop_list(reading: ReportSnapshot, selection: StopSelection, page: Page) -> StopList:
    """A page of the stops that were going on at some time in the window."""
    found = await _found(reading, selection.words)
    [counts] = [row async for row in reading.queries.count_stop_list(
        reading.connection, kpi=selection.kind.counted_by, **found, **reading.stops_in_parts)]
    listed = await read_listed(reading, selection, page.skip, page.size, selection.kind.counted_by, only=True,
                               found=found)
    return StopList(tuple(row.stop for row in listed), counts['counted'], seconds(counts['amount']),
                    counts['failures'], counts['micro_stops'], counts['carried_in'], counts['long'])


async def read_listed(reading: ReportSnapshot, selection: StopSelection, skip: int, most: int, counted_by: str, *,
                      only: bool, found: dict[str, Any] | None = None) -> list[ListedStop]:
    """Stops that a KPI counts, before all others of the window. only: without these others."""
    found = await _found(reading, selection.words) if found is None else found
    rows = reading.queries.stop_list(
        reading.connection, kpi=counted_by, only=only, sort=selection.sort,
        descending=selection.descending, places=_in_order(reading) if selection.sort is StopSort.MACHINE else [],
        skip=skip, most=most, **found, **reading.stops_in_parts)
    return [ListedStop(to_stop(row), row['counted'], seconds(row['amount'] or 0), row['began'],
                       row['until'] is not None and reading.has(row['until']))
            async for row in rows]


async def _found(reading: ReportSnapshot, words: str) -> dict[str, Any]:
    """The machines and reasons that contain the words, and what an order's id has to contain; None: all stops."""
    folded = fold(words)
    if not folded:
        return {'machines_found': None, 'reasons_found': None, 'order_words': None}
    reasons = [row['reason'] async for row in reading.queries.stop_causes(reading.connection, **reading.stops_in_parts)]
    return {'machines_found': _with_words(folded, reading),
            'reasons_found': [reason for reason in reasons if reason is not None and folded in fold(reason)],
            'order_words': folded.removeprefix('wo-')}


def _with_words(folded: str, reading: ReportSnapshot) -> list[MachineName]:
    names = reading.display_names
    return [name for name in reading.names if folded in fold(name) or folded in fold(str(names.of(name)))]


def _in_order(reading: ReportSnapshot) -> list[MachineName]:
    return sorted(reading.names, key=reading.display_names.sort_key)
