"""What the REST interface takes for work orders, by the names that the columns have."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from ...core.model import HoldReason, MachineName, Priority, WorkOrderStatus
from ...orders.order_values import UNCHANGED, NewOrder, OrderEdit, Transition
from .fields import AT

DATED = re.compile('[0-9]{4}-')
LARGEST_VERSION = 2**53 - 1  # what every reader of JSON takes as it is


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _moment(value: Any) -> Any:
    if value is not None and not (isinstance(value, str) and DATED.match(value)):
        raise ValueError('write a time with its offset from UTC, as 2026-03-02T07:31:04+01:00')
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError('Input should be a number')
    return value


AnyCasePriority = Annotated[Priority, BeforeValidator(_lower)]
AnyCaseStatus = Annotated[WorkOrderStatus, BeforeValidator(_lower)]


class NewOrderForm(BaseModel):
    """A work order to be. Of what is optional, null is as good as absent."""

    model_config = ConfigDict(extra='forbid', title='NewWorkOrder')

    machine_id: Annotated[str, Field(description='Which machine: its name, as machine_id of /api/machines.',
                                     examples=['Injection_Molder_02_01'])]
    issue_description: Annotated[str, Field(description='What is wrong: 1 to 10,000 characters.',
                                            examples=['Hydraulic leak'])]
    priority: Annotated[AnyCasePriority | None, Field(
        description='Left out or null: high for a machine that is down, else medium.', examples=['high'])] = None
    reporter_name: Annotated[str | None, Field(
        description='Who reported it; left out, null or empty: you.', examples=['Mike Johnson'])] = None
    assignee: Annotated[str | None, Field(
        description='The name or e-mail address of an active technician or supervisor; left out, null or empty: '
                    'nobody.',
        examples=['Lisa Garcia'])] = None
    timestamp: Annotated[datetime | None, BeforeValidator(_moment), Field(
        description='When it was reported, with its offset from UTC; left out or null: now.', examples=[AT])] = None
    even_if_open: Annotated[StrictBool | None, Field(
        description='true: also where an order is open for the present stop of the machine. Left out, null or false: '
                    'that is refused (409), with the open order in current.', examples=[True])] = None

    def order(self, assignee_id: int | None, client_reference: str | None) -> NewOrder:
        """The same as the command takes it."""
        reporter = self.reporter_name or None
        return NewOrder(machine=MachineName(self.machine_id), description=self.issue_description,
                        priority=self.priority, assignee_id=assignee_id, reporter_name=reporter,
                        client_reference=client_reference, reported_at=self.timestamp,
                        even_if_open=bool(self.even_if_open))


EDITS = ('issue_description', 'priority')
WORDS = ('hold_reason', 'cause', 'action_taken', 'cancel_reason', 'note')


class OrderPatch(BaseModel):
    """Either new values of an order, or a transition to another status with what it needs. Null is as good as absent,
    but for version, which is a number, and for assignee, where it means nobody."""

    model_config = ConfigDict(extra='forbid', title='WorkOrderPatch')

    version: Annotated[int, BeforeValidator(_number), Field(
        default_factory=int, ge=1, le=LARGEST_VERSION, examples=[1],
        description='The version that you saw: 409 if it is not the present one. Needed unless you send If-Match.')]
    issue_description: Annotated[str | None, Field(description='What is wrong: 1 to 10,000 characters.',
                                                   examples=['Hydraulic leak at the clamp'])] = None
    priority: Annotated[AnyCasePriority | None, Field(description='How pressing it is.', examples=['critical'])] = None
    assignee: Annotated[str | None, Field(
        description='The name or e-mail address of an active technician or supervisor; null or empty: nobody.',
        examples=['Lisa Garcia'])] = None
    status: Annotated[AnyCaseStatus | None, Field(description='Its new status.', examples=['on_hold'])] = None
    hold_reason: Annotated[HoldReason | None, BeforeValidator(_lower), Field(
        description='What it waits for; needed for on_hold.', examples=['parts'])] = None
    cause: Annotated[str | None, Field(description='What was wrong; needed for completed.',
                                       examples=['Seal worn'])] = None
    action_taken: Annotated[str | None, Field(description='What was done; needed for completed.',
                                              examples=['Seal replaced'])] = None
    cancel_reason: Annotated[str | None, Field(description='Why; needed for cancelled.',
                                               examples=['Reported twice'])] = None
    note: Annotated[str | None, Field(description='Is kept in the history beside the new status.',
                                      examples=['Seal ordered'])] = None

    @model_validator(mode='after')
    def _is_one_step(self) -> Self:
        edits = [name for name in EDITS if getattr(self, name) is not None]
        edits += ['assignee'] if self.assignee or (self.names_assignee and self.status is None) else []
        words = [name for name in WORDS if getattr(self, name)]
        if self.status is not None and edits:
            raise ValueError(f'a status and new values ({", ".join(sorted(edits))}) are two steps: send two requests')
        if self.status is None and words:
            raise ValueError(f'{", ".join(sorted(words))} go with a status')
        if self.status is None and not edits:
            raise ValueError('there is nothing to change: send new values or a status')
        return self

    @property
    def seen_version(self) -> int | None:
        """The version it was made from, if it says so."""
        return self.version if 'version' in self.model_fields_set else None

    @property
    def names_assignee(self) -> bool:
        """Whether it says who shall do it, be it nobody."""
        return 'assignee' in self.model_fields_set

    def edit(self, assignee_id: int | None) -> OrderEdit:
        """The new values as the command takes them."""
        return OrderEdit(
            description=UNCHANGED if self.issue_description is None else self.issue_description,
            priority=UNCHANGED if self.priority is None else self.priority,
            assignee_id=assignee_id if self.names_assignee else UNCHANGED)

    def transition(self, to: WorkOrderStatus) -> Transition:
        """The transition as the command takes it."""
        return Transition(to, hold_reason=self.hold_reason, cause=self.cause or '', note=self.note or '',
                         action_taken=self.action_taken or '', cancel_reason=self.cancel_reason or '')


class CommentForm(BaseModel):
    """What somebody has to say."""

    model_config = ConfigDict(extra='forbid', title='NewComment')

    text: Annotated[str, Field(description='1 to 10,000 characters.', examples=['The pump is on its way'])]
