"""The steps of many work orders: who does what to which order, and when.

The database carries them out one by one under the rules that hold for everybody (write_order_steps): which transitions
are allowed, what they need and what they leave in the history is not decided here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from floor.core.orders import HoldReason, Priority, WorkOrderStatus
from floor.core.people import Employee

Action = Literal['report', 'change', 'comment', 'add_item', 'check_item']
STEPS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep:
    """One thing that is done to one order. Of the optional fields a change sets those that it has; note: what a comment
    says, or what goes with a change; item: a line of the checklist; version: of the order before the step."""

    at: datetime
    order_id: str
    action: Action
    who: str
    who_email: str | None
    machine_id: str | None = None
    description: str | None = None
    priority: Priority | None = None
    machine_reason: str | None = None
    stop_since: datetime | None = None
    assignee_id: int | None = None
    status: WorkOrderStatus | None = None
    hold_reason: HoldReason | None = None
    cause: str | None = None
    action_taken: str | None = None
    cancel_reason: str | None = None
    recovered_at: datetime | None = None
    note: str | None = None
    item: str | None = None
    version: int | None = None


@dataclass(slots=True)
class OrderBatch:
    """Steps of any number of orders, in order of time once they are sorted."""

    steps: list[OrderStep] = field(default_factory=list)

    def sort(self) -> None:
        """Steps of one order at one moment stay in their order."""
        self.steps.sort(key=lambda step: step.at)

    def orders(self) -> int:
        """How many orders there are."""
        return sum(step.action == 'report' for step in self.steps)

    def as_json(self) -> Iterator[str]:
        """As write_order_steps takes them, some hundred at a time."""
        for begin in range(0, len(self.steps), STEPS_AT_ONCE):
            yield json.dumps([_values(step) for step in self.steps[begin:begin + STEPS_AT_ONCE]],
                             default=datetime.isoformat)


class Draft:
    """One order while its steps are planned. Moments come in order."""

    def __init__(self, batch: OrderBatch, order_id: str, priority: Priority, *, version: int = 0,
                 items: Iterable[str] = ()) -> None:
        """version, items: of an order that exists, and its checklist as far as it is not done."""
        self.id = order_id
        self.priority = priority
        self._batch = batch
        self._version = version
        self._items = list(items)

    def report(self, at: datetime, who: Employee, *, machine: str, description: str, machine_reason: str | None,
               stop_since: datetime) -> None:
        """The first step."""
        self._step(at, 'report', who, machine_id=machine, description=description, priority=self.priority,
                   machine_reason=machine_reason, stop_since=stop_since)

    def assign(self, at: datetime, technician: Employee, *, by: Employee) -> None:
        """Take it, or give it to somebody."""
        self._step(at, 'change', by, assignee_id=technician.id)

    def start(self, at: datetime, who: Employee) -> None:
        """Begin, or go on after a hold."""
        self._step(at, 'change', who, status=WorkOrderStatus.IN_PROGRESS)

    def hold(self, at: datetime, who: Employee, reason: HoldReason, note: str) -> None:
        """Let it wait for something."""
        self._step(at, 'change', who, status=WorkOrderStatus.ON_HOLD, hold_reason=reason, note=note)

    def complete(self, at: datetime, who: Employee, cause: str, action: str) -> None:
        """All of the checklist is done by then."""
        for item in self._items:
            self._step(at, 'check_item', who, item=item)
        self._step(at, 'change', who, status=WorkOrderStatus.COMPLETED, cause=cause, action_taken=action)

    def cancel(self, at: datetime, who: Employee, reason: str) -> None:
        """Give it up."""
        self._step(at, 'change', who, status=WorkOrderStatus.CANCELLED, cancel_reason=reason)

    def recover(self, at: datetime) -> None:
        """The machine runs again: the program writes it."""
        self._batch.steps.append(OrderStep(at=at, order_id=self.id, action='change', who='Line Monitor', who_email=None,
                                           recovered_at=at))

    def comment(self, at: datetime, who: Employee, text: str) -> None:
        """Say something about it."""
        self._step(at, 'comment', who, note=text)

    def plan(self, at: datetime, who: Employee, texts: Iterable[str]) -> None:
        """Add a checklist."""
        for text in texts:
            self._items.append(text)
            self._step(at, 'add_item', who, item=text)

    def _step(self, at: datetime, action: Action, who: Employee, **values: Any) -> None:
        self._batch.steps.append(OrderStep(
            at=at, order_id=self.id, action=action, who=who.name, who_email=who.email.lower(),
            version=self._version or None, **values))
        self._version += action in {'report', 'change'}


_FIELDS = tuple(field.name for field in fields(OrderStep))


def _values(step: OrderStep) -> dict[str, object]:
    return {name: value for name in _FIELDS if (value := getattr(step, name)) is not None}
