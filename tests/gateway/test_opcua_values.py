"""What values, times and node ids of an OPC UA server mean."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.crypto.cert_gen import generate_private_key
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import BadSecurityChecksFailed, BadTooManySessions
from cryptography import x509
from gateway.opcua_plant import self_signed

from floor.core.machines import Status
from floor.gateway.config_file import parse_config
from floor.gateway.errors import SourceError
from floor.gateway.opcua.browse import BrowsedVariable, point_list
from floor.gateway.opcua.certificates import PRESENTED, check_server, own_certificate
from floor.gateway.opcua.connection import ERRORS, explain
from floor.gateway.opcua.data_value import NotScalarError, server_value
from floor.gateway.opcua.node_ids import resolve, to_text
from floor.gateway.opcua_config import OpcUaConfig, OpcUaSecurity
from floor.gateway.presets import StatusMeaning

NOW = datetime(2026, 11, 28, 9, 41, 7, tzinfo=UTC)
NAMESPACES = ['http://opcfoundation.org/UA/', 'urn:server', 'http://plant.example/a;b%']


class Mode(IntEnum):
    EXECUTE = 6


def data(value: object = 3, status: int = 0, source: Any = None, server: Any = None) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value), ua.StatusCode(ua.UInt32(status)), source, server)


@pytest.mark.parametrize(('value', 'meaning'), [
    (3, 3), (True, True), (2.5, 2.5), ('Läuft', 'Läuft'), ('', ''), (ua.LocalizedText('Stopped'), 'Stopped'),
    (Mode.EXECUTE, 6), (float('nan'), None), (None, None)])
def test_value(value: object, meaning: object) -> None:
    read = server_value(data(value), NOW)
    assert (read.value, type(read.value)) == (meaning, type(meaning))


def test_array_is_no_value_of_a_machine() -> None:
    with pytest.raises(NotScalarError, match='it is of type list'):
        server_value(data([1, 2]), NOW)


@pytest.mark.parametrize(('status', 'value'), [
    (StatusCodes.Good, 3), (StatusCodes.Good | 0x480, 3), (StatusCodes.UncertainSensorNotAccurate, 3),
    (StatusCodes.BadNoCommunication, None), (StatusCodes.BadSensorFailure | 0x480, None),
    (StatusCodes.UncertainLastUsableValue, None), (StatusCodes.UncertainInitialValue, None), (0xC000_0000, None)])
def test_bad_quality_is_no_signal(status: int, value: int | None) -> None:
    assert server_value(data(status=status), NOW).value == value


def test_why_there_is_no_signal() -> None:
    assert server_value(data(status=StatusCodes.BadNoCommunication), NOW).detail == 'bad quality: BadNoCommunication'


@pytest.mark.parametrize(('error', 'sentence'), [
    (TimeoutError(), 'opc.tcp://plc:4840 does not answer in time'),
    (ConnectionRefusedError('refused'), 'opc.tcp://plc:4840 does not answer: refused'),
    (struct.error('unpack requires 4 bytes'), 'opc.tcp://plc:4840 does not answer as OPC UA: unpack requires 4 bytes'),
    (BadTooManySessions(), 'the server answers BadTooManySessions: close another client, or let the server allow more'),
    (BadSecurityChecksFailed(), "the server answers BadSecurityChecksFailed: it probably does not trust the gateway's "
     'certificate own.der. Add it to the trusted certificates of the server')])
def test_error_in_plain_words(error: Exception, sentence: str) -> None:
    assert isinstance(error, ERRORS)
    security = OpcUaSecurity.model_construct(certificate=Path('own.der'))
    assert explain(error, OpcUaConfig.model_construct(url='opc.tcp://plc:4840', security=security)) == sentence


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(('source', 'server', 'at'), [
    (NOW - HOUR, NOW, NOW - HOUR),
    (None, NOW - HOUR, NOW - HOUR),
    (datetime(1601, 1, 1, tzinfo=UTC), NOW - HOUR, NOW - HOUR),
    (NOW + HOUR, NOW, NOW),
    (NOW + timedelta(minutes=2), None, NOW + timedelta(minutes=2)),
    (NOW - timedelta(days=8), datetime(9999, 12, 31, tzinfo=UTC), None),
    (None, None, None),
    ((NOW - HOUR).replace(tzinfo=None), None, NOW - HOUR),
])
def test_time_of_the_source_counts_then_of_the_server_then_now(source: datetime | None, server: datetime | None,
                                                               at: datetime | None) -> None:
    assert server_value(data(source=source, server=server), NOW).at == at


@pytest.mark.parametrize('text', ['ns=2;s=Press;1.State=x', 'ns=2;i=17', 'i=2253', 'ns=9;s=x'])
def test_node_id_as_text_and_back(text: str) -> None:
    node = ua.NodeId.from_string(text)
    assert resolve(to_text(node, NAMESPACES), NAMESPACES) == node


def test_namespace_by_its_uri_is_found_where_the_server_has_it_now() -> None:
    text = to_text(ua.NodeId.from_string('ns=2;s=Press1.State'), NAMESPACES)
    assert text == 'nsu=http://plant.example/a%3Bb%25;s=Press1.State'
    moved = [*NAMESPACES[:2], 'urn:other', NAMESPACES[2]]
    assert resolve(text, moved) == ua.NodeId.from_string('ns=3;s=Press1.State')


@pytest.mark.parametrize(('text', 'problem'), [
    ('nsu=urn:none;s=x', 'the server has no namespace urn:none: it has urn:server, http://plant.example'),
    ('Press 1', 'Press 1 is no node id: write it as nsu=URI;s=NAME'), ('ns=two;s=x', 'is no node id')])
def test_node_id_that_cannot_be(text: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        resolve(text, NAMESPACES)


def der(*, days: int = 1) -> bytes:
    return self_signed(generate_private_key(), 'urn:server', days=days)


def test_unknown_certificate_of_a_server_is_kept_for_people_to_compare(tmp_path: Path) -> None:
    trusted, shown = tmp_path / 'server.der', der()
    with pytest.raises(SourceError, match=r'server\.der, does not exist; the one that it shows is in'):
        check_server(shown, trusted)
    trusted.with_name(trusted.name + PRESENTED).rename(trusted)
    check_server(shown, trusted)
    with pytest.raises(SourceError, match='the server shows another certificate than'):
        check_server(der(), trusted)


def test_trusted_certificate_that_has_expired_is_refused(tmp_path: Path) -> None:
    trusted, shown = tmp_path / 'server.der', der(days=-1)
    trusted.write_bytes(shown)
    with pytest.raises(SourceError, match=r'certificate of the server expired on \d{4}-\d\d-\d\d. Renew it'):
        check_server(shown, trusted)


def test_certificate_of_the_gateway_is_made_once_and_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    certificate, key = tmp_path / 'pki/own.der', tmp_path / 'pki/own.pem'
    uri = own_certificate(certificate, key)
    made = certificate.read_bytes()
    assert own_certificate(certificate, key) == uri
    assert certificate.read_bytes() == made
    assert key.stat().st_mode & 0o777 == 0o600
    names = x509.load_der_x509_certificate(made).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [uri]


@pytest.mark.parametrize(('gone', 'left'), [('own.der', 'own.pem'), ('own.pem', 'own.der')])
def test_certificate_or_key_that_was_moved_away_is_named(tmp_path: Path, gone: str, left: str) -> None:
    certificate, key = tmp_path / 'own.der', tmp_path / 'own.pem'
    own_certificate(certificate, key)
    (tmp_path / gone).unlink()
    with pytest.raises(SourceError) as error:
        own_certificate(certificate, key)
    assert str(error.value) == (f'{tmp_path / gone} is missing, which belongs to {tmp_path / left}: put it back, or '
                                f'delete {left} to have both made again, which the server must then trust')
    (tmp_path / left).unlink()
    own_certificate(certificate, key)


def test_expired_certificate_of_the_gateway_says_what_to_do(tmp_path: Path) -> None:
    certificate, key = tmp_path / 'own.der', tmp_path / 'own.pem'
    certificate.write_bytes(der(days=-1))
    key.write_bytes(b'')
    with pytest.raises(SourceError, match=r'own.der, expired on .*Delete it and its key'):
        own_certificate(certificate, key)


SOURCE = """
app: {url: 'http://floor', token: {env: TOKEN}}
queue: {folder: queue}
sources:
  - type: opcua
    name: press-shop
    url: opc.tcp://localhost:4840
