"""A Sparkplug B payload as values of Python, and back.

Numbers are what the edge node means: signed integers are sent as unsigned ones of 32 or 64 bits, and only the data type
tells them apart. DATA messages may leave the data type out; typed_value() then takes that of the birth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from google.protobuf.message import DecodeError

from ...core.errors import FloorError
from ..reading import Value
from .schema import PayloadMessage


class SparkplugPayloadError(FloorError):
    """Bytes that are no Sparkplug B payload."""


class DataType(IntEnum):
    """Data types of metrics, by their numbers in the specification (section 6.4.16). Others have no single value."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATE_TIME = 13
    TEXT = 14
    UUID = 15


_SIGNED_BITS = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
_UNSIGNED_BITS = {DataType.UINT8: 8, DataType.UINT16: 16, DataType.UINT32: 32, DataType.UINT64: 64}
_FIELDS = {
    **dict.fromkeys((DataType.INT8, DataType.INT16, DataType.INT32, DataType.UINT8, DataType.UINT16, DataType.UINT32),
                    'int_value'),
    **dict.fromkeys((DataType.INT64, DataType.UINT64, DataType.DATE_TIME), 'long_value'),
    **dict.fromkeys((DataType.STRING, DataType.TEXT, DataType.UUID), 'string_value'),
    DataType.FLOAT: 'float_value', DataType.DOUBLE: 'double_value', DataType.BOOLEAN: 'boolean_value',
}
_GOOD = range(192, 256)
"""Qualities that are good, as in OPC DA: its two highest bits are set."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a payload.

    name, alias: at least one of them. at: milliseconds since 1970 by the edge node's clock, or None. value: as sent,
    see typed_value; None if is_null or if the node's own property Quality is not good. is_historical: a value of the
    past that does not replace the present one.
    """

    name: str | None
    value: Value | None = None
    datatype: DataType = DataType.UNKNOWN
    alias: int | None = None
    at: int | None = None
    is_historical: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload. at: milliseconds since 1970 by the edge node's clock. seq: 0 to 255; None in deaths and commands."""

    metrics: tuple[Metric, ...] = ()
    at: int | None = None
    seq: int | None = None

    def metric(self, name: str) -> Metric | None:
        """The metric of this name, or None."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def decode(raw: bytes) -> Payload:
    """The payload in these bytes. Metrics without a single value (data sets, files, arrays) are left out, the members
    of a template are metrics with the template's name before theirs.

    :raises SparkplugPayloadError: they are none
    """
    try:
        message = PayloadMessage.FromString(raw)
    except DecodeError as error:
        raise SparkplugPayloadError('these bytes are no Sparkplug B payload') from error
    return Payload(
        metrics=tuple(_metrics(message.metrics)),
        at=message.timestamp if message.HasField('timestamp') else None,
        seq=message.seq if message.HasField('seq') else None,
    )


def encode(payload: Payload) -> bytes:
    """The bytes of a payload. Each metric needs its data type."""
    message = PayloadMessage()
    if payload.at is not None:
        message.timestamp = payload.at
    if payload.seq is not None:
        message.seq = payload.seq
    for metric in payload.metrics:
        _write(metric, message.metrics.add())
    return bytes(message.SerializeToString())


def typed_value(value: Value | None, datatype: DataType) -> Value | None:
    """A value as its data type means it; None for what is not a number."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if type(value) is not int:
        return value
    if datatype is DataType.BOOLEAN:
        return bool(value)
    if datatype in _SIGNED_BITS:
        bits = _SIGNED_BITS[datatype]
        value &= (1 << bits) - 1
        return value - (1 << bits) if value >> (bits - 1) else value
    return value & ((1 << _UNSIGNED_BITS[datatype]) - 1) if datatype in _UNSIGNED_BITS else value


def _metrics(messages: Iterable[Any], folder: str = '') -> Iterator[Metric]:
    for message in messages:
        field = message.WhichOneof('value')
        name = f'{folder}{message.name}' if message.HasField('name') else None
        if field == 'template_value':
            if name is not None and not message.template_value.is_definition:
                yield from _metrics(message.template_value.metrics, f'{name}/')
            continue
        if field is None and not message.is_null:
            continue
        known = message.datatype in DataType.__members__.values()
        datatype = DataType(message.datatype) if known else DataType.UNKNOWN
        is_good = field is not None and not message.is_null and _quality(message) in _GOOD
        yield Metric(
            name=name,
            alias=message.alias if message.HasField('alias') else None,
            at=message.timestamp if message.HasField('timestamp') else None,
            datatype=datatype,
            is_historical=message.is_historical,
            value=typed_value(getattr(message, field), datatype) if is_good else None,
        )


def _quality(message: Any) -> int:
    """The node's own word on the value (section 6.4.9): 0 bad, 192 good, 500 stale. Good if there is none."""
    for key, value in zip(message.properties.keys, message.properties.values, strict=False):
        if key == 'Quality' and value.WhichOneof('value') is not None:
            return int(getattr(value, value.WhichOneof('value')))
    return _GOOD.start


def _write(metric: Metric, message: Any) -> None:
    if metric.name is not None:
        message.name = metric.name
    if metric.alias is not None:
        message.alias = metric.alias
    if metric.at is not None:
        message.timestamp = metric.at
    message.datatype = metric.datatype
    if metric.is_historical:
        message.is_historical = True
    if metric.value is None:
        message.is_null = True
    elif metric.datatype in _SIGNED_BITS:
        unsigned = int(metric.value) & ((1 << _SIGNED_BITS[metric.datatype]) - 1)
        setattr(message, _FIELDS[metric.datatype], unsigned)
    else:
        setattr(message, _FIELDS[metric.datatype], metric.value)
