"""Publishes the plant to an MQTT broker as Sparkplug B 3.0: each line is an edge node, each machine a device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime

import aiomqtt

from floor.core.tasks import end
from floor.gateway.sparkplug.payload import DataType, Metric, Payload, decode, encode
from floor.gateway.sparkplug.topics import NAMESPACE, NodeId, command
from simulator.mqtt_network import connect
from simulator.network_plant import NetworkMachine

GROUP = 'Simulated'
SEQUENCE = 256
REBIRTH = 'Node Control/Rebirth'
METRICS = {'Status': DataType.STRING, 'Reason': DataType.STRING, 'Good': DataType.UINT32, 'Reject': DataType.UINT32}
"""Of each device."""


@asynccontextmanager
async def sparkplug_nodes(host: str, port: int, machines: Sequence[NetworkMachine]) -> AsyncIterator[SparkplugNodes]:
    """All lines, each with its own connection, since the death of an edge node is the will of its connection.

    :raises ConnectionError: a connection cannot be made, or is lost
    """
    publishers: dict[str, tuple[EdgeNodePublisher, aiomqtt.Client]] = {}
    async with AsyncExitStack() as stack:
        for line in dict.fromkeys(machine.line for machine in machines):
            publisher = EdgeNodePublisher(line, [each for each in machines if each.line == line])
            client = await stack.enter_async_context(connect(host, port, publisher.will()))
            await client.subscribe(command(publisher.node), qos=1)
            await publisher.births(client)
            stack.push_async_callback(publisher.death, client)  # no will follows a clean disconnect
            stack.push_async_callback(end, [asyncio.create_task(publisher.answer_commands(client))])
            publishers[line] = publisher, client
        yield SparkplugNodes(publishers)


class SparkplugNodes:
    """Edge nodes with their connections, by line."""

    def __init__(self, publishers: dict[str, tuple[EdgeNodePublisher, aiomqtt.Client]]) -> None:
        self._publishers = publishers

    async def statuses(self, machines: Iterable[NetworkMachine]) -> None:
        """Publish the status of machines."""
        await self._data(machines, ('Status', 'Reason'))

    async def counters(self, machines: Iterable[NetworkMachine]) -> None:
        """Publish the counters of machines."""
        await self._data(machines, ('Good', 'Reject'))

    async def _data(self, machines: Iterable[NetworkMachine], names: Iterable[str]) -> None:
        for machine in machines:
            publisher, client = self._publishers[machine.line]
            await publisher.data(client, machine, names)


class EdgeNodePublisher:
    """One line as an edge node, its machines as devices."""

    def __init__(self, line: str, machines: Sequence[NetworkMachine]) -> None:
        self.node = NodeId(GROUP, line)
        self._machines = machines
        self._aliases = {(machine.name, metric): number for number, (machine, metric) in enumerate(
            (machine, metric) for machine in machines for metric in METRICS)}
        self._seq = 0
        self._bd_seq = -1
        self._order = asyncio.Lock()
        """Births of a host's request are not interrupted by data."""

    def will(self) -> aiomqtt.Will:
        """The death of the next connection."""
        self._bd_seq = (self._bd_seq + 1) % SEQUENCE
        return aiomqtt.Will(self._topic('NDEATH'), self._death(), qos=1)

    async def death(self, client: aiomqtt.Client) -> None:
        """Publish the death, unless the connection is lost."""
        with suppress(aiomqtt.MqttError):
            await client.publish(self._topic('NDEATH'), self._death(), qos=1)

    async def births(self, client: aiomqtt.Client) -> None:
        """Publish the births of the node and of its devices."""
        async with self._order:
            await self._births(client)

    async def _births(self, client: aiomqtt.Client) -> None:
        self._seq = 0
        at = _milliseconds(datetime.now(UTC))
        control = Metric(REBIRTH, False, DataType.BOOLEAN, at=at)
        await self._publish(client, 'NBIRTH', None, (self._bd_seq_metric(), control), at)
        for machine in self._machines:
            metrics = [self._metric(machine, name, at, with_name=True) for name in METRICS]
            await self._publish(client, 'DBIRTH', machine.name, metrics, at)

    async def data(self, client: aiomqtt.Client, machine: NetworkMachine, names: Iterable[str]) -> None:
        """Publish metrics of a machine."""
        async with self._order:
            at = _milliseconds(datetime.now(UTC))
            await self._publish(client, 'DDATA', machine.name, [self._metric(machine, name, at) for name in names],
                                at)

    async def answer_commands(self, client: aiomqtt.Client) -> None:
        """Publish births when a host application asks for them."""
        async for message in client.messages:
            if isinstance(message.payload, bytes) and decode(message.payload).metric(REBIRTH):
                await self.births(client)

    def _metric(self, machine: NetworkMachine, name: str, at: int, *, with_name: bool = False) -> Metric:
        values: dict[str, str | int] = {'Status': machine.status, 'Reason': machine.reason or '',
                                        'Good': machine.good, 'Reject': machine.reject}
        moment = _milliseconds(machine.since) if name in ('Status', 'Reason') else at
        return Metric(name if with_name else None, values[name], METRICS[name], self._aliases[machine.name, name],
                      moment)

    def _bd_seq_metric(self) -> Metric:
        return Metric('bdSeq', self._bd_seq, DataType.INT64)

    def _death(self) -> bytes:
        return encode(Payload((self._bd_seq_metric(),)))

    def _topic(self, kind: str, device: str | None = None) -> str:
        return f'{NAMESPACE}/{self.node.group}/{kind}/{self.node.node}' + (f'/{device}' if device else '')

    async def _publish(self, client: aiomqtt.Client, kind: str, device: str | None, metrics: Iterable[Metric],
                       at: int) -> None:
        payload = Payload(tuple(metrics), at, self._seq)
        self._seq = (self._seq + 1) % SEQUENCE
        await client.publish(self._topic(kind, device), encode(payload))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
