"""Work orders as the REST interface gives them: the columns of the tables, by the names they have there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from ..model import HoldReason, Priority, Status, WorkOrder, WorkOrderDetails, WorkOrderEvent, WorkOrderState

EventKind = Literal['created', 'moved', 'changed', 'commented', 'checklist', 'attached', 'recovered']


class OrderAnswer(BaseModel):
    """A work order. machine_id holds the machine's name, as it always has."""

    model_config = ConfigDict(title='WorkOrder')

    id: Annotated[str, Field(examples=['WO-20260302-3f2a91bc'])]
    machine_id: Annotated[str, Field(examples=['Injection_Molder_02_01'])]
    issue_description: Annotated[str, Field(examples=['Hydraulic leak'])]
    priority: Annotated[Priority, Field(examples=['high'])]
    reporter_name: Annotated[str, Field(examples=['Mike Johnson'])]
    assignee: Annotated[str | None, Field(description='Null: nobody.', examples=['Lisa Garcia'])]
    timestamp: Annotated[datetime, Field(description='When it was reported.')]
    created_at: datetime
    status: Annotated[WorkOrderState, Field(examples=['open'])]
    due_at: datetime
    overdue: Annotated[bool, Field(description='Whether it should have been done by now.')]
    version: Annotated[int, Field(description='Grows with every change; a PATCH names the one it was made from.')]
    assignee_id: int | None
    reporter_email: str | None
    source: Annotated[str, Field(description='person, or automatic for an order that a stop has opened.')]
    machine_status: Annotated[Status | None, Field(description='What the machine said when it was reported.')]
    machine_reason: str | None
    stop_since: Annotated[datetime | None, Field(description='The stop it belongs to, if the machine was down.')]
    recovered_at: Annotated[datetime | None, Field(description='Since when the machine runs again.')]
    acknowledged_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    hold_reason: HoldReason | None
    cause: str | None
    action_taken: str | None
    cancel_reason: str | None
    updated_at: datetime

    @classmethod
    def of(cls, order: WorkOrder, now: datetime) -> OrderAnswer:
        """The same under the names of the columns. now: by the database's clock."""
        return cls(**_columns(order, now))


class ChecklistAnswer(BaseModel):
    """One thing to do."""

    model_config = ConfigDict(from_attributes=True, title='ChecklistItem')

    id: int
    text: str
    done_at: datetime | None
    done_by: str | None


class AttachmentAnswer(BaseModel):
    """A file at a work order; its content is at .../attachments/{id}."""

    model_config = ConfigDict(from_attributes=True, title='Attachment')

    id: int
    file_name: str
    media_type: Annotated[str, Field(examples=['image/jpeg'])]
    size: Annotated[int, Field(description='In bytes.')]
    added_at: datetime
    added_by: str


class OrderDetailsAnswer(OrderAnswer):
    """A work order with its checklist and what is attached to it."""

    model_config = ConfigDict(title='WorkOrderDetails')

    checklist: list[ChecklistAnswer]
    attachments: list[AttachmentAnswer]

    @classmethod
    def of_details(cls, details: WorkOrderDetails, now: datetime) -> OrderDetailsAnswer:
        """The same under the names of the columns. now: by the database's clock."""
        return cls(**_columns(details.order, now),
                   checklist=[ChecklistAnswer.model_validate(item) for item in details.checklist],
                   attachments=[AttachmentAnswer.model_validate(file) for file in details.attachments])


class CommentAnswer(BaseModel):
    """What somebody had to say."""

    model_config = ConfigDict(title='Comment')

    id: int
    at: datetime
    who: Annotated[str, Field(examples=['Mike Johnson'])]
    who_email: str | None
    text: str

    @classmethod
    def of(cls, event: WorkOrderEvent) -> CommentAnswer:
        """The comment that an event of the kind commented tells of."""
        return cls(id=event.id, at=event.at, who=event.who, who_email=event.who_email, text=event.note or '')


class EventAnswer(BaseModel):
    """One thing that happened to a work order."""

    model_config = ConfigDict(title='WorkOrderEvent')

    id: int
    at: datetime
    who: Annotated[str, Field(examples=['Mike Johnson'])]
    who_email: str | None
    kind: EventKind
    field: Annotated[str | None, Field(examples=['status'])]
    old_value: Annotated[str | None, Field(examples=['open'])]
    new_value: Annotated[str | None, Field(examples=['in_progress'])]
    note: str | None

    @classmethod
    def of(cls, event: WorkOrderEvent) -> EventAnswer:
        """The same under the names of the columns."""
        return cls(id=event.id, at=event.at, who=event.who, who_email=event.who_email, kind=cast(EventKind, event.kind),
                   field=event.field, old_value=event.old, new_value=event.new, note=event.note)


def _columns(order: WorkOrder, now: datetime) -> dict[str, Any]:
    values = {name: getattr(order, name) for name in OrderAnswer.model_fields if hasattr(order, name)}
    return {**values, 'machine_id': order.machine, 'issue_description': order.description, 'status': order.state,
            'timestamp': order.reported_at, 'overdue': order.is_overdue(now)}
