"""A floor with a feed, for tests of what feeds send."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

VALVE, PAINTER = 'Valve_01_01', 'Painter_02_01'
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = ("INSERT INTO access_keys (kind, name, secret_hash, scopes, line_ids, machine_ids, made_by) "
       "VALUES ('token', $1::text, sha256($1::text::bytea), '{feed:write}', $2, $3, 'test') RETURNING key_id")
PAST = {
    'intervals': 'SELECT machine_id, since, until, status, reason FROM status_intervals ORDER BY machine_id, since',
    'stops': 'SELECT machine_id, since, until, reason, repaired FROM machine_stops ORDER BY machine_id, since',
    'log': 'SELECT machine_id, old_status, new_status, reason, happened_at FROM machine_status_history '
           'ORDER BY machine_id, happened_at, new_status',
    'floor': 'SELECT machine_name, status, reason, reported_at, status_since FROM machine_feed_stream ORDER BY 1'}


class Floor:
    """A floor of two machines, on a server whose clock stands at noon, and a feed."""

    def __init__(self, connection: asyncpg.Connection, feed: int) -> None:
        self.connection = connection
        self.feed = feed

    async def send(self, *events: dict[str, Any], feed: int | None = None,
                   promise: timedelta | None = None) -> list[tuple[str, str | None]]:
        """The result of each event. promise: after how long the feed reports again at the latest."""
        numbered = [{'item': number, **event, 'at': event['at'].isoformat() if event.get('at') else None}
                    for number, event in enumerate(events)]
        rows = await self.connection.fetch('SELECT result, message FROM report_events($1, $2, $3)', feed or self.feed,
                                           json.dumps(numbered), promise)
        return [(row['result'], row['message']) for row in rows]

    async def past(self) -> dict[str, list[Any]]:
        return {name: [tuple(row) for row in await self.connection.fetch(query)] for name, query in PAST.items()}


def event(machine: str, status: str, minutes_ago: float | None = None, **more: Any) -> dict[str, Any]:
    return {'machine': machine, 'status': status,
            'at': None if minutes_ago is None else NOON - minutes_ago * MINUTE, **more}
