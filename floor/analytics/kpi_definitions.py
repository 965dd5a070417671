"""The list of all KPIs: name, unit, formula, source, better direction. Whatever names a KPI reads it.

Cards, explanations, files and the README of this folder are made from it or compared with it by a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

LEAST_STOPS = 8
"""With fewer stops, chance is larger than a change."""
LEAST_COVERAGE = 0.8
"""Of both windows that are compared, at least this share must be known."""
OURS, PRACTICE, TPM = 'our own', 'reliability practice', 'TPM practice'


class Kpi(StrEnum):
    """The key of a KPI in addresses, files and the REST interface; also its attribute of Kpis."""

    UPTIME_SHARE = 'uptime_share'
    AVAILABILITY = 'availability'
    DOWN = 'down'
    WAITING = 'waiting'
    STOPS = 'stops'
    FAILURES = 'failures'
    MICRO_STOPS = 'micro_stops'
    CARRIED_IN = 'carried_in'
    MTBF = 'mtbf'
    MTTR = 'mttr'
    REPAIR = 'repair'
    RESPONSE = 'response'
    RESPONSE_P90 = 'response_p90'
    COVERAGE = 'coverage'


class Unit(StrEnum):
    """What a KPI is measured in: a share from 0 to 1, seconds, or a count."""

    SHARE = 'share'
    SECONDS = 'seconds'
    COUNT = 'count'


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """One KPI.

    name      on cards and in tables
    title     what it says, in a few words; sentence case
    formula   in words, with the names that the explanation lists as its terms
    source    the standard or practice that the formula is from
    better    whether a higher or a lower value is better for the plant
    evidence  what it is computed from: the intervals of a status, or stops
    least     so many stops each of two windows needs before one is called better than the other
    """

    kpi: Kpi
    name: str
    title: str
    unit: Unit
    formula: str
    source: str
    better: Literal['higher', 'lower']
    evidence: Literal['intervals', 'stops']
    least: int = 0

    @property
    def is_sum(self) -> bool:
        """Whether more of it is known where more of a window is: a time of all machines, or a count."""
        return self.kpi in {Kpi.DOWN, Kpi.WAITING} or self.unit is Unit.COUNT


DEFINITIONS = {definition.kpi: definition for definition in (
    KpiDefinition(
        Kpi.UPTIME_SHARE, 'Uptime', 'Share of known time in which machines were not down', Unit.SHARE,
        'uptime = (operational + warning) / (operational + warning + down)', OURS, 'higher', 'intervals'),
    KpiDefinition(
        Kpi.AVAILABILITY, 'Availability', 'Share of known time in which machines produced', Unit.SHARE,
        'availability = productive time / known time; productive time is operational and warning, unless starved or '
        'blocked', OURS, 'higher', 'intervals'),
    KpiDefinition(
        Kpi.DOWN, 'Down', 'Time in which machines were down', Unit.SECONDS,
        'down = time of all stops inside the window, of all machines together', OURS, 'lower', 'stops'),
    KpiDefinition(
        Kpi.WAITING, 'Waiting', 'Time in which machines were starved or blocked', Unit.SECONDS,
        'waiting = time starved or blocked inside the window, of all machines together; it is no part of down, and '
        'known time = productive time + waiting + down', OURS, 'lower', 'intervals'),
    KpiDefinition(
        Kpi.STOPS, 'Stops', 'How often a machine went down', Unit.COUNT,
        'stops = entries into down in the window = failures + micro-stops', TPM, 'lower', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.FAILURES, 'Failures', 'Stops that were no micro-stops', Unit.COUNT,
        'failures = stops that lasted at least the micro-stop limit', TPM, 'lower', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.MICRO_STOPS, 'Micro-stops', 'Stops that were short', Unit.COUNT,
        'micro-stops = stops that lasted less than the micro-stop limit', TPM, 'lower', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.CARRIED_IN, 'Carried in', 'Stops that began before the window and went on in it', Unit.COUNT,
        'carried in = stops going on when the window began; they are not counted as stops again', OURS, 'lower',
        'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.MTBF, 'MTBF', 'Mean operating time between failures, per machine', Unit.SECONDS,
        'MTBF = operating time of all machines / failures; operating time is operational and warning, up to the end of '
        'the window', PRACTICE, 'higher', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.MTTR, 'MTTR', 'Mean time to restore, from down to running', Unit.SECONDS,
        'MTTR = length of the failures that ended in the window because the machine ran again / their number; the '
        'length of each is its detect + acknowledge + respond + repair', PRACTICE, 'lower', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.REPAIR, 'Repair', 'Mean time from the start of work to running, of fewer failures than MTTR', Unit.SECONDS,
        'repair = time from the start of work to running / failures that ended in the window and on which work was '
        'started', PRACTICE, 'lower', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.RESPONSE, 'Response', 'Median time from down to acknowledged (MTTA)', Unit.SECONDS,
        'response (MTTA) = median time from down to the earliest acknowledgement of any work order of a failure of the '
        'window, at most the length of the stop', PRACTICE, 'lower', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.RESPONSE_P90, 'Response, 90th percentile', 'Time in which 9 of 10 failures were acknowledged', Unit.SECONDS,
        'response, 90th percentile = the time that 9 of 10 responses do not exceed', PRACTICE, 'lower', 'stops',
        LEAST_STOPS),
    KpiDefinition(
        Kpi.COVERAGE, 'Coverage', 'Share of the window in which the status was known', Unit.SHARE,
        'coverage = 1 - unknown / (window × machines)', OURS, 'higher', 'intervals'),
)}
"""In the order of cards and tables."""
