"""Payloads of the feed's channel, where anybody may say anything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.errors import NotificationError
from floor.model import MachineChange, MachineName, Status
from floor.notifications import Changes, Resync, parse

VALVE = ['Valve_01_01', 'warning', 'Supply air low', 7, 2_000, 1_000]

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just('resync'), inner), max_leaves=20)
NEARLY_A_CHANGE = st.lists(st.one_of(
    st.text(), st.sampled_from([*Status, 'broken']), st.none(), st.integers(), st.booleans(), st.floats(), ANY_JSON),
    min_size=5, max_size=7)


def test_changes_are_read_in_their_order() -> None:
    payload = json.dumps([VALVE, ['Press', 'down', None, 8, 3_000, 3_000]])
    assert parse(payload) == Changes((
        MachineChange(MachineName('Valve_01_01'), Status.WARNING, 'Supply air low', 7, 2_000, 1_000),
        MachineChange(MachineName('Press'), Status.DOWN, None, 8, 3_000, 3_000)))


def test_a_resync_says_why() -> None:
    assert parse('{"resync": "the feed was emptied"}') == Resync('the feed was emptied')


@pytest.mark.parametrize('payload', [
    '', 'hello', 'null', '7', 'true', '"down"', '""', '{}', '{"resink": "x"}', '[', '[7]', '[null]', '[[]]',
    '["abcdef"]',
    json.dumps([VALVE[:5]]), json.dumps([[*VALVE, 1]]), json.dumps(VALVE),
    json.dumps([['Valve_01_01', 'broken', None, 7, 2, 1]]), json.dumps([['Valve_01_01', None, None, 7, 2, 1]]),
    json.dumps([[7, 'down', None, 7, 2, 1]]), json.dumps([['Valve_01_01', 'down', 7, 7, 2, 1]]),
    json.dumps([['Valve_01_01', 'down', None, '7', 2, 1]]), json.dumps([['Valve_01_01', 'down', None, True, 2, 1]]),
    json.dumps([['Valve_01_01', 'down', None, 7.5, 2, 1]]), json.dumps([['Valve_01_01', ['down'], None, 7, 2, 1]]),
    '[' * 7_000, '9' * 5_000,
])
def test_anything_else_is_refused_in_a_sentence(payload: str) -> None:
    with pytest.raises(NotificationError, match='not a payload of ours') as refused:
        parse(payload)
    assert len(str(refused.value)) < 400


@given(st.text())
def test_any_text_has_a_meaning_or_is_refused(payload: str) -> None:
    assert_meaning_or_refusal(payload)


@given(ANY_JSON)
def test_any_json_has_a_meaning_or_is_refused(content: object) -> None:
    assert_meaning_or_refusal(json.dumps(content))


@given(st.lists(NEARLY_A_CHANGE))
def test_what_is_nearly_a_change_has_a_meaning_or_is_refused(content: list[object]) -> None:
    assert_meaning_or_refusal(json.dumps(content))


@given(st.lists(st.tuples(st.text(), st.sampled_from(['operational', 'warning', 'down']), st.none() | st.text(),
                          st.integers(), st.integers(), st.integers())))
def test_what_the_protocol_can_say_comes_through_unchanged(said: list[tuple[object, ...]]) -> None:
    meaning = parse(json.dumps(said))
    assert isinstance(meaning, Changes)
    assert [(c.name, c.status, c.reason, c.version, c.reported_ms, c.since_ms) for c in meaning.machines] == said


def assert_meaning_or_refusal(payload: str) -> None:
    try:
        meaning = parse(payload)
    except NotificationError:
        return
    if isinstance(meaning, Resync):
        assert isinstance(meaning.why, str)
        return
    for change in meaning.machines:
        assert isinstance(change.name, str)
        assert isinstance(change.status, Status)
        assert change.reason is None or isinstance(change.reason, str)
        assert all(type(number) is int for number in (change.version, change.reported_ms, change.since_ms))
