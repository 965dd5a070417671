"""Work orders as they stand in the database, and the moves by which one is written.

The rows say what sql/migrations/0003_work_orders.sql would have made of the same moves at the same moments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from floor.model import Employee, HoldReason, WorkOrderState


@dataclass(slots=True, kw_only=True)
class OrderRow:
    """An order as it will stand in work_orders; the names are its columns."""

    id: str
    machine_id: str
    issue_description: str
    priority: str
    reporter_name: str
    reporter_email: str
    timestamp: datetime
    created_at: datetime
    due_at: datetime
    updated_at: datetime
    machine_status: str
    machine_reason: str | None
    stop_since: datetime
    status: str = WorkOrderState.OPEN
    assignee: str | None = None
    assignee_id: int | None = None
    recovered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    hold_reason: str | None = None
    cause: str | None = None
    action_taken: str | None = None
    cancel_reason: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A row of work_order_events, but for its number."""

    work_order_id: str
    at: datetime
    who: str
    who_email: str | None
    kind: str
    field: str | None = None
    old_value: str | None = None
    new_value: str | None = None
    note: str | None = None
    hold_reason: str | None = None
    cause: str | None = None
    action_taken: str | None = None
    cancel_reason: str | None = None


@dataclass(slots=True)
class ItemRow:
    """A row of work_order_checklist."""

    work_order_id: str
    text: str
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True)
class Papers:
    """Orders in the order in which they were made, with all that belongs to them; events in order of time."""

    orders: list[OrderRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)

    def sort(self) -> None:
        """To be called when all is written."""
        self.orders.sort(key=lambda order: (order.created_at, order.id))
        self.events.sort(key=lambda event: event.at)


class Draft:
    """One order while it is being written. Moments come in order."""

    def __init__(self, papers: Papers, row: OrderRow, reporter: Employee) -> None:
        self.row = row
        self._papers = papers
        self._items: list[ItemRow] = []
        papers.orders.append(row)
        self._happened(row.created_at, reporter, 'created', new=WorkOrderState.OPEN)

    def assign(self, at: datetime, technician: Employee, *, by: Employee) -> None:
        """Who takes an order has acknowledged it; who is given one has not."""
        self.row.assignee, self.row.assignee_id = technician.name, technician.id
        if by is technician:
            self.row.acknowledged_at = self.row.acknowledged_at or at
        self._changed(at)
        self._happened(at, by, 'changed', about='assignee', new=technician.name)

    def start(self, at: datetime, who: Employee) -> None:
        """Begin, or go on after a hold."""
        self.row.hold_reason = None
        self._move(at, WorkOrderState.IN_PROGRESS, who)

    def hold(self, at: datetime, who: Employee, reason: HoldReason, note: str) -> None:
        """Let it wait for something."""
        self.row.hold_reason = reason
        self._move(at, WorkOrderState.ON_HOLD, who, note=note, hold_reason=reason)

    def complete(self, at: datetime, who: Employee, cause: str, action: str) -> None:
        """All of the checklist is done by then."""
        for item in self._items:
            item.done_at, item.done_by = at, who.name
            self._happened(at, who, 'checklist', about='done', old=item.text, new=item.text)
        self.row.completed_at, self.row.cause, self.row.action_taken = at, cause, action
        self._move(at, WorkOrderState.COMPLETED, who, cause=cause, action_taken=action)

    def cancel(self, at: datetime, who: Employee, reason: str) -> None:
        """Give it up."""
        self.row.cancelled_at, self.row.cancel_reason = at, reason
        self._move(at, WorkOrderState.CANCELLED, who, cancel_reason=reason)

    def recover(self, at: datetime) -> None:
        """The machine runs again: nobody has to say so."""
        self.row.recovered_at = self.row.updated_at = at
        said = f'{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'
        self._papers.events.append(EventRow(work_order_id=self.row.id, at=at, who='Line Monitor', who_email=None,
                                            kind='recovered', new_value=said))

    def comment(self, at: datetime, who: Employee, text: str) -> None:
        """Say something about it."""
        self._happened(at, who, 'commented', note=text)

    def plan(self, at: datetime, who: Employee, texts: Iterable[str]) -> None:
        """Add a checklist."""
        for text in texts:
            self._items.append(ItemRow(self.row.id, text))
            self._happened(at, who, 'checklist', about='added', new=text)
        self._papers.items.extend(self._items)

    def _move(self, at: datetime, to: WorkOrderState, who: Employee, **words: str) -> None:
        self._happened(at, who, 'moved', about='status', old=self.row.status, new=to, **words)
        self.row.status = to
        self.row.acknowledged_at = self.row.acknowledged_at or at
        if to in {WorkOrderState.IN_PROGRESS, WorkOrderState.COMPLETED}:
            self.row.started_at = self.row.started_at or at
        if to is not WorkOrderState.ON_HOLD:
            self.row.hold_reason = None
        self._changed(at)

    def _changed(self, at: datetime) -> None:
        self.row.version += 1
        self.row.updated_at = at

    def _happened(self, at: datetime, who: Employee, kind: str, *, about: str | None = None, old: str | None = None,
                  new: str | None = None, **words: str) -> None:
        self._papers.events.append(EventRow(
            work_order_id=self.row.id, at=at, who=who.name, who_email=who.email.lower(), kind=kind, field=about,
            old_value=old, new_value=new, **words))
