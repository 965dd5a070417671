"""What a browser may send over the socket of a page: all that NiceGUI's script sends, and nothing else."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unit.harness import CLIENT, EVENT, HANDSHAKE, WRONG

from floor.web.middleware.socket_frames import fault_of_frame, fault_of_query


@pytest.mark.parametrize('frame', [
    '2', '3', '2probe', '5', '1', '40', '41', '42' + json.dumps(['event', EVENT]), '420' + json.dumps(['event', EVENT]),
    '421' + json.dumps(['handshake', HANDSHAKE]), '42' + json.dumps(['handshake', {**HANDSHAKE, 'old_tab_id': None}]),
    '42' + json.dumps(['ack', {'client_id': CLIENT, 'next_message_id': 12}]),
    '42' + json.dumps(['javascript_response', {'request_id': 'r', 'client_id': CLIENT, 'result': [1, {'a': None}]}]),
    '42' + json.dumps(['javascript_response', {'request_id': 'r', 'client_id': CLIENT}]),
    '42' + json.dumps(['log', {'client_id': CLIENT, 'level': 'error', 'message': 'it failed'}]),
    '42' + json.dumps(['event', {name: value for name, value in EVENT.items() if name != 'args'}])])
def test_what_the_script_of_a_page_sends_is_passed_on(frame: str) -> None:
    assert fault_of_frame(frame) is None


@pytest.mark.parametrize('frame', WRONG, ids=range(len(WRONG)))
def test_what_it_never_sends_is_named_without_being_quoted(frame: str) -> None:
    fault = fault_of_frame(frame)
    assert fault is not None
    assert len(fault) < 60
    assert fault.isascii()


@given(st.text() | st.text().map('42{}'.format) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(['id', 'client_id', 'listener_id', 'args', 'level', 'message', 'x']), inner)).map(
    lambda value: '42' + json.dumps(['event', value])))
@example('42["event",' + '[' * 3_000)
def test_no_frame_is_an_exception(frame: str) -> None:
    fault = fault_of_frame(frame)
    assert fault is None or fault.isascii()


def test_the_handshake_in_the_address_of_a_socket_has_its_form_too() -> None:
    whole = {name: str(value) for name, value in HANDSHAKE.items()} | {
        'implicit_handshake': 'true', 'EIO': '4', 'transport': 'websocket'}
    assert fault_of_query(urlencode(whole).encode()) is None
    assert fault_of_query(b'EIO=4&transport=websocket') is None
    for name in 'client_id', 'tab_id', 'document_id':
        assert fault_of_query(urlencode({key: value for key, value in whole.items() if key != name}).encode())
    assert fault_of_query(urlencode(whole | {'next_message_id': 'x'}).encode())


@pytest.mark.parametrize('query', [
    '', 'transport=polling', 'EIO=3&transport=websocket', 'EIO=4&transport=pigeon', 'EIO=4&EIO=3&transport=polling',
    'EIO=4&transport=polling&transport=websocket', 'EIO=4&transport=polling&j=0', 'EIO=%FF&transport=%00'])
def test_an_address_of_a_socket_of_another_version_is_not_of_this_program(query: str) -> None:
    assert fault_of_query(query.encode())
