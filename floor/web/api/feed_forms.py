"""Statuses and counts in requests of feeds, and what became of them."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from ...core.errors import InvalidInputError
from ...core.machines import Status
from ...core.text import clean_text, shown
from ...feed.ingest import Counts, EventResult, FeedEvent, Result
from .fields import AT
from .order_forms import lower, moment

MAX_ID_LENGTH = 100
MAX_COUNT = 1_000_000_000
MAX_TEXT_LENGTH = 10_000
"""Of a reason; the database cuts it to 2,000."""
MAX_PROBLEM_LENGTH = 500
MAX_SHOWN = 200
"""Of what is kept of an event that cannot be read."""
JSON_AS_FORM = 'this is JSON, but was sent as a form: send it with the header Content-Type: application/json'
NO_OBJECT = 'an event is a JSON object, such as {"machine": "CNC-01", "status": "down"}'

Reported = Annotated[Literal['operational', 'warning', 'down', 'unknown'] | None, BeforeValidator(lower), Field(
    description='Case-insensitive. unknown: the machine gives no data, and the floor shows No signal until its next '
                'status. An event with counts needs none.', examples=['down'])]
Reason = Annotated[str | None, Field(description='Why. A new status without a reason has none.', examples=['E-047'])]


def in_range(value: datetime | None) -> datetime | None:
    """After a time is read: at both ends of the calendar it may be one in UTC that Python cannot read back."""
    if value is not None and not MINYEAR < value.year < MAXYEAR:
        raise ValueError('must be at most 2 minutes ahead and 7 days ago')
    return value


At = Annotated[AwareDatetime | None, BeforeValidator(moment), AfterValidator(in_range), Field(
    description='When it happened, with its offset from UTC: at most 2 minutes ahead and 7 days ago. Default: now.',
    examples=[AT])]
AT_READER: TypeAdapter[datetime | None] = TypeAdapter(At)
EventId = Annotated[str | None, Field(
    description='Names this event among all of this token, so that it is stored once, however often it is sent; known '
                'for 8 days.', min_length=1, max_length=MAX_ID_LENGTH, examples=['01JDT3W8'])]


def not_boolean(value: Any) -> Any:
    """Before a number is read: true is none."""
    if isinstance(value, bool):
        raise ValueError('must be a whole number')
    return value


Count = Annotated[int, BeforeValidator(not_boolean), Field(ge=0, le=MAX_COUNT)]
Good = Annotated[Count | None, Field(
    description='Good parts since the last event with counts, not a total. They are added to the minute of `at`.',
    examples=[3])]
Reject = Annotated[Count | None, Field(description='Rejected parts since then.', examples=[0])]
Cycles = Annotated[Count | None, Field(description='Cycles since then.', examples=[3])]
Problem = Annotated[str | None, Field(
    description='What the feed itself could not understand, instead of a status: the event is refused with it, so that '
                'supervisors see it on /setup/feeds.', min_length=1, max_length=MAX_PROBLEM_LENGTH,
    examples=["CNC-01/state: the value '7' is not in its mapping"])]


class MachineEventForm(BaseModel):
    """A status of the machine in the path, what it has made, or both."""

    model_config = ConfigDict(extra='forbid', title='MachineEvent')

    status: Reported = None
    reason: Reason = None
    at: At = None
    id: EventId = None
    good: Good = None
    reject: Reject = None
    cycles: Cycles = None
    problem: Problem = None

    @model_validator(mode='after')
    def has_content(self) -> Self:
        """:raises ValueError: neither a status nor counts, or a problem with one of them"""
        has_content = self.status is not None or self.counts is not None
        if self.problem is None and not has_content:
            raise ValueError('send a status, or what was made: good, reject or cycles')
        if self.problem is not None and has_content:
            raise ValueError('a problem is sent without a status and counts')
        return self

    @property
    def counts(self) -> Counts | None:
        """What was made; a count that is missing is 0."""
        if self.good is None and self.reject is None and self.cycles is None:
            return None
        return Counts(self.good or 0, self.reject or 0, self.cycles or 0)

    def event(self, machine: str) -> FeedEvent:
        """:raises InvalidInputError: a text cannot be stored, or the feed reports a problem"""
        if self.problem is not None:
            raise InvalidInputError(clean_text(self.problem, 'problem', MAX_PROBLEM_LENGTH))
        return FeedEvent(
            clean_text(machine, 'machine', MAX_TEXT_LENGTH), None if self.status is None else Status(self.status),
            clean_text(self.reason or '', 'reason', MAX_TEXT_LENGTH, required=False) or None,
            self.at, self.id and clean_text(self.id, 'id', MAX_ID_LENGTH),
            self.counts)


class EventForm(MachineEventForm):
    """A status of a machine, what it has made, or both."""

    model_config = ConfigDict(extra='forbid', title='Event')

    machine: Annotated[str, Field(description='Its name, or one that it had before.', examples=['CNC-01'])]


class EventAnswer(BaseModel):
    """What became of an event."""

    model_config = ConfigDict(title='EventResult')

    result: Annotated[Result, Field(
        description='accepted; late: put where it belongs in the past; duplicate: stored before; unknown_machine; '
                    'refused.', examples=['accepted'])]
    message: Annotated[str | None, Field(description='Why it was not stored.',
                                         examples=["no machine on this floor is called 'CNC-1'"])] = None


class EventsAnswer(BaseModel):
    """What became of each event, in their order."""

    model_config = ConfigDict(title='EventResults')

    results: Annotated[list[EventAnswer], Field(description='A result for each event.',
                                                examples=[[{'result': 'accepted'}]])]


def read_event(value: Any, machine: str | None = None) -> FeedEvent | EventResult:
    """An event of a body, or why it cannot be one. machine: of the path; None: the event names it."""
    if not isinstance(value, dict):
        return EventResult(Result.REFUSED, NO_OBJECT)
    try:
        if machine is not None:
            return MachineEventForm.model_validate(value).event(machine)
        form = EventForm.model_validate(value)
        return form.event(form.machine)
    except ValidationError as error:
        return _refused('; '.join(
            _sentence(fault['type'], '.'.join(map(str, fault['loc'])), fault['msg'].removeprefix('Value error, '),
                      EventForm if machine is None else MachineEventForm)
            for fault in error.errors(include_url=False, include_input=False, include_context=False)[:5]),
            value, machine)
    except InvalidInputError as error:
        return _refused(str(error), value, machine)


def _sentence(kind: str, field: str, message: str, form: type[BaseModel]) -> str:
    """What is wrong with a field. kind, message: pydantic's."""
    if kind == 'extra_forbidden' and field.lstrip().startswith(('{', '[')):
        return JSON_AS_FORM
    if kind == 'extra_forbidden':
        return f'{field}: there is no such field. Fields are {", ".join(form.model_fields)}'
    if kind == 'timezone_aware':
        return f'{field}: must be a time with its offset from UTC, such as {AT}'
    return f'{field or "event"}: {message}'


def _refused(message: str, value: dict[str, Any], machine: str | None) -> EventResult:
    """The result of an event that cannot be read, with what was sent, as a supervisor sees it among the examples."""
    return EventResult(Result.REFUSED, message, _as_text(value.get('machine') if machine is None else machine),
                       _as_text(value.get('status')), _as_text(value.get('reason')) or None, _as_time(value.get('at')))


def _as_text(value: Any) -> str:
    """What was sent for a text, as far as it can be shown."""
    return '' if value is None else shown(str(value)[:MAX_SHOWN], MAX_SHOWN)


def _as_time(value: Any) -> datetime | None:
    """What was sent for a time, if it is one."""
    try:
        return AT_READER.validate_python(value)
    except ValidationError:
        return None
