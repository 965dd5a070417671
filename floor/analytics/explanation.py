"""Every figure can be taken apart: its formula and where it comes from, its terms, each machine, each interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..core.machines import MachineName, Status
from .kpi_definitions import DEFINITIONS, Kpi
from .kpis import Kpis, machine_sums, machine_times, total
from .report_snapshot import Reading
from .stops import Stop, to_stop
from .window import MICROSECOND, Page, Window, seconds


@dataclass(frozen=True, slots=True)
class Part:
    """The figure of one machine, and how much of its time is known."""

    machine: MachineName
    value: float | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval or a stop behind a figure; seconds: what it adds. Where it does not count, why says why not."""

    machine: MachineName
    since: datetime
    until: datetime | None
    status: Status
    reason: str | None
    seconds: float
    counted: bool
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """value is a share, a count or seconds; terms are the formula's, in seconds or counts; left_out says what does not
    count, and how much of it there is. parts are all machines, pieces one page of what they were or of their stops:
    machine after machine in order of time for a share, newest first for all others. more: a page follows.
    """

    kpi: Kpi
    formula: str
    source: str
    value: float | None
    terms: tuple[tuple[str, float], ...]
    left_out: tuple[tuple[str, float], ...]
    coverage: float | None
    parts: tuple[Part, ...]
    pieces: tuple[Piece, ...]
    more: bool


async def read_explanation(reading: Reading, kpi: Kpi, page: Page) -> Explanation:
    """One figure of all that is asked about, taken apart."""
    definition = DEFINITIONS[kpi]
    of_time = definition.evidence == 'intervals'
    sums = await (machine_times(reading) if of_time
                  else machine_sums(reading, acknowledged=kpi is Kpi.MTTA))  # reading the orders takes a third of it
    kpis = Kpis.of(reading.window, total(sums.values()))
    each = ((machine.name, Kpis.of(reading.window, of)) for machine, of in sums.items())
    names = [machine.name for machine in sums]
    pieces = await (_stretches(reading, kpi, names, page) if of_time else _stops(reading, kpi, page))
    return Explanation(
        kpi, definition.formula, definition.source, getattr(kpis, kpi), _terms(kpi, kpis), _left_out(kpi, kpis),
        kpis.coverage, tuple(Part(name, getattr(of, kpi), of.coverage) for name, of in each),
        tuple(pieces[:page.size]), len(pieces) > page.size)


def _terms(kpi: Kpi, kpis: Kpis) -> tuple[tuple[str, float], ...]:
    down, up = ('down', kpis.down), (('operational', kpis.operational), ('warning', kpis.warning + kpis.waiting))
    return {
        Kpi.COVERAGE: (('unknown', kpis.unknown), ('window × machines', kpis.covered + kpis.unknown)),
        Kpi.UPTIME_SHARE: (*up, down),
        Kpi.AVAILABILITY: (('operational', kpis.operational), ('warning', kpis.warning), ('covered', kpis.covered)),
        Kpi.STOPS: (('stops', kpis.stops),),
        Kpi.MICRO_STOPS: (('micro-stops', kpis.micro_stops),),
        Kpi.MTBF: (('operating', kpis.operating), ('stops', kpis.stops)),
        Kpi.MTTR: (('repair time', (kpis.mttr or 0) * kpis.repaired), ('stops that ended', kpis.repaired)),
        Kpi.MTTA: (('down until acknowledged', (kpis.mtta or 0) * kpis.acknowledged),
                   ('stops acknowledged', kpis.acknowledged)),
    }[kpi]


def _left_out(kpi: Kpi, kpis: Kpis) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    if kpi is not Kpi.COVERAGE:
        found['unknown: no data from the machine'] = kpis.unknown
    if kpi is Kpi.AVAILABILITY:
        found['starved or blocked: not productive'] = kpis.waiting
    if kpi in {Kpi.STOPS, Kpi.MTBF, Kpi.MTTR, Kpi.MTTA}:
        found['micro-stops'] = kpis.micro_stops
    if kpi is Kpi.MICRO_STOPS:
        found['stops'] = kpis.stops
    if kpi is Kpi.MTTR:
        found['ongoing stops'] = kpis.ongoing
    if kpi is Kpi.MTTA:
        found['unacknowledged stops'] = kpis.stops - kpis.acknowledged
    return tuple((why, amount) for why, amount in found.items() if amount)


async def _stretches(reading: Reading, kpi: Kpi, names: list[MachineName], page: Page) -> list[Piece]:
    """A page and one more, machine after machine."""
    period = {'start': reading.window.start, 'until': reading.window.end, 'now': reading.now}
    queries, skip, wanted, pieces = reading.queries, page.skip, page.size + 1, list[Piece]()
    for name in names:
        if skip:
            there = await queries.count_status_intervals(reading.connection, name=name, **period)
            if there <= skip:
                skip -= there
                continue
        async for row in queries.status_intervals(reading.connection, name=name, skip=skip, most=wanted - len(pieces),
                                                  **period):
            status = Status(row['status'])
            why = ('no data' if status is Status.UNKNOWN
                   else 'starved or blocked' if row['waits'] and kpi is Kpi.AVAILABILITY else '')
            length = seconds((row['until'] - row['since']) // MICROSECOND)
            pieces.append(Piece(name, row['since'], row['until'], status, row['reason'], length, not why, why))
        skip = 0
        if len(pieces) >= wanted:
            break
    return pieces


async def _stops(reading: Reading, kpi: Kpi, page: Page) -> list[Piece]:
    """A page and one more, newest first."""
    rows = reading.queries.stops_page(reading.connection, skip=page.skip, most=page.size + 1, **reading.stop_period)
    pieces = []
    async for row in rows:
        stop = to_stop(row, reading.micro_stop_us)
        why = _why_not(kpi, stop, reading.window)
        length = stop.acknowledged or 0.0 if kpi is Kpi.MTTA else stop.length
        pieces.append(Piece(stop.machine, stop.since, stop.until, Status.DOWN, stop.reason, length, not why, why))
    return pieces


def _why_not(kpi: Kpi, stop: Stop, window: Window) -> str:
    """Why a stop does not count; empty where it does."""
    goes_on = stop.until is None or stop.until >= window.end
    wrong = {
        'not a micro-stop': kpi is Kpi.MICRO_STOPS and not stop.is_micro,
        'micro-stop': kpi is not Kpi.MICRO_STOPS and stop.is_micro,
        'ongoing at the end of the window': kpi is Kpi.MTTR and goes_on,
        'machine removed before it ran again': kpi is Kpi.MTTR and not stop.repaired,
        'started before the window': kpi is not Kpi.MTTR and stop.since < window.start,
        'not acknowledged': kpi is Kpi.MTTA and stop.acknowledged is None,
    }
    return next((why for why, applies in wrong.items() if applies), '')
