"""Statuses in requests of feeds, and what became of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ...core.errors import InvalidInputError
from ...core.machines import Status
from ...core.text import clean_text
from ...feed.ingest import EventResult, FeedEvent, Result
from .fields import AT
from .order_forms import lower, moment

MAX_ID_LENGTH = 100
MAX_TEXT_LENGTH = 10_000
"""Of a reason; the database cuts it to 2,000."""

Reported = Annotated[Literal['operational', 'warning', 'down', 'unknown'], BeforeValidator(lower), Field(
    description='Case-insensitive. unknown: the machine gives no data, which the floor shows as No signal until its '
                'next status.', examples=['down'])]
Reason = Annotated[str | None, Field(description='Why. A new status without a reason has none.', examples=['E-047'])]
At = Annotated[AwareDatetime | None, BeforeValidator(moment), Field(
    description='When it happened, with its offset from UTC: at most 2 minutes ahead and 7 days ago. Default: now.',
    examples=[AT])]
EventId = Annotated[str | None, Field(
    description='Names this event among all of this token, so that it is stored once, however often it is sent; known '
                'for 8 days.', min_length=1, max_length=MAX_ID_LENGTH, examples=['01JDT3W8'])]


class MachineEventForm(BaseModel):
    """A status of the machine in the path."""

    model_config = ConfigDict(extra='forbid', title='MachineEvent')

    status: Reported
    reason: Reason = None
    at: At = None
    id: EventId = None

    def event(self, machine: str) -> FeedEvent:
        """:raises InvalidInputError: a text cannot be stored"""
        return FeedEvent(
            clean_text(machine, 'machine', MAX_TEXT_LENGTH), Status(self.status),
            clean_text(self.reason or '', 'reason', MAX_TEXT_LENGTH, required=False) or None,
            self.at, self.id and clean_text(self.id, 'id', MAX_ID_LENGTH))


class EventForm(MachineEventForm):
    """A status of a machine."""

    model_config = ConfigDict(extra='forbid', title='Event')

    machine: Annotated[str, Field(description='Its name, or one that it had before.', examples=['CNC-01'])]


class EventAnswer(BaseModel):
    """What became of an event."""

    model_config = ConfigDict(from_attributes=True, title='EventResult')

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
    try:
        if machine is not None:
            return MachineEventForm.model_validate(value).event(machine)
        form = EventForm.model_validate(value)
        return form.event(form.machine)
    except ValidationError as error:
        return EventResult(Result.REFUSED, '; '.join(
            f'{".".join(map(str, fault["loc"])) or "event"}: {fault["msg"].removeprefix("Value error, ")}'
            for fault in error.errors(include_url=False, include_input=False, include_context=False)[:5]))
    except InvalidInputError as error:
        return EventResult(Result.REFUSED, str(error))
