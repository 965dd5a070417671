"""Reads variables of an OPC UA server by a subscription."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClientState
from asyncua.common.subscription import DataChangeEvent, Subscription

from ...core.tasks import run_together
from ..errors import SourceError
from ..opcua_config import OpcUaConfig
from ..reading import Emit, Point, Reading
from ..source import SourceState, keep_connected
from .connection import ERRORS, connection, explain
from .data_value import NotScalarError, server_value
from .node_ids import resolve

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Nodes in one request; servers allow a thousand or more."""
SERVER_QUEUE = 1_000
"""Changes of a variable that the server may keep between two messages."""
RETRY_MISSING_S = 60.0
Points = dict[ua.NodeId, list[Point]]


class OpcUaSource:
    """The points of one server."""

    def __init__(self, config: OpcUaConfig) -> None:
        """:raises GatewayConfigError: the password cannot be read"""
        self.state = SourceState(config.name)
        self._config = config
        self._password = None if config.login is None else config.login.password.read()
        self._points = [Point(config.name, each.address(each.node), each.machine, each)
                        for each in config.points]

    async def run(self, emit: Emit) -> None:
        """Emit values until cancelled."""
        await keep_connected(self.state, lambda: self._session(emit), ERRORS, lambda each: explain(each, self._config))

    async def _session(self, emit: Emit) -> None:
        async with connection(self._config, self._password) as client:
            points = self._resolve(await client.get_namespace_array(), emit)
            interval_ms = self._config.interval * 1_000
            subscription = await client.create_subscription(interval_ms, queue_maxsize=0)
            session = _Session(client, subscription, points, self.state, emit, interval_ms=interval_ms)
            await session.monitor(list(points))
            self.state.connect()
            await session.run()

    def _resolve(self, namespaces: Sequence[str], emit: Emit) -> Points:
        """The points by node id; those that the server cannot have are reported."""
        points: Points = {}
        for point, config in zip(self._points, self._config.points, strict=True):
            try:
                points.setdefault(resolve(config.node, namespaces), []).append(point)
            except SourceError as error:
                _report_missing(self.state, emit, point, str(error))
        return points


class _Session:
    """A subscription during one connection."""

    def __init__(self, client: Client, subscription: Subscription, points: Points, state: SourceState, emit: Emit, *,
                 interval_ms: float) -> None:
        self._client = client
        self._subscription = subscription
        self._interval_ms = interval_ms
        self._points = points
        self._state = state
        self._emit = emit
        self._missing: set[ua.NodeId] = set()

    async def run(self) -> None:
        """Emit values; ends with an error when the connection is lost."""
        await run_together(self._receive(), self._watch(), self._retry_missing())

    async def monitor(self, nodes: list[ua.NodeId]) -> None:
        """Subscribe to the values of nodes; those that the server does not have are reported."""
        for start in range(0, len(nodes), AT_ONCE):
            some = nodes[start:start + AT_ONCE]
            handles = await self._subscription.subscribe_data_change(
                [self._client.get_node(each) for each in some], queuesize=SERVER_QUEUE,
                sampling_interval=ua.Double(self._interval_ms))
            for node, handle in zip(some, handles, strict=True):
                if isinstance(handle, ua.StatusCode):
                    self._missing.add(node)
                    for point in self._points[node]:
                        _report_missing(self._state, self._emit, point, f'the server answers {handle.name}')
                else:
                    self._missing.discard(node)

    async def _receive(self) -> None:
        async for event in self._subscription:
            if isinstance(event, DataChangeEvent):
                self._state.receive()
                self._take(event.node.nodeid, event.data.monitored_item.Value)

    def _take(self, node: ua.NodeId, data: ua.DataValue) -> None:
        points = self._points[node]
        try:
            value = server_value(data, datetime.now(UTC))
        except NotScalarError as error:
            self._state.ignore('not a single value', f'{points[0].address} cannot be used: {error}')
            return
        for point in points:
            self._emit(Reading(point, value.value, value.at, detail=value.detail))

    async def _watch(self) -> None:
        """End with an error when the connection is lost."""
        async with self._client.subscribe_state() as states:
            while self._client.state is UaClientState.CONNECTED:
                await states.next_change()
        raise SourceError('the connection is lost')

    async def _retry_missing(self) -> None:
        while True:
            await asyncio.sleep(RETRY_MISSING_S)
            if self._missing:
                await self.monitor(list(self._missing))


def _report_missing(state: SourceState, emit: Emit, point: Point, problem: str) -> None:
    state.ignore('no such node', f'{point.address} of {point.machine} cannot be read: {problem}')
    emit(Reading(point, None, detail='not on the server'))
