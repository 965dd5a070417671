"""The rules of work orders in the database: allowed transitions and due times."""

from __future__ import annotations

from datetime import timedelta

from ..core.errors import InvalidInputError
from ..core.orders import AllowedTransition, DueTime, Priority, WorkOrderStatus
from ..core.people import Identity, Role
from ..db.transactions import command, logged, reading
from .order_transactions import OrderTransactions
from .work_order_rows import to_due_time, to_transition

MIN_DUE, MAX_DUE = timedelta(minutes=1), timedelta(days=365)


class OrderRules(OrderTransactions):
    """Reads the rules, and sets due times."""

    async def transitions(self) -> dict[WorkOrderStatus, tuple[AllowedTransition, ...]]:
        """The allowed transitions from each status, sorted by their target."""
        async with reading(self._database) as connection:
            transitions = [to_transition(row) async for row in self._queries.work_order_transitions(connection)]
        statuses = list(WorkOrderStatus)
        transitions.sort(key=lambda each: statuses.index(each.to_status))
        return {status: tuple(each for each in transitions if each.from_status is status) for status in statuses}

    async def due_times(self) -> list[DueTime]:
        """The due time of each priority, the highest priority first."""
        async with reading(self._database) as connection:
            return [to_due_time(row) async for row in self._queries.work_order_due_times(connection)]

    async def set_due_time(self, who: Identity, priority: Priority, due_within: timedelta) -> None:
        """Set the due time of new orders of this priority: 1 minute to 365 days. Requires the role supervisor."""
        if not MIN_DUE <= due_within <= MAX_DUE:
            raise InvalidInputError('a due time is between 1 minute and 365 days', 'due_within')
        async with (logged('due time set', who, priority=priority.value, due_within_s=due_within.total_seconds()),
                    command(self._database) as connection):
            await self._employees.authorize(connection, who, Role.SUPERVISOR)
            await self._queries.set_work_order_due_time(connection, priority=priority, due_within=due_within)
