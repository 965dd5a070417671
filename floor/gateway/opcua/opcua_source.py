"""Reads variables of an OPC UA server by a subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClientState

from ...core.tasks import run_together
from ..errors import SourceError
from ..opcua_config import OpcUaConfig
from ..reading import Emit, Point, Reading
from ..source import SourceState, keep_connected
from .connection import ERRORS, connection, explain
from .data_value import NotScalarError, has_lost_values, server_value, source_time
from .kept_subscription import KeptSubscriptionFile
from .node_ids import resolve
from .subscription import Subscription

RETRY_MISSING_S = 60.0
Points = dict[ua.NodeId, list[Point]]


class OpcUaSource:
    """The points of one server."""

    def __init__(self, config: OpcUaConfig, folder: Path | None = None) -> None:
        """folder: where the subscription is remembered; None: it is not, as in trials.

        :raises GatewayConfigError: the password cannot be read
        """
        self.state = SourceState(config.name)
        self._config = config
        self._file = KeptSubscriptionFile(folder, config.name)
        self._password = None if config.login is None else config.login.password.read()
        self._points = [Point(config.name, each.address(each.node), each.machine, each)
                        for each in config.points]

    async def run(self, emit: Emit) -> None:
        """Emit values until cancelled."""
        await keep_connected(self.state, lambda: self._session(emit), ERRORS, lambda each: explain(each, self._config))

    def read_now(self) -> None:
        """Nothing waits: messages are taken when they arrive."""

    async def _session(self, emit: Emit) -> None:
        kept = self._file.read(self._config.url)
        async with connection(self._config, self._password, self._file.session) as client:
            points = self._resolve(await client.get_namespace_array(), emit)
            values = _Values(points, self.state, emit)
            subscription = Subscription(client.uaclient.session, list(points), self._config, values, self._file)
            await subscription.open(kept)
            values.report_missing(subscription.missing.items())
            self.state.connect()
            await run_together(subscription.run(), _watch(client), _retry_missing(subscription, values))

    def _resolve(self, namespaces: Sequence[str], emit: Emit) -> Points:
        """The points by node id; those that the server cannot have are reported."""
        points: Points = {}
        for point, config in zip(self._points, self._config.points, strict=True):
            try:
                points.setdefault(resolve(config.node, namespaces), []).append(point)
            except SourceError as error:
                _report_missing(self.state, emit, point, str(error))
        return points


class _Values:
    """Emits what a subscription takes."""

    def __init__(self, points: Points, state: SourceState, emit: Emit) -> None:
        self._points = points
        self._state = state
        self._emit = emit
        self._lost: dict[ua.NodeId, datetime] = {}
        """Nodes of which changes since then are not known, until the next value."""
        self._changed_at: dict[ua.NodeId, datetime] = {}
        """Since when the source has the last value of a node."""

    def take(self, node: ua.NodeId, data: ua.DataValue, heard_at: float) -> None:
        """Emit a value."""
        self._state.receive()
        points, now = self._points[node], datetime.now(UTC)
        lost_since = self._lost_since(node, data, datetime.fromtimestamp(heard_at, UTC))
        self._changed_at[node] = source_time(data) or now
        try:
            value = server_value(data, now)
        except NotScalarError as error:
            self._state.ignore('not a single value', f'{points[0].address} cannot be used: {error}')
            return
        for point in points:
            self._emit(Reading(point, value.value, value.at, detail=value.detail, lost_since=lost_since))

    def hear(self) -> None:
        """Record that the server is there."""
        self._state.hear()

    def lose(self, since: float, nodes: Iterable[ua.NodeId] | None = None) -> None:
        """Changes after this moment are not known. nodes: only of these."""
        self._lost |= dict.fromkeys(self._points if nodes is None else nodes, datetime.fromtimestamp(since, UTC))

    def _lost_since(self, node: ua.NodeId, data: ua.DataValue, heard_at: datetime) -> datetime | None:
        """The moment after which changes before this value are not known; None: all are."""
        changed_at, lost_since = source_time(data), self._lost.pop(node, None)
        if lost_since is not None and (changed_at is None or changed_at > lost_since):
            return lost_since  # otherwise it is what it was
        if not has_lost_values(data):
            return None
        if changed_at is None or changed_at > heard_at:
            return heard_at
        return self._changed_at.get(node, changed_at)  # what was heard last came late

    def report_missing(self, nodes: Iterable[tuple[ua.NodeId, str]]) -> None:
        """Nodes that the server does not have, and what it answers."""
        for node, answer in nodes:
            for point in self._points[node]:
                _report_missing(self._state, self._emit, point, f'the server answers {answer}')


async def _watch(client: Client) -> None:
    """End with an error when the connection is lost."""
    async with client.subscribe_state() as states:
        while client.state is UaClientState.CONNECTED:
            await states.next_change()
    raise SourceError('the connection is lost')


async def _retry_missing(subscription: Subscription, values: _Values) -> None:
    while True:
        await asyncio.sleep(RETRY_MISSING_S)
        if subscription.missing:
            await subscription.monitor(list(subscription.missing))
            values.report_missing(subscription.missing.items())


def _report_missing(state: SourceState, emit: Emit, point: Point, problem: str) -> None:
    state.ignore('no such node', f'{point.address} of {point.machine} cannot be read: {problem}')
    emit(Reading(point, None, detail='not on the server'))
