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
OURS, PRACTICE, TPM, ISO = 'our own', 'reliability practice', 'TPM practice', 'ISO 22400-2'


class Kpi(StrEnum):
    """The key of a KPI in addresses, files and the REST interface; also its attribute of Kpis."""

    UPTIME_SHARE = 'uptime_share'
    AVAILABILITY = 'availability'
    STOPS = 'stops'
    MICRO_STOPS = 'micro_stops'
    MTBF = 'mtbf'
    MTTR = 'mttr'
    MTTA = 'mtta'
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


DEFINITIONS = {definition.kpi: definition for definition in (
    KpiDefinition(
        Kpi.UPTIME_SHARE, 'Uptime', 'Share of known time in which machines were not down', Unit.SHARE,
        'uptime = (operational + warning) / (operational + warning + down)', OURS, 'higher', 'intervals'),
    KpiDefinition(
        Kpi.AVAILABILITY, 'Availability', 'Share of known time in which machines produced', Unit.SHARE,
        'availability = productive time / planned busy time (APT / PBT): operational and warning, unless starved or '
        'blocked, over all time that is covered', ISO, 'higher', 'intervals'),
    KpiDefinition(
        Kpi.STOPS, 'Stops', 'How often a machine went down, without micro-stops', Unit.COUNT,
        'stops = entries into down in the window that lasted at least the micro-stop threshold', TPM, 'lower', 'stops',
        LEAST_STOPS),
    KpiDefinition(
        Kpi.MICRO_STOPS, 'Micro-stops', 'How often a machine went down for a short time', Unit.COUNT,
        'micro-stops = entries into down in the window that lasted less than the threshold', TPM, 'lower', 'stops',
        LEAST_STOPS),
    KpiDefinition(
        Kpi.MTBF, 'MTBF', 'Mean operating time between failures', Unit.SECONDS,
        'MTBF = operating time / stops; operating time is operational and warning, up to the end of the window',
        PRACTICE, 'higher', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.MTTR, 'MTTR', 'Mean time to repair', Unit.SECONDS,
        'MTTR = repair time of the stops that ended in the window because the machine ran again / their number; '
        'no micro-stops', PRACTICE, 'lower', 'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.MTTA, 'Response', 'Mean time from down to acknowledged (MTTA)', Unit.SECONDS,
        'response (MTTA) = time from down to acknowledged of the stops of the window / their number', PRACTICE, 'lower',
        'stops', LEAST_STOPS),
    KpiDefinition(
        Kpi.COVERAGE, 'Coverage', 'Share of the window in which the status was known', Unit.SHARE,
        'coverage = 1 - unknown / (window × machines)', OURS, 'higher', 'intervals'),
)}
"""In the order of cards and tables."""
