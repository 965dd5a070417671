"""What each chart and table of a report shows, in words, and the KPI whose stops or intervals are behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .kpi_definitions import DEFINITIONS, Kpi


class Chart(StrEnum):
    """The charts and tables of a report."""

    ANSWER = 'answer'
    TREND = 'trend'
    TIME = 'time'
    CAUSES = 'causes'
    HOURS = 'hours'
    WAITING = 'waiting'
    MACHINES = 'machines'
    CLOCKS = 'clocks'
    LINES = 'lines'
    STOPS = 'stops'
    ORDERS = 'orders'


@dataclass(frozen=True, slots=True)
class ChartDefinition:
    """One chart or table.

    name      as on the page
    formulas  in words, one for each figure that it shows
    kpi       whose stops or intervals are behind it; None: it is not made of stops
    """

    name: str
    formulas: tuple[str, ...]
    kpi: Kpi | None


CHARTS = {
    Chart.ANSWER: ChartDefinition('Summary', (
        DEFINITIONS[Kpi.DOWN].formula,
        'change = down / down of the window before - 1; only where 80 % of both windows is known',
        'the machine that cost most = the one whose time down has the highest cost; the one with the most time down, '
        'unless each line has a cost',
        'its cause = the reason with the most of its time down'),
        Kpi.DOWN),
    Chart.TREND: ChartDefinition('Trend', (
        'availability, time down and failures of each shift, day or week: as the KPIs of that time',
        'hollow = not over yet; pale = the window before, from its first shift, day or week on'), Kpi.DOWN),
    Chart.TIME: ChartDefinition('Where the time went', (
        'known time = productive time + waiting + down; productive time / known time = availability',
        DEFINITIONS[Kpi.WAITING].formula,
        'uptime counts waiting as running, as nothing was wrong with the machine itself'), Kpi.WAITING),
    Chart.CAUSES: ChartDefinition('Stops by cause', (
        'minutes of a cause = time inside the window of all stops that began with this reason',
        'count of a cause = stops with this reason that began in the window',
        'share = of all causes; vital few = the first that together reach 80 %'), Kpi.DOWN),
    Chart.HOURS: ChartDefinition('Downtime by hour and weekday', (
        'share of an hour of the week = time down / known time, of all machines, by the plant’s clock',), Kpi.DOWN),
    Chart.WAITING: ChartDefinition('Downtime caused to neighbours', (
        'own downtime = time in which the machine was down',
        'caused = time in which machines of its line were starved or blocked because it was down, directly or through '
        'others that waited too'), Kpi.AVAILABILITY),
    Chart.MACHINES: ChartDefinition('Top problem machines', (
        'time of a machine = time of its stops inside the window',
        'stops = those that began in the window; longest = the longest time down at once in it'), Kpi.DOWN),
    Chart.CLOCKS: ChartDefinition('Response times by cause', (
        'detect, acknowledge, respond, repair = mean time from down to the work order, to its acknowledgement, to the '
        'start of work, to running',
        'only failures whose work order was acknowledged and started',
        'MTTR is of all failures that ended, response of all that were acknowledged: the times do not add up to them'),
        Kpi.MTTR),
    Chart.LINES: ChartDefinition('Side by side', (
        'each KPI of a line = computed from all its machines together, by the formula of the KPI',
        'the one with the most time down comes first; a machine is compared with all of its type'), Kpi.DOWN),
    Chart.STOPS: ChartDefinition('Stops', (
        'down = time of the stop inside the window',
        'response = time from down to the earliest acknowledgement of any of its work orders, at most its length'),
        Kpi.STOPS),
    Chart.ORDERS: ChartDefinition('Work orders', (
        'per day = work orders reported on a day of the plant; 7-day mean = of the seven days that end with it',
        'age = now - reported, of open orders; time to completion = completed - reported, of orders completed in the '
        'window', 'load = open orders of an assignee now, and those completed in the window'), None),
}
