"""Work orders as the REST interface is asked for them and told of them, by the names that the columns have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..model import HoldReason, MachineName, Priority, WorkOrderState
from ..orders.work_order_list import MOST_TEXT, SortKey
from ..orders.work_orders import UNCHANGED, NewOrder, OrderEdit, StateMove

MOST_PER_PAGE = 200
MOST_PAGES = 1_000_000
LARGEST_VERSION = 2**63 - 1


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _storable(text: str) -> str:
    if '\0' in text or text != text.encode(errors='replace').decode():
        raise ValueError('holds a NUL character or half a character, which no text of the database can')
    return text


def _sort_key(text: str) -> str:
    if text.removeprefix('-') not in list(SortKey):
        raise ValueError(f'is not one of {", ".join(SortKey)}, with a minus before it to turn it round')
    return text


Text = Annotated[str, AfterValidator(_storable)]
AnyCasePriority = Annotated[Priority, BeforeValidator(_lower)]
AnyCaseState = Annotated[WorkOrderState, BeforeValidator(_lower)]
Assignee = Annotated[str | None, Field(
    description='The name or e-mail address of somebody active; empty or null: nobody.', examples=['Lisa Garcia'])]
Version = Annotated[int, Field(ge=1, le=LARGEST_VERSION, examples=[1], description='Grows with every change.')]


class OrderQuery(BaseModel):
    """Which orders, sorted how, which page of them."""

    model_config = ConfigDict(extra='forbid')

    status: Annotated[list[AnyCaseState], Field(description='One or more; left out: all.')] = []
    priority: Annotated[list[AnyCasePriority], Field(description='One or more; left out: all.')] = []
    machine_id: Annotated[Text | None, Field(description="A machine's name.", examples=['Valve_02_01'])] = None
    assignee: Annotated[Text | None, Field(
        description='The name, the e-mail address or the id of an employee; none: orders of nobody.')] = None
    q: Annotated[Text, Field(max_length=MOST_TEXT,
                             description='Words in the id, the description, the machine or the assignee.')] = ''
    overdue: Annotated[bool, Field(description='true: only what should have been done by now.')] = False
    sort: Annotated[str, AfterValidator(_sort_key), Field(
        description=f'One of {", ".join(SortKey)}; a minus turns it round. age: the newest first.')] = SortKey.AGE.value
    page: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 1
    per_page: Annotated[int, Field(ge=1, le=MOST_PER_PAGE)] = 50

    @property
    def sort_key(self) -> tuple[SortKey, bool]:
        """What to sort by, and whether turned round."""
        return SortKey(self.sort.removeprefix('-')), self.sort.startswith('-')


class NewOrderForm(BaseModel):
    """A work order to be."""

    model_config = ConfigDict(extra='forbid', title='NewWorkOrder')

    machine_id: Annotated[str, Field(description="The machine's name.", examples=['Injection_Molder_02_01'])]
    issue_description: Annotated[str, Field(description='1 to 10,000 characters.', examples=['Hydraulic leak'])]
    priority: Annotated[AnyCasePriority | None, Field(
        description='Left out or null: high for a machine that is down, else medium.', examples=['high'])] = None
    reporter_name: Annotated[str | None, Field(description='Left out or empty: who asks.')] = None
    assignee: Assignee = None
    timestamp: Annotated[datetime | None, Field(
        description='When it was reported, with its offset from UTC; left out: now.',
        examples=['2026-03-02T06:31:04Z'])] = None

    def order(self, assignee_id: int | None, client_reference: str | None) -> NewOrder:
        """The same as the command takes it."""
        reporter = (self.reporter_name or '').strip() or None
        return NewOrder(machine=MachineName(self.machine_id), description=self.issue_description,
                        priority=self.priority, assignee_id=assignee_id, reporter_name=reporter,
                        client_reference=client_reference, reported_at=self.timestamp)


class OrderPatch(BaseModel):
    """Either new values of an order, or a move to another status with what the move needs; null is as good as absent,
    but for the assignee."""

    model_config = ConfigDict(extra='forbid', title='WorkOrderPatch')

    version: Annotated[Version, Field(description='The version that you saw: 409 if it is not the present one.')]
    issue_description: Annotated[str | None, Field(description='1 to 10,000 characters.')] = None
    priority: AnyCasePriority | None = None
    assignee: Assignee = None
    status: Annotated[AnyCaseState | None, Field(description='Where it moves to.', examples=['in_progress'])] = None
    hold_reason: Annotated[HoldReason | None, BeforeValidator(_lower), Field(description='Needed for on_hold.')] = None
    cause: Annotated[str, Field(description='Needed for completed: what was wrong.')] = ''
    action_taken: Annotated[str, Field(description='Needed for completed: what was done.')] = ''
    cancel_reason: Annotated[str, Field(description='Needed for cancelled: why.')] = ''
    note: Annotated[str, Field(description='Stands in the history beside the move.')] = ''

    @model_validator(mode='after')
    def _is_one_step(self) -> Self:
        edits = self.model_fields_set & {'issue_description', 'priority', 'assignee'}
        words = self.model_fields_set & {'hold_reason', 'cause', 'action_taken', 'cancel_reason', 'note'}
        if self.status is not None and edits:
            raise ValueError(f'a move and new values ({", ".join(sorted(edits))}) are two steps: send two requests')
        if self.status is None and words:
            raise ValueError(f'{", ".join(sorted(words))} go with a status')
        if self.status is None and not edits:
            raise ValueError('there is nothing to change: send new values or a status')
        return self

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

    def move(self, to: WorkOrderState) -> StateMove:
        """The move as the command takes it."""
        return StateMove(to, hold_reason=self.hold_reason, cause=self.cause, action_taken=self.action_taken,
                         cancel_reason=self.cancel_reason, note=self.note)


class CommentForm(BaseModel):
    """What somebody has to say."""

    model_config = ConfigDict(extra='forbid', title='NewComment')

    text: Annotated[str, Field(description='1 to 10,000 characters.', examples=['The pump is on its way'])]
