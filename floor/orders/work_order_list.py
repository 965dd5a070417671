"""Lists of work orders: the orders of a filter, page by page, counted, or all of them as CSV."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any, cast

from ..core.errors import HistoryNotReadyError
from ..core.floor_snapshot import HistoryState
from ..core.orders import OrderId, Priority, WorkOrder, WorkOrderStatus
from ..db.connection import Connection
from ..db.database import Database
from ..db.row_mapping import to_display_names
from ..db.transactions import reading
from . import order_csv
from .named_in_filter import with_known_names
from .order_cursor import OrderCursor
from .order_filter import UNASSIGNED, OrderFilter, SortKey
from .order_pages import OrderCounts, OrderPage, ShiftOrders
from .shared_reads import SharedReads
from .work_order_rows import to_order

BATCH_SIZE = 500
MAX_MATCHES = 5_000


class WorkOrderList:
    """Reads lists of work orders. Its methods raise DatabaseUnavailableError if the database does not respond in time,
    and HistoryNotReadyError while the history of a demo is being created."""

    def __init__(self, database: Database, zone: Callable[[], tzinfo]) -> None:
        """zone: returns that of the plant, by a name that PostgreSQL knows; `today` begins with the
        plant's day."""
        self._database = database
        self._zone = zone
        self._shared = SharedReads()

    @property
    def zone(self) -> tzinfo:
        """The plant's time zone."""
        return self._zone()

    async def page(self, order_filter: OrderFilter, revision: int | None = None) -> OrderPage:
        """One page. revision: of the store; callers with the same filter and revision share one query."""
        return await self._shared.read(('page', order_filter), revision, lambda: self._page(order_filter, revision))

    async def counts(self, order_filter: OrderFilter, revision: int | None = None) -> OrderCounts:
        """The number of orders per status, ignoring the statuses of the filter; revision as for `page`."""
        return await self._counts(order_filter, revision, await self._matches(order_filter.text))

    async def every(self, order_filter: OrderFilter) -> AsyncGenerator[WorkOrder, None]:
        """The orders of all pages, sorted: those that match at the start, each once, with its values when it is read.
        No connection is held between two batches."""
        async with self._connection() as connection:
            ids = [row['id'] for row in await self._ids(connection, order_filter, skip=0, max_rows=None)]
        for start in range(0, len(ids), BATCH_SIZE):
            async with self._connection() as connection:
                orders = await self._orders_of(connection, ids[start:start + BATCH_SIZE])
            for order in orders:
                yield order

    async def checked(self, order_filter: OrderFilter) -> OrderFilter:
        """Check the machine and the person of a filter, and replace a former name of the machine by the present one and
        the person's name by the id.

        :raises QueryError: there is no such machine or person
        """
        if order_filter.machine is None and not order_filter.person and not isinstance(order_filter.assignee, int):
            return order_filter
        async with self._connection() as connection:
            return await with_known_names(self._database, connection, order_filter)

    async def csv(self, order_filter: OrderFilter) -> AsyncGenerator[str, None]:
        """The orders of all pages as CSV, in chunks."""
        async with self._connection() as connection:
            names = to_display_names([row async for row in self._database.queries.display_names(connection)])
        async with aclosing(self.every(order_filter)) as orders:
            async for chunk in order_csv.chunks(orders, names, self.zone):
                yield chunk

    async def former_assignees(self, revision: int | None = None) -> frozenset[int]:
        """The ids of inactive employees who have orders; revision as for `page`."""
        return await self._shared.read('former assignees', revision, self._former_assignees)

    async def of_shift(self, start: datetime, until: datetime) -> ShiftOrders:
        """The orders that were active at the end of a shift, and those completed in it."""
        queries = self._database.queries
        async with self._connection() as connection:
            rows = [row async for row in queries.orders_of_shift(connection, start=start, until=until)]
            orders: dict[OrderId, WorkOrder] = {}
            for begin in range(0, len(rows), BATCH_SIZE):
                ids = [row['id'] for row in rows[begin:begin + BATCH_SIZE]]
                orders |= {order.id: order for order in await self._orders_of(connection, ids)}
        return ShiftOrders(
            left=tuple(replace(orders[row['id']], status=WorkOrderStatus(row['status']),
                               priority=Priority(row['priority']), assignee=row['assignee'])
                       for row in rows if row['left']),
            completed=tuple(sorted((orders[row['id']] for row in rows if not row['left']),
                                   key=lambda order: (order.completed_at, order.id))))

    # queries; matches: the ids that match the search, or None if the query has to search

    async def _page(self, order_filter: OrderFilter, revision: int | None) -> OrderPage:
        matches = await self._matches(order_filter.text)
        counting = asyncio.ensure_future(self._counts(order_filter, revision, matches))
        try:
            orders, previous, following = await self._orders(order_filter, matches)
        finally:  # also after an error, so that the task does not outlive this call
            counts = await counting
        return OrderPage(orders, counts.total(order_filter), counts, following, previous)

    async def _matches(self, text: str) -> list[OrderId] | None:
        """The orders that match a search; None if there is no search, or more than MAX_MATCHES."""
        if not text:
            return None
        async with self._connection() as connection:
            ids = await self._database.queries.work_orders_with_words(connection, words=text, max_matches=MAX_MATCHES)
        return cast(list[OrderId] | None, ids)

    async def _counts(self, order_filter: OrderFilter, revision: int | None,
                      matches: list[OrderId] | None) -> OrderCounts:
        base = order_filter.without_statuses()
        return await self._shared.read(('counts', base), revision, lambda: self._count(base, matches))

    async def _former_assignees(self) -> frozenset[int]:
        async with self._connection() as connection:
            return frozenset([row['id'] async for row in self._database.queries.former_assignees(connection)])

    async def _orders(self, order_filter: OrderFilter, matches: list[OrderId] | None
                      ) -> tuple[tuple[WorkOrder, ...], OrderCursor | None, OrderCursor | None]:
        """The orders of a page, and the cursors of the pages before and after it."""
        async with self._connection() as connection:
            ids, cursor, has_more = await (
                self._ids_beyond(connection, order_filter, matches, order_filter.cursor) if order_filter.cursor else
                self._ids_of_page(connection, order_filter, matches))
            orders = tuple(await self._orders_of(connection, ids))
        if cursor is None or not ids:
            return orders, None, None
        is_back = order_filter.cursor is not None and order_filter.cursor.back
        has_previous = has_more if is_back else order_filter.cursor is not None or order_filter.page > 1
        has_next = is_back or has_more
        return (orders, replace(cursor, id=ids[0], back=True) if has_previous else None,
                replace(cursor, id=ids[-1], back=False) if has_next else None)

    async def _ids_of_page(self, connection: Connection, order_filter: OrderFilter, matches: list[OrderId] | None
                           ) -> tuple[list[OrderId], OrderCursor | None, bool]:
        """A page by its number: its ids, a cursor with the snapshot that was read, and whether there are more."""
        rows = await self._ids(connection, order_filter, matches, skip=(order_filter.page - 1) * order_filter.per_page,
                               max_rows=order_filter.per_page + 1)
        cursor = OrderCursor(rows[0]['id'], rows[0]['at'], rows[0]['snapshot']) if rows else None
        return [row['id'] for row in rows[:order_filter.per_page]], cursor, len(rows) > order_filter.per_page

    async def _ids_beyond(self, connection: Connection, order_filter: OrderFilter, matches: list[OrderId] | None,
                          cursor: OrderCursor) -> tuple[list[OrderId], OrderCursor | None, bool]:
        """A page by its cursor: its ids, the cursor, and whether there are more in the direction of the cursor."""
        rows = [row['id'] async for row in self._database.queries.work_order_ids_beyond(
            connection, **self._conditions(order_filter, matches), sort=_sort(order_filter), id=cursor.id,
            snapshot=cursor.snapshot, at=cursor.at, back=cursor.back, max_rows=order_filter.per_page + 1)]
        ids = rows[:order_filter.per_page]
        return ids[::-1] if cursor.back else ids, cursor, len(rows) > order_filter.per_page

    async def _ids(self, connection: Connection, order_filter: OrderFilter, matches: list[OrderId] | None = None, *,
                   skip: int, max_rows: int | None) -> list[Any]:
        return [row async for row in self._database.queries.work_order_ids(
            connection, **self._conditions(order_filter, matches), sort=_sort(order_filter), skip=skip,
            max_rows=max_rows)]

    async def _orders_of(self, connection: Connection, ids: Sequence[OrderId]) -> list[WorkOrder]:
        return [to_order(row) async for row in self._database.queries.work_orders_of(connection, ids=ids)]

    async def _count(self, order_filter: OrderFilter, matches: list[OrderId] | None) -> OrderCounts:
        conditions = self._conditions(order_filter, matches)
        parameters = {name: conditions[name] for name in (
            'priorities', 'machine', 'assignee', 'unassigned', 'words', 'among', 'updated_after', 'zone')}
        async with self._connection() as connection:
            rows = [row async for row in self._database.queries.work_order_counts(connection, **parameters)]
        return OrderCounts(
            **{row['status']: row['orders'] for row in rows},
            overdue=sum(row['overdue'] for row in rows),
            completed_today=sum(row['completed_today'] for row in rows),
            completed_this_week=sum(row['completed_this_week'] for row in rows),
            overdue_by_status={WorkOrderStatus(row['status']): row['overdue'] for row in rows})

    def _conditions(self, order_filter: OrderFilter, matches: list[OrderId] | None) -> dict[str, Any]:
        if order_filter.person:
            raise ValueError('the filter names a person: pass it through checked() first')
        return {
            'statuses': [*order_filter.statuses] if order_filter.statuses or order_filter.done else None,
            'done': order_filter.done,
            'zone': str(self.zone),
            'priorities': [*order_filter.priorities] or None,
            'machine': order_filter.machine,
            'assignee': order_filter.assignee if isinstance(order_filter.assignee, int) else None,
            'unassigned': order_filter.assignee == UNASSIGNED,
            'overdue': order_filter.overdue,
            'words': order_filter.text if matches is None else None,
            'among': matches,
            'updated_after': order_filter.updated_after,
        }

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with reading(self._database) as connection:
            if await self._database.queries.begin_list(connection) == HistoryState.CREATING:
                raise HistoryNotReadyError  # the list would be incomplete
            yield connection


def _sort(order_filter: OrderFilter) -> str:
    return ('-' if order_filter.descending and order_filter.sort is not SortKey.PRESSING else '') + order_filter.sort
