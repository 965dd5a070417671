"""Payloads of the feed's channel, where anybody may say anything."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.core.errors import NotificationError
from floor.core.machines import MachineChange, MachineName, Status
from floor.core.orders import OrderBrief, OrderId, Priority, WorkOrderStatus
from floor.feed.protocol import MAX_REASON_LENGTH, TIMES_MS, Changes, OrderChanges, Resync, parse

ORDER = ['WO-20261123-3f2a91bc', 9, 2, 'Valve_01_01', 'open', 'high', 4, 'Lisa Garcia', 3_000, 'Leak',
         'mike@example.com']
VALVE = ['Valve_01_01', 'warning', 'Supply air low', 7, 2_000, 1_000, 2_500]

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just('resync'), inner), max_leaves=20)
NEARLY_A_CHANGE = st.lists(st.one_of(
    st.text(), st.sampled_from([*Status, 'broken']), st.none(), st.integers(), st.booleans(), st.floats(), ANY_JSON),
    min_size=6, max_size=8)
SMALL_JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
NEARLY_AN_ORDER = st.tuples(*(st.just(value) | SMALL_JSON for value in ORDER)).map(list) | st.lists(SMALL_JSON)


VERSIONS = st.integers(-2**63, 2**63 - 1)
TIMES = st.integers(0, TIMES_MS.stop - 1)
REASONS = re.compile(
    'it is not JSON|it names neither orders nor resync|it has half a character.*|.* list of changes|a change has seven '
    'fields|an order has eleven fields|name and reason are texts|id, machine and description are texts|assignee and '
    'who did it are texts or null|a status or priority is not known|.* is not a whole number from -?[0-9]+ to [0-9]+|'
    'Exceeds the limit .* for integer string conversion.*')


def test_changes_are_read_in_their_order() -> None:
    payload = json.dumps([VALVE, ['Press', 'down', None, 8, 3_000, 3_000, 3_000]])
    assert parse(payload) == Changes((
        MachineChange(MachineName('Valve_01_01'), Status.WARNING, 'Supply air low', 7, 2_000, 1_000, 2_500),
        MachineChange(MachineName('Press'), Status.DOWN, None, 8, 3_000, 3_000, 3_000)))


def test_a_reason_without_an_end_is_cut_off() -> None:
    changes: Any = parse(json.dumps([['Press', 'down', 'x' * (MAX_REASON_LENGTH + 1), 8, 3_000, 3_000, 3_000]]))
    [machine] = changes.machines
    assert machine.reason == 'x' * MAX_REASON_LENGTH


def test_a_resync_says_why() -> None:
    assert parse('{"resync": "the feed was emptied"}') == Resync('the feed was emptied')


def test_orders_are_read_in_their_order() -> None:
    nobody = ['WO-20261123-00000001', 10, 1, 'Press', 'on_hold', 'low', None, None, 5, '', None]
    assert parse(json.dumps({'orders': [ORDER, nobody]})) == OrderChanges((
        OrderBrief(OrderId('WO-20261123-3f2a91bc'), 9, 2, MachineName('Valve_01_01'), WorkOrderStatus.OPEN,
                   Priority.HIGH, 4, 'Lisa Garcia', 3_000, 'Leak', 'mike@example.com'),
        OrderBrief(OrderId('WO-20261123-00000001'), 10, 1, MachineName('Press'), WorkOrderStatus.ON_HOLD, Priority.LOW,
                   None, None, 5, '', None)))


def order_with(place: int, value: object) -> str:
    return json.dumps({'orders': [[*ORDER[:place], value, *ORDER[place + 1:]]]})


def change_with(place: int, value: object) -> str:
    return json.dumps([[*VALVE[:place], value, *VALVE[place + 1:]]])


@pytest.mark.parametrize('payload', [
    '{"orders": null}', '{"orders": {}}', '{"orders": "x"}', '{"orders": [7]}', '{"orders": [[]]}',
    json.dumps({'orders': ORDER}), json.dumps({'orders': [ORDER[:10]]}), json.dumps({'orders': [[*ORDER, 1]]}),
    order_with(0, 7), order_with(1, '9'), order_with(1, True), order_with(2, None), order_with(3, None),
    order_with(4, 'closed'), order_with(4, ['open']), order_with(5, 'urgent'), order_with(6, '4'), order_with(6, True),
    order_with(7, 4), order_with(8, 3.5), order_with(9, None), order_with(10, 4),
    '', 'hello', 'null', '7', 'true', '"down"', '""', '{}', '{"resink": "x"}', '[', '[7]', '[null]', '[[]]',
    '["abcdef"]',
    json.dumps([VALVE[:6]]), json.dumps([[*VALVE, 1]]), json.dumps(VALVE),
    json.dumps([['Valve_01_01', 'broken', None, 7, 2, 1, 2]]), json.dumps([['Valve_01_01', None, None, 7, 2, 1, 2]]),
    json.dumps([[7, 'down', None, 7, 2, 1, 2]]), json.dumps([['Valve_01_01', 'down', 7, 7, 2, 1, 2]]),
    change_with(3, '7'), change_with(3, True), change_with(3, 7.5), change_with(1, ['down']),
    '[' * 7_000, '9' * 5_000,
    change_with(3, 2**63), change_with(4, 10**18), change_with(4, -1), change_with(5, 10**18), change_with(5, -10**18),
    change_with(6, -1), change_with(6, None),
    change_with(1, 'broken'), change_with(0, '\ud800'), change_with(2, 'Leak \udfff'),
    order_with(1, 2**63), order_with(2, -2**64), order_with(6, 2**31), order_with(8, 10**18), order_with(8, -1),
    order_with(0, '\ud800'), order_with(9, 'Leak \ud83d'), order_with(7, '\udc00'), order_with(10, '\udc00'),
])
def test_anything_else_is_refused_in_a_sentence(payload: str) -> None:
    with pytest.raises(NotificationError, match='not a payload of this protocol') as refused:
        parse(payload)
    assert len(str(refused.value)) < 400
    assert REASONS.fullmatch(refused.value.reason), 'the log has a line for each reason: there are only so many'


@given(st.text())
def test_any_text_has_a_meaning_or_is_refused(payload: str) -> None:
    assert_meaning_or_refusal(payload)


@given(ANY_JSON)
def test_any_json_has_a_meaning_or_is_refused(content: object) -> None:
    assert_meaning_or_refusal(json.dumps(content))


@given(st.lists(NEARLY_A_CHANGE, max_size=4))
def test_what_is_nearly_a_change_has_a_meaning_or_is_refused(content: list[object]) -> None:
    assert_meaning_or_refusal(json.dumps(content))


@given(st.lists(NEARLY_AN_ORDER, max_size=3) | ANY_JSON)
def test_what_is_nearly_an_order_has_a_meaning_or_is_refused(content: object) -> None:
    assert_meaning_or_refusal(json.dumps({'orders': content}))


@given(st.lists(st.tuples(st.text(), st.sampled_from(['operational', 'warning', 'down']), st.none() | st.text(),
                          VERSIONS, TIMES, TIMES, TIMES)))
def test_what_the_protocol_can_say_comes_through_unchanged(written: list[tuple[object, ...]]) -> None:
    meaning = parse(json.dumps(written))
    assert isinstance(meaning, Changes)
    assert [(c.name, c.status, c.reason, c.version, c.reported_ms, c.since_ms, c.written_ms)
            for c in meaning.machines] == written


def assert_meaning_or_refusal(payload: str) -> None:
    try:
        meaning = parse(payload)
    except NotificationError as error:
        assert REASONS.fullmatch(error.reason)
        return
    if isinstance(meaning, Resync):
        assert isinstance(meaning.why, str)
        return
    if isinstance(meaning, OrderChanges):
        for order in meaning.orders:
            assert isinstance(order.status, WorkOrderStatus)
            assert isinstance(order.priority, Priority)
            assert all(isinstance(text, str) for text in (order.id, order.machine, order.description))
            assert all(type(number) is int for number in (order.event, order.version, order.due_ms))
        return
    for change in meaning.machines:
        assert isinstance(change.name, str)
        assert isinstance(change.status, Status)
        assert change.reason is None or isinstance(change.reason, str)
        assert all(type(number) is int for number in (change.version, change.reported_ms, change.since_ms))


@pytest.mark.parametrize('at', [-1, 253_370_764_800_000])
def test_a_time_before_1970_or_after_the_year_9998_is_refused(at: int) -> None:
    for change in [*VALVE[:4], at, 1_000], [*VALVE[:4], 2_000, at]:
        with pytest.raises(NotificationError):
            parse(json.dumps([change]))
