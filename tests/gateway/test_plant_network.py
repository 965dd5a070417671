"""The simulated plant as MQTT topics, Sparkplug B edge nodes and an OPC UA server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pysparkplug as spb
import pytest
from asyncua.client.client import Client
from ports import free_port
from simulation.delivered_floor import DELIVERED

from simulator.mqtt_network import JsonTopics
from simulator.network_plant import NetworkMachine, NetworkPlant, delivered_machines
from simulator.opcua_network import NAMESPACE, OpcUaNetwork
from simulator.plant_network import main
from simulator.sparkplug_network import EdgeNodePublisher

NOW = datetime(2026, 11, 28, 9, 41, 7, tzinfo=UTC)
PRESS = NetworkMachine('Line 1', 'Press', 'down', 'E-047', NOW, run_s=400.0)


class Published:
    """A client that only remembers."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any]] = []

    async def publish(self, topic: str, payload: Any, qos: int = 0, retain: bool = False) -> None:
        self.messages.append((topic, payload))


def test_machines_are_those_of_the_demo() -> None:
    lines, stations = delivered_machines()
    assert [(each.name, each.type) for each in stations] == [(each.name, each.type) for each in DELIVERED]
    assert lines['Painter_04_01'] == 'Interior Line'


def test_plant_plays_at_its_speed_and_counts_what_it_makes() -> None:
    plant = NetworkPlant(NOW, seed=7, speed=60)
    changes = plant.advance(NOW + timedelta(minutes=10))
    assert len(changes) > 10
    assert all(NOW <= each.since <= NOW + timedelta(minutes=10) for each in changes)
    made = {each.name: each.good + each.reject for each in plant.machines.values()}
    assert max(made.values()) == 9_000  # 10 hours of 4 seconds a part
    assert plant.advance(NOW + timedelta(minutes=10)) == []


async def test_json_says_that_it_is_simulated() -> None:
    client: Any = Published()
    topics = JsonTopics(client, 'simulated')
    await topics.statuses([PRESS])
    await topics.counters([PRESS])
    assert [(topic, json.loads(payload)) for topic, payload in client.messages] == [
        ('simulated/Line 1/Press/status', {'status': 'down', 'reason': 'E-047', 'at': '2026-11-28T09:41:07+00:00',
                                           'simulated': True}),
        ('simulated/Line 1/Press/counters', {'good': 97, 'reject': 3, 'simulated': True})]


async def test_edge_node_as_another_implementation_reads_it() -> None:
    client: Any = Published()
    node = EdgeNodePublisher('Line 1', [PRESS])
    will: Any = node.will()
    await node.births(client)
    await node.data(client, PRESS, ('Status', 'Good'))
    topics, payloads = zip(*client.messages, strict=True)
    assert topics == ('spBv1.0/Simulated/NBIRTH/Line 1', 'spBv1.0/Simulated/DBIRTH/Line 1/Press',
                      'spBv1.0/Simulated/DDATA/Line 1/Press')
    birth, device = spb.NBirth.decode(payloads[0]), spb.DBirth.decode(payloads[1])
    data = spb.DData.decode(payloads[2], birth=device)
    assert [birth.seq, device.seq, data.seq] == [0, 1, 2]
    assert spb.NDeath.decode(will.payload).bd_seq_metric.value == next(iter(birth.metrics)).value == 0
    assert {each.name: each.value for each in device.metrics} == {
        'Status': 'down', 'Reason': 'E-047', 'Good': 97, 'Reject': 3}
    assert [(each.name, each.value) for each in data.metrics] == [('Status', 'down'), ('Good', 97)]
    assert next(iter(data.metrics)).timestamp == NOW.timestamp() * 1_000
    await node.death(client)
    assert client.messages[-1] == (will.topic, will.payload)
    assert node.will() != will  # the next connection has another bdSeq


async def test_opc_ua_server_has_the_state_of_each_machine() -> None:
    port = free_port()
    network = OpcUaNetwork('127.0.0.1', port)
    await network.start([PRESS])
    try:
        async with Client(f'opc.tcp://127.0.0.1:{port}/simulated') as client:
            index = await client.get_namespace_index(NAMESPACE)
            state = await client.get_node(f'ns={index};s=Press.State').read_data_value()
            assert (state.Value.Value, state.SourceTimestamp) == (3, NOW)
            assert await client.get_node(f'ns={index};s=Press.Reason').read_value() == 'E-047'
    finally:
        await network.stop()


@pytest.mark.parametrize(('arguments', 'problem'), [
    ([], 'give --mqtt, --opcua or both'), (['--opcua', '4840', '--sparkplug'], '--sparkplug needs --mqtt'),
    (['--mqtt', 'broker'], 'broker is not HOST:PORT, as in 127.0.0.1:1883')])
def test_arguments_that_cannot_be(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert problem in capsys.readouterr().err
