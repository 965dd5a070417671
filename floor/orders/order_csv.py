"""Work orders as a file for Excel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, tzinfo

from ..core.csv_file import heading, lines
from ..core.orders import WorkOrder

PIECE = 32_768
"""Characters."""

COLUMNS: dict[str, Callable[[WorkOrder], str | datetime | None]] = {
    'Id': lambda order: order.id,
    'Machine': lambda order: order.machine,
    'Description': lambda order: order.description,
    'Priority': lambda order: order.priority,
    'Status': lambda order: order.status.word,
    'Assignee': lambda order: order.assignee,
    'Due': lambda order: order.due_at,
    'Reported': lambda order: order.reported_at,
    'Reporter': lambda order: order.reporter_name,
    'Source': lambda order: order.source,
    'Machine status': lambda order: order.machine_status,
    'Machine reason': lambda order: order.machine_reason,
    'Acknowledged': lambda order: order.acknowledged_at,
    'Started': lambda order: order.started_at,
    'Hold reason': lambda order: order.hold_reason,
    'Completed': lambda order: order.completed_at,
    'Cause': lambda order: order.cause,
    'Action taken': lambda order: order.action_taken,
    'Cancelled': lambda order: order.cancelled_at,
    'Cancel reason': lambda order: order.cancel_reason,
    'Machine ran again': lambda order: order.recovered_at,
}


async def pieces(orders: AsyncIterator[WorkOrder], zone: tzinfo) -> AsyncIterator[str]:
    """The file in pieces of about 32,000 characters."""
    piece = heading(COLUMNS)
    async for order in orders:
        piece += lines([[value_of(order) for value_of in COLUMNS.values()]], zone)
        if len(piece) >= PIECE:
            yield piece
            piece = ''
    yield piece
