"""What was, and why: figures of any window and any part of the floor, each weighted by time and taken from the history.

The definitions, where a field's term leaves room, are in the docstrings of what is answered. All sums are taken in
whole microseconds by the database; seconds are floats only in the answers.
"""

from .analytics import Analytics
from .costs import LossCosts
from .explanation import Explanation, Part, Piece, Term
from .intervals import Interval
from .kpi_definitions import DEFINITIONS, Kpi, KpiDefinition, Unit
from .kpis import Kpis, LineKpis, MachineKpis
from .orders import OpenOrderAges, OrderReport, PersonLoad, Resolution, VolumeOfDay
from .patterns import HourlyPattern
from .report_snapshot import Member
from .stop_list import StopKind, StopList, StopSelection, StopSort
from .stops import Cause, CauseClocks, ProblemMachine, Stop, StopClocks
from .timeline import Band, FloorTimeline, Lane
from .trend import TrendPoint
from .wait_attribution import MachineDowntime, WaitAttribution
from .window import Page, Scope, Window

__all__ = [
    'DEFINITIONS',
    'Analytics',
    'Band',
    'Cause',
    'CauseClocks',
    'Explanation',
    'FloorTimeline',
    'HourlyPattern',
    'Interval',
    'Kpi',
    'KpiDefinition',
    'Kpis',
    'Lane',
    'LineKpis',
    'LossCosts',
    'MachineDowntime',
    'MachineKpis',
    'Member',
    'OpenOrderAges',
    'OrderReport',
    'Page',
    'Part',
    'PersonLoad',
    'Piece',
    'ProblemMachine',
    'Resolution',
    'Scope',
    'Stop',
    'StopClocks',
    'StopKind',
    'StopList',
    'StopSelection',
    'StopSort',
    'Term',
    'TrendPoint',
    'Unit',
    'VolumeOfDay',
    'WaitAttribution',
    'Window',
]
