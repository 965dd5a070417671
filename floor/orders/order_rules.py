"""The rules of work orders as the database has them: which transitions are allowed, how soon orders are due."""

from __future__ import annotations

from datetime import timedelta

from ..core.errors import InvalidInputError
from ..core.orders import AllowedTransition, DueTime, Priority, WorkOrderStatus
from ..core.people import Identity, Role
from ..db.transactions import command, logged, reading
from .order_transactions import OrderTransactions
from .work_order_rows import to_due_time, to_transition

SHORTEST_DUE, LONGEST_DUE = timedelta(minutes=1), timedelta(days=365)


class OrderRules(OrderTransactions):
    """Read by everybody; a supervisor sets due times."""

    async def transitions(self) -> dict[WorkOrderStatus, tuple[AllowedTransition, ...]]:
        """The allowed transitions from every status, in the order of the statuses."""
        async with reading(self._database) as connection:
            transitions = [to_transition(row) async for row in self._queries.work_order_transitions(connection)]
        statuses = list(WorkOrderStatus)
        transitions.sort(key=lambda each: statuses.index(each.to_status))
        return {status: tuple(each for each in transitions if each.from_status is status) for status in statuses}

    async def due_times(self) -> list[DueTime]:
        """How soon orders are due, the most pressing priority first."""
        async with reading(self._database) as connection:
            return [to_due_time(row) async for row in self._queries.work_order_due_times(connection)]

    async def set_due_time(self, who: Identity, priority: Priority, due_within: timedelta) -> None:
        """Have new orders of this priority due that soon: 1 minute to 365 days. Needs a supervisor."""
        if not SHORTEST_DUE <= due_within <= LONGEST_DUE:
            raise InvalidInputError('orders can be due within 1 minute to 365 days', 'due_within')
        async with (logged('due time set', who, priority=priority.value, due_within_s=due_within.total_seconds()),
                    command(self._database) as connection):
            await self._employees.authorize(connection, who, Role.SUPERVISOR)
            await self._queries.set_work_order_due_time(connection, priority=priority, due_within=due_within)
