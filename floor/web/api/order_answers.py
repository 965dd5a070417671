"""Work orders as the REST interface gives them: the columns of the tables, by the names they have there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from ...core.model import HoldReason, Priority, Status, WorkOrder, WorkOrderDetails, WorkOrderEvent, WorkOrderStatus
from .fields import AT, LATER, MachineField, MachineId

EventKind = Literal['created', 'moved', 'changed', 'commented', 'checklist', 'attached', 'recovered']
OrderId = Annotated[str, Field(description='What the order is called in addresses.', examples=['WO-20260302-3f2a91bc'])]
Who = Annotated[str, Field(description='The name of the person or program.', examples=['Mike Johnson'])]
WhoEmail = Annotated[str | None, Field(description='Their e-mail address; null: they have none.',
                                       examples=['mike.johnson@example.com'])]
At = Annotated[datetime, Field(description='When it happened, in UTC.', examples=[AT])]
SIZE, EVENT = 248_193, 4711


class OrderAnswer(BaseModel):
    """A work order."""

    model_config = ConfigDict(title='WorkOrder')

    id: OrderId
    machine_id: MachineId
    issue_description: Annotated[str, Field(description='What is wrong.', examples=['Hydraulic leak'])]
    priority: Annotated[Priority, Field(description='How pressing it is.', examples=['high'])]
    reporter_name: Annotated[str, Field(description='Who reported it.', examples=['Mike Johnson'])]
    assignee: Annotated[str | None, Field(description='Who works on it, by name; null: nobody.',
                                          examples=['Lisa Garcia'])]
    timestamp: Annotated[datetime, Field(description='When it was reported, in UTC.', examples=[AT])]
    created_at: Annotated[datetime, Field(description='When it was saved, in UTC.', examples=[AT])]
    status: Annotated[WorkOrderStatus, Field(description='Where it stands.', examples=['open'])]
    machine: MachineField
    due_at: Annotated[datetime, Field(description='When it should be done.', examples=[LATER])]
    overdue: Annotated[bool, Field(description='Whether it should have been done by now.', examples=[False])]
    version: Annotated[int, Field(description='Grows with every change; a PATCH names the one it was made from.',
                                  examples=[1])]
    assignee_id: Annotated[int | None, Field(description='The id of the assignee in /api/employees; null: nobody.',
                                             examples=[2])]
    reporter_email: WhoEmail
    source: Annotated[str, Field(description='person, or automatic for an order that was opened for a stop.',
                                 examples=['person'])]
    machine_status: Annotated[Status | None, Field(description='Status of the machine when it was reported.',
                                                   examples=['down'])]
    machine_reason: Annotated[str | None, Field(description='Why the machine was not running then, if it was given.',
                                                examples=['Oil pressure low'])]
    stop_since: Annotated[datetime | None, Field(description='When the stop began that it belongs to; null: '
                                                             'the machine was not down.', examples=[AT])]
    recovered_at: Annotated[datetime | None, Field(description='Since when the machine runs again.', examples=[LATER])]
    acknowledged_at: Annotated[datetime | None, Field(description='When somebody took it or it left open.',
                                                      examples=[AT])]
    started_at: Annotated[datetime | None, Field(description='When work on it began.', examples=[AT])]
    completed_at: Annotated[datetime | None, Field(description='When it was completed.', examples=[LATER])]
    cancelled_at: Annotated[datetime | None, Field(description='When it was cancelled.', examples=[LATER])]
    hold_reason: Annotated[HoldReason | None, Field(description='What it waits for while it is on hold.',
                                                    examples=['parts'])]
    cause: Annotated[str | None, Field(description='What was wrong, once it is completed.', examples=['Seal worn'])]
    action_taken: Annotated[str | None, Field(description='What was done, once it is completed.',
                                              examples=['Seal replaced'])]
    cancel_reason: Annotated[str | None, Field(description='Why it was cancelled.', examples=['Reported twice'])]
    updated_at: Annotated[datetime, Field(description='When it was last changed, in UTC.', examples=[AT])]

    @classmethod
    def of(cls, order: WorkOrder, now: datetime) -> OrderAnswer:
        """The same under the names of the columns. now: by the database's clock."""
        return cls(**_columns(order, now))