"""


@pytest.mark.parametrize(('name', 'value', 'hint', 'status'), [
    ('State', 1, 'values: {1: operational, 2: warning, 3: down}', Status.OPERATIONAL),
    ('StateCurrent', 6, 'preset: packml', Status.OPERATIONAL),
    ('State', 'Execute', 'preset: packml', Status.OPERATIONAL),
    ('StateCurrentName', 'Stopped', 'preset: packml', Status.DOWN),
    ('State', 'Running', 'values: {Running: operational, Waiting: warning, Fault: down}', Status.OPERATIONAL),
    ('On', False, 'preset: on_off', Status.DOWN),
    ('Speed', 0.5, 'ranges: [{below: 1, status: down}, {from: 1, status: operational}]', Status.DOWN)])
def test_list_of_points_is_pasted_below_a_source_and_says_what_gives_values_a_meaning(
        name: str, value: object, hint: str, status: Status) -> None:
    lines = list(point_list([BrowsedVariable(f's={name}', ('Press: 1', name), 'Type', value)]))
    assert lines[-1] == f'        # {hint}'
    point, = parse_config(SOURCE + '\n'.join(lines), 'gateway.yaml').sources[0].points
    assert point.machine == 'Press: 1'
    point, = parse_config(SOURCE + '\n'.join(lines).replace(f'# {hint}', hint), 'gateway.yaml').sources[0].points
    meaning = point.meaning(value)  # type: ignore[arg-type]
    assert isinstance(meaning, StatusMeaning)
    assert meaning.status is status


def test_point_without_a_value_has_no_hint() -> None:
    assert list(point_list([BrowsedVariable('s=a', ('Press', 'State'), '', None)]))[-1] == '        machine: "Press"'
