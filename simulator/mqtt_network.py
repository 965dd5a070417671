"""Publishes the plant to an MQTT broker as JSON: topics for each machine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import aiomqtt

from simulator.network_plant import NetworkMachine


@asynccontextmanager
async def connect(host: str, port: int, will: aiomqtt.Will | None = None) -> AsyncIterator[aiomqtt.Client]:
    """A connection to a broker.

    :raises ConnectionError: it cannot be made, or is lost
    """
    try:
        async with aiomqtt.Client(host, port, will=will) as client:
            yield client
    except aiomqtt.MqttError as error:
        raise ConnectionError(f'the MQTT broker {host}:{port}: {error}') from error


class JsonTopics:
    """PREFIX/LINE/MACHINE/status and /counters, retained."""

    def __init__(self, client: aiomqtt.Client, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    async def statuses(self, machines: Iterable[NetworkMachine]) -> None:
        """Publish the status of machines."""
        for machine in machines:
            await self._publish(machine, 'status', {
                'status': machine.status, 'reason': machine.reason, 'at': machine.since.isoformat()})

    async def counters(self, machines: Iterable[NetworkMachine]) -> None:
        """Publish the counters of machines."""
        for machine in machines:
            await self._publish(machine, 'counters', {'good': machine.good, 'reject': machine.reject})

    async def _publish(self, machine: NetworkMachine, leaf: str, payload: dict[str, object]) -> None:
        await self._client.publish(f'{self._prefix}/{machine.line}/{machine.name}/{leaf}',
                                   json.dumps({**payload, 'simulated': True}), qos=1, retain=True)
