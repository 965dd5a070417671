"""The Sparkplug B source on a real broker (mosquitto), with edge nodes whose payloads another implementation makes."""

from __future__ import annotations

import asyncio
import glob
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pysparkplug as spb
import pytest
from gateway.harness import NEEDS_MOSQUITTO, Mosquitto, mosquitto, until

from floor.core.tasks import end
from floor.gateway import source as source_module
from floor.gateway.config_file import parse_config
from floor.gateway.errors import GatewayConfigError
from floor.gateway.reading import Reading
from floor.gateway.sparkplug import sparkplug_source
from floor.gateway.sparkplug.sparkplug_source import SparkplugSource
from floor.gateway.sparkplug_config import SparkplugConfig

STATE = 'spBv1.0/STATE/line-monitor'
PLUGIN = glob.glob('/usr/lib/*/mosquitto_dynamic_security.so')
"""Refuses subscriptions, which access control lists of the broker do not."""
POINTS = """
  - {node: 'Plant/{cell}', device: '{machine}', metric: Status/State, machine: '{machine}', preset: packml}
  - {node: Plant/Cell 1, device: Oven, metric: Status/State, machine: Oven 7, preset: packml}
"""


def config(port: int, points: str = POINTS) -> SparkplugConfig:
    source = parse_config(f"""
app: {{url: 'http://floor', token: {{env: TOKEN}}}}
queue: {{folder: queue}}
sources:
- name: plant
  type: sparkplug
  host: 127.0.0.1
  port: {port}
  points: {points}""", 'gateway.yaml').sources[0]
    assert isinstance(source, SparkplugConfig)
    return source


def now() -> int:
    return int(time.time() * 1_000)


