"""A Sparkplug B edge node whose machines change. Another implementation (pysparkplug) makes its payloads."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomqtt
import pysparkplug as spb

from floor.core.tasks import end

from .publisher import VALUES, Sent

NODE = 'Plant', 'Cell'
STATE = 'spBv1.0/STATE/line-monitor'
KEPT = timedelta(seconds=10)
"""What was published since so long may not have arrived: messages of Sparkplug are of QoS 0."""
SEQUENCE = 256
SOURCE = """  - {{type: sparkplug, name: plant, host: 127.0.0.1, port: {port}, grace: 1, {more} points: {points}}}"""
POINTS = json.dumps([
    {'node': '/'.join(NODE), 'device': '{machine}', 'metric': 'Code', 'machine': '{machine}', 'values': VALUES},
    {'node': '/'.join(NODE), 'device': '{machine}', 'metric': 'Good', 'machine': '{machine}', 'reports': 'good'}])


class EdgeNode:
    """Each machine is a device. What happens while no host application is online it keeps; when one comes or asks for
    births, it publishes them, and what it kept as historical values."""

    def __init__(self, port: int, machines: Sequence[str]) -> None:
        self.asked = 0
        """How often a host asked for births."""
        self.is_heard = False
        """Whether a host application is online."""
        self._port = port
        self._aliases = {machine: 2 * number for number, machine in enumerate(machines)}
        self._now: dict[str, Sent] = {}
        self._kept: list[Sent] = []
        self._seq = 0
        self._bd_seq = -1
        self._client: aiomqtt.Client | None = None
        self._listener: asyncio.Task[None] | None = None
        self._order = asyncio.Lock()

    async def connect(self) -> None:
        """Connect, until it works, and publish births."""
        self._bd_seq += 1
        will = aiomqtt.Will(_topic('NDEATH'), spb.NDeath(timestamp=None, bd_seq_metric=self._bd_metric()).encode(), 1)
        while True:
            client = aiomqtt.Client('127.0.0.1', self._port, will=will)
            client.pending_calls_threshold = 10_000
            try:
                self._client = await client.__aenter__()
            except aiomqtt.MqttError:
                await asyncio.sleep(0.05)
            else:
                break
        await self._births()
        await client.subscribe([(_topic('NCMD'), 1), (STATE, 1)])
        self._listener = asyncio.create_task(self._listen(client))

    async def disconnect(self) -> None:
        """The connection breaks: the broker publishes the death."""
        client, listener = self._client, self._listener
        self._client = self._listener = None
        self.is_heard = False
        if client is not None and listener is not None:
            await _break(client, listener)

    async def connect_twice(self) -> None:
        """Connect again; the broker notices only then that the earlier connection has ended."""
        client, listener = self._client, self._listener
        assert client is not None
        assert listener is not None
        await self.connect()
        await _break(client, listener)

    async def publish(self, changes: Iterable[Sent]) -> None:
        """Publish changes, or keep them."""
        for each in changes:
            self._now[each.machine] = each
            self._kept.append(each)
            if self.is_heard:
                await self._send('DDATA', each.machine, spb.DData, self._metrics(each))

    def lose(self, change: Sent) -> None:
        """A change whose message is lost on the way."""
        self._now[change.machine] = change
        self._seq = (self._seq + 1) % SEQUENCE

    async def _listen(self, client: aiomqtt.Client) -> None:
        with suppress(aiomqtt.MqttError):
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                if str(message.topic) == STATE:
                    self.is_heard = json.loads(message.payload)['online']
                else:
                    self.asked += 1
                if self.is_heard:
                    await self._births()
        if client is self._client:
            self.is_heard = False

    async def _births(self) -> None:
        """Births with the present values, and what was kept as values of the past."""
        async with self._order:
            self._seq = 0
            kept, since = list(self._kept), datetime.now(UTC) - KEPT
            await self._publish('NBIRTH', None, spb.NBirth, [self._bd_metric()])
            for each in self._now.values():
                await self._publish('DBIRTH', each.machine, spb.DBirth, self._metrics(each, names=True))
            if self.is_heard:
                for each in kept:
                    await self._publish('DDATA', each.machine, spb.DData, self._metrics(each, is_historical=True))
                self._kept = [each for each in self._kept if each not in kept or each.at > since]

    def _metrics(self, change: Sent, *, names: bool = False, **more: Any) -> list[spb.Metric]:
        at, alias = round(change.at.timestamp() * 1_000), self._aliases[change.machine]
        return [spb.Metric(timestamp=at, name='Code' if names else None, datatype=spb.DataType.INT32,
                           value=change.code, alias=alias, **more),
                spb.Metric(timestamp=at, name='Good' if names else None, datatype=spb.DataType.UINT32,
                           value=change.good, alias=alias + 1, **more)]

    def _bd_metric(self) -> spb.Metric:
        return spb.Metric(timestamp=_now(), name='bdSeq', datatype=spb.DataType.INT64, value=self._bd_seq)

    async def _send(self, *message: Any) -> None:
        async with self._order:
            await self._publish(*message)

    async def _publish(self, kind: str, device: str | None, payload: Any, metrics: list[spb.Metric]) -> None:
        raw = payload(timestamp=_now(), seq=self._seq, metrics=metrics).encode()
        self._seq = (self._seq + 1) % SEQUENCE
        client = self._client
        with suppress(aiomqtt.MqttError):   # it is kept
            if client is not None:
                await client.publish(_topic(kind, device), raw)


async def _break(client: aiomqtt.Client, listener: asyncio.Task[None]) -> None:
    link: Any = client._client.socket()
    if link is not None:
        link.shutdown(socket.SHUT_RDWR)
        await asyncio.wait([client._disconnected], timeout=10)
    await end([listener])
    with suppress(aiomqtt.MqttError):
        await client.__aexit__(None, None, None)


def _topic(kind: str, device: str | None = None) -> str:
    group, node = NODE
    return f'spBv1.0/{group}/{kind}/{node}' + (f'/{device}' if device else '')


def _now() -> int:
    return round(datetime.now(UTC).timestamp() * 1_000)
