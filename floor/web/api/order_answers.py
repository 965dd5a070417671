"""Work orders in responses of the REST interface, with the column names of the tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from ...core.machines import Status
from ...core.orders import HoldReason, Priority, WorkOrder, WorkOrderDetails, WorkOrderEvent, WorkOrderStatus
from .fields import AT, LATER, MachineField, MachineId

EventKind = Literal['created', 'status_changed', 'changed', 'commented', 'checklist', 'attached', 'recovered']
OrderId = Annotated[str, Field(description='Id of the order, used in addresses.', examples=['WO-20260302-3f2a91bc'])]
Who = Annotated[str, Field(description='Name of the person or program.', examples=['Mike Johnson'])]
WhoEmail = Annotated[str | None, Field(description='E-mail address; null: none.',
                                       examples=['mike.johnson@example.com'])]
At = Annotated[datetime, Field(description='When it happened, in UTC.', examples=[AT])]
SIZE, EVENT = 248_193, 4711


class OrderAnswer(BaseModel):
    """A work order."""

    model_config = ConfigDict(title='WorkOrder')

    id: OrderId
    machine_id: MachineId
    issue_description: Annotated[str, Field(description='What is wrong.', examples=['Hydraulic leak'])]
    priority: Annotated[Priority, Field(description='Priority.', examples=['high'])]
    reporter_name: Annotated[str, Field(description='Who reported it.', examples=['Mike Johnson'])]
    assignee: Annotated[str | None, Field(description='Name of the assignee; null: unassigned.',
                                          examples=['Lisa Garcia'])]
    timestamp: Annotated[datetime, Field(description='When it was reported, in UTC.', examples=[AT])]
    created_at: Annotated[datetime, Field(description='When it was saved, in UTC.', examples=[AT])]
    status: Annotated[WorkOrderStatus, Field(description='Status.', examples=['open'])]
    machine: MachineField
    due_at: Annotated[datetime, Field(description='Due date.', examples=[LATER])]
    overdue: Annotated[bool, Field(description='Whether the due date has passed.', examples=[False])]
    version: Annotated[int, Field(description='Increases with every change; a PATCH names the version it is based on.',
                                  examples=[1])]
    assignee_id: Annotated[int | None, Field(description='Id of the assignee in /api/employees; null: unassigned.',
                                             examples=[2])]
    reporter_email: WhoEmail
    source: Annotated[str, Field(description='person, or automatic for an order opened for a stop.',
                                 examples=['person'])]
    machine_status: Annotated[Status | None, Field(description='Status of the machine when it was reported.',
                                                   examples=['down'])]
    machine_reason: Annotated[str | None, Field(description='Reason reported by the machine at that time.',
                                                examples=['Oil pressure low'])]
    stop_since: Annotated[datetime | None, Field(description='Start of the stop that the order belongs to; null: '
                                                             'the machine was not down.', examples=[AT])]
    recovered_at: Annotated[datetime | None, Field(description='Time at which the machine ran again.',
                                                   examples=[LATER])]
    acknowledged_at: Annotated[datetime | None, Field(
        description='Time at which it was assigned or left the status open.', examples=[AT])]
    started_at: Annotated[datetime | None, Field(description='Time at which work started.', examples=[AT])]
    completed_at: Annotated[datetime | None, Field(description='When it was completed.', examples=[LATER])]
    cancelled_at: Annotated[datetime | None, Field(description='When it was cancelled.', examples=[LATER])]
    hold_reason: Annotated[HoldReason | None, Field(description='What the order is waiting for while it is on hold.',
                                                    examples=['parts'])]
    cause: Annotated[str | None, Field(description='What was wrong, once it is completed.', examples=['Seal worn'])]
    action_taken: Annotated[str | None, Field(description='What was done, once it is completed.',
                                              examples=['Seal replaced'])]
    cancel_reason: Annotated[str | None, Field(description='Why it was cancelled.', examples=['Reported twice'])]
    updated_at: Annotated[datetime, Field(description='When it was last changed, in UTC.', examples=[AT])]

    @classmethod
    def of(cls, order: WorkOrder, now: datetime) -> OrderAnswer:
        """Convert an order. now: the database's time."""
        return cls(**_columns(order, now))


