"""Reads a consistent snapshot of the whole floor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from ..core.feeds import SilentFeed
from ..core.floor_snapshot import FloorSnapshot, HistoryState
from ..core.icons import FloorIcons, OwnIcon, TypeIcon
from ..core.machines import MachineName, MachineRecord, Status
from ..db.connection import Connection
from ..db.queries import Queries
from ..db.row_mapping import to_brief, to_display_names, to_employee, to_event, to_plant_settings, to_status
from .machine_states import EVENTS_KEPT

PART = 500
"""Rows that are converted between two turns of the event loop."""
Made = TypeVar('Made')


async def read_floor(connection: Connection, queries: Queries) -> FloorSnapshot:
    """The whole floor with its latest events, its active orders and its people, as one moment."""
    async with connection.transaction(isolation='repeatable_read', readonly=True):
        rows = [row async for row in queries.snapshot(connection)]
        orders = [row async for row in queries.active_orders(connection)]
        people = [row async for row in queries.everybody(connection)]
        events = [row async for row in queries.recent_events(connection, most=EVENTS_KEPT)]
        former_lines = {row['name']: row['today'] async for row in queries.former_line_names(connection)}
        names = to_display_names([row async for row in queries.display_names(connection)])
        icons = FloorIcons(tuple([TypeIcon(**row) async for row in queries.type_icons(connection)]),
                           tuple([OwnIcon(**row) async for row in queries.own_icons(connection)]))
        is_demo = await queries.is_demo(connection)
        setup_change = await queries.latest_setup_change(connection)
        plant = to_plant_settings(await queries.plant_settings(connection))
        silent_feeds = tuple([SilentFeed(row['feed_id'], row['name'], row['since_ms'], frozenset(row['machine_ids']))
                              async for row in queries.silent_feeds(connection)])
        history = HistoryState(await queries.history_state(connection))
        now_ms = rows[0]['now_ms'] if rows else await queries.clock(connection)
    return FloorSnapshot(
        machines=await in_batches(_to_record, rows), events=await in_batches(to_event, events), now_ms=now_ms,
        orders=await in_batches(to_brief, orders), people=await in_batches(to_employee, people),
        is_demo=is_demo, history=history, setup_change=setup_change, icons=icons, plant=plant,
        names=names, former_lines=former_lines, silent_feeds=silent_feeds)


def _to_record(row: Any) -> MachineRecord:
    return MachineRecord(
        machine_id=row['machine_id'], name=MachineName(row['machine_name']), type=row['type'], line=row['line'],
        status=to_status(row['status']) or Status.UNKNOWN, reason=row['reason'], version=row['version'],
        reported_ms=row['reported_ms'], since_ms=row['since_ms'],
        former_names=tuple(row['former_names']), area=row['area'], type_id=row['type_id'],
        silent_after=row['silent_after'])


async def in_batches(make: Callable[[Any], Made], rows: list[Any]) -> tuple[Made, ...]:
    """Convert rows in batches, so that pages and heartbeats run in between."""
    made: list[Made] = []
    for begin in range(0, len(rows), PART):
        made += map(make, rows[begin:begin + PART])
        await asyncio.sleep(0)
    return tuple(made)
