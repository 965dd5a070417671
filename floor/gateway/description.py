"""What a file would do, in words: the command check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..core.formatting import number
from .config import AnySource, GatewayConfig
from .mapping import Reports
from .mapping_words import THINGS, mapping_lines
from .mqtt_config import MqttPoint
from .opcua_config import OpcUaConfig, OpcUaPoint
from .point_config import PointConfig
from .sparkplug_config import SparkplugPoint
from .topic_pattern import names_in


def describe(config: GatewayConfig) -> Iterator[str]:
    """Lines."""
    yield f'Reports to {config.app.url}. Up to {number(config.queue.limit)} events wait in {config.queue.folder}.'
    for source in config.sources:
        yield ''
        yield from _source(source)
    statuses = Counter(point.machine for source in config.sources for point in source.points
                       if point.reports is Reports.STATUS and not names_in(point.machine))
    if several := [name for name, count in statuses.items() if count > 1]:
        yield ''
        yield f'Several points report a status of {", ".join(several)}: what comes last counts. Is one reports: good?'


def _source(source: AnySource) -> Iterator[str]:
    where = source.url if isinstance(source, OpcUaConfig) else source.address
    yield f'Source {source.name} ({source.type} at {where}):'
    for point in source.points:
        yield f'  {_place(point)}: {_machine(point)}'
        for line in mapping_lines(point):
            yield f'    - {line}'
        if point.debounce:
            yield f'    - A change counts when it has lasted {point.debounce:g} s.'
        if point.least_time:
            yield f'    - Changes are at least {point.least_time:g} s apart.'
        if point.silent_after:
            yield f'    - After {point.silent_after:g} s without a message, the machine is No signal.'
    yield (f'  Each status is repeated after {source.repeat:g} s. When the connection is lost for {source.grace:g} s, '
           'the machines are No signal.')
    yield f'  MACHINE_SILENT_AFTER of the app, if it is set, has to be {source.least_silent_after:g} or more.'


def _place(point: PointConfig) -> str:
    match point:
        case MqttPoint():
            return f'topic {point.topic}' + (f', {point.path} in JSON' if point.path else '')
        case SparkplugPoint():
            return f'metric {point.metric} of {point.pattern}'
        case OpcUaPoint():
            return f'node {point.node}'
    return 'point'


def _machine(point: PointConfig) -> str:
    what = {Reports.STATUS: 'the status', Reports.REASON: 'the reason of the status'}.get(
        point.reports, THINGS.get(point.reports, ''))
    whose = f'the machine {point.machine}'
    return f'{what} of {whose}' + (', one for each topic' if names_in(point.machine) else '')
