"""KPI formulas: how long machines ran, how often they stopped, how soon they ran again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.machines import MachineName
from .kpi_definitions import LEAST_COVERAGE
from .report_snapshot import Member, Reading
from .window import Window, seconds, share

TIMES = ('operational', 'warning', 'waiting', 'down')
STOPS = ('failures', 'micro_stops', 'repairs', 'repair', 'ongoing', 'ongoing_length', 'acknowledged', 'acknowledgement')


@dataclass(slots=True)
class Sums:
    """What the database adds up, for one machine or many: times in microseconds, and counts."""

    machines: int = 0
    possible: int = 0
    operational: int = 0
    warning: int = 0
    waiting: int = 0
    down: int = 0
    failures: int = 0
    micro_stops: int = 0
    repairs: int = 0
    repair: int = 0
    ongoing: int = 0
    ongoing_length: int = 0
    acknowledged: int = 0
    acknowledgement: int = 0

    @property
    def known(self) -> int:
        """Microseconds in which something was known."""
        return self.operational + self.warning + self.waiting + self.down

    def add(self, other: Sums) -> None:
        """The other machines too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Kpis:
    """The figures of one window and one part of the floor. Times in seconds, shares 0 to 1, None where there is nothing
    to divide by.

    window            what of the asked window has been
    machines          that stand on the floor now, or of which something was known in the window
    covered, unknown  seconds of all machines in which their state was known, and was not
    coverage          1 - unknown / (window x machines)
    uptime_share      (operational + warning) / (operational + warning + down)
    availability      ISO 22400-2, APT / PBT: productive time is operational, and warning unless starved or blocked;
                      planned busy time is all that is covered, because the feed knows no planned stops
    stops             entries into down in the window that lasted at least the micro-stop threshold by now (failures)
    micro_stops       entries into down in the window that were shorter
    operating         operational + warning, the time after the last failure included
    mtbf              operating / stops; without a stop None, and at_least says how long there was none
    mttr              mean length of the stops (no micro-stops) that ended in the window because the machine ran again,
                      their time before the window included; repaired is their number
    ongoing           stops that were going on at the end of the window, ongoing_seconds how long already
    mtta              mean time from down to acknowledged of the window's stops whose first work order was acknowledged;
                      acknowledged is their number, of all stops
    The length of a stop is what is known of it: a data gap inside is left out.
    """

    window: Window
    machines: int
    covered: float
    unknown: float
    coverage: float | None
    operational: float
    warning: float
    waiting: float
    down: float
    uptime_share: float | None
    availability: float | None
    stops: int
    micro_stops: int
    operating: float
    mtbf: float | None
    at_least: float | None
    mttr: float | None
    repaired: int
    ongoing: int
    ongoing_seconds: float
    mtta: float | None
    acknowledged: int

    @classmethod
    def of(cls, window: Window, sums: Sums) -> Kpis:
        """The figures that the sums give."""
        up = sums.operational + sums.warning + sums.waiting
        return cls(
            window=window, machines=sums.machines, covered=seconds(sums.known),
            unknown=seconds(sums.possible - sums.known), coverage=share(sums.known, sums.possible),
            operational=seconds(sums.operational), warning=seconds(sums.warning), waiting=seconds(sums.waiting),
            down=seconds(sums.down), uptime_share=share(up, sums.known),
            availability=share(sums.operational + sums.warning, sums.known),
            stops=sums.failures, micro_stops=sums.micro_stops, operating=seconds(up),
            mtbf=seconds(up) / sums.failures if sums.failures else None,
            at_least=seconds(up) if up and not sums.failures else None,
            mttr=seconds(sums.repair) / sums.repairs if sums.repairs else None, repaired=sums.repairs,
            ongoing=sums.ongoing, ongoing_seconds=seconds(sums.ongoing_length),
            mtta=seconds(sums.acknowledgement) / sums.acknowledged if sums.acknowledged else None,
            acknowledged=sums.acknowledged)


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


