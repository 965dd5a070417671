"""The page of reports over a history that answers what a test says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from nicegui import app
from ui.harness import Floor, Screen
from ui.services import Recorded

from floor.analytics import (
    Cause,
    CauseClocks,
    Explanation,
    FloorTimeline,
    HourlyPattern,
    Interval,
    Kpi,
    Kpis,
    LineKpis,
    MachineDowntime,
    MachineKpis,
    Member,
    OpenOrderAges,
    OrderReport,
    Part,
    PersonLoad,
    Piece,
    ProblemMachine,
    Resolution,
    Stop,
    StopClocks,
    StopList,
    Term,
    TrendPoint,
    Unit,
    VolumeOfDay,
    WaitAttribution,
    Window,
)
from floor.analytics.report_snapshot import Placement
from floor.analytics.window import Scope
from floor.core.errors import QueryError
from floor.core.machines import MachineName, Status
from floor.core.orders import Priority
from floor.core.plant_calendar import PlantSettings
from floor.web.api.problems import answer_problems
from floor.web.exports import report_files
from floor.web.reports import reports_page

NOW = datetime(2026, 11, 23, 10, 42, 7, tzinfo=UTC)  # of the floor of these tests
HOSTILE = '<img src=x onerror="alert(1)"> {{ 7*7 }} ${x} {a|b} \' :onclick=alert(1)'
TODAY = Window(NOW.replace(hour=0, minute=0, second=0), NOW)
VALVE, PAINTER = MachineName('Valve_01_01'), MachineName('Painter_02_01')


def standing(name: MachineName, kind: str, line: str) -> Member:
    """A machine that has always stood on this line."""
    always = Placement(line, 1, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    return Member(name, kind, True, False, (always,))


def kpis(**fields: Any) -> Kpis:
    values: dict[str, Any] = {
        'window': TODAY, 'machines': 5, 'covered': 190_000.0, 'unknown': 400.0, 'coverage': 0.998,
        'operational': 150_000.0, 'warning': 20_000.0, 'waiting': 4_000.0, 'down': 16_000.0, 'uptime_share': 0.914,
        'availability': 0.881, 'stops': 58, 'failures': 41, 'micro_stops': 17, 'carried_in': 1,
        'operating': 174_000.0, 'mtbf': 6_720.0,
        'at_least': None, 'mttr': 740.0, 'repaired': 39, 'ongoing': 2, 'ongoing_seconds': 1_680.0,
        'repair': 400.0, 'works': 28, 'response': 185.0, 'response_p90': 1500.0, 'acknowledged': 30}
    return Kpis(**values | fields)


FORMER = MachineName('Old_Valve')
BEFORE = kpis(uptime_share=0.902, availability=0.877, stops=64, failures=47, mtbf=6_180.0, mttr=680.0, response=225.0)


SHIFTS = PlantSettings().calendar('Early 06:00,Late 14:00,Night 22:00').shifts


class Reports:
    """What the history says; asked records the questions."""

    def __init__(self, shop_floor: Floor) -> None:
        self.analytics = Recorded()
        self.figures = kpis()
        self.before = BEFORE
        stop = Stop(1, VALVE, NOW - timedelta(hours=1), NOW, 'Jam', True, False, 3600.0, 3600.0, 60.0, 120.0, 180.0,
                    3240.0, None, 180.0)
        pattern = tuple(tuple(0.1 if (day, hour) == (0, 6) else 0.0 if day < 5 else None for hour in range(24))
                        for day in range(7))
        zeros = tuple((0.0,) * 24 for _ in range(7))
        self.answers = self.analytics.answers
        self.answers |= {
            'frozen': self.analytics,
            'kpis': lambda window, scope: self.figures if window.end > NOW - timedelta(hours=2) else self.before,
            'trend': self.trend,
            'causes': (Cause('Jam', 12_720.0, 20, 0.7, 0.7, True), Cause(None, 5_400.0, 30, 0.3, 1.0, True)),
            'hourly_pattern': HourlyPattern(pattern, zeros, zeros),
            'wait_attribution': WaitAttribution((MachineDowntime(PAINTER, 'Engine Line', 2460.0, 5760.0, 0.0, 0.0),),
                                                0.0),
            'problem_machines': (ProblemMachine(VALVE, 3_600.0, 3, 1_800.0),),
            'stops': StopList((stop,), 1),
            'clocks': StopClocks((CauseClocks('Jam', 1, 60.0, 120.0, 180.0, 3240.0, 3600.0),), 1),
            'members': (standing(VALVE, 'valve', 'Engine Line'),),
            'machine_kpis': (MachineKpis(VALVE, 'Engine Line', kpis(stops=2)),),
            'intervals': (Interval(NOW - timedelta(hours=1), NOW, Status.DOWN, HOSTILE, False),),
            'lines': (LineKpis('Engine Line', kpis(stops=12)), LineKpis(None, kpis(stops=3))),
            'work_orders': OrderReport(
                (VolumeOfDay(date(2026, 11, 22), 7, None), VolumeOfDay(date(2026, 11, 23), 9, 7.0, False)),
                (OpenOrderAges(Priority.HIGH, 4, 1, 3600.0, 3000.0, 90_000.0),),
                (Resolution(Priority.LOW, 3, 7200.0, 5400.0),), (PersonLoad(None, None, 2, 0),)),
            'timeline': lambda window, machines, columns: FloorTimeline(window, ()),
            'costs': None,
            'currency': 'EUR',
            'explain': self.explain,
            'checked': self.checked,
        }
        answer_problems(app)
        for report in reports_page, report_files:
            report.register(shop_floor.services, self.analytics)

    def checked(self, scope: Scope) -> Scope:
        if scope.machine == 'Valve_1':
            raise QueryError({'machine': 'There is no machine Valve_1. Did you mean Valve_01_01?'})
        return replace(scope, machine=VALVE) if scope.machine == FORMER else scope

    def trend(self, buckets: Sequence[Window], scope: Scope) -> tuple[TrendPoint, ...]:
        """An hour down and five failures in each."""
        return tuple(TrendPoint(bucket.until(NOW), bucket.end <= NOW, 0.9, 3600.0, 5) for bucket in buckets
                     if bucket.start < NOW)

    def explain(self, kpi: str, window: Window, scope: Scope, page: Any) -> Explanation:
        piece = Piece(VALVE, NOW - timedelta(hours=1), NOW, Status.DOWN, HOSTILE, 3600.0, page.number == 1,
                      '' if page.number == 1 else 'micro-stop')
        return Explanation(Kpi(kpi), 'MTTR = repair time / number', 'reliability practice', 740.0,
                           (Term('repair time', 28_860.0), Term('stops that ended', 39, Unit.COUNT)),
                           (Term('unknown: no data from the machine', 400.0), Term('ongoing stops', 2, Unit.COUNT)),
                           0.998,
                           (Part(VALVE, 740.0, 0.998),), (piece,), 39 if kpi == 'mttr' else None, page.number == 1)

    def asked(self, name: str) -> list[tuple[Any, ...]]:
        return [arguments for asked, arguments, _ in self.analytics.asked if asked == name]


def card(screen: Screen, kpi: str) -> list[str]:
    """The texts of one figure's card: name, button, value, change, note, coverage."""
    return list(screen._texts_within(screen.all(data_kpi=kpi)[0]))
