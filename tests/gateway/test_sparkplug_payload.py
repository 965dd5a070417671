"""Sparkplug B payloads against an independent implementation, pysparkplug, in both directions."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pysparkplug
import pytest

from floor.gateway.sparkplug.payload import DataType, Metric, Payload, SparkplugPayloadError, decode, encode
from floor.gateway.sparkplug.schema import PayloadMessage

SENT = [
    (DataType.INT8, -128), (DataType.INT8, 127), (DataType.INT16, -32_768), (DataType.INT32, -1),
    (DataType.INT32, 2**31 - 1), (DataType.INT64, -(2**63)), (DataType.UINT8, 255), (DataType.UINT16, 65_535),
    (DataType.UINT32, 2**32 - 1), (DataType.UINT64, 2**64 - 1), (DataType.FLOAT, 0.5), (DataType.DOUBLE, -1e300),
    (DataType.BOOLEAN, True), (DataType.BOOLEAN, False), (DataType.STRING, 'Läuft 運転'), (DataType.TEXT, ''),
    (DataType.UUID, 'b6e0'),
]


@pytest.mark.parametrize(('datatype', 'value'), SENT)
def test_values_that_the_other_implementation_sends(datatype: DataType, value: bool | float | str) -> None:
    sent = pysparkplug.NBirth(timestamp=17, seq=3, metrics=(pysparkplug.Metric(
        timestamp=5, name='a/b', datatype=pysparkplug.DataType(int(datatype)), value=value, alias=9,
        is_historical=True),))
    assert decode(sent.encode()) == Payload((Metric('a/b', value, datatype, 9, 5, is_historical=True),), 17, 3)


@pytest.mark.parametrize(('datatype', 'value'), SENT)
def test_values_that_the_other_implementation_reads(datatype: DataType, value: bool | float | str) -> None:
    raw = encode(Payload((Metric('a/b', value, datatype, 9, 5, is_historical=True),), 17, 3))
    read = pysparkplug.DBirth.decode(raw)
    (metric,) = read.metrics
    assert (read.timestamp, read.seq) == (17, 3)
    assert (metric.name, metric.value, int(metric.datatype), metric.alias, metric.timestamp, metric.is_historical) == (
        'a/b', value, datatype, 9, 5, True)


def test_small_negative_number_in_32_bits_as_some_nodes_send_it() -> None:
    message = PayloadMessage()
    message.metrics.add(name='n', datatype=DataType.INT8, int_value=2**32 - 5)
    assert decode(message.SerializeToString()).metrics[0].value == -5


def test_value_of_an_alias_alone() -> None:
    birth = pysparkplug.DBirth(timestamp=1, seq=1, metrics=(pysparkplug.Metric(
        timestamp=1, name='n', datatype=pysparkplug.DataType.INT16, value=1, alias=4),))
    raw = pysparkplug.DData(timestamp=2, seq=2, metrics=(pysparkplug.Metric(
        timestamp=None, name=None, datatype=pysparkplug.DataType.INT16, value=-3, alias=4),)).encode()
    assert [each.value for each in pysparkplug.DData.decode(raw, birth=birth).metrics] == [-3]
    assert decode(raw).metrics[0].name is None
    assert decode(raw).metrics[0].alias == 4


def test_null_is_no_value() -> None:
    raw = pysparkplug.NData(timestamp=1, seq=1, metrics=(pysparkplug.Metric(
        timestamp=1, name='n', datatype=pysparkplug.DataType.INT8, is_null=True),)).encode(include_dtypes=True)
    assert decode(raw).metrics == (Metric('n', None, DataType.INT8, at=1),)
    assert [each.is_null for each in pysparkplug.NData.decode(encode(decode(raw))).metrics] == [True]


def test_null_counts_even_with_a_value_beside_it() -> None:
    message = PayloadMessage()
    message.metrics.add(name='n', datatype=DataType.INT32, int_value=3, is_null=True)
    assert decode(message.SerializeToString()).metrics[0].value is None


def test_moment_is_in_milliseconds() -> None:
    moment = datetime(2026, 11, 28, 9, 41, 7, tzinfo=UTC)
    raw = pysparkplug.NBirth(timestamp=1, seq=1, metrics=(pysparkplug.Metric(
        timestamp=1, name='since', datatype=pysparkplug.DataType.DATETIME, value=moment),)).encode()
    assert decode(raw).metrics[0].value == int(moment.timestamp() * 1_000)


@pytest.mark.parametrize(('quality', 'value'), [(192, 3), (216, 3), (0, None), (500, None)])
def test_value_that_its_node_calls_bad_or_stale_is_none(quality: int, value: int | None) -> None:
    message = PayloadMessage()
    metric = message.metrics.add(name='n', datatype=DataType.INT32, int_value=3)
    metric.properties.keys.append('Quality')
    metric.properties.values.add(type=DataType.INT32, int_value=quality)
    assert decode(message.SerializeToString()).metrics[0].value == value


def test_number_that_is_none_is_no_value() -> None:
    message = PayloadMessage()
    message.metrics.add(name='n', datatype=DataType.DOUBLE, double_value=math.nan)
    assert decode(message.SerializeToString()).metrics[0].value is None


def test_members_of_a_template_have_its_name_before_theirs() -> None:
    message = PayloadMessage()
    udt = message.metrics.add(name='CNC-01', datatype=19)
    udt.template_value.metrics.add(name='Status/State', datatype=DataType.INT32, int_value=6)
    definition = message.metrics.add(name='_types_/Machine', datatype=19)
    definition.template_value.is_definition = True
    definition.template_value.metrics.add(name='Status/State', datatype=DataType.INT32, int_value=0)
    assert decode(message.SerializeToString()).metrics == (Metric('CNC-01/Status/State', 6, DataType.INT32),)


@pytest.mark.parametrize('raw', [b'{"status": "down"}', b'\xff', bytes([0x12, 0x7f, 1])])
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(SparkplugPayloadError, match='no Sparkplug B payload'):
        decode(raw)
