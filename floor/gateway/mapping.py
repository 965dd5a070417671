"""What a value of a point means: a status, a reason or a counter. Pure, and used for trials on a page too."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ..core.machines import Status
from .presets import PRESETS, StatusMeaning
from .strict import OddNumber, Strict, nearest, shortened

WORDS = 'words'
MAX_VALUE = 80
"""Characters of a value that a problem repeats."""
MAX_REASON_LENGTH = 2_000
MAX_COUNT = 2 ** 53
MAX_ROLLOVER = 2 ** 64


class Reports(StrEnum):
    """What a point reports."""

    STATUS = 'status'
    REASON = 'reason'
    GOOD = 'good'
    REJECT = 'reject'
    CYCLES = 'cycles'


COUNTERS = frozenset({Reports.GOOD, Reports.REJECT, Reports.CYCLES})


@dataclass(frozen=True, slots=True)
class ReasonMeaning:
    """The reason of the machine's present status; None: none."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class CounterMeaning:
    """The value of a counter: a running total, or an increment."""

    counter: Reports
    number: float


@dataclass(frozen=True, slots=True)
class NoMeaning:
    """A value that the mapping does not know. cause: the same for all values of its kind."""

    cause: str
    problem: str


Meaning = StatusMeaning | ReasonMeaning | CounterMeaning | NoMeaning | None
"""None: nothing is to be reported."""


def value_key(value: Any) -> str:
    """A value as the keys of tables are compared: 1, 1.0 and '1.0' are the same, upper and lower case too."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    number = as_number(value)
    if number is not None and number.is_integer():
        return str(int(number))
    return str(value).strip().casefold()


def _status_rule(value: Any) -> Any:
    return {'status': value} if isinstance(value, str) else value


def _status(value: Any) -> Any:
    word = value.strip().lower() if isinstance(value, str) else value
    if word not in list(Status):
        raise PydanticCustomError('status', '{sentence}', {
            'sentence': f'{shortened(value)!r} is not a status{nearest(str(word), list(Status))}'})
    return word


StatusWord = Annotated[Status, BeforeValidator(_status)]


def _text(value: Any) -> Any:
    """Codes of errors are often numbers. 4.10 would lose its end, and 0047 its beginning."""
    if isinstance(value, OddNumber):
        raise PydanticCustomError('odd_number', '{sentence}', {
            'sentence': f"write '{shortened(value.written)}' in quotes: without them it is the number "
                        f'{shortened(int(value))}'})
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ReasonText = Annotated[str, BeforeValidator(_text)]


class StatusRule(Strict):
    """A status, with a reason or without."""

    status: StatusWord
    reason: Annotated[ReasonText | None, Field(max_length=MAX_REASON_LENGTH)] = None

    @property
    def meaning(self) -> StatusMeaning:
        """As a meaning."""
        return StatusMeaning(self.status, self.reason)


Rule = Annotated[StatusRule, BeforeValidator(_status_rule)]


class Range(StatusRule):
    """Numbers from one and below another."""

    start: Annotated[float | None, Field(alias='from')] = None
    below: float | None = None

    @model_validator(mode='after')
    def _not_empty(self) -> Range:
        if self.start is None and self.below is None:
            raise PydanticCustomError('range', 'give from, below or both')
        if self.start is not None and self.below is not None and self.start >= self.below:
            raise PydanticCustomError('range', 'no number is in this range: from must be less than below')
        return self

    def has(self, number: float) -> bool:
        """Whether a number is in it."""
        return (self.start is None or number >= self.start) and (self.below is None or number < self.below)


def _keyed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    keyed: dict[str, Any] = {}
    for key, each in value.items():
        if value_key(key) in keyed:
            raise PydanticCustomError('same_value', '{key} is in this table twice', {'key': str(key)})
        keyed[value_key(key)] = each
    return keyed


class Mapping(Strict):
    """What the values of a point mean."""

    reports: Reports = Reports.STATUS
    preset: Literal['words', 'on_off', 'integers', 'packml', 'umh'] | None = None
    values: Annotated[dict[str, Rule], BeforeValidator(_keyed), Field(default_factory=dict)]
    """By value; looked up first."""
    ranges: tuple[Range, ...] = ()
    """For numbers; the first that has it."""
    otherwise: Rule | None = None
    """For values that are nowhere else; without it they are counted and not reported."""
    reasons: Annotated[dict[str, ReasonText], BeforeValidator(_keyed), Field(default_factory=dict)]
    """Of a point that reports reasons: the text for each value. Other values are their own text."""
    counts: Literal['total', 'increment'] = 'total'
    """Of a counter: a running total, or what was made since the last message."""
    rollover: Annotated[int | None, Field(gt=1, le=MAX_ROLLOVER)] = None
    """Of a running total: the number that it does not reach, since it begins again at 0."""

    @model_validator(mode='after')
    def _fitting(self) -> Mapping:
        fitting = {Reports.STATUS: {'preset', 'values', 'ranges', 'otherwise'}, Reports.REASON: {'reasons'}}.get(
            self.reports, {'counts', 'rollover'})
        for key in Mapping.model_fields:
            if key != 'reports' and key in self.model_fields_set and key not in fitting:
                raise PydanticCustomError('not_fitting', '{key} is not used by a point that reports {reports}', {
                    'key': key, 'reports': self.reports.value})
        return self

    def meaning(self, value: bool | float | str | None, detail: str | None = None) -> Meaning:
        """What a value means. None: no signal. detail: the reason that came with the value; why there is no signal."""
        if value is None:
            return StatusMeaning(Status.UNKNOWN, detail) if self.reports is Reports.STATUS else None
        if self.reports is Reports.STATUS:
            meaning = self._status(value)
            return replace(meaning, reason=detail) if detail and isinstance(meaning, StatusMeaning) and (
                meaning.reason is None) else meaning
        if self.reports is Reports.REASON:
            return ReasonMeaning(self._reason(value))
        return self._counter(value)

    def _status(self, value: bool | float | str) -> Meaning:
        key = value_key(value)
        if rule := self.values.get(key):
            return rule.meaning
        number = as_number(value)
        if number is not None and (rule := next((each for each in self.ranges if each.has(number)), None)):
            return rule.meaning
        has_only_words = not (self.preset or self.values or self.ranges)
        preset = WORDS if has_only_words else self.preset
        if preset and (meaning := PRESETS[preset](key)):
            return meaning
        if self.otherwise:
            return self.otherwise.meaning
        problem = f'the value {str(value)[:MAX_VALUE]!r} is not in its mapping'
        if has_only_words and (number is not None or key in {'true', 'false'}):
            problem += (', since the point has none and only words are known: add preset: '
                        f'{"on_off" if number is None else "integers"} or values: {{{key[:MAX_VALUE]}: ...}}')
        return NoMeaning('unknown value', problem)

    def _reason(self, value: bool | float | str) -> str | None:
        text = self.reasons.get(value_key(value), None if value_key(value) in {'', '0', 'false'} else str(value))
        return (text or '').strip()[:MAX_REASON_LENGTH] or None

    def _counter(self, value: bool | float | str) -> Meaning:
        number = as_number(value)
        if number is None or not 0 <= number <= MAX_COUNT:
            return NoMeaning('not a count', f'the value {str(value)[:MAX_VALUE]!r} is not a count')
        return CounterMeaning(self.reports, number)


def as_number(value: Any) -> float | None:
    """A value as a number; None: it is none."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return number if math.isfinite(number) else None
