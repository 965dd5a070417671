"""Every figure can be taken apart: its formula and where it comes from, its terms, each machine, each interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..core.machines import MachineName, Status
from .kpi_definitions import DEFINITIONS, Kpi, Unit
from .kpis import Kpis, figure_of, kpis_of, machine_sums, machine_times, total
from .report_snapshot import ReportSnapshot
from .stop_list import ListedStop, StopSelection, read_listed
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
class Term:
    """A number that a figure is made of, or that it leaves out: a count or seconds."""

    name: str
    amount: float
    unit: Unit = Unit.SECONDS


@dataclass(frozen=True, slots=True)
class Explanation:
    """value is a share, a count or seconds; terms are the formula's; left_out says what does not count, and how much of
    it there is. parts are all machines. pieces are one page of what they were or of their stops, the longest first: of
    a share what lowers it before what raises it, and what does not count last. counted: the stops that count, of all
    pages; None: of intervals and of time down, which are not counted. more: a page follows.
    """

    kpi: Kpi
    formula: str
    source: str
    value: float | None
    terms: tuple[Term, ...]
    left_out: tuple[Term, ...]
    coverage: float | None
    parts: tuple[Part, ...]
    pieces: tuple[Piece, ...]
    counted: int | None
    more: bool


async def read_explanation(reading: ReportSnapshot, kpi: Kpi, page: Page) -> Explanation:
    """One figure of all that is asked about, taken apart."""
    definition = DEFINITIONS[kpi]
    of_time = definition.evidence == 'intervals'
    sums = await (machine_times(reading) if of_time
                  else machine_sums(reading, answered=kpi in ANSWERED))  # reading the orders takes a third of it
    kpis = kpis_of(reading, total(sums.values()))
    parts = tuple(Part(machine.name, figure_of(reading, kpi, of), figure_of(reading, Kpi.COVERAGE, of))
                  for machine, of in sums.items())
    names = [machine.name for machine in sums]
    pieces = await (_intervals(reading, kpi, names, page) if of_time else _stops(reading, kpi, page))
    return Explanation(
        kpi, definition.formula, definition.source, getattr(kpis, kpi), _terms(kpi, kpis), _left_out(kpi, kpis),
        kpis.coverage, parts, tuple(pieces[:page.size]), _counted(kpi, kpis), len(pieces) > page.size)


ANSWERED = {Kpi.MTTR, Kpi.REPAIR, Kpi.RESPONSE, Kpi.RESPONSE_P90}
"""These are explained with how soon stops were acknowledged and repaired."""
STOPS_OF = {Kpi.MTBF: Kpi.FAILURES, Kpi.RESPONSE_P90: Kpi.RESPONSE}
"""The stops behind a KPI that are those of another one."""


def _counted(kpi: Kpi, kpis: Kpis) -> int | None:
    return {Kpi.STOPS: kpis.stops, Kpi.FAILURES: kpis.failures, Kpi.MICRO_STOPS: kpis.micro_stops,
            Kpi.CARRIED_IN: kpis.carried_in, Kpi.MTBF: kpis.failures, Kpi.MTTR: kpis.repaired, Kpi.REPAIR: kpis.works,
            Kpi.RESPONSE: kpis.acknowledged, Kpi.RESPONSE_P90: kpis.acknowledged}.get(kpi)


def _terms(kpi: Kpi, kpis: Kpis) -> tuple[Term, ...]:
    down, up = Term('down', kpis.down), (Term('operational', kpis.operational),
                                         Term('warning', kpis.warning + (kpis.waiting or 0)))
    waiting = Term('starved or blocked', kpis.waiting or 0)
    failures = Term('failures', kpis.failures, Unit.COUNT)
    response = (Term('median', kpis.response or 0), Term('90th percentile', kpis.response_p90 or 0),
                Term('failures acknowledged', kpis.acknowledged, Unit.COUNT), failures)
    return {
        Kpi.COVERAGE: (Term('unknown', kpis.unknown), Term('window × machines', kpis.covered + kpis.unknown)),
        Kpi.UPTIME_SHARE: (*up, down),
        Kpi.AVAILABILITY: (Term('operational', kpis.operational), Term('warning', kpis.warning),
                           waiting, down, Term('known time', kpis.covered)),
        Kpi.DOWN: (down, Term('known time', kpis.covered), Term('stops', kpis.stops, Unit.COUNT),
                   Term('carried in', kpis.carried_in, Unit.COUNT)),
        Kpi.WAITING: (waiting, Term('productive time', kpis.operational + kpis.warning), down,
                      Term('known time', kpis.covered)),
        Kpi.STOPS: (failures, Term('micro-stops', kpis.micro_stops, Unit.COUNT)),
        Kpi.FAILURES: (failures,),
        Kpi.MICRO_STOPS: (Term('micro-stops', kpis.micro_stops, Unit.COUNT),),
        Kpi.CARRIED_IN: (Term('carried in', kpis.carried_in, Unit.COUNT),),
        Kpi.MTBF: (Term('operating time', kpis.operating), failures, *_productive_mtbf(kpis)),
        Kpi.MTTR: (Term('length of failures that ended', (kpis.mttr or 0) * kpis.repaired),
                   Term('failures that ended', kpis.repaired, Unit.COUNT),
                   *(() if kpis.repair is None else (
                       Term('failures on which work was started', kpis.works, Unit.COUNT),
                       Term('mean of their repair alone', kpis.repair)))),
        Kpi.REPAIR: (Term('time from the start of work', (kpis.repair or 0) * kpis.works),
                     Term('failures on which work was started', kpis.works, Unit.COUNT)),
        Kpi.RESPONSE: response, Kpi.RESPONSE_P90: response,
    }[kpi]


def _productive_mtbf(kpis: Kpis) -> tuple[Term, ...]:
    """The variant of SEMI E10, by productive time."""
    if not kpis.failures:
        return ()
    return (Term('by productive time alone (SEMI E10)', (kpis.operational + kpis.warning) / kpis.failures),)


def _left_out(kpi: Kpi, kpis: Kpis) -> tuple[Term, ...]:
    found: list[Term] = []
    if kpi is not Kpi.COVERAGE:
        found.append(Term('unknown: no data from the machine', kpis.unknown))
    if kpi in {Kpi.FAILURES, Kpi.MTBF, Kpi.MTTR, Kpi.REPAIR, Kpi.RESPONSE, Kpi.RESPONSE_P90}:
        found.append(Term('micro-stops', kpis.micro_stops, Unit.COUNT))
    if kpi is Kpi.MICRO_STOPS:
        found.append(Term('failures', kpis.failures, Unit.COUNT))
    if kpi is Kpi.CARRIED_IN:
        found.append(Term('stops that began in the window', kpis.stops, Unit.COUNT))
    elif kpi not in {Kpi.MTTR, Kpi.REPAIR, Kpi.DOWN} and DEFINITIONS[kpi].evidence == 'stops':
        found.append(Term('carried in: began before the window', kpis.carried_in, Unit.COUNT))
    if kpi in {Kpi.MTTR, Kpi.REPAIR}:
        found.append(Term('ongoing stops', kpis.ongoing, Unit.COUNT))
    if kpi is Kpi.REPAIR:
        found.append(Term('failures without a start of work', kpis.repaired - kpis.works, Unit.COUNT))
    if kpi in {Kpi.RESPONSE, Kpi.RESPONSE_P90}:
        found.append(Term('unacknowledged failures', kpis.failures - kpis.acknowledged, Unit.COUNT))
    return tuple(term for term in found if term.amount)


async def _intervals(reading: ReportSnapshot, kpi: Kpi, names: list[MachineName], page: Page) -> list[Piece]:
    """A page and one more."""
    asked: dict[str, Any] = {'start': reading.window.start, 'until': reading.window.end, 'now': reading.now,
                             'kpi': kpi, 'skip': page.skip, 'most': page.size + 1}
    rows: list[Any] = []
    if kpi is not Kpi.COVERAGE:  # of a long window, losses nearly always fill the page
        losses = reading.queries.largest_losses(reading.connection, names=reading.asked['names'], **asked)
        rows = [row async for row in losses]
    if len(rows) < page.size + 1:
        rows = [row async for row in reading.queries.largest_intervals(reading.connection, names=names, **asked)]
    return [_piece(kpi, row) for row in rows]


def _piece(kpi: Kpi, row: Any) -> Piece:
    status = Status(row['status'])
    why = ('no data' if status is Status.UNKNOWN
           else 'starved or blocked' if row['waits'] and kpi is Kpi.AVAILABILITY else '')
    return Piece(MachineName(row['machine_name']), row['since'], row['until'], status, row['reason'],
                 seconds((row['until'] - row['since']) // MICROSECOND), not why, why)


async def _stops(reading: ReportSnapshot, kpi: Kpi, page: Page) -> list[Piece]:
    """A page and one more."""
    counted_by = STOPS_OF.get(kpi, kpi)
    return [Piece(row.stop.machine, row.stop.since, row.stop.until, Status.DOWN, row.stop.reason, row.amount,
                  row.counted, '' if row.counted else _why_not(counted_by, row, reading.window))
            for row in await read_listed(reading, StopSelection(), page.skip, page.size + 1, counted_by, only=False)]


def _why_not(kpi: Kpi, listed: ListedStop, window: Window) -> str:
    """Why a stop does not count."""
    stop, of_end = listed.stop, kpi in {Kpi.MTTR, Kpi.REPAIR}
    wrong = {
        'not a micro-stop': kpi is Kpi.MICRO_STOPS and not stop.is_micro,
        'began in the window': kpi is Kpi.CARRIED_IN,
        'micro-stop': kpi not in {Kpi.MICRO_STOPS, Kpi.STOPS} and stop.is_micro,
        'ongoing at the end of the window': of_end and (stop.until is None or stop.until >= window.end),
        'machine removed before it ran again': of_end and not stop.repaired,
        'ended outside the shift': of_end and not listed.ended,
        'no start of work': kpi is Kpi.REPAIR,
        'started before the window': not of_end and stop.since < window.start,
        'started outside the shift': not of_end and not listed.began,
        'not acknowledged': kpi is Kpi.RESPONSE,
    }
    return next((why for why, applies in wrong.items() if applies), '')
