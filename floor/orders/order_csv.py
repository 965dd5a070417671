"""Work orders as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, tzinfo

from ..core.csv_file import heading, lines
from ..core.machines import DisplayNames
from ..core.orders import WorkOrder

CHUNK_CHARACTERS = 32_768
DISPLAY_NAME, TIME_ZONE = 'Machine on pages', 'Time zone'

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


async def chunks(orders: AsyncIterator[WorkOrder], names: DisplayNames, zone: tzinfo) -> AsyncIterator[str]:
    """The file in chunks of about CHUNK_CHARACTERS. names: what machines are called. zone: of the plant."""
    chunk = heading([*COLUMNS, DISPLAY_NAME, TIME_ZONE])
    async for order in orders:
        chunk += lines([[*(value_of(order) for value_of in COLUMNS.values()), str(names.of(order.machine)), str(zone)]],
                       zone)
        if len(chunk) >= CHUNK_CHARACTERS:
            yield chunk
            chunk = ''
    yield chunk
