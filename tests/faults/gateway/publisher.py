"""Machines that publish by MQTT, and know what they sent."""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt

CODES = 300
STATUSES = ('operational', 'down', 'warning')
MADE = 3
"""Parts between two messages of a machine."""
LATENCY_S = 5.0
"""A broker that is killed may have forgotten what was published since so many seconds."""
CONCURRENT = 500


@dataclass(frozen=True, slots=True)
class Sent:
    """A change of a machine. at: of its clock, in whole milliseconds. good: its running total."""

    machine: str
    at: datetime
    code: int
    good: int

    @property
    def status(self) -> str:
        return STATUSES[self.code % len(STATUSES)]

    @property
    def reason(self) -> str:
        return f'event {self.code}'

    @property
    def payload(self) -> str:
        return json.dumps({'code': self.code, 'good': self.good, 'at': self.at.isoformat(timespec='milliseconds')})


VALUES = {str(code): {'status': STATUSES[code % len(STATUSES)], 'reason': f'event {code}'} for code in range(CODES)}
POINTS = json.dumps([
    {'topic': 'plant/{machine}', 'machine': '{machine}', 'path': 'code', 'at': 'at', 'values': VALUES},
    {'topic': 'plant/{machine}', 'machine': '{machine}', 'path': 'good', 'at': 'at', 'reports': 'good'}])
"""Of the gateway's file, for these messages. JSON is YAML."""


class Publisher:
    """What it sends, it keeps: messages that the broker has not acknowledged are published again."""

    def __init__(self, machines: Sequence[str], port: int, tls: Path | None = None) -> None:
        """tls: a folder with ca.crt."""
        self.sent: list[Sent] = []
        self.port = port
        self._machines = machines
        self._tls = ssl.create_default_context(cafile=tls / 'ca.crt') if tls else None
        self._turns = itertools.cycle(machines)
        self._count: defaultdict[str, int] = defaultdict(int)
        self._last: dict[str, datetime] = {}
        self._client: aiomqtt.Client | None = None
        self._acknowledged: set[Sent] = set()
        self.made_at: dict[Sent, datetime] = {}
        """When each was made, by the right clock."""

    def changes(self, count: int, *, begin: datetime | None = None, over: timedelta = timedelta()) -> list[Sent]:
        """The next changes, of all machines in turn, which are remembered as sent. Their times go from begin over a
        span; without begin, they are of now."""
        made = [self._next(begin and begin + over * number / count) for number in range(count)]
        self.sent += made
        return made

    async def publish(self, changes: Iterable[Sent]) -> None:
        """Publish them in their order, until the broker has acknowledged all."""
        pending = list(changes)
        self._acknowledged -= {*pending}
        while pending:
            try:
                await self._publish(pending)
            except (aiomqtt.MqttError, OSError):
                await self.close()
                await asyncio.sleep(0.05)
            pending = [each for each in pending if each not in self._acknowledged]

    async def flow(self, count: int, *, rate: float, begin: datetime | None = None, over: timedelta = timedelta(),
                   stop: asyncio.Event | None = None) -> None:
        """Make and publish changes at a rate, in steps of a twentieth of a second, so that their times are of now.
        stop: ends it earlier, when it is set."""
        step, done, began = max(1, round(rate / 20)), 0, asyncio.get_running_loop().time()
        while done < count:
            now = min(step, count - done)
            span = over * now / count
            await self.publish(self.changes(now, begin=begin and begin + over * done / count, over=span))
            done += now
            if stop is not None and stop.is_set():
                return
            await asyncio.sleep(max(0.0, began + done / rate - asyncio.get_running_loop().time()))

    async def close(self) -> None:
        """Close the connection; the next message opens another."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)

    def recent(self, until: datetime) -> list[Sent]:
        """What a broker that was killed then may have forgotten, although it had acknowledged it."""
        return [each for each in self.sent if each.at >= until - timedelta(seconds=LATENCY_S)]

    def _next(self, at: datetime | None) -> Sent:
        machine = next(self._turns)
        now = at or datetime.now(UTC)
        moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if machine in self._last:
            moment = max(moment, self._last[machine] + timedelta(milliseconds=1))
        self._last[machine] = moment
        number = self._count[machine]
        self._count[machine] += 1
        made = Sent(machine, moment, number % CODES, number * MADE)
        self.made_at[made] = datetime.now(UTC)
        return made

    async def _publish(self, pending: list[Sent]) -> None:
        if self._client is None:
            client = aiomqtt.Client('127.0.0.1', self.port, tls_context=self._tls, timeout=10,
                                    max_inflight_messages=CONCURRENT)
            client.pending_calls_threshold = 10 * CONCURRENT
            self._client = await client.__aenter__()
        for begin in range(0, len(pending), CONCURRENT):
            await asyncio.gather(*map(self._publish_one, pending[begin:begin + CONCURRENT]))

    async def _publish_one(self, change: Sent) -> None:
        await self._client.publish(f'plant/{change.machine}', change.payload, qos=1)
        self._acknowledged.add(change)