class ChecklistAnswer(BaseModel):
    """One thing to do."""

    model_config = ConfigDict(from_attributes=True, title='ChecklistItem')

    id: Annotated[int, Field(description='Its number.', examples=[3])]
    text: Annotated[str, Field(description='What is to do.', examples=['Lock out the pump'])]
    done_at: Annotated[datetime | None, Field(description='When it was done; null: it is not.', examples=[LATER])]
    done_by: Annotated[str | None, Field(description='Who did it.', examples=['Lisa Garcia'])]


class AttachmentAnswer(BaseModel):
    """A file at a work order; its content is at .../attachments/{id}."""

    model_config = ConfigDict(from_attributes=True, title='Attachment')

    id: Annotated[int, Field(description='Its number, as addresses have it.', examples=[7])]
    file_name: Annotated[str, Field(description='What it is called.', examples=['leak.jpg'])]
    media_type: Annotated[str, Field(description='What kind of file it is.', examples=['image/jpeg'])]
    size: Annotated[int, Field(description='In bytes.', examples=[SIZE])]
    added_at: Annotated[datetime, Field(description='When it was attached, in UTC.', examples=[AT])]
    added_by: Who


class OrderDetailsAnswer(OrderAnswer):
    """A work order with its checklist and what is attached to it."""

    model_config = ConfigDict(title='WorkOrderDetails')

    checklist: Annotated[list[ChecklistAnswer], Field(description='What is to do, in order.')]
    attachments: Annotated[list[AttachmentAnswer], Field(description='The files, oldest first.')]

    @classmethod
    def of_details(cls, details: WorkOrderDetails, now: datetime) -> OrderDetailsAnswer:
        """The same under the names of the columns. now: by the database's clock."""
        return cls(**_columns(details.order, now),
                   checklist=[ChecklistAnswer.model_validate(item) for item in details.checklist],
                   attachments=[AttachmentAnswer.model_validate(file) for file in details.attachments])


class CommentAnswer(BaseModel):
    """What somebody had to say."""

    model_config = ConfigDict(title='Comment')

    id: Annotated[int, Field(description='Its number; later ones are larger.', examples=[EVENT])]
    at: At
    who: Who
    who_email: WhoEmail
    text: Annotated[str, Field(description='What they wrote.', examples=['The pump is on its way'])]

    @classmethod
    def of(cls, event: WorkOrderEvent) -> CommentAnswer:
        """The comment that an event of the kind commented tells of."""
        return cls(id=event.id, at=event.at, who=event.who, who_email=event.who_email, text=event.note or '')


class EventAnswer(BaseModel):
    """One thing that happened to a work order."""

    model_config = ConfigDict(title='WorkOrderEvent')

    id: Annotated[int, Field(description='Its number; later ones are larger.', examples=[EVENT])]
    at: At
    who: Who
    who_email: WhoEmail
    kind: Annotated[EventKind, Field(description='What kind of thing happened.', examples=['moved'])]
    field: Annotated[str | None, Field(description='What was changed, if one value was.', examples=['status'])]
    old_value: Annotated[str | None, Field(description='Its value before.', examples=['open'])]
    new_value: Annotated[str | None, Field(description='Its value since.', examples=['in_progress'])]
    note: Annotated[str | None, Field(description='What was written with it; of a comment, its text.',
                                      examples=['Seal is here'])]
    hold_reason: Annotated[HoldReason | None, Field(description='What the order waits for from then on.',
                                                    examples=['parts'])]
    cause: Annotated[str | None, Field(description='What was wrong, if it was completed.', examples=['Seal worn'])]
    action_taken: Annotated[str | None, Field(description='What was done, if it was completed.',
                                              examples=['Seal replaced'])]
    cancel_reason: Annotated[str | None, Field(description='Why, if it was cancelled.', examples=['Reported twice'])]

    @classmethod
    def of(cls, event: WorkOrderEvent) -> EventAnswer:
        """The same under the names of the columns."""
        return cls(id=event.id, at=event.at, who=event.who, who_email=event.who_email, kind=cast(EventKind, event.kind),
                   field=event.field, old_value=event.old, new_value=event.new, note=event.note,
                   hold_reason=event.hold_reason, cause=event.cause, action_taken=event.action_taken,
                   cancel_reason=event.cancel_reason)


def _columns(order: WorkOrder, now: datetime) -> dict[str, Any]:
    values = {name: getattr(order, name) for name in OrderAnswer.model_fields if hasattr(order, name)}
    return {**values, 'machine_id': order.machine, 'issue_description': order.description, 'status': order.status,
            'timestamp': order.reported_at, 'overdue': order.is_overdue(now)}
