"""Reads machines from an MQTT broker."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import aiomqtt

from .broker import ERRORS, Broker, subscribe, until_disconnected
from .errors import QueueError
from .json_path import PayloadError, Steps, parse_json, parse_path, parse_text, parse_time, value_at
from .mapping import MAX_REASON_LENGTH
from .mqtt_config import MqttConfig, MqttPoint
from .reading import Emit, Point, Reading, Value
from .source import SourceState, keep_connected
from .topic_pattern import TopicPattern, fill

log = logging.getLogger(__name__)

MAX_TOPICS = 20_000
"""Whose points are remembered."""


class MqttPointReader:
    """A configured point, for all topics of its pattern."""

    def __init__(self, source: str, config: MqttPoint) -> None:
        self._source, self._config = source, config
        self.pattern = TopicPattern(config.topic)
        self.path: Steps | None = parse_path(config.path) if config.path else None
        self.at: Steps | None = parse_path(config.at) if config.at else None
        self.reason: Steps | None = parse_path(config.reason) if config.reason else None

    @property
    def needs_json(self) -> bool:
        """Whether a payload is JSON."""
        return self.path is not None

    def reason_in(self, data: Any) -> str | None:
        """The reason in a payload."""
        if self.reason is not None:
            with suppress(LookupError):
                found = value_at(data, self.reason)
                return str(found).strip()[:MAX_REASON_LENGTH] or None if isinstance(found, str | int) else None
        return None

    def point(self, topic: str) -> Point | None:
        """The point of a topic; None: it does not match."""
        values = self.pattern.match(topic)
        if values is None:
            return None
        config = self._config
        address = config.address(f'{topic} {config.path}' if config.path else topic)
        return Point(self._source, address, fill(config.machine, values), config)


class MqttSource:
    """A broker with points. Messages of QoS 1 are acknowledged when what follows from them is on disk."""

    def __init__(self, config: MqttConfig, *, trial: bool = False) -> None:
        """:raises GatewayConfigError: a secret or a certificate cannot be read"""
        self.state = SourceState(config.name)
        self._config = config
        self._broker = Broker(config, trial=trial)
        self._readers = [MqttPointReader(config.name, each) for each in config.points]
        self._points: dict[str, list[tuple[MqttPointReader, Point]]] = {}
        announce = f'line-monitor/gateway/{self._broker.client_id}' if config.announce is None else config.announce
        self._announce = '' if trial else announce
        self._emit: Emit = lambda _reading: None

    async def run(self, emit: Emit) -> None:
        """Emit readings until cancelled."""
        self._emit = emit
        await keep_connected(self.state, self._session, ERRORS, self._broker.explain)

    def read_now(self) -> None:
        """Emit what has arrived."""
        self._broker.read_now()

    async def _session(self) -> None:
        will = aiomqtt.Will(self._announce, 'offline', qos=1, retain=True) if self._announce else None
        async with self._broker.client(self._take, self.state.hear, will) as client:
            await subscribe(client, [(each, self._config.qos)
                                     for each in sorted({each.pattern.filter for each in self._readers})])
            self.state.connect()
            if self._announce:
                await client.publish(self._announce, 'online', qos=1, retain=True)
            try:
                await until_disconnected(client)
            except asyncio.CancelledError:
                client.stop_taking()
                with suppress(*ERRORS):
                    if self._announce:
                        await client.publish(self._announce, 'offline', qos=1, retain=True)
                raise

    def _take(self, message: aiomqtt.Message) -> None:
        """:raises QueueError: a reading cannot be stored: the message must come again"""
        try:
            self._take_message(message)
        except QueueError:
            raise
        except Exception:  # a bug must not make a message come repeatedly
            log.exception('a message on %s could not be read', message.topic)
            self.state.ignore('a fault in this program', f'{message.topic}: a fault in this program')

    def _take_message(self, message: aiomqtt.Message) -> None:
        self.state.receive()
        topic = str(message.topic)
        payload = message.payload
        if not isinstance(payload, bytes) or not payload:
            return  # an empty one only deletes a retained message
        points = self._points_of(topic)
        data = None
        if any(reader.needs_json for reader, _ in points):
            try:
                data = parse_json(payload)
            except PayloadError as error:
                self.state.ignore(error.cause, f'{topic}: {error}')
                points = [(reader, point) for reader, point in points if not reader.needs_json]
        found = [self._read(reader, point, payload, data) for reader, point in points]
        if points and not any(found):
            self.state.ignore('no value', f'there is no value at {", ".join(point.address for _, point in points)}')

    def _read(self, reader: MqttPointReader, point: Point, payload: bytes, data: Any) -> bool:
        """Emit the value of a point, if it can be used. Returns whether there is one."""
        try:
            value = parse_text(payload) if reader.path is None else value_at(data, reader.path)
        except PayloadError as error:
            self.state.ignore(error.cause, f'{point.address}: {error}')
            return True
        except LookupError:
            return False
        if not isinstance(value, Value | None):
            self.state.ignore('not a plain value',
                              f'{point.address}: the value is not a text, a number or a boolean')
            return True
        at = None
        if reader.at is not None:
            try:
                at = parse_time(value_at(data, reader.at))
            except (PayloadError, LookupError):
                self.state.ignore('not a time', f'{point.address}: there is no time that can be read; taken as of now')
        detail = reader.reason_in(data) or ('no value' if value is None else None)
        self._emit(Reading(point, value, at, detail=detail))
        return True

    def _points_of(self, topic: str) -> list[tuple[MqttPointReader, Point]]:
        if topic not in self._points:
            if len(self._points) >= MAX_TOPICS:
                self._points.clear()
            self._points[topic] = [(reader, point) for reader in self._readers if (point := reader.point(topic))]
        return self._points[topic]
