"""Reads Sparkplug B edge nodes from an MQTT broker, as a host application."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import aiomqtt

from ...core.tasks import run_together
from ..broker import ERRORS, Broker, subscribe, until_disconnected
from ..mapping import Reports
from ..reading import Emit, Point, Reading
from ..source import SourceState, keep_connected
from ..sparkplug_config import SparkplugConfig
from .edge_node import Action, EdgeNode, MetricValue, RebirthRequest
from .payload import DataType, Metric, Payload, SparkplugPayloadError, decode, encode
from .sparkplug_points import SparkplugPoints
from .topics import NAMESPACE, NodeId, command, host_state, parse

log = logging.getLogger(__name__)

TICK_S = 0.25
MAX_NODES = 5_000
CONNECTED = 'the gateway is connected'
ANSWER_TIMEOUT_S = 30.0
"""After this time with a connection, a point of which nothing was heard has no signal."""


class SparkplugSource:
    """A broker with edge nodes. trial: says nothing about itself, but asks edge nodes for births."""

    def __init__(self, config: SparkplugConfig, *, trial: bool = False) -> None:
        """:raises GatewayConfigError: a secret or a certificate cannot be read"""
        self.state = SourceState(config.name)
        self._config = config
        self._broker = Broker(config, trial=trial, keeps_session=False)
        self._is_trial = trial
        self._points = SparkplugPoints(config)
        self._seen = {point for points in self._points.known().values() for point in points}
        """Points that there are or were."""

    async def run(self, emit: Emit) -> None:
        """Emit readings until cancelled."""
        await keep_connected(self.state, lambda: self._session(emit), ERRORS, self._broker.explain)

    def read_now(self) -> None:
        """Emit what has arrived."""
        self._broker.read_now()

    async def _session(self, emit: Emit) -> None:
        session = _Session(self.state, self._points, self._seen, emit)
        topic = host_state(self._config.host_id)
        birth, death = _host_states(datetime.now(UTC))

        def take(message: aiomqtt.Message) -> None:
            if str(message.topic) == topic and not self._is_trial and _is_offline(message.payload):
                session.outgoing.put_nowait((topic, birth, True))  # the death of an earlier connection came late
            session.take(message)

        will = None if self._is_trial else aiomqtt.Will(topic, death, qos=1, retain=True)
        async with self._broker.client(take, self.state.hear, will) as client:
            await subscribe(client, [(topic, 1), *((f'{NAMESPACE}/{group}/#', 1) for group in self._points.filters)])
            if not self._is_trial:
                await client.publish(topic, birth, qos=1, retain=True)
            self.state.connect()
            try:
                await run_together(until_disconnected(client), _publish(client, session.outgoing), session.tick())
            except asyncio.CancelledError:
                client.stop_taking()  # or our own death would be answered by our birth
                if not self._is_trial:
                    with suppress(*ERRORS):
                        await client.publish(topic, death, qos=1, retain=True)
                raise


class _Session:
    """What is known of edge nodes during one connection to the broker."""

    def __init__(self, state: SourceState, points: SparkplugPoints, seen: set[Point], emit: Emit) -> None:
        self.outgoing: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue()
        """Topic, payload, and whether it is a retained message of QoS 1."""
        self._state = state
        self._points = points
        self._seen = seen
        self._silent = set(seen)
        self._emit = emit
        self._nodes: dict[NodeId, EdgeNode] = {}
        self._began = time.monotonic()
        for node in points.known():
            self._node(node).want_births(CONNECTED)

    def take(self, message: aiomqtt.Message) -> None:
        """Take a message.

        :raises QueueError: what follows from it cannot be stored
        """
        topic = parse(str(message.topic))
        if topic is None or message.retain or not isinstance(message.payload, bytes):
            return  # a retained message is of an unknown age
        if not self._points.has_node(topic.node):
            return
        self._state.receive()
        if topic.node not in self._nodes and len(self._nodes) >= MAX_NODES:
            self._state.ignore('too many edge nodes', f'more than {MAX_NODES} edge nodes: {topic.node} is ignored')
            return
        try:
            payload = decode(message.payload)
        except SparkplugPayloadError as error:
            self._state.ignore('not a Sparkplug payload', f'{message.topic}: {error}')
            return
        self._perform(self._node(topic.node).receive(topic, payload, time.monotonic()))

    async def tick(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            now = time.monotonic()
            for node in self._nodes.values():
                due = node.next_due()
                if due is not None and due <= now:
                    self._perform(node.due(now))
            if self._silent and now >= self._began + ANSWER_TIMEOUT_S:
                for point in self._silent:
                    self._emit(Reading(point, None, detail='its edge node does not answer'))
                self._silent.clear()
            await asyncio.sleep(TICK_S)

    def _node(self, node: NodeId) -> EdgeNode:
        return self._nodes.setdefault(node, EdgeNode(node))

    def _perform(self, actions: Sequence[Action]) -> None:
        for reading in sorted((each for action in actions if isinstance(action, MetricValue)
                               for each in self._readings(action)), key=_is_status):
            self._emit(reading)
        for action in actions:
            if isinstance(action, RebirthRequest):
                sentence = f'edge node {action.node} is asked for its births: {action.reason}'
                if action.reason == CONNECTED:
                    log.info('source %s: %s', self._state.name, sentence)
                else:
                    self._state.ignore('births needed', sentence)
                self.outgoing.put_nowait((command(action.node), _rebirth(), False))

    def _readings(self, value: MetricValue) -> Iterator[Reading]:
        for point in self._points.of_metric(value.node, value.device, value.metric):
            self._seen.add(point)
            if not value.is_historical:
                self._silent.discard(point)
            yield Reading(point, value.value, _moment(value.at), value.is_historical, value.detail)


async def _publish(client: aiomqtt.Client, outgoing: asyncio.Queue[tuple[str, bytes, bool]]) -> None:
    while True:
        topic, payload, is_state = await outgoing.get()
        await client.publish(topic, payload, qos=1 if is_state else 0, retain=is_state)


def _is_status(reading: Reading) -> bool:
    """The reason in a message is read before the status that it belongs to, so that they are one event."""
    return reading.point.config.reports is not Reports.REASON


def _host_states(now: datetime) -> tuple[bytes, bytes]:
    """The STATE messages of one connection, online and offline; they have the same time (section 5.14)."""
    at = int(now.timestamp() * 1_000)
    online, offline = (json.dumps({'online': online, 'timestamp': at}).encode() for online in (True, False))
    return online, offline


def _is_offline(state: object) -> bool:
    try:
        return isinstance(state, bytes) and json.loads(state)['online'] is False
    except (ValueError, TypeError, LookupError):
        return False


def _rebirth() -> bytes:
    now = int(time.time() * 1_000)
    return encode(Payload((Metric('Node Control/Rebirth', True, DataType.BOOLEAN, at=now),), now))


def _moment(milliseconds: int | None) -> datetime | None:
    """None for what is no time: it counts as now."""
    try:
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
