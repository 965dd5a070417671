"""Work orders as a file for Excel: RFC 4180, UTF-8 with a mark that says so, and nothing that counts as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime, tzinfo

from ..core.csv_cells import harmless
from ..core.model import WorkOrder
from ..core.moments import for_a_file

BYTE_ORDER_MARK = '\ufeff'  # without it Excel takes UTF-8 for the code page of its country
PIECE = 32_768

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
    """The file in pieces of about 32,000 characters; times by the clock of the zone, as 2026-11-23 10:42:07+01:00."""
    text = io.StringIO(newline='')
    writer = csv.writer(text, lineterminator='\r\n')
    text.write(BYTE_ORDER_MARK)
    writer.writerow(COLUMNS)
    async for order in orders:
        writer.writerow([_cell(value_of(order), zone) for value_of in COLUMNS.values()])
        if text.tell() >= PIECE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _cell(value: str | datetime | None, zone: tzinfo) -> str:
    if value is None:
        return ''
    if isinstance(value, datetime):
        return for_a_file(value, zone)
    return harmless(str(value))