class ChecklistAnswer(BaseModel):
    """A step of the checklist."""

    model_config = ConfigDict(from_attributes=True, title='ChecklistItem')

    id: Annotated[int, Field(description='Id.', examples=[3])]
    text: Annotated[str, Field(description='Text of the step.', examples=['Lock out the pump'])]
    done_at: Annotated[datetime | None, Field(description='Time at which it was done; null: not done.',
                                              examples=[LATER])]
    done_by: Annotated[str | None, Field(description='Who did it.', examples=['Lisa Garcia'])]


class AttachmentAnswer(BaseModel):
    """An attachment of a work order; its content is at .../attachments/{id}."""

    model_config = ConfigDict(from_attributes=True, title='Attachment')

    id: Annotated[int, Field(description='Id, used in addresses.', examples=[7])]
    file_name: Annotated[str, Field(description='File name.', examples=['leak.jpg'])]
    media_type: Annotated[str, Field(description='Media type.', examples=['image/jpeg'])]
    size: Annotated[int, Field(description='Size in bytes.', examples=[SIZE])]
    added_at: Annotated[datetime, Field(description='When it was attached, in UTC.', examples=[AT])]
    added_by: Who


class OrderDetailsAnswer(OrderAnswer):
    """A work order with its checklist and attachments."""

    model_config = ConfigDict(title='WorkOrderDetails')

    checklist: Annotated[list[ChecklistAnswer], Field(description='The steps, in order.')]
    attachments: Annotated[list[AttachmentAnswer], Field(description='The files, oldest first.')]

    @classmethod
    def of_details(cls, details: WorkOrderDetails, now: datetime) -> OrderDetailsAnswer:
        """Convert an order. now: the database's time."""
        return cls(**_columns(details.order, now),
                   checklist=[ChecklistAnswer.model_validate(item) for item in details.checklist],
                   attachments=[AttachmentAnswer.model_validate(file) for file in details.attachments])


class CommentAnswer(BaseModel):
    """A comment."""

    model_config = ConfigDict(title='Comment')

    id: Annotated[int, Field(description='Id; increases over time.', examples=[EVENT])]
    at: At
    who: Who
    who_email: WhoEmail
    text: Annotated[str, Field(description='Text of the comment.', examples=['The pump is on its way'])]

    @classmethod
    def of(cls, event: WorkOrderEvent) -> CommentAnswer:
        """The comment of an event of kind 'commented'."""
        return cls(id=event.id, at=event.at, who=event.who, who_email=event.who_email, text=event.note or '')


class OrderEventAnswer(BaseModel):
    """An event in the history of a work order."""

    model_config = ConfigDict(title='WorkOrderEvent')

    id: Annotated[int, Field(description='Id; increases over time.', examples=[EVENT])]
    at: At
    who: Who
    who_email: WhoEmail
    kind: Annotated[EventKind, Field(description='Kind of event.', examples=['status_changed'])]
    field: Annotated[str | None, Field(description='Field that was changed, if any.', examples=['status'])]
    old_value: Annotated[str | None, Field(description='Value before the change.', examples=['open'])]
    new_value: Annotated[str | None, Field(description='Value after the change.', examples=['in_progress'])]
    note: Annotated[str | None, Field(description='Note of the event; the text of a comment.',
                                      examples=['Seal is here'])]
    hold_reason: Annotated[HoldReason | None, Field(description='What the order is waiting for.',
                                                    examples=['parts'])]
    cause: Annotated[str | None, Field(description='What was wrong, if it was completed.', examples=['Seal worn'])]
    action_taken: Annotated[str | None, Field(description='What was done, if it was completed.',
                                              examples=['Seal replaced'])]
    cancel_reason: Annotated[str | None, Field(description='Why it was cancelled.', examples=['Reported twice'])]

    @classmethod
    def of(cls, event: WorkOrderEvent) -> OrderEventAnswer:
        """Convert an event."""
        return cls(id=event.id, at=event.at, who=event.who, who_email=event.who_email, kind=cast(EventKind, event.kind),
                   field=event.field, old_value=event.old, new_value=event.new, note=event.note,
                   hold_reason=event.hold_reason, cause=event.cause, action_taken=event.action_taken,
                   cancel_reason=event.cancel_reason)


def _columns(order: WorkOrder, now: datetime) -> dict[str, Any]:
    values = {name: getattr(order, name) for name in OrderAnswer.model_fields if hasattr(order, name)}
    return {**values, 'machine_id': order.machine, 'issue_description': order.description, 'status': order.status,
            'timestamp': order.reported_at, 'overdue': order.is_overdue(now)}
