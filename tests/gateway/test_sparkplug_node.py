"""An edge node of Sparkplug B, message by message, as its host application sees it."""

from __future__ import annotations

from itertools import count, pairwise

import pytest

from floor.gateway.sparkplug.edge_node import (
    BIRTH_TIMEOUT,
    FIRST_REQUEST_INTERVAL,
    LAST_REQUEST_INTERVAL,
    REORDER_TIMEOUT,
    Action,
    EdgeNode,
    MetricValue,
    RebirthRequest,
)
from floor.gateway.sparkplug.payload import DataType, Metric, Payload
from floor.gateway.sparkplug.topics import MessageType, NodeId, Topic, parse

NODE = NodeId('Plant', 'Cell')
PRESS, OVEN = 'Press', 'Oven'
STATE = Metric('State', 1, DataType.INT32, alias=7)


class Wire:
    """Sends messages of one edge node to what is tested; its clock stands still unless it is moved."""

    def __init__(self) -> None:
        self.node = EdgeNode(NODE)
        self.now = 100.0
        self._at = count(1_000)

    def send(self, kind: MessageType, *metrics: Metric, device: str | None = None, seq: int | None = None,
             at: int | None = None) -> list[Action]:
        payload = Payload(metrics, next(self._at) if at is None else at, seq)
        return self.node.receive(Topic(NODE, kind, device), payload, self.now)

    def nbirth(self, seq: int = 0, bd_seq: int = 0, at: int | None = None) -> list[Action]:
        return self.send(MessageType.NBIRTH, Metric('bdSeq', bd_seq, DataType.INT64), seq=seq, at=at)

    def dbirth(self, seq: int, *metrics: Metric, device: str = PRESS, at: int | None = None) -> list[Action]:
        return self.send(MessageType.DBIRTH, *(metrics or (STATE,)), device=device, seq=seq, at=at)

    def ddata(self, seq: int, value: int, device: str = PRESS, alias: int = 7) -> list[Action]:
        return self.send(MessageType.DDATA, Metric(None, value, alias=alias), device=device, seq=seq)

    def death(self, bd_seq: int) -> list[Action]:
        return self.send(MessageType.NDEATH, Metric('bdSeq', bd_seq, DataType.INT64))

    def wait(self, seconds: float) -> list[Action]:
        """Let time pass, as the source does: it wakes when something is due."""
        end, actions = self.now + seconds, []
        while (due := self.node.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            actions += self.node.due(self.now)
        self.now = end
        return actions


def born() -> Wire:
    """A node with one device: the next seq is 2."""
    wire = Wire()
    wire.nbirth()
    wire.dbirth(1)
    return wire


def values(actions: list[Action]) -> list[object]:
    return [action.value for action in actions if isinstance(action, MetricValue) and action.metric != 'bdSeq']


def requests(actions: list[Action]) -> list[str]:
    return [action.reason for action in actions if isinstance(action, RebirthRequest)]


def test_alias_and_data_type_of_a_value_are_those_of_its_birth() -> None:
    wire = born()
    assert wire.ddata(2, 0xFFFF_FFFB) == [MetricValue(NODE, PRESS, 'State', -5, 1_002)]


def test_alias_means_what_the_latest_birth_says() -> None:
    wire = born()
    wire.dbirth(2, Metric('Speed', 3, DataType.INT32, alias=7), Metric('State', 1, DataType.INT32, alias=8))
    names = [action.metric for action in wire.ddata(3, 4) if isinstance(action, MetricValue)]
    assert names == ['Speed']


def test_alias_that_no_birth_has_asks_for_births() -> None:
    assert requests(born().ddata(2, 4, alias=9)) == ['alias 9 is not in its birth']


def test_seq_begins_again_after_255() -> None:
    wire = born()
    for seq in range(2, 256):
        assert requests(wire.ddata(seq, seq)) == []
    assert values(wire.ddata(0, 9)) == [9]
    assert requests(wire.wait(60)) == []


def test_messages_after_a_gap_wait_for_the_missing_one() -> None:
    wire = born()
    assert wire.ddata(3, 3) == []
    assert wire.ddata(4, 4) == []
    assert values(wire.ddata(2, 2)) == [2, 3, 4]
    assert wire.wait(60) == []


def test_gap_that_stays_is_answered_by_a_rebirth_request_and_loses_no_later_value() -> None:
    wire = born()
    wire.ddata(4, 4)
    wire.ddata(3, 3)
    assert wire.wait(REORDER_TIMEOUT / 2) == []
    actions = wire.wait(REORDER_TIMEOUT / 2)
    assert values(actions) == [3, 4]
    assert requests(actions) == ['a message is missing in its sequence']
    assert values(wire.ddata(5, 5)) == [5]


def test_message_that_is_delivered_twice_counts_once() -> None:
    wire = born()
    wire.ddata(2, 2)
    assert wire.ddata(2, 2) == []
    assert values(wire.ddata(3, 3)) == [3]


def test_sequence_that_goes_back_asks_for_births() -> None:
    wire = born()
    for seq in range(2, 10):
        wire.ddata(seq, seq)
    assert requests(wire.ddata(3, 7)) == ['a message is out of sequence']


def test_data_without_a_birth_asks_for_it() -> None:
    wire = Wire()
    assert wire.ddata(5, 1) == []
    assert requests(wire.wait(REORDER_TIMEOUT)) == ['its birth is not known']


def test_birth_of_a_device_before_that_of_its_node_is_not_lost() -> None:
    wire = Wire()
    assert wire.dbirth(1, at=2_000) == []
    assert wire.ddata(2, 5) == []
    wire.send(MessageType.NBIRTH, seq=0, at=1_000)
    assert values(wire.ddata(3, 6)) == [6]
    assert requests(wire.wait(60)) == []


def test_messages_of_the_session_before_are_not_taken_for_those_of_this_one() -> None:
    wire = born()
    wire.ddata(4, 99)  # 2 and 3 are missing, and the node starts again
    wire.nbirth(seq=2, bd_seq=1, at=5_000)
    assert values(wire.dbirth(3)) == [1]
    assert values(wire.wait(60)) == []


def test_data_of_a_device_without_a_birth_asks_for_it() -> None:
    assert requests(born().ddata(2, 4, device=OVEN)) == ['the birth of device Oven is not known']


def test_death_of_a_node_ends_the_signal_of_all_its_devices_now() -> None:
    wire = born()
    wire.dbirth(2, device=OVEN)
    deaths = [action for action in wire.death(bd_seq=0) if isinstance(action, MetricValue)]
    assert {(each.device, each.metric, each.value, each.at) for each in deaths} == {
        (None, 'bdSeq', None, None), (PRESS, 'State', None, None), (OVEN, 'State', None, None)}
    assert not wire.node.is_alive


def test_death_of_an_earlier_connection_is_ignored() -> None:
    wire = Wire()
    wire.nbirth(bd_seq=4)
    wire.dbirth(1)
    assert wire.death(bd_seq=3) == []
    assert wire.node.is_alive
    assert values(wire.ddata(2, 5)) == [5]


def test_death_of_a_device_ends_its_signal_at_its_time_and_no_other() -> None:
    wire = born()
    wire.dbirth(2, device=OVEN)
    assert wire.send(MessageType.DDEATH, device=PRESS, seq=3, at=1_700) == [
        MetricValue(NODE, PRESS, 'State', None, 1_700, detail='its device is offline')]
    assert values(wire.ddata(4, 8, device=OVEN)) == [8]
    assert requests(wire.ddata(5, 8, device=PRESS)) == ['the birth of device Press is not known']


def test_device_that_does_not_return_with_its_node_has_no_signal() -> None:
    wire = born()
    wire.dbirth(2, device=OVEN)
    wire.nbirth(bd_seq=1)
    wire.dbirth(1)
    assert [(each.device, each.value) for each in wire.wait(BIRTH_TIMEOUT) if isinstance(each, MetricValue)] == [
        (OVEN, None)]


def test_metric_that_is_no_longer_in_the_birth_has_no_signal() -> None:
    wire = born()
    actions = wire.dbirth(2, Metric('Speed', 3, DataType.INT32, alias=9))
    assert [(each.metric, each.value) for each in actions if isinstance(each, MetricValue)] == [
        ('Speed', 3), ('State', None)]


def test_historical_values_keep_their_flag_and_their_own_time() -> None:
    past = Metric('State', 3, DataType.INT32, at=500, is_historical=True)
    present = Metric('State', 4, DataType.INT32)
    assert born().send(MessageType.DDATA, past, present, device=PRESS, seq=2, at=9_000) == [
        MetricValue(NODE, PRESS, 'State', 3, 500, is_historical=True), MetricValue(NODE, PRESS, 'State', 4, 9_000)]


def test_rebirth_requests_get_rarer_while_they_do_not_help() -> None:
    wire = Wire()
    wire.ddata(5, 1)
    asked = []
    wire.wait(REORDER_TIMEOUT)
    for _ in range(4_000):
        if requests(wire.ddata(5, 1) + wire.wait(1)):
            asked.append(wire.now)
    gaps = [after - before for before, after in pairwise(asked)]
    assert gaps[0] == pytest.approx(2 * FIRST_REQUEST_INTERVAL, abs=1)
    assert gaps == sorted(gaps)
    assert gaps[-1] == LAST_REQUEST_INTERVAL


def test_request_that_came_too_early_is_sent_later() -> None:
    wire = born()
    wire.ddata(2, 4, device=OVEN)
    wire.nbirth()
    assert requests(wire.ddata(1, 4, device=OVEN)) == []
    assert requests(wire.wait(FIRST_REQUEST_INTERVAL)) == ['the birth of device Oven is not known']


@pytest.mark.parametrize('topic', [
    'spBv1.0/Plant/NBIRTH', 'spBv1.0/Plant/NBIRTH/Cell/Press', 'spBv1.0/Plant/DDATA/Cell', 'spBv1.0/STATE/host',
    'spBv1.0/Plant/NCMD/Cell', 'spBv1.0//NDATA/Cell', 'spAv1.0/Plant/NDATA/Cell', 'spBv1.0/Plant/DDATA/Cell/a/b'])
def test_topics_of_other_messages_are_none(topic: str) -> None:
    assert parse(topic) is None


def test_topics() -> None:
    assert parse('spBv1.0/Plant/DDATA/Cell/Press') == Topic(NODE, MessageType.DDATA, PRESS)
    assert parse('spBv1.0/Plant/NDEATH/Cell') == Topic(NODE, MessageType.NDEATH, None)
