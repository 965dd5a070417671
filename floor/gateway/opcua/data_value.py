"""What a value of an OPC UA server says: the value, or no signal, and since when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from ..event_format import MAX_AHEAD_S, MAX_BEHIND_S
from ..reading import Value

_UNCERTAIN_BUT_NO_SIGNAL = frozenset({
    StatusCodes.UncertainLastUsableValue, StatusCodes.UncertainNoCommunicationLastUsableValue,
    StatusCodes.UncertainInitialValue, StatusCodes.UncertainSubstituteValue})
"""The server has no connection to what it reads, and gives an old or made-up value."""
_CODE = 0xFFFF_0000
"""The rest of a status are flags."""
_OVERFLOW = 0x480
"""The flags of a data value, and among them that the server's queue was full."""


class NotScalarError(ValueError):
    """A value that is no number, text or truth value, such as an array."""


@dataclass(frozen=True, slots=True)
class ServerValue:
    """value: None for no signal, which detail then explains. at: since when, with its offset; None: now."""

    value: Value | None
    at: datetime | None
    detail: str | None = None


def server_value(data: ua.DataValue, now: datetime) -> ServerValue:
    """What a data value says. The source's time counts, then the server's, then now: controllers may
    begin in 1601.

    :raises NotScalarError: it is an array or a structure
    """
    at = next((time for stamp in (data.SourceTimestamp, data.ServerTimestamp)
               if (time := _in_utc(stamp)) and -MAX_AHEAD_S <= (now - time).total_seconds() <= MAX_BEHIND_S), None)
    status = data.StatusCode
    if status is not None and (status.is_bad() or status.value & _CODE in _UNCERTAIN_BUT_NO_SIGNAL):
        return ServerValue(None, at, f'bad quality: {status.name}')
    value = scalar(data.Value)
    return ServerValue(value, at, None if value is not None else 'no value')


def source_time(data: ua.DataValue) -> datetime | None:
    """Since when the source has the value, by its own clock."""
    return _in_utc(data.SourceTimestamp)


def has_lost_values(data: ua.DataValue) -> bool:
    """Whether the server has discarded values between the last one and this."""
    return data.StatusCode is not None and data.StatusCode.value & _OVERFLOW == _OVERFLOW


def scalar(variant: ua.Variant | None) -> Value | None:
    """The value of a variant; None for none, and for what is not a number.

    :raises NotScalarError: it is an array or a structure
    """
    value = None if variant is None else variant.Value
    if isinstance(value, ua.LocalizedText | ua.QualifiedName):
        return str(value.Text if isinstance(value, ua.LocalizedText) else value.Name) or ''
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    raise NotScalarError(f'it is of type {type(value).__name__}, not a number, a text, or true or false')


def _in_utc(stamp: datetime | None) -> datetime | None:
    """asyncua gives times of UTC without saying so."""
    return stamp.replace(tzinfo=UTC) if stamp is not None and stamp.tzinfo is None else stamp
