"""KPI formulas: how long machines ran, how often they stopped, how soon they ran again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

from ..core.machines import MachineName
from .kpi_definitions import LEAST_COVERAGE, Kpi
from .report_snapshot import Member, ReportSnapshot
from .window import Window, seconds, share

TIMES = ('operational', 'warning', 'waiting', 'down')
STOPS = ('failures', 'micro_stops', 'carried_in', 'repairs', 'repair', 'ongoing', 'ongoing_length', 'works', 'work',
         'responses')
FILTERED = ('lost', *STOPS)
MEDIAN, P90 = 50, 90
SAME_COVERAGE = 0.001
"""Windows whose coverage differs less are equally known: it reads the same."""


@dataclass(slots=True)
class Sums:
    """What the database adds up, for one machine or many: times in microseconds, and counts.

    repairs, repair   failures that ended, and their length
    works, work       those on which work was started, and the time from then to running
    responses         of each failure that was acknowledged, in any order
    lost              down by the stops of the reason that is asked about
    """

    machines: int = 0
    possible: int = 0
    operational: int = 0
    warning: int = 0
    waiting: int = 0
    down: int = 0
    failures: int = 0
    micro_stops: int = 0
    carried_in: int = 0
    repairs: int = 0
    repair: int = 0
    works: int = 0
    work: int = 0
    ongoing: int = 0
    ongoing_length: int = 0
    lost: int = 0
    responses: list[int] = field(default_factory=list)

    @property
    def known(self) -> int:
        """Microseconds in which something was known."""
        return self.operational + self.warning + self.waiting + self.down

    @property
    def up(self) -> int:
        """Microseconds in which a machine was known not to be down."""
        return self.operational + self.warning + self.waiting


def percentile(micros: Sequence[int], percent: int) -> float | None:
    """The smallest of these (microseconds) that so many percent do not exceed, in seconds; None: there are none."""
    return seconds(sorted(micros)[-(-percent * len(micros) // 100) - 1]) if micros else None


FORMULAS: dict[Kpi, Callable[[Sums], float | None]] = {
    Kpi.UPTIME_SHARE: lambda of: share(of.up, of.known),
    Kpi.AVAILABILITY: lambda of: share(of.operational + of.warning, of.known),
    Kpi.DOWN: lambda of: seconds(of.down),
    Kpi.WAITING: lambda of: seconds(of.waiting),
    Kpi.STOPS: lambda of: of.failures + of.micro_stops,
    Kpi.FAILURES: lambda of: of.failures,
    Kpi.MICRO_STOPS: lambda of: of.micro_stops,
    Kpi.CARRIED_IN: lambda of: of.carried_in,
    Kpi.MTBF: lambda of: seconds(of.up) / of.failures if of.failures else None,
    Kpi.MTTR: lambda of: seconds(of.repair) / of.repairs if of.repairs else None,
    Kpi.REPAIR: lambda of: seconds(of.work) / of.works if of.works else None,
    Kpi.RESPONSE: lambda of: percentile(of.responses, MEDIAN),
    Kpi.RESPONSE_P90: lambda of: percentile(of.responses, P90),
    Kpi.COVERAGE: lambda of: share(of.known, of.possible),
}
"""What each KPI is of the sums (Kpis says more of each)."""
OF_REASON: dict[Kpi, Callable[[Sums], float | None]] = {
    Kpi.DOWN: lambda of: seconds(of.lost),
    **dict.fromkeys((Kpi.UPTIME_SHARE, Kpi.AVAILABILITY, Kpi.WAITING, Kpi.MTBF), lambda of: None),
}
"""Those that are something else of the stops of one reason, or nothing: the time in which machines were not down has no
reason."""


@dataclass(frozen=True, slots=True)
class Kpis:
    """The figures of one window and one part of the floor. Times in seconds, shares 0 to 1, None where there is nothing
    to divide by.

    window            what of the asked window has been
    machines          that stand on the floor now, or of which something was known in the window
    covered, unknown  seconds of all machines in which their state was known, and was not
    coverage          1 - unknown / (window x machines)
    uptime_share      (operational + warning) / (operational + warning + down)
    availability      productive time is operational, and warning unless starved or blocked, of all that is covered
    waiting           starved or blocked; None of a reason, as that is why machines were down
    stops             entries into down in the window: failures + micro_stops
    failures          stops that lasted at least the micro-stop limit of their machine by now
    micro_stops       stops that were shorter
    carried_in        stops that went on when the window began; they are in no other count but ongoing
    operating         operational + warning, the time after the last failure included
    mtbf              operating / failures; without a failure None, and at_least says how long there was none
    mttr              mean length of the failures that ended in the window because the machine ran again, their time
                      before the window included; repaired is their number
    repair            mean time from the start of work to running of those on which work was started; works is their
                      number
    ongoing           stops that were going on at the end of the window, ongoing_seconds how long already
    response          median time from down to acknowledged of the window's failures, by the earliest acknowledgement
                      of any work order of each, at most the length of the stop; acknowledged is their number
    response_p90      the 90th percentile of the same
    The length of a stop is what is known of it: a data gap inside is left out.
    """

    window: Window
    machines: int
    covered: float
    unknown: float
    coverage: float | None
    operational: float
    warning: float
    waiting: float | None
    down: float
    uptime_share: float | None
    availability: float | None
    stops: int
    failures: int
    micro_stops: int
    carried_in: int
    operating: float
    mtbf: float | None
    at_least: float | None
    mttr: float | None
    repaired: int
    repair: float | None
    works: int
    ongoing: int
    ongoing_seconds: float
    response: float | None
    response_p90: float | None
    acknowledged: int

    @classmethod
    def of(cls, window: Window, sums: Sums) -> Kpis:
        """The figures that the sums give."""
        def of(kpi: Kpi) -> Any:  # a count is an int
            return FORMULAS[kpi](sums)

        return cls(
            window=window, machines=sums.machines, covered=seconds(sums.known),
            unknown=seconds(sums.possible - sums.known), coverage=of(Kpi.COVERAGE),
            operational=seconds(sums.operational), warning=seconds(sums.warning), waiting=of(Kpi.WAITING),
            down=of(Kpi.DOWN), uptime_share=of(Kpi.UPTIME_SHARE), availability=of(Kpi.AVAILABILITY),
            stops=of(Kpi.STOPS), failures=of(Kpi.FAILURES), micro_stops=of(Kpi.MICRO_STOPS),
            carried_in=of(Kpi.CARRIED_IN), operating=seconds(sums.up), mtbf=of(Kpi.MTBF),
            at_least=seconds(sums.up) if sums.up and not sums.failures else None, mttr=of(Kpi.MTTR),
            repaired=sums.repairs, repair=of(Kpi.REPAIR), works=sums.works, ongoing=sums.ongoing,
            ongoing_seconds=seconds(sums.ongoing_length), response=of(Kpi.RESPONSE),
            response_p90=of(Kpi.RESPONSE_P90), acknowledged=len(sums.responses))

    @classmethod
    def of_reason(cls, window: Window, sums: Sums) -> Kpis:
        """The same of the stops of one reason."""
        figures: dict[str, Any] = {kpi: formula(sums) for kpi, formula in OF_REASON.items()}
        return replace(cls.of(window, sums), at_least=None, **figures)


@dataclass(frozen=True, slots=True)
class LineKpis:
    """One line beside the others; None: the machines that are on no line."""

    line: str | None
    kpis: Kpis


@dataclass(frozen=True, slots=True)
class MachineKpis:
    """One machine beside the others; line None: it is on no line."""

    machine: MachineName
    line: str | None
    kpis: Kpis


async def floor_times(reading: ReportSnapshot) -> Sums:
    """How long all machines together were what; nothing of their stops. A machine that has left, and of which nothing
    is known, does not count."""
    left = tuple(machine for machine in reading.machines if not machine.present)
    machines = len(reading.machines) - len(left)
    if left:
        known = reading.queries.machine_times(reading.connection, names=[machine.name for machine in left], line=None,
                                              now=reading.now, **reading.hours)
        machines += len([row async for row in known if any(row[name] for name in TIMES)])
    row = await reading.queries.floor_times(reading.connection, now=reading.now, **reading.hours)
    return Sums(machines=machines, possible=machines * reading.micros, **{name: row[name] for name in TIMES})


async def machine_times(reading: ReportSnapshot) -> dict[Member, Sums]:
    """How long each machine that belongs into the report was what, in flow order; nothing of its stops."""
    return {machine: sums for machine, sums in (await _times(reading)).items() if sums.machines}


async def _times(reading: ReportSnapshot) -> dict[Member, Sums]:
    """The same of all that are asked about; one that has left, and of which nothing is known, counts as no machine."""
    whole, of_line = reading.micros, reading.line_id is not None
    times = {machine: Sums(machines=1, possible=reading.micros_on_line(machine) if of_line else whole)
             for machine in reading.machines}
    sums = {machine.name: of for machine, of in times.items()}
    async for row in reading.queries.machine_times(reading.connection, **reading.parts_period):
        if of := sums.get(row['machine_name']):
            for name in TIMES:
                setattr(of, name, row[name])
    return {machine: of if machine.present or reading.scope.machine is not None or of.known else Sums()
            for machine, of in times.items()}


async def machine_sums(reading: ReportSnapshot, *, answered: bool = True) -> dict[Member, Sums]:
    """The same with all about stops, which count whether or not anything else is known of their machine. answered: how
    soon they were acknowledged and repaired, too."""
    times = await _times(reading)
    sums = {machine.name: of for machine, of in times.items()}
    fields, rows = _stop_rows(reading, answered=answered)
    async for row in rows:
        if of := sums.get(row['machine_name']):
            for name in fields:
                setattr(of, name, row[name])
    return {machine: of for machine, of in times.items() if of != Sums()}


async def floor_sums(reading: ReportSnapshot) -> Sums:
    """All machines together: one row of the database, which is quicker than one for each machine."""
    result = await floor_times(reading)
    fields, rows = _stop_rows(reading, answered=True, together=True)
    async for row in rows:
        for name in fields:
            setattr(result, name, row[name])
    return result


def _stop_rows(reading: ReportSnapshot, *, answered: bool,
               together: bool = False) -> tuple[tuple[str, ...], AsyncIterator[Any]]:
    """All that is to be known of the stops of each machine, or of all together, and the names of its columns."""
    if not reading.scope.is_filtered:
        return STOPS, reading.queries.stop_sums(reading.connection, answered=answered, together=together,
                                                **reading.stop_period)
    return FILTERED, reading.queries.filtered_stop_sums(reading.connection, answered=answered, together=together,
                                                        **reading.stops_in_parts)


def kpis_of(reading: ReportSnapshot, sums: Sums) -> Kpis:
    """The figures of the sums, as far as the stops that are asked about have them."""
    return Kpis.of(reading.window, sums) if reading.scope.reason is None else Kpis.of_reason(reading.window, sums)


def figure_of(reading: ReportSnapshot, kpi: Kpi, sums: Sums) -> float | None:
    """One of these figures alone, which takes a tenth of the time: of each of many machines."""
    formula = FORMULAS[kpi] if reading.scope.reason is None else OF_REASON.get(kpi, FORMULAS[kpi])
    return formula(sums)


async def read_kpis(reading: ReportSnapshot) -> Kpis:
    """The figures of all that is asked about."""
    return kpis_of(reading, await floor_sums(reading) if reading.scope.is_whole_floor
                   else total((await machine_sums(reading)).values()))


async def read_lines(reading: ReportSnapshot) -> tuple[LineKpis, ...]:
    """The figures of each line, in the order of the lines; machines without one come last. A machine that was moved
    counts to each line for its time there (Placement)."""
    lines: defaultdict[str | None, list[Sums]] = defaultdict(list)
    stayed = replace(reading, machines=tuple(machine for machine in reading.machines if not machine.moved))
    for machine, sums in (await machine_sums(stayed)).items():
        lines[machine.line].append(sums)
    for machine in reading.machines:
        if machine.moved:
            for line_id, line in {placement.line_id: placement.line for placement in machine.placements}.items():
                part = replace(reading, machines=(machine,), line_id=line_id)
                lines[line] += (await machine_sums(part)).values()
    return tuple(LineKpis(line, kpis_of(reading, total(sums))) for line, sums in lines.items())


async def read_machines(reading: ReportSnapshot) -> tuple[MachineKpis, ...]:
    """The figures of each machine that is asked about, in flow order."""
    return tuple(MachineKpis(machine.name, machine.line, kpis_of(reading, sums))
                 for machine, sums in (await machine_sums(reading)).items())


def total(sums: Iterable[Sums]) -> Sums:
    """All machines together."""
    parts = list(sums)
    added = {name: sum(map(attrgetter(name), parts)) for name in Sums.__slots__ if name != 'responses'}
    return Sums(**added, responses=[response for part in parts for response in part.responses])


def are_covered(*windows: Kpis) -> bool:
    """Whether enough is known of all these windows to compare them."""
    return all((kpis.coverage or 0) >= LEAST_COVERAGE for kpis in windows)


def is_due_to_coverage(now: float, before: float, kpis: Kpis, former: Kpis) -> bool:
    """Whether the unknown part of one of two windows could explain why a sum rose or fell: it would not have, if the
    unknown parts were like the known ones. now, before: the sum in these windows."""
    coverage, former_coverage = kpis.coverage or 0, former.coverage or 0
    if abs(coverage - former_coverage) < SAME_COVERAGE:
        return False
    return (now > before) != (now * former_coverage > before * coverage)
