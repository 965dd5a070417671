"""Mappings in words."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.formatting import number
from .mapping import COUNTERS, Mapping, Range, Reports, StatusRule
from .presets import MEANINGS

THINGS = {Reports.GOOD: 'good parts', Reports.REJECT: 'rejected parts', Reports.CYCLES: 'cycles'}


def mapping_lines(mapping: Mapping) -> Iterator[str]:
    """A sentence for each rule."""
    if mapping.reports in COUNTERS:
        kind = 'The value is what was made since the last message.' if mapping.counts == 'increment' else (
            'The value is a running total; what it grows by is reported.')
        yield kind + (f' It begins again at 0 before {number(mapping.rollover)}.' if mapping.rollover else '')
        return
    if mapping.reports is Reports.REASON:
        for value, text in mapping.reasons.items():
            yield f'{value}: {text}'
        yield 'Other values are their own text; an empty one or 0 is no reason.'
        return
    for value, rule in mapping.values.items():
        yield f'{value}: {_status(rule)}'
    for each in mapping.ranges:
        yield f'{_range(each)}: {_status(each)}'
    preset = mapping.preset or ('' if mapping.values or mapping.ranges else 'words')
    if preset:
        yield MEANINGS[preset]
    yield f'Other values: {_status(mapping.otherwise)}' if mapping.otherwise else (
        'Other values are counted and not reported.')


def _range(each: Range) -> str:
    if each.start is None:
        return f'below {each.below:g}'
    return f'from {each.start:g}' + ('' if each.below is None else f' and below {each.below:g}')


def _status(rule: StatusRule) -> str:
    word = 'No signal' if rule.status.value == 'unknown' else rule.status.word
    return word + (f', because of {rule.reason}' if rule.reason else '')
