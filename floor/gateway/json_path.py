"""Where a value is in JSON: state.current, items[0].v, $.data["a.b"]."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from datetime import UTC, datetime
from typing import Any

MAX_PAYLOAD = 1_000_000
"""Bytes."""
_STEP = re.compile(r'\.?([^.\[\]"\']+)|\[([0-9]+)\]|\["([^"]*)"\]|\[\'([^\']*)\'\]')
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""A time that is at least so large has so many units in a second."""

Steps = tuple[str | int, ...]


class PayloadError(ValueError):
    """A payload that cannot be read. cause: the same for all of its kind."""

    def __init__(self, cause: str, message: str | None = None) -> None:
        super().__init__(message or cause)
        self.cause = cause


def parse_path(path: str) -> Steps:
    """The steps of a path.

    :raises ValueError: it is none
    """
    steps: list[str | int] = []
    rest = path.removeprefix('$')
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise ValueError(f'{path!r} is not a path: write it as state.current or items[0].v')
        name, index, *quoted = match.groups()
        steps.append(int(index) if index is not None else name or quoted[0] or quoted[1])
        rest = rest[match.end():]
    if not steps:
        raise ValueError('a path names at least one key, as in state.current')
    return tuple(steps)


def parse_json(payload: bytes) -> Any:
    """A payload as JSON.

    :raises PayloadError: it is none
    """
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError('payload too large', f'a payload of {len(payload)} bytes')
    try:
        return _JSON.decode(payload.removeprefix(BOM_UTF8).decode())
    except (ValueError, RecursionError) as error:
        raise PayloadError('not JSON', f'the payload is not JSON: {str(error)[:100]}') from error


def parse_text(payload: bytes) -> str:
    """A payload that is the value.

    :raises PayloadError: it is not text
    """
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError('payload too large', f'a payload of {len(payload)} bytes')
    try:
        return payload.decode().strip()
    except UnicodeDecodeError as error:
        raise PayloadError('not text', 'the payload is not text in UTF-8') from error


def value_at(data: object, steps: Steps) -> Any:
    """The value at a path.

    :raises LookupError: there is none
    """
    found: Any = data
    for step in steps:
        if not isinstance(found, dict if isinstance(step, str) else list):
            raise LookupError(step)
        found = found[step]  # type: ignore[index]  # a dict with a str, or a list with an int
    return found


def parse_time(value: Any) -> datetime:
    """A time: ISO 8601 (in UTC without an offset), or seconds, ms, µs or ns since 1970.

    :raises PayloadError: it is none
    """
    try:
        if isinstance(value, str) and not value.strip().replace('.', '', 1).isdigit():
            at = datetime.fromisoformat(value.strip())
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        number = float(value)
        return datetime.fromtimestamp(number / next((unit for least, unit in _UNITS if number >= least), 1), UTC)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise PayloadError('not a time', f'{str(value)[:60]!r} is not a time') from error


def _no_constant(name: str) -> Any:
    raise ValueError(f'{name} is not JSON')


_JSON = json.JSONDecoder(parse_constant=_no_constant)
"""Made once: json.loads() makes one for each payload."""
