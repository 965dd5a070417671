"""Events as POST /api/feed takes them: the only module that knows their fields."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from ..core.machines import Status
from .mapping import Reports

MAX_EVENTS = 1_000
"""Of a request."""
MAX_AHEAD_S, MAX_BEHIND_S = 120.0, 7 * 86_400.0
"""An event may be so long ahead of the app's clock, or behind."""
MAX_INCREMENT = 1_000_000_000
"""Of a counter in an event."""
MAX_PROBLEM = 500
"""Characters of a problem in an event."""
MEDIA_TYPE = 'application/x-ndjson'
MIN_COMPRESSED = 1_000
"""Bytes from which a body is compressed."""
_JSON = json.JSONEncoder(separators=(',', ':'))
"""Made once: json.dumps() makes one for each event."""


def status_event(machine: str, at: datetime, status: Status, reason: str | None) -> str:
    """A status since a moment."""
    return _event(machine, at, {'status': status.value, **({'reason': reason} if reason else {})})


def counter_event(machine: str, at: datetime, counter: Reports, increment: int) -> str:
    """What was made since the last event of this counter."""
    return _event(machine, at, {counter.value: increment})


def problem_event(machine: str, at: datetime, problem: str) -> str:
    """A value that could not be understood: the app refuses it with this sentence, and shows it."""
    return _event(machine, at, {'problem': problem[:MAX_PROBLEM]})


def is_problem(event: str) -> bool:
    """Whether an event is there to be refused."""
    return 'problem' in json.loads(event)


def machine_of(event: str) -> str:
    """The machine of an event."""
    return str(json.loads(event)['machine'])


def with_id(event: str, event_id: str) -> str:
    """An event with the id by which the app stores it once. event: without an id."""
    return f'{{"id":{json.dumps(event_id)},{event[1:]}'


def body_of(lines: Sequence[str]) -> tuple[bytes, dict[str, str]]:
    """A request's body and its headers."""
    body = ('\n'.join(lines) + '\n').encode()
    if len(body) < MIN_COMPRESSED:
        return body, {'Content-Type': MEDIA_TYPE}
    return gzip.compress(body, 3), {'Content-Type': MEDIA_TYPE, 'Content-Encoding': 'gzip'}


def _event(machine: str, at: datetime, fields: dict[str, object]) -> str:
    moment = at.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    return _JSON.encode({'machine': machine, 'at': moment, **fields})
