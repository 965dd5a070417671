"""/healthz and /metrics of the gateway: a small HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..core.version import program_version
from .config import HealthConfig
from .errors import GatewayConfigError, QueueError
from .event_queue import EventQueue
from .reporter import Reporter
from .sender import Sender
from .source import Source

MAX_REQUEST = 8_192
TIMEOUT_S = 5.0
TEXT, JSON = 'text/plain; version=0.0.4; charset=utf-8', 'application/json'


class Measured(Protocol):
    """What the server shows."""

    sources: list[Source]
    queue: EventQueue
    sender: Sender
    reporter: Reporter
    started_at: float


class HealthServer:
    """Answers GET and HEAD of /healthz and /metrics."""

    def __init__(self, config: HealthConfig, gateway: Measured) -> None:
        self._config, self._gateway = config, gateway
        self._server: asyncio.Server | None = None
        self._registry = CollectorRegistry()
        self._registry.register(GatewayCollector(gateway))
        ProcessCollector(registry=self._registry)

    async def start(self) -> None:
        """:raises GatewayConfigError: the port cannot be used"""
        try:
            self._server = await asyncio.start_server(self._serve, self._config.host, self._config.port,
                                                      limit=MAX_REQUEST)
        except OSError as error:
            raise GatewayConfigError(f'health: port {self._config.port} on {self._config.host} cannot be used: '
                                     f'{error.strerror}') from error

    async def close(self) -> None:
        """Stop."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                head = await reader.readuntil(b'\r\n\r\n')
                writer.write(self._response(head))
                await writer.drain()
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client is gone, slow, or speaks no HTTP
        finally:
            writer.close()

    def _response(self, head: bytes) -> bytes:
        method, path = (*head.split(b' ', 2), b'', b'')[:2]
        pages: dict[bytes, Callable[[], tuple[int, str, bytes]]] = {b'/healthz': self._healthz,
                                                                    b'/metrics': self._metrics}
        if method not in {b'GET', b'HEAD'}:
            status, kind, body = 405, TEXT, b'only GET and HEAD\n'
        elif page := pages.get(path.partition(b'?')[0]):
            try:
                status, kind, body = page()
            except QueueError as error:
                status, kind, body = 503, TEXT, f'{error}\n'.encode()
        else:
            status, kind, body = 404, TEXT, b'there are /healthz and /metrics\n'
        reason = {200: 'OK', 404: 'Not Found', 405: 'Method Not Allowed', 503: 'Service Unavailable'}[status]
        lines = (f'HTTP/1.1 {status} {reason}', f'Content-Type: {kind}', f'Content-Length: {len(body)}',
                 'Cache-Control: no-store', 'Connection: close', '', '')
        return '\r\n'.join(lines).encode() + (b'' if method == b'HEAD' else body)

    def _healthz(self) -> tuple[int, str, bytes]:
        found = health_of(self._gateway)
        return 503 if found['problems'] else 200, JSON, (json.dumps(found, indent=2) + '\n').encode()

    def _metrics(self) -> tuple[int, str, bytes]:
        return 200, TEXT, generate_latest(self._registry)


def health_of(gateway: Measured) -> dict[str, Any]:
    """What is connected and what waits; problems: a sentence for each."""
    sender, queue = gateway.sender, gateway.queue
    problems = [f'source {each.state.name}: {each.state.error or "not connected yet"}' for each in gateway.sources
                if not each.state.connected]
    if sender.error is not None and (queue.waiting or sender.sent):
        problems.append(sender.error)
    return {
        'version': program_version(), 'problems': problems,
        'app': {'error': sender.error, 'sent': sender.sent, 'last_sent_at': sender.last_sent_at,
                'not_stored': dict(sender.not_stored)},
        'queue': {'waiting': queue.waiting, 'oldest_age_seconds': round(queue.oldest_age, 1), 'lost': queue.lost},
        'machines': gateway.reporter.machines, 'points': gateway.reporter.points,
        'sources': [{'name': each.state.name, 'connected': each.state.connected, 'error': each.state.error,
                     'since': each.state.changed_at, 'last_message_at': each.state.last_message_at,
                     'messages': each.state.messages, 'connections': each.state.connections,
                     'ignored': dict(each.state.ignored)} for each in gateway.sources]}


class GatewayCollector(Collector):
    """The metrics, read when they are asked for."""

    def __init__(self, gateway: Measured) -> None:
        self._gateway = gateway

    def collect(self) -> list[Metric]:
        """All of them."""
        queue, sender, prefix = self._gateway.queue, self._gateway.sender, 'line_monitor_gateway'
        plain: list[Metric] = [
            GaugeMetricFamily(f'{prefix}_queue_events', 'Events that wait to be sent.', queue.waiting),
            GaugeMetricFamily(f'{prefix}_queue_oldest_seconds', 'How long the oldest waits.', queue.oldest_age),
            CounterMetricFamily(f'{prefix}_queue_lost', 'Events lost as the queue was full, ever.', queue.lost),
            GaugeMetricFamily(f'{prefix}_app_reached', '1: the app takes events.', float(sender.error is None)),
            CounterMetricFamily(f'{prefix}_events_sent', 'Events that the app has stored.', sender.sent),
            CounterMetricFamily(f'{prefix}_events_not_stored', 'Events that the app did not store.',
                                sum(sender.not_stored.values())),
            GaugeMetricFamily(f'{prefix}_machines', 'Machines with a status.', self._gateway.reporter.machines),
        ]
        connected = GaugeMetricFamily(f'{prefix}_source_connected', '1: the source is connected.', labels=['source'])
        messages = CounterMetricFamily(f'{prefix}_source_messages', 'Messages received.', labels=['source'])
        ignored = CounterMetricFamily(f'{prefix}_source_ignored', 'Messages that could not be used.',
                                      labels=['source', 'cause'])
        for each in self._gateway.sources:
            connected.add_metric([each.state.name], float(each.state.connected))
            messages.add_metric([each.state.name], each.state.messages)
            for cause, count in each.state.ignored.items():
                ignored.add_metric([each.state.name, cause], count)
        return [*plain, connected, messages, ignored]