class EdgeNode:
    """Plant/Cell 1 with a press and an oven."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._seq = 0
        self.asked = 0
        self.client: aiomqtt.Client
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def connected(self, bd_seq: int = 0) -> AsyncIterator[EdgeNode]:
        """bd_seq: of its birth and death. It does not take leave: the broker publishes its death."""
        death = spb.NDeath(timestamp=now(), bd_seq_metric=spb.Metric(
            timestamp=now(), name='bdSeq', datatype=spb.DataType.INT64, value=bd_seq)).encode()
        will = aiomqtt.Will('spBv1.0/Plant/NDEATH/Cell 1', death, qos=1)
        async with aiomqtt.Client('127.0.0.1', self._port, will=will) as self.client:
            await self.client.subscribe('spBv1.0/Plant/NCMD/Cell 1')
            self._tasks.append(asyncio.create_task(self._answer(bd_seq)))
            await self.births(bd_seq)
            try:
                yield self
            finally:
                self._tasks.pop().cancel()
                link: Any = self.client._client.socket()
                if link is not None:
                    link.shutdown(socket.SHUT_RDWR)
                await asyncio.wait([self.client._disconnected], timeout=10)
                assert self.client._disconnected.exception() is not None

    async def births(self, bd_seq: int = 0) -> None:
        self._seq = 0
        await self.send('NBIRTH', None, spb.NBirth, [spb.Metric(
            timestamp=now(), name='bdSeq', datatype=spb.DataType.INT64, value=bd_seq)])
        for device in 'Press', 'Oven':
            await self.send('DBIRTH', device, spb.DBirth, [self.metric(device, 6, name='Status/State')])

    async def _answer(self, bd_seq: int) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            metrics = list(spb.NCmd.decode(message.payload).metrics)
            assert [(each.name, each.value) for each in metrics] == [('Node Control/Rebirth', True)]
            self.asked += 1
            await self.births(bd_seq)

    @staticmethod
    def metric(device: str, value: int, **more: Any) -> spb.Metric:
        return spb.Metric(timestamp=more.pop('timestamp', now()), name=more.pop('name', None),
                          datatype=spb.DataType.INT32, value=value, alias={'Press': 1, 'Oven': 2}[device], **more)

    async def state(self, device: str, value: int, **more: Any) -> None:
        await self.send('DDATA', device, spb.DData, [self.metric(device, value, **more)])

    async def send(self, kind: str, device: str | None, payload: Any, metrics: list[spb.Metric]) -> None:
        raw = payload(timestamp=now(), seq=self._seq, metrics=metrics).encode()
        self._seq = (self._seq + 1) % 256
        await self.client.publish(f'spBv1.0/Plant/{kind}/Cell 1' + (f'/{device}' if device else ''), raw)


class Heard:
    def __init__(self, source: SparkplugSource) -> None:
        self.source = source
        self.readings: list[Reading] = []

    def values(self, machine: str) -> list[object]:
        return [each.value for each in self.readings if each.point.machine == machine]

    async def last(self, machine: str, value: object) -> Reading:
        await until(lambda: self.values(machine)[-1:] == [value])
        return next(each for each in reversed(self.readings) if each.point.machine == machine)


@asynccontextmanager
async def reading(config: SparkplugConfig) -> AsyncIterator[Heard]:
    heard = Heard(SparkplugSource(config))
    task = asyncio.create_task(heard.source.run(heard.readings.append))
    try:
        await until(lambda: heard.source.state.connected)
        yield heard
    finally:
        await end([task])


@pytest.fixture
async def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mosquitto]:
    monkeypatch.setattr(source_module, 'FIRST_BACKOFF_S', 0.05)
    monkeypatch.setattr(sparkplug_source, 'TICK_S', 0.02)
    with mosquitto(tmp_path) as broker:
        await broker.start()
        yield broker


@NEEDS_MOSQUITTO
async def test_edge_node_that_was_there_before_is_asked_for_its_births(broker: Mosquitto) -> None:
    async with EdgeNode(broker.port).connected() as node, reading(config(broker.port)) as heard:
        await heard.last('Press', 6)
        await heard.last('Oven 7', 6)
        assert node.asked == 1
        at = now() - 60_000
        await node.state('Press', 2, timestamp=at)
        read = await heard.last('Press', 2)
        assert read.at.timestamp() == at / 1_000
        assert not read.is_historical
        await node.state('Press', 5, timestamp=at - 60_000, is_historical=True)
        assert (await heard.last('Press', 5)).is_historical
        assert heard.source.state.ignored == {}


@NEEDS_MOSQUITTO
async def test_edge_node_that_dies_takes_its_machines_with_it_and_returns(broker: Mosquitto) -> None:
    async with reading(config(broker.port)) as heard:
        async with EdgeNode(broker.port).connected():
            await heard.last('Oven 7', 6)
        assert (await heard.last('Press', None)).detail == 'its edge node is offline'
        await heard.last('Oven 7', None)
        async with EdgeNode(broker.port).connected(bd_seq=1):
            await heard.last('Press', 6)


@NEEDS_MOSQUITTO
async def test_missing_message_is_answered_by_a_rebirth_request(broker: Mosquitto) -> None:
    points = "[{node: 'Plant/{cell}', device: Press, metric: Status/State, machine: Press, preset: packml}]"
    async with reading(config(broker.port, points)) as heard, EdgeNode(broker.port).connected() as node:
        await heard.last('Press', 6)
        assert node.asked == 0
        node._seq += 1  # a message is lost
        await node.state('Press', 2)
        await until(lambda: node.asked == 1)
        assert heard.source.state.ignored == {'births needed': 1}
        await until(lambda: heard.values('Press') == [6, 2, 6])


@NEEDS_MOSQUITTO
async def test_host_says_whether_it_is_online(broker: Mosquitto) -> None:
    states: list[dict[str, Any]] = []
    async with aiomqtt.Client('127.0.0.1', broker.port) as client:
        await client.subscribe(STATE)

        async def listen() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                states.append(json.loads(message.payload))
        task = asyncio.create_task(listen())
        async with reading(config(broker.port)):
            await until(lambda: states)
            at = states[0]['timestamp']
            assert states == [{'online': True, 'timestamp': at}]
            assert abs(at - now()) < 60_000
            # The death of an earlier connection, which the broker publishes late
            await client.publish(STATE, json.dumps({'online': False, 'timestamp': at - 1}), retain=True)
            await until(lambda: len(states) == 3)
            assert states[2] == {'online': True, 'timestamp': at}
        await until(lambda: states[3:])
        assert states[3:] == [{'online': False, 'timestamp': at}]
        await end([task])
    async with aiomqtt.Client('127.0.0.1', broker.port) as client:
        await client.subscribe(STATE)
        message = await anext(client.messages)
        assert message.retain
        assert json.loads(message.payload) == {'online': False, 'timestamp': at}


@NEEDS_MOSQUITTO
async def test_edge_node_that_does_not_return_with_the_broker_has_no_signal(
        broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(config(broker.port)) as heard:
        async with EdgeNode(broker.port).connected():
            await heard.last('Press', 6)
            monkeypatch.setattr(sparkplug_source, 'ANSWER_TIMEOUT_S', 0.3)
            broker.kill()
            await until(lambda: not heard.source.state.connected)
        await broker.start()
        assert (await heard.last('Press', None)).detail == 'its edge node does not answer'
        async with EdgeNode(broker.port).connected(bd_seq=1):
            await heard.last('Press', 6)


@NEEDS_MOSQUITTO
async def test_each_machine_of_a_metric_that_is_silent_from_the_start_has_no_signal(
        broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_source, 'ANSWER_TIMEOUT_S', 0.1)
    points = '[{node: Plant/Cell 1, metric: State, machine: A}, {node: Plant/Cell 1, metric: State, machine: B}]'
    async with reading(config(broker.port, points)) as heard:
        for machine in ('A', 'B'):
            await heard.last(machine, None)


@NEEDS_MOSQUITTO
@pytest.mark.skipif(not PLUGIN, reason='apt-get install mosquitto has it')
async def test_a_login_that_may_not_read_is_named(tmp_path: Path) -> None:
    rights = tmp_path / 'rights.json'
    rights.write_text(json.dumps({'defaultACLAccess': {'publishClientSend': True, 'subscribe': False}}))
    rights.chmod(0o600)
    with mosquitto(tmp_path, 'allow_anonymous true', f'plugin {PLUGIN[0]}',
                   f'plugin_opt_config_file {rights}') as broker:
        await broker.start()
        source = SparkplugSource(config(broker.port))
        task = asyncio.create_task(source.run(lambda _reading: None))
        await until(lambda: source.state.error or source.state.connected)
        await end([task])
    assert source.state.error == f'the broker 127.0.0.1:{broker.port}: this login may not read {STATE}'


@NEEDS_MOSQUITTO
async def test_other_messages_and_those_that_are_no_sparkplug_disturb_nothing(broker: Mosquitto) -> None:
    birth = spb.NBirth(timestamp=now(), seq=0, metrics=()).encode()
    points = '[{node: Plant/Cell 1, device: Press, metric: Status/State, machine: Press, preset: packml}]'
    async with reading(config(broker.port, points)) as heard:
        async with aiomqtt.Client('127.0.0.1', broker.port) as client:
            await client.subscribe('spBv1.0/Plant/NCMD/#')
            await client.publish('spBv1.0/Plant/NDATA/Other', birth)
            await client.publish('spBv1.0/Plant/DDATA/Cell 1/Press', b'{"status": "down"}')
            await client.publish('spBv1.0/Plant/DDATA/Cell 1', birth)
        async with EdgeNode(broker.port).connected():
            await heard.last('Press', 6)
        assert heard.source.state.ignored == {'not a Sparkplug payload': 1}


@pytest.mark.parametrize(('points', 'problem'), [
    ('[{node: Cell 1, metric: State, machine: M}]', 'an edge node is written as GROUP/NODE, as in Plant/Cell 3 or '
     'Plant/{line}'),
    ('[{node: Plant/Cell 1, device: a/b, metric: State, machine: M}]', 'a device has no / and no # in its name'),
    ("[{node: Plant/Cell 1, metric: State, machine: '{machine}'}]", '{machine} is neither in node nor in device'),
    ("[{node: 'Plant/{}', metric: State, machine: M}]", 'each placeholder has another name of letters')])
def test_point_that_cannot_be(points: str, problem: str) -> None:
    with pytest.raises(GatewayConfigError) as error:
        config(1883, points)
    assert problem in str(error.value)
    assert 'gateway.yaml:9:' in str(error.value)