async def machine_times(reading: Reading, machines: Sequence[Member] | None = None) -> dict[Member, Sums]:
    """How long each machine that belongs into the report was what, in flow order; nothing of its stops.

    machines: only of these.
    """
    machines = reading.machines if machines is None else machines
    sums = {machine.name: Sums(machines=1, possible=reading.window.micros) for machine in machines}
    period = {**reading.period, 'names': [machine.name for machine in machines]}
    async for row in reading.queries.machine_times(reading.connection, **period):
        of = sums[row['machine_name']]
        for field in TIMES:
            setattr(of, field, row[field])
    return {machine: sums[machine.name] for machine in machines
            if machine.present or reading.scope.machine is not None or sums[machine.name].known}


async def machine_sums(reading: Reading, *, acknowledged: bool = True) -> dict[Member, Sums]:
    """The same with all about stops. acknowledged: how soon, too."""
    times = await machine_times(reading)
    sums = {machine.name: of for machine, of in times.items()}
    async for row in stop_sums(reading, acknowledged=acknowledged):
        if of := sums.get(row['machine_name']):  # one of which only zero seconds are known is not in the report
            for field in STOPS:
                setattr(of, field, row[field])
    return times


async def floor_sums(reading: Reading) -> Sums:
    """All machines together. Only those that are gone are asked one by one, whether they belong into the report."""
    gone = [machine for machine in reading.machines if not machine.present]
    members = {machine.name for machine in reading.machines if machine.present}
    if gone:
        members |= {machine.name for machine in await machine_times(reading, gone)}
    times = await reading.queries.floor_sums(reading.connection, **reading.period)
    result = Sums(machines=len(members), possible=len(members) * reading.window.micros,
                  **{field: times[field] for field in TIMES})
    async for row in stop_sums(reading, of=sorted(members) if gone else None, together=True):
        for field in STOPS:
            setattr(result, field, row[field])
    return result


def stop_sums(reading: Reading, *, acknowledged: bool = True, together: bool = False,
              of: Sequence[MachineName] | None = None) -> AsyncIterator[Any]:
    """What is to be known of the stops of each machine that is asked about, or of these. acknowledged: how soon, too.
    together: one row for all of them."""
    period = reading.stop_period if of is None else {**reading.stop_period, 'names': of}
    rows: AsyncIterator[Any] = reading.queries.stop_sums(
        reading.connection, micro_stop=reading.micro_stop_us, acknowledged=acknowledged, together=together, **period)
    return rows


async def read_kpis(reading: Reading) -> Kpis:
    """The figures of all that is asked about."""
    sums = await floor_sums(reading) if reading.scope.is_whole_floor else total((await machine_sums(reading)).values())
    return Kpis.of(reading.window, sums)


async def read_lines(reading: Reading) -> tuple[LineKpis, ...]:
    """The figures of each line, in the order of the lines; machines without one come last."""
    lines: defaultdict[str | None, Sums] = defaultdict(Sums)
    for machine, sums in (await machine_sums(reading)).items():
        lines[machine.line].add(sums)
    return tuple(LineKpis(line, Kpis.of(reading.window, sums)) for line, sums in lines.items())


async def read_machines(reading: Reading) -> tuple[MachineKpis, ...]:
    """The figures of each machine that is asked about, in flow order."""
    return tuple(MachineKpis(machine.name, machine.line, Kpis.of(reading.window, sums))
                 for machine, sums in (await machine_sums(reading)).items())


def total(sums: Iterable[Sums]) -> Sums:
    """All machines together."""
    result = Sums()
    for each in sums:
        result.add(each)
    return result


def are_covered(*windows: Kpis) -> bool:
    """Whether enough is known of all these windows to compare them."""
    return all((kpis.coverage or 0) >= LEAST_COVERAGE for kpis in windows)
