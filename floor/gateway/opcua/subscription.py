"""A subscription that outlives its connection: the server keeps changes meanwhile, and sends again what was not stored.

Source: OPC 10000-4, 5.14 (Subscriptions) and 6.7 (Re-establishing connections). A message is acknowledged when all its
values have been taken, with the request for the next one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError

from ..errors import QueueError, SourceError
from ..opcua_config import OpcUaConfig
from .kept_subscription import KeptSubscription, KeptSubscriptionFile

AT_ONCE = 500
"""Nodes in one request; servers allow a thousand or more."""
SERVER_QUEUE = 1_000
"""Changes of a variable that the server may keep."""
LIFETIME_S = 1_800.0
"""So long a server may keep the subscription without a connection; it may choose less."""
KEEPALIVE_S = 2.0
"""After so many seconds without a change the server says that there is none."""
SILENT_S = 10.0
"""A server that is later with that by so many seconds has forgotten the subscription."""


class Values(Protocol):
    """What takes the values."""

    def take(self, node: ua.NodeId, data: ua.DataValue, heard_at: float) -> None:
        """Take a value. When it returns, what follows from it is on disk. heard_at: when the server was heard before,
        in seconds since 1970."""

    def hear(self) -> None:
        """Called when the server has sent all it has, and its values have been taken."""

    def lose(self, since: float, nodes: Iterable[ua.NodeId] | None = None) -> None:
        """Called before the next values: changes after this moment, in seconds since 1970, are not known. nodes: only
        of these."""


class Subscription:
    """The values of some nodes; the server calls them by their place in the list."""

    def __init__(self, session: UaSession, nodes: Sequence[ua.NodeId], config: OpcUaConfig, values: Values,
                 file: KeptSubscriptionFile) -> None:
        self.missing: dict[ua.NodeId, str] = {}
        """Nodes that the server does not have, and what it answers."""
        self._unqueued: set[ua.NodeId] = set()
        self.heard_at = time.time()
        """When all values of the server had arrived, in seconds since 1970."""
        self._session, self._nodes, self._config, self._values, self._file = session, nodes, config, values, file
        self._interval_ms = config.interval * 1_000
        self._id = self._kept_id = 0
        self._is_complete = False
        self._sequence = 0
        self._silent_s = 0.0
        self._last_message = time.monotonic()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._caught_up = asyncio.Event()

    async def open(self, kept: KeptSubscription | None) -> None:
        """Go on with the one that was kept, if the server still has it: its changes are taken, and then the values of
        now. Otherwise make a new one.

        :raises SourceError: the connection is lost
        """
        if kept is not None:
            if await self._resume(kept):
                await self._take_present()
                return
            self._values.lose(kept.heard_at)
        self._caught_up.set()
        params = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=self._interval_ms, RequestedLifetimeCount=self._cycles(LIFETIME_S),
            RequestedMaxKeepAliveCount=self._cycles(KEEPALIVE_S), MaxNotificationsPerPublish=10_000,
            PublishingEnabled=True)
        result = await self._session.create_subscription(params, self._receive)
        self._id, self._sequence = result.SubscriptionId, 0
        self._hear()
        self._silent_s = SILENT_S + result.RevisedPublishingInterval / 1_000 * result.RevisedMaxKeepAliveCount
        await self.monitor(self._nodes)
        self._is_complete = True
        self._keep()

    async def run(self) -> None:
        """Wait until it ends, with an error.

        :raises SourceError: the server or the connection ended it
        :raises QueueError: a value cannot be stored
        """
        while True:
            await asyncio.wait((self._ended,), timeout=KEEPALIVE_S)
            if self._ended.done():
                self._ended.result()
            if time.monotonic() - self._last_message > self._silent_s:
                raise SourceError('the server no longer sends values')

    async def monitor(self, nodes: Sequence[ua.NodeId]) -> None:
        """Let the server send the values of nodes; those that it does not have are then missing."""
        numbers = {node: number for number, node in enumerate(self._nodes)}
        for some in _parts(nodes):
            results = await self._session.create_monitored_items(ua.CreateMonitoredItemsParameters(
                SubscriptionId=self._id, TimestampsToReturn=ua.TimestampsToReturn.Both,
                ItemsToCreate=[self._item(node, numbers[node]) for node in some]))
            for node, result in zip(some, results, strict=True):
                self.missing.pop(node, None)
                if not result.StatusCode.is_good():
                    self.missing[node] = result.StatusCode.name
                elif result.RevisedQueueSize <= 1:
                    self._unqueued.add(node)
        if self._is_complete:
            self._keep()

    async def _resume(self, kept: KeptSubscription) -> bool:
        if (kept.url, kept.token) != (self._config.url, self._token):
            return False
        nodes = [each.to_string() for each in self._nodes]
        is_the_same = (kept.nodes, kept.interval) == (nodes, self._config.interval)
        if is_the_same and kept.is_complete and await self._is_there(kept.id):
            self._id = self._kept_id = kept.id
            self._is_complete = True
            self._sequence, self.heard_at = kept.sequence, kept.heard_at
            self.missing = {each: kept.missing[each.to_string()] for each in self._nodes
                            if each.to_string() in kept.missing}
            self._unqueued = {each for each in self._nodes if each.to_string() in kept.unqueued}
            self._values.lose(kept.heard_at, self._unqueued)
            self._session._subscription_callbacks[kept.id] = self._receive  # noqa: SLF001 (there is no other way)
            self._session.ensure_publish_loop()
            if await self._hears_again(kept.heard_at):
                return True
        with suppress(UaStatusCodeError):
            await self._session.delete_subscriptions([kept.id])
        return False

    async def _hears_again(self, heard_at: float) -> bool:
        """False: the server sends nothing, and had to keep the subscription no longer.

        :raises SourceError: it sends nothing, and may have kept it
        """
        try:
            async with asyncio.timeout(self._silent_s):
                await self._until_caught_up()
        except TimeoutError as error:
            if time.time() - heard_at < LIFETIME_S:
                raise SourceError('the server has kept the subscription, but sends nothing') from error
            return False
        return True

    async def _is_there(self, subscription: int) -> bool:
        """Whether the server has a subscription: it can be modified."""
        try:
            result = await self._session.modify_subscription(ua.ModifySubscriptionParameters(
                SubscriptionId=subscription, RequestedPublishingInterval=self._interval_ms,
                RequestedLifetimeCount=self._cycles(LIFETIME_S), RequestedMaxKeepAliveCount=self._cycles(KEEPALIVE_S),
                MaxNotificationsPerPublish=10_000))
        except UaStatusCodeError:
            return False
        self._silent_s = SILENT_S + result.RevisedPublishingInterval / 1_000 * result.RevisedMaxKeepAliveCount
        return True

    async def _until_caught_up(self) -> None:
        waiting = asyncio.ensure_future(self._caught_up.wait())
        try:
            await asyncio.wait((waiting, self._ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._ended.done():
            self._ended.result()

    async def _take_present(self) -> None:
        """The server sends only what changes."""
        for some in _parts([each for each in self._nodes if each not in self.missing]):
            read = await self._session.read_attributes(list(some), AttributeIds.Value)
            for node, data in zip(some, read, strict=True):
                self._values.take(node, data, self.heard_at)

    async def _receive(self, result: ua.PublishResult) -> None:
        """Called with each message. If this raises, the message is not acknowledged: it comes again."""
        message = result.NotificationMessage
        try:
            if not self._caught_up.is_set() and message.SequenceNumber:
                await self._catch_up(sorted(result.AvailableSequenceNumbers or ()), message.SequenceNumber)
            self._apply(message, is_last=not result.MoreNotifications)
        except (QueueError, OSError) as error:
            self._end(error)
            raise asyncio.CancelledError from error
        except Exception as error:  # it must not come repeatedly
            self._end(error)
        self._caught_up.set()

    async def _catch_up(self, available: Sequence[int], following: int) -> None:
        """Take the messages that were sent and did not arrive, or were not stored. following: the next number."""
        missed = [each for each in available if self._sequence < each < following]
        messages = [each for each in [await self._again(each) for each in missed] if each is not None]
        if len(messages) != following - self._sequence - 1:
            self._values.lose(self.heard_at)
        for each in messages:
            self._apply(each, is_last=False)

    async def _again(self, number: int) -> ua.NotificationMessage | None:
        try:
            message = await self._session.republish(self._id, number)
        except UaStatusCodeError:
            return None
        return message if message.SequenceNumber == number else None

    def _apply(self, message: ua.NotificationMessage, *, is_last: bool) -> None:
        """is_last: the server has no more values now."""
        for notification in message.NotificationData or ():
            if isinstance(notification, ua.DataChangeNotification):
                for item in notification.MonitoredItems:
                    self._values.take(self._nodes[item.ClientHandle], item.Value, self.heard_at)
                self._sequence = message.SequenceNumber
            elif isinstance(notification, ua.StatusChangeNotification) and notification.Status.is_bad():
                raise SourceError(f'the subscription has ended: {notification.Status.name}')
        self._last_message = time.monotonic()
        if is_last:
            self._hear()
        if self._kept_id == self._id:
            self._file.write_progress(self._id, self._token, self._sequence, self.heard_at)
        else:
            self._keep()  # it comes before the answer that the nodes are monitored

    def _hear(self) -> None:
        self.heard_at, self._last_message = time.time(), time.monotonic()
        self._values.hear()

    def _keep(self) -> None:
        self._file.write(KeptSubscription(
            self._config.url, self._config.interval, self._token, self._id,
            [each.to_string() for each in self._nodes],
            {node.to_string(): answer for node, answer in self.missing.items()},
            [each.to_string() for each in self._unqueued], self._sequence, self.heard_at, self._is_complete))
        self._kept_id = self._id

    @property
    def _token(self) -> str:
        return self._session.authentication_token.to_string()

    def _end(self, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)
            self._ended.exception()  # a session that has ended already does not ask

    def _cycles(self, seconds: float) -> int:
        """As a number of intervals."""
        return max(1, round(seconds * 1_000 / self._interval_ms))

    def _item(self, node: ua.NodeId, number: int) -> ua.MonitoredItemCreateRequest:
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=number, SamplingInterval=self._interval_ms, QueueSize=SERVER_QUEUE, DiscardOldest=True))


def _parts(nodes: Sequence[ua.NodeId]) -> Iterator[Sequence[ua.NodeId]]:
    for start in range(0, len(nodes), AT_ONCE):
        yield nodes[start:start + AT_ONCE]
