"""Work orders in requests of the REST interface, with the column names of the tables."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from ...core.machines import MachineName
from ...core.orders import HoldReason, Priority, WorkOrderStatus
from ...orders.order_values import UNCHANGED, NewOrder, OrderEdit, Transition
from .fields import AT

DATED = re.compile('[0-9]{4}-')
MAX_VERSION = 2**53 - 1  # the largest integer that all JSON parsers read exactly


def lower(value: Any) -> Any:
    """Before an enumeration is read."""
    return value.strip().lower() if isinstance(value, str) else value


def moment(value: Any) -> Any:
    """Before a time is read: not a number, of which nobody knows the unit."""
    if value is not None and not (isinstance(value, str) and DATED.match(value)):
        raise ValueError('must be a time with its offset from UTC, such as 2026-03-02T07:31:04+01:00')
    return value


def number_only(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError('Input should be a number')
    return value


AnyCasePriority = Annotated[Priority, BeforeValidator(lower)]
AnyCaseStatus = Annotated[WorkOrderStatus, BeforeValidator(lower)]


class NewOrderForm(BaseModel):
    """A new work order. Optional fields may be null or absent."""

    model_config = ConfigDict(extra='forbid', title='NewWorkOrder')

    machine_id: Annotated[str, Field(description='Name of the machine: machine_id in /api/machines.',
                                     examples=['Injection_Molder_02_01'])]
    issue_description: Annotated[str, Field(description='What is wrong: 1 to 10,000 characters.',
                                            examples=['Hydraulic leak'])]
    priority: Annotated[AnyCasePriority | None, Field(
        description='Default: high for a machine that is down, otherwise medium.', examples=['high'])] = None
    reporter_name: Annotated[str | None, Field(
        description='Who reported it. Default: you.', examples=['Mike Johnson'])] = None
    assignee: Annotated[str | None, Field(
        description='Name or e-mail address of an active technician or supervisor. Default: unassigned.',
        examples=['Lisa Garcia'])] = None
    timestamp: Annotated[datetime | None, BeforeValidator(moment), Field(
        description='Time of the report, with its offset from UTC. Default: now.', examples=[AT])] = None
    even_if_open: Annotated[StrictBool | None, Field(
        description='true: create the order even if another is open for the present stop of the machine. Otherwise '
                    'returns 409, with the open order in current.', examples=[True])] = None

    def order(self, assignee_id: int | None, client_reference: str | None) -> NewOrder:
        """Convert the form to a command."""
        reporter = self.reporter_name or None
        return NewOrder(machine=MachineName(self.machine_id), description=self.issue_description,
                        priority=self.priority, assignee_id=assignee_id, reporter_name=reporter,
                        client_reference=client_reference, reported_at=self.timestamp,
                        even_if_open=bool(self.even_if_open))


EDITS = ('issue_description', 'priority')
TRANSITION_FIELDS = ('hold_reason', 'cause', 'action_taken', 'cancel_reason', 'note')


class OrderPatch(BaseModel):
    """New values of an order, or a transition to another status with the fields that it needs. Null means absent,
    except for version, which is required, and assignee, where it means unassigned."""

    model_config = ConfigDict(extra='forbid', title='WorkOrderPatch')

    version: Annotated[int, BeforeValidator(number_only), Field(
        default_factory=int, ge=1, le=MAX_VERSION, examples=[1],
        description='The version that the change is based on: 409 if it is outdated. Required without If-Match.')]
    issue_description: Annotated[str | None, Field(description='What is wrong: 1 to 10,000 characters.',
                                                   examples=['Hydraulic leak at the clamp'])] = None
    priority: Annotated[AnyCasePriority | None, Field(description='Priority.', examples=['critical'])] = None
    assignee: Annotated[str | None, Field(
        description='Name or e-mail address of an active technician or supervisor; null or empty: unassigned.',
        examples=['Lisa Garcia'])] = None
    status: Annotated[AnyCaseStatus | None, Field(description='New status.', examples=['on_hold'])] = None
    hold_reason: Annotated[HoldReason | None, BeforeValidator(lower), Field(
        description='What the order is waiting for; required for on_hold.', examples=['parts'])] = None
    cause: Annotated[str | None, Field(description='What was wrong; required for completed.',
                                       examples=['Seal worn'])] = None
    action_taken: Annotated[str | None, Field(description='What was done; required for completed.',
                                              examples=['Seal replaced'])] = None
    cancel_reason: Annotated[str | None, Field(description='Why it is cancelled; required for cancelled.',
                                               examples=['Reported twice'])] = None
    note: Annotated[str | None, Field(description='Stored in the history with the new status.',
                                      examples=['Seal ordered'])] = None

    @model_validator(mode='after')
    def _is_one_step(self) -> Self:
        edits = [name for name in EDITS if getattr(self, name) is not None]
        edits += ['assignee'] if self.assignee or (self.names_assignee and self.status is None) else []
        texts = [name for name in TRANSITION_FIELDS if getattr(self, name)]
        if self.status is not None and edits:
            raise ValueError(f'status and new values ({", ".join(sorted(edits))}) must be sent in two requests')
        if self.status is None and texts:
            raise ValueError(f'{", ".join(sorted(texts))} can only be sent with a status')
        if self.status is None and not edits:
            raise ValueError('nothing to change: send new values or a status')
        return self

    @property
    def seen_version(self) -> int | None:
        """The version that the change is based on, if given."""
        return self.version if 'version' in self.model_fields_set else None

    @property
    def names_assignee(self) -> bool:
        """Whether the assignee is given, including null."""
        return 'assignee' in self.model_fields_set

    def edit(self, assignee_id: int | None) -> OrderEdit:
        """Convert the new values to a command."""
        return OrderEdit(
            description=UNCHANGED if self.issue_description is None else self.issue_description,
            priority=UNCHANGED if self.priority is None else self.priority,
            assignee_id=assignee_id if self.names_assignee else UNCHANGED)

    def transition(self, to: WorkOrderStatus) -> Transition:
        """Convert the transition to a command."""
        return Transition(to, hold_reason=self.hold_reason, cause=self.cause or '', note=self.note or '',
                          action_taken=self.action_taken or '', cancel_reason=self.cancel_reason or '')


class CommentForm(BaseModel):
    """A new comment."""

    model_config = ConfigDict(extra='forbid', title='NewComment')

    text: Annotated[str, Field(description='1 to 10,000 characters.', examples=['The pump is on its way'])]
