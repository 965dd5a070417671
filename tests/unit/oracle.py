"""What every figure is, computed as slowly and plainly as can be: straight from the definitions, without a database.

A history is a list of what was reported. Whatever is asked is answered by looking at all of it again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

US = timedelta(microseconds=1)
Hours = Counter[tuple[int, int]]
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class HistoryRow:
    """One row of the history. status None: the machine left."""

    machine: str
    at: datetime
    status: str | None
    reason: str | None = None
    version: int = 0


@dataclass(frozen=True)
class DataGap:
    machine: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Order:
    machine: str
    stop_since: datetime
    created: datetime
    acknowledged: datetime | None = None
    started: datetime | None = None
    id: str = ''


@dataclass(frozen=True)
class Stretch:
    machine: str
    since: datetime
    until: datetime
    status: str
    reason: str | None

    @property
    def length(self) -> int:
        return (self.until - self.since) // US

    @property
    def waits(self) -> str | None:
        reason = (self.reason or '').strip().lower()
        if self.status != 'warning':
            return None
        return 'starved' if reason.startswith('starved') else 'blocked' if reason.startswith('blocked') else None


@dataclass(frozen=True)
class Stop:
    machine: str
    since: datetime
    until: datetime | None
    reason: str | None
    repaired: bool
    version: int


@dataclass
class Sums:
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
    responses: list[int] = field(default_factory=list)


@dataclass
class History:
    """All that was reported, where machines are (line, position), and which are on the floor. quiet: of which of these
    nothing is heard, and since when they are unknown for it."""

    status_rows: list[HistoryRow]
    now: datetime
    gaps: list[DataGap] = field(default_factory=list)
    quiet: dict[str, datetime] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    places: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    moves: list[tuple[str, datetime, str | None]] = field(default_factory=list)
    """Machines that were moved, when, and to which line (None: from it)."""
    present: set[str] = field(default_factory=set)
    micro_stop: timedelta = timedelta(minutes=5)
    limits: dict[str, timedelta] = field(default_factory=dict)
    """Other micro-stop limits, of some machines."""
    is_lived: bool = False
    """It is reported row by row, instead of being there."""

    def of(self, machine: str) -> list[HistoryRow]:
        """In the order in which it happened."""
        return sorted((row for row in self.status_rows if row.machine == machine),
                      key=lambda row: (row.at, row.version))

    def gaps_of(self, machine: str) -> list[DataGap]:
        """Those that are over, and the one that goes on."""
        goes_on = [DataGap(machine, since, self.now + US) for name, since in self.quiet.items()
                   if name == machine and since < self.now]
        return [gap for gap in self.gaps if gap.machine == machine] + goes_on

    @property
    def machines(self) -> list[str]:
        names = {row.machine for row in self.status_rows} | {gap.machine for gap in self.gaps}
        return sorted(names | set(self.places) | self.present)

    def stretches(self, machine: str, start: datetime, end: datetime) -> list[Stretch]:
        """What a machine was from start to end, cut at every moment at which anything happened to it."""
        start, end = min(start, self.now), min(end, self.now)
        mine = self.of(machine)
        gaps = self.gaps_of(machine)
        cuts = {row.at for row in mine} | {s.since for s in gaps} | {s.until for s in gaps} | {start, end}
        cuts |= {at for name, at, _ in self.moves if name == machine}
        moments = sorted(cut for cut in cuts if start <= cut <= end)
        result = []
        for since, until in pairwise(moments):
            before = [status_rows for status_rows in mine if status_rows.at <= since]
            status, reason = (before[-1].status, before[-1].reason) if before else (None, None)
            if status is None or any(s.since <= since < s.until for s in gaps):
                status, reason = 'unknown', None
            result.append(Stretch(machine, since, until, status, reason))
        return result

    def known(self, machine: str, start: datetime, end: datetime, line: str | None = None) -> list[Stretch]:
        """What is known of a machine, while it counted on the line (None: on any)."""
        return [stretch for stretch in self.stretches(machine, start, end)
                if stretch.status != 'unknown' and line in {None, self.counted_on(machine, stretch.since)}]

    def counted_on(self, machine: str, moment: datetime) -> str | None:
        """The line that it counted on: where it stood, but during a stop where that began."""
        return self.line_at(machine, next((stop.since for stop in self.stops(machine) if stop.since <= moment
                                           and (stop.until is None or stop.until > moment)), moment))

    def counts_elsewhere(self, machine: str) -> set[datetime]:
        """The moments at which it may begin to count on another line."""
        return ({at for name, at, _ in self.moves if name == machine}
                | {stop.until for stop in self.stops(machine) if stop.until is not None})

    def line_at(self, machine: str, moment: datetime) -> str | None:
        """The line that it stood on; the first one also before it was placed."""
        line = self.places.get(machine, (None, 0))[0]
        for name, at, to in self.moves:  # in order
            if name == machine and at <= moment:
                line = to
        return line

    def on_line(self, machine: str, start: datetime, end: datetime, line: str | None) -> int:
        """Microseconds that a machine counted on a line (None: on any)."""
        start, end = min(start, self.now), min(end, self.now)
        moments = sorted({start, end, *(at for at in self.counts_elsewhere(machine) if start < at < end)})
        return sum((until - since) // US for since, until in pairwise(moments)
                   if line in {None, self.counted_on(machine, since)})

    def scope(self, start: datetime, end: datetime, line: str | None = None, machine: str | None = None) -> list[str]:
        """Who stands on the floor now, or something was known of them in the window; or the one that is asked about.
        Of a line, who counted there."""
        if machine is not None:
            return [machine] if machine in self.machines else []
        return [name for name in self.machines
                if (line is None or line in self.lines_of(name, start, end))
                and (name in self.present or self.known(name, start, end, line))]

    def lines_of(self, machine: str, start: datetime, end: datetime) -> set[str | None]:
        """Those that a machine counted on in a window, also of no length, or until it began."""
        start, end = min(start, self.now), min(end, self.now)
        return {self.counted_on(machine, moment) for moment in
                [start - US, start, *(at for at in self.counts_elsewhere(machine) if start <= at <= end)]}

    # stops

    def stops(self, machine: str) -> list[Stop]:
        """Entries into down, each until down was left."""
        result: list[Stop] = []
        going: list[HistoryRow] = []
        for status_rows in self.of(machine):
            if status_rows.status == 'down':
                going.append(status_rows)
            elif going:
                result.append(self._stop(going, status_rows))
                going = []
        return [*result, self._stop(going, None)] if going else result

    @staticmethod
    def _stop(going: list[HistoryRow], end: HistoryRow | None) -> Stop:
        given = [status_rows.reason for status_rows in going if status_rows.reason is not None]
        reason = going[0].reason if going[0].reason is not None else (given[-1] if given else None)
        return Stop(going[0].machine, going[0].at, None if end is None else end.at, reason,
                    end is not None and end.status is not None, going[0].version)

    def down_within(self, stop: Stop, start: datetime, end: datetime) -> int:
        """Microseconds of a stop inside a window that are known."""
        since, until = max(stop.since, start), min(stop.until or self.now, end, self.now)
        return sum(stretch.length for stretch in self.known(stop.machine, since, until)) if since < until else 0

    def length(self, stop: Stop) -> int:
        """Of all of it so far: a data gap does not shorten a stop."""
        return (min(stop.until or self.now, self.now) - stop.since) // US

    def is_failure(self, stop: Stop) -> bool:
        return self.length(stop) >= self.limits.get(stop.machine, self.micro_stop) // US

    def stops_in(self, names: list[str], start: datetime, end: datetime, line: str | None = None) -> list[Stop]:
        """What was going on at some time in the window, newest first; in a window that has no length nothing was.
        line: of those that began there."""
        start, end = min(start, self.now), min(end, self.now)
        if start == end:
            return []
        found = [stop for name in names for stop in self.stops(name) if line in {None, self.line_at(name, stop.since)}
                 and stop.since < end and (stop.since >= start or stop.until is None or stop.until > start)]
        return sorted(found, key=lambda stop: (stop.since, stop.version), reverse=True)

    def order(self, stop: Stop) -> Order | None:
        mine = [order for order in self.orders if (order.machine, order.stop_since) == (stop.machine, stop.since)]
        return min(mine, key=lambda order: (order.created, order.id), default=None)

    def earliest(self, stop: Stop, what: str) -> datetime | None:
        """When an order of a stop was first created, acknowledged or started."""
        moments = [getattr(order, what) for order in self.orders
                   if (order.machine, order.stop_since) == (stop.machine, stop.since)]
        return min((moment for moment in moments if moment is not None), default=None)

    def response(self, stop: Stop) -> int | None:
        """Microseconds from down to acknowledged, at most until it ran again."""
        moment = self.earliest(stop, 'acknowledged')
        if moment is None:
            return None
        return max(min(moment, stop.until or moment) - stop.since, timedelta()) // US

    def work(self, stop: Stop) -> int | None:
        """Microseconds from the start of work until it ran again; a moment that follows another is not before it."""
        started = self.earliest(stop, 'started')
        if started is None or stop.until is None:
            return None
        before = [self.earliest(stop, what) for what in ('created', 'acknowledged')]
        latest = max([stop.since, started, *(moment for moment in before if moment is not None)])
        return (stop.until - min(stop.until, latest)) // US

    # figures

    def sums(self, names: list[str], start: datetime, end: datetime, line: str | None = None,
             others: Sequence[str] = ()) -> Sums:
        """others: of these, which have left and were unknown meanwhile, only the stops count."""
        start, end = min(start, self.now), min(end, self.now)
        sums = Sums(len(names), sum(self.on_line(name, start, end, line) for name in names))
        for name in names:
            for stretch in self.known(name, start, end, line):
                kind = 'waiting' if stretch.waits else stretch.status
                setattr(sums, kind, getattr(sums, kind) + stretch.length)
        for name in [*names, *others]:
            for stop in self.stops(name):
                if line in {None, self.line_at(name, stop.since)}:
                    self._count(sums, stop, start, end)
        return sums

    def _count(self, sums: Sums, stop: Stop, start: datetime, end: datetime) -> None:
        if start <= stop.since < end:
            if self.is_failure(stop):
                sums.failures += 1
                if (response := self.response(stop)) is not None:
                    sums.responses.append(response)
            else:
                sums.micro_stops += 1
        elif stop in self.stops_in([stop.machine], start, end):
            sums.carried_in += 1
        if stop.until is not None and start <= stop.until < end and stop.repaired and self.is_failure(stop):
            sums.repairs += 1
            sums.repair += self.length(stop)
            if (work := self.work(stop)) is not None:
                sums.works += 1
                sums.work += work
        if (stop.since < end and (stop.until is None or stop.until >= end)
                and (stop.since >= start or stop.until is None or stop.until > start)):
            sums.ongoing += 1
            sums.ongoing_length += (end - stop.since) // US

    def causes(self, names: list[str], start: datetime, end: datetime,
               line: str | None = None) -> dict[str | None, tuple[int, int]]:
        """Microseconds and number of stops of each reason."""
        found: defaultdict[str | None, list[int]] = defaultdict(lambda: [0, 0])
        for stop in self.stops_in(names, start, end, line):
            found[stop.reason][0] += self.down_within(stop, start, end)
            found[stop.reason][1] += stop.since >= start
        return {reason: (down, count) for reason, (down, count) in found.items()}

    def clocks(self, names: list[str], start: datetime, end: datetime,
               line: str | None = None) -> dict[str | None, tuple[int, list[int]]]:
        """For each reason the stops that were seen through, and the microseconds of their four clocks together."""
        found: dict[str | None, tuple[int, list[int]]] = {}
        for stop in self.stops_in(names, start, end, line):
            orders = [self.earliest(stop, what) for what in ('created', 'acknowledged', 'started')]
            if stop.until is None or not self.is_failure(stop) or None in orders:
                continue
            moments = [stop.since]
            for moment in *(moment for moment in orders if moment), stop.until:
                moments.append(max(moments[-1], min(moment, stop.until)))
            count, sums = found.get(stop.reason, (0, [0] * 4))
            found[stop.reason] = (count + 1, [so_far + (after - before) // US for so_far, (before, after) in
                                              zip(sums, pairwise(moments), strict=True)])
        return found

    def problem_machines(self, names: list[str], start: datetime, end: datetime,
                         line: str | None = None) -> list[tuple[str, int, int, int]]:
        """Name, microseconds down, stops, the longest; the worst first."""
        rows = []
        for name in names:
            if stops := self.stops_in([name], start, end, line):
                downs = [self.down_within(stop, start, end) for stop in stops]
                rows.append((name, sum(downs), sum(stop.since >= start for stop in stops), max(downs)))
        return sorted(rows, key=lambda row: (-row[1], -row[2], -row[3], row[0]))

    def hours(self, names: list[str], start: datetime, end: datetime, clock: tuple[ZoneInfo, time],
              line: str | None = None) -> tuple[Hours, Hours]:
        """Microseconds down and known in each hour (weekday of the day from 0, hour). clock: the zone, and when days
        begin."""
        zone, day_start = clock
        down: Hours = Counter()
        known: Hours = Counter()
        for name in names:
            for stretch in self.known(name, start, end, line):
                for since, until in quarters(stretch.since, stretch.until):
                    for moment, day, length in in_days(since, until, zone, day_start):
                        hour = (day.weekday(), moment.astimezone(zone).hour)
                        known[hour] += length
                        if stretch.status == 'down':
                            down[hour] += length
        return down, known

    # the floor

    def waits(self, start: datetime, end: datetime) -> Counter[tuple[str, str | None]]:
        """Microseconds that each machine (first) waited for each other (second; None: not attributed)."""
        found: Counter[tuple[str, str | None]] = Counter()
        order = sorted(self.machines, key=lambda name: (self.places.get(name, (None, 1))[1], name))
        lanes = {name: self.stretches(name, start, end) for name in order}
        cuts = sorted({cut for lane in lanes.values() for s in lane for cut in (s.since, s.until)})
        for since, until in pairwise(cuts):
            now = {name: next(s for s in lane if s.since <= since < s.until) for name, lane in lanes.items()}
            for line in {self.counted_on(name, since) for name in order} - {None}:
                flow = [name for name in order if self.counted_on(name, since) == line]
                for name in flow:
                    if now[name].waits:
                        found[name, blame(flow, now, name)] += (until - since) // US
        return found

    def floor_at(self, moment: datetime) -> dict[str, tuple[str, str | None, datetime]]:
        """Status, reason and since when it has that status, of each machine that was there."""
        result = {}
        for name in self.machines:
            before = [status_rows for status_rows in self.of(name) if status_rows.at <= moment]
            if before and before[-1].status is not None:
                since = before[-1].at
                for status_rows in reversed(before):
                    if status_rows.status != before[-1].status:
                        break
                    since = status_rows.at
                silent = [s.since for s in self.gaps_of(name) if s.since <= moment < s.until]
                result[name] = (('unknown', None, max(silent)) if silent
                                else (before[-1].status, before[-1].reason, since))
        return result


def blame(flow: list[str], now: dict[str, Stretch], name: str, asked: frozenset[str] = frozenset()) -> str | None:
    """Who a machine that waits waits for, from one to the next; None where that leads nowhere or in a circle."""
    place = flow.index(name)
    others = reversed(flow[:place]) if now[name].waits == 'starved' else flow[place + 1:]
    for other in others:
        if now[other].status == 'down':
            return other
        if now[other].waits:
            return None if other in asked else blame(flow, now, other, asked | {name})
    return None


def in_days(since: datetime, until: datetime, zone: ZoneInfo, start: time) -> Iterator[tuple[datetime, date, int]]:
    """A stretch cut where a day begins: when each piece begins, its day, and its microseconds."""
    dates = [since.astimezone(zone).date() + timedelta(days) for days in range(-2, 4)]
    for day, following in pairwise(dates):
        began, ends = (datetime.combine(each, start, zone).astimezone(since.tzinfo) for each in (day, following))
        if max(since, began) < min(until, ends):
            yield max(since, began), day, (min(until, ends) - max(since, began)) // US


def quarters(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A stretch cut at every full quarter of an hour (UTC)."""
    epoch = datetime(2000, 1, 1, tzinfo=since.tzinfo)
    while since < until:
        border = epoch + ((since - epoch) // QUARTER + 1) * QUARTER
        yield since, min(border, until)
        since = border
