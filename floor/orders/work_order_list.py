"""The list of work orders: the answer to a filter, page by page, and all of it as a file.

A hundred browsers that look at the same list ask the same question whenever an order changes. Who says at which
revision of the store they ask shares one answer with all the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any, TypeVar, cast

import asyncpg

from ..core.errors import DatabaseUnavailableError, HistoryNotReadyError
from ..core.floor_snapshot import HistoryState
from ..core.orders import OrderId, Priority, WorkOrder, WorkOrderStatus
from ..db.connection import Connection, describe
from ..db.database import Database
from . import order_csv
from .named_in_filter import with_known_names
from .order_cursor import OrderCursor
from .order_filter import MOST_TEXT, UNASSIGNED, Done, OrderFilter, SortKey
from .work_order_rows import to_order

__all__ = ['MOST_TEXT', 'UNASSIGNED', 'Done', 'OrderCounts', 'OrderFilter', 'OrderPage', 'ShiftOrders', 'SortKey',
           'WorkOrderList']

SHARED_FOR_S = 2.0  # counts of what is overdue move with time, not with the revision
SHARED_MOST = 256
READ_AT_ONCE = 500
FOUND_MOST = 5_000

Answer = TypeVar('Answer')


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """How many orders are in each status, under a filter without its statuses; of those, how many are overdue."""

    open: int = 0
    in_progress: int = 0
    on_hold: int = 0
    completed: int = 0
    cancelled: int = 0
    overdue: int = 0
    completed_today: int = 0
    completed_this_week: int = 0
    overdue_by_status: Mapping[WorkOrderStatus, int] = field(default_factory=dict)

    def of(self, status: WorkOrderStatus) -> int:
        """How many have one status."""
        return int(getattr(self, status.value))

    @property
    def all(self) -> int:
        """How many there are in any status."""
        return sum(map(self.of, WorkOrderStatus))

    def total(self, order_filter: OrderFilter) -> int:
        """How many orders a filter shows whose counts these are."""
        recent = {None: 0, Done.TODAY: self.completed_today, Done.WEEK: self.completed_this_week}[order_filter.done]
        statuses = order_filter.statuses if order_filter.statuses or order_filter.done else frozenset(WorkOrderStatus)
        if order_filter.overdue:
            return sum(self.overdue_by_status.get(status, 0) for status in statuses)
        return sum(map(self.of, statuses)) + (0 if WorkOrderStatus.COMPLETED in statuses else recent)


@dataclass(frozen=True, eq=False)
class OrderPage:
    """One page of a list; total counts all its pages."""

    orders: tuple[WorkOrder, ...]
    total: int
    counts: OrderCounts
    next: OrderCursor | None = None
    """Where the list goes on; None: this is its end."""
    previous: OrderCursor | None = None
    """None: this is its beginning."""


@dataclass(frozen=True, slots=True)
class ShiftOrders:
    """left: what was open, in progress or on hold at the end of a shift, with status, priority and assignee as they
    were then; completed: what was done in it and is not reopened, in order of time."""

    left: tuple[WorkOrder, ...]
    completed: tuple[WorkOrder, ...]


@dataclass(frozen=True, slots=True)
class _Shared:
    """An answer that others may have too."""

    revision: int
    asked_at: float
    task: asyncio.Task[Any]

    def serves(self, revision: int) -> bool:
        """Whether it is an answer for who asks at this revision now."""
        if self.revision != revision:
            return False
        if not self.task.done():
            return True
        failed = self.task.cancelled() or self.task.exception() is not None
        return not failed and time.monotonic() - self.asked_at < SHARED_FOR_S


class WorkOrderList:
    """Asks the database for lists of work orders."""

    def __init__(self, database: Database, zone: tzinfo) -> None:
        """zone: the plant's, by a name that the database knows too; its midnight is where today begins."""
        self._database = database
        self.zone = self._zone = zone
        self._shared: dict[Hashable, _Shared] = {}

    async def page(self, order_filter: OrderFilter, revision: int | None = None) -> OrderPage:
        """One page. Who asks the same at the same revision of the store gets the same answer; None: read again.

        :raises DatabaseUnavailableError: nobody answers, or not in time
        """
        return await self._once(('page', order_filter), revision, lambda: self._page(order_filter, revision))

    async def counts(self, order_filter: OrderFilter, revision: int | None = None) -> OrderCounts:
        """How many orders are in each status, whatever statuses the filter asks for; revision as for a page.

        :raises DatabaseUnavailableError: nobody answers, or not in time
        """
        return await self._counts(order_filter, revision, await self._found(order_filter.text))

    async def every(self, order_filter: OrderFilter) -> AsyncGenerator[WorkOrder, None]:
        """All orders under a filter, sorted, from all its pages: those that there are when it begins, each once, as it
        is when it is read. Between two reads no connection is held, however long the reader takes.

        :raises DatabaseUnavailableError: nobody answers, or not in time; also in between
        """
        async with self._asking() as connection:
            ids = [row['id'] for row in await self._ids(connection, order_filter, first=0, most=None)]
        for begin in range(0, len(ids), READ_AT_ONCE):
            async with self._asking() as connection:
                orders = await self._orders_of(connection, ids[begin:begin + READ_AT_ONCE])
            for order in orders:
                yield order

    async def checked(self, order_filter: OrderFilter) -> OrderFilter:
        """A filter of an address whose machine and person are there; the person by their id.

        :raises QueryError: there is none of this name
        :raises DatabaseUnavailableError: nobody answers, or not in time
        """
        if order_filter.machine is None and not order_filter.person and not isinstance(order_filter.assignee, int):
            return order_filter
        async with self._asking() as connection:
            return await with_known_names(self._database, connection, order_filter)

    async def csv(self, order_filter: OrderFilter) -> AsyncGenerator[str, None]:
        """All orders under a filter, from all its pages, as a file that Excel opens; in pieces.

        :raises DatabaseUnavailableError: nobody answers, or not in time; before the first piece, or the connection
            broke meanwhile
        """
        async with aclosing(self.every(order_filter)) as orders:
            async for piece in order_csv.pieces(orders, self._zone):
                yield piece

    async def former_assignees(self, revision: int | None = None) -> frozenset[int]:
        """The ids of people who were deactivated and have orders all the same; revision as for a page.

        :raises DatabaseUnavailableError: nobody answers, or not in time
        """
        return await self._once('former assignees', revision, self._former_assignees)

    async def of_shift(self, start: datetime, until: datetime) -> ShiftOrders:
        """What a shift leaves and what it has done.

        :raises DatabaseUnavailableError: nobody answers, or not in time
        """
        queries = self._database.queries
        async with self._asking() as connection, connection.transaction(isolation='repeatable_read', readonly=True):
            found = [row async for row in queries.orders_of_shift(connection, start=start, until=until)]
            orders: dict[OrderId, WorkOrder] = {}
            for begin in range(0, len(found), READ_AT_ONCE):
                ids = [row['id'] for row in found[begin:begin + READ_AT_ONCE]]
                orders |= {order.id: order for order in await self._orders_of(connection, ids)}
        return ShiftOrders(
            left=tuple(replace(orders[row['id']], status=WorkOrderStatus(row['status']),
                               priority=Priority(row['priority']), assignee=row['assignee'])
                       for row in found if row['left']),
            completed=tuple(sorted((orders[row['id']] for row in found if not row['left']),
                                   key=lambda order: (order.completed_at, order.id))))

    # within

    async def _page(self, order_filter: OrderFilter, revision: int | None) -> OrderPage:
        found = await self._found(order_filter.text)
        counting = asyncio.ensure_future(self._counts(order_filter, revision, found))
        try:
            orders, previous, following = await self._orders(order_filter, found)
        finally:  # the next caller reads again after a failure
            counts = await counting
        return OrderPage(orders, counts.total(order_filter), counts, following, previous)

    async def _found(self, text: str) -> list[OrderId] | None:
        """The orders that have these words, where they are few; None: all are to be compared."""
        if not text:
            return None
        async with self._asking() as connection:
            ids = await self._database.queries.work_orders_with_words(connection, words=text, most=FOUND_MOST)
        return cast(list[OrderId] | None, ids)

    async def _counts(self, order_filter: OrderFilter, revision: int | None,
                      found: list[OrderId] | None) -> OrderCounts:
        base = order_filter.without_statuses()
        return await self._once(('counts', base), revision, lambda: self._count(base, found))

    async def _former_assignees(self) -> frozenset[int]:
        async with self._asking() as connection:
            return frozenset([row['id'] async for row in self._database.queries.former_assignees(connection)])

    async def _orders(self, order_filter: OrderFilter, found: list[OrderId] | None
                      ) -> tuple[tuple[WorkOrder, ...], OrderCursor | None, OrderCursor | None]:
        """The orders of a page, and where the pages before and after it are."""
        async with self._asking() as connection:
            ids, seen, is_more = await (
                self._ids_beyond(connection, order_filter, found, order_filter.cursor) if order_filter.cursor else
                self._ids_of_page(connection, order_filter, found))
            orders = tuple(await self._orders_of(connection, ids))
        if seen is None or not ids:
            return orders, None, None
        is_back = order_filter.cursor is not None and order_filter.cursor.back
        has_previous = is_more if is_back else order_filter.cursor is not None or order_filter.page > 1
        has_next = is_back or is_more
        return (orders, replace(seen, id=ids[0], back=True) if has_previous else None,
                replace(seen, id=ids[-1], back=False) if has_next else None)

    async def _ids_of_page(self, connection: Connection, order_filter: OrderFilter, found: list[OrderId] | None
                           ) -> tuple[list[OrderId], OrderCursor | None, bool]:
        """By its number: the ids, what was seen of the list, and whether there are more."""
        rows = await self._ids(connection, order_filter, found, first=(order_filter.page - 1) * order_filter.per_page,
                               most=order_filter.per_page + 1)
        seen = OrderCursor(rows[0]['id'], rows[0]['at'], rows[0]['snapshot']) if rows else None
        return [row['id'] for row in rows[:order_filter.per_page]], seen, len(rows) > order_filter.per_page

    async def _ids_beyond(self, connection: Connection, order_filter: OrderFilter, found: list[OrderId] | None,
                          cursor: OrderCursor) -> tuple[list[OrderId], OrderCursor | None, bool]:
        """By where the page before it, or after it, ended."""
        rows = [row['id'] async for row in self._database.queries.work_order_ids_beyond(
            connection, **self._conditions(order_filter, found), sort=_sort(order_filter), id=cursor.id,
            snapshot=cursor.snapshot, at=cursor.at, back=cursor.back, most=order_filter.per_page + 1)]
        ids = rows[:order_filter.per_page]
        return ids[::-1] if cursor.back else ids, cursor, len(rows) > order_filter.per_page

    async def _ids(self, connection: Connection, order_filter: OrderFilter, found: list[OrderId] | None = None, *,
                   first: int, most: int | None) -> list[Any]:
        asked = {**self._conditions(order_filter, found), 'sort': _sort(order_filter), 'first': first, 'most': most}
        return [row async for row in self._database.queries.work_order_ids(connection, **asked)]

    async def _orders_of(self, connection: Connection, ids: Sequence[OrderId]) -> list[WorkOrder]:
        return [to_order(row) async for row in self._database.queries.work_orders_of(connection, ids=ids)]

    async def _count(self, order_filter: OrderFilter, found: list[OrderId] | None) -> OrderCounts:
        conditions = self._conditions(order_filter, found)
        asked = {name: conditions[name] for name in
                 ('priorities', 'machine', 'assignee', 'unassigned', 'words', 'among', 'updated_after', 'zone')}
        async with self._asking() as connection:
            rows = [row async for row in self._database.queries.work_order_counts(connection, **asked)]
        return OrderCounts(
            **{row['status']: row['orders'] for row in rows},
            overdue=sum(row['overdue'] for row in rows),
            completed_today=sum(row['completed_today'] for row in rows),
            completed_this_week=sum(row['completed_this_week'] for row in rows),
            overdue_by_status={WorkOrderStatus(row['status']): row['overdue'] for row in rows})

    def _conditions(self, order_filter: OrderFilter, found: list[OrderId] | None) -> dict[str, Any]:
        if order_filter.person:
            raise ValueError('whose orders these are has to be looked up first: checked()')
        return {
            'statuses': [*order_filter.statuses] if order_filter.statuses or order_filter.done else None,
            'done': order_filter.done,
            'zone': str(self._zone),
            'priorities': [*order_filter.priorities] or None,
            'machine': order_filter.machine,
            'assignee': order_filter.assignee if isinstance(order_filter.assignee, int) else None,
            'unassigned': order_filter.assignee == UNASSIGNED,
            'overdue': order_filter.overdue,
            'words': order_filter.text if found is None else None,
            'among': found,
            'updated_after': order_filter.updated_after,
        }

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Connection]:
        try:
            async with self._database.acquire() as connection:
                await self._database.queries.plan_every_time(connection)
                if await self._database.queries.history_state(connection) == HistoryState.CREATING:
                    raise HistoryNotReadyError  # there are orders that are not there yet
                yield connection
        except asyncpg.PostgresError as error:
            raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error

    async def _once(self, key: Hashable, revision: int | None, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        if revision is None:
            return await ask()
        shared = self._shared.get(key)
        if shared is None or not shared.serves(revision):
            task = asyncio.ensure_future(_awaited(ask))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # the caller may have gone
            shared = _Shared(revision, time.monotonic(), task)
            self._shared.pop(key, None)
            self._shared[key] = shared
            while len(self._shared) > SHARED_MOST:
                del self._shared[next(iter(self._shared))]
        return cast(Answer, await asyncio.shield(shared.task))


async def _awaited(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    return await ask()


def _sort(order_filter: OrderFilter) -> str:
    return ('-' if order_filter.descending and order_filter.sort is not SortKey.PRESSING else '') + order_filter.sort
