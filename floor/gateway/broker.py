"""A connection to an MQTT broker, for all sources that have one."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ..core.tasks import end
from .errors import GatewayConfigError, QueueError
from .mqtt_config import LEAST_KEEPALIVE_S, BrokerConfig, Tls
from .paced_client import PacedClient, Take

ERRORS = (aiomqtt.MqttError, OSError, QueueError)
"""End a session with a broker."""
SESSION_EXPIRY_S = 7 * 86_400
"""So long a broker keeps messages for a gateway that is away (MQTT 5; 3.1.1 leaves it to the broker)."""
TIMEOUT_S = 10.0
SUBSCRIBE_TIMEOUT_S = 60.0
"""A broker that has kept many messages may send them first."""

REFUSED = 'it refuses the user, the password, or a connection without them (login)'
FAILED = range(128, 256)
"""Codes of subscriptions."""


class Broker:
    """Makes connections.

    Messages are taken by a function, before they are acknowledged: a message that cannot be stored comes again.
    """

    def __init__(self, config: BrokerConfig, *, trial: bool, keeps_session: bool = True) -> None:
        """trial: under another client id. keeps_session: unless it is a trial, the broker keeps messages for us while
        the connection is lost.

        :raises GatewayConfigError: a secret or a certificate cannot be read
        """
        self._config, self._trial = config, trial
        self._is_clean = trial or not keeps_session
        self._password = config.login.password.read() if config.login else None
        self._tls = tls_context(config.tls) if config.tls else None
        self._client: PacedClient | None = None
        self.client_id = config.client_id or f'line-monitor-gateway-{config.name}'

    def client(self, take: Take, hear: Callable[[], None], will: aiomqtt.Will | None = None) -> PacedClient:
        """A client, to be used once: async with. take: called with each message in the event loop's thread; if it
        raises, the connection ends and the message is not acknowledged. hear: called when anything arrived."""
        logging.getLogger('mqtt').addFilter(_is_news)
        config = self._config
        is_5 = config.version == '5'
        self._client = PacedClient(
            take, config.host, config.actual_port, identifier=None if self._trial else self.client_id,
            username=config.login.user if config.login else None, password=self._password,
            protocol=aiomqtt.ProtocolVersion.V5 if is_5 else aiomqtt.ProtocolVersion.V311,
            clean_session=None if is_5 else self._is_clean,
            clean_start=self._is_clean if is_5 else MQTT_CLEAN_START_FIRST_ONLY,
            properties=self._properties() if is_5 else None,
            keepalive=min(config.keepalive, max(LEAST_KEEPALIVE_S, int(config.repeat / 2))), timeout=TIMEOUT_S,
            tls_context=self._tls, will=will)
        self._client.on_data = hear
        return self._client

    def read_now(self) -> None:
        """Take what has arrived."""
        if self._client is not None:
            self._client.end_pause()

    def explain(self, error: Exception) -> str:
        """An error in plain words, with the broker's address."""
        text = str(error)
        if isinstance(error, QueueError):
            return text
        if isinstance(error.__cause__, QueueError):
            return str(error.__cause__)
        if 'CERTIFICATE_VERIFY_FAILED' in text:
            text = f'its certificate is not accepted: {text.rpartition("failed: ")[2].partition(" (_ssl")[0]}'
        elif hint := next((hint for part, hint in self._hints.items() if part in text), ''):
            text = f'{text}: {hint}'
        return f'the broker {self._config.address}: {text or type(error).__name__}'

    @property
    def _hints(self) -> dict[str, str]:
        """By a part of the library's errors."""
        other = 'is its port one without TLS?' if self._config.tls else 'is its port one of TLS (tls: {})?'
        return {'uthorized': REFUSED, 'ser name or password': REFUSED,
                'Disconnected': f'it has stopped, or another client has the id {self.client_id}',
                'timed out': other, 'reset by peer': other, 'WRONG_VERSION_NUMBER': other}

    def _properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0 if self._is_clean else SESSION_EXPIRY_S
        return properties


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of the library says more than that a connection is lost: the source's state says that, and why."""
    return not str(record.msg).startswith(('failed to receive on socket', 'timeout on socket'))


def tls_context(tls: Tls) -> ssl.SSLContext:
    """:raises GatewayConfigError: a certificate or key cannot be read"""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        names = ', '.join(str(each) for each in tls.files)
        raise GatewayConfigError(f'a certificate or key cannot be read ({names}): {error}') from error
    context.check_hostname = tls.check_name
    return context


async def until_disconnected(client: aiomqtt.Client) -> None:
    """Wait until the connection ends.

    :raises aiomqtt.MqttError: then
    """
    async for _ in client.messages:
        pass  # the queue has none


async def subscribe(client: aiomqtt.Client, wanted: list[tuple[str, int]]) -> None:
    """Subscribe to filters, each with its QoS.

    :raises aiomqtt.MqttError: the connection ended meanwhile, or the login may not read one
    """
    subscribing = asyncio.create_task(client.subscribe(wanted, timeout=SUBSCRIBE_TIMEOUT_S))
    lost = asyncio.create_task(until_disconnected(client))
    try:
        await asyncio.wait((subscribing, lost), return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            lost.result()
        for (name, _), code in zip(wanted, subscribing.result(), strict=False):
            if getattr(code, 'value', code) in FAILED:
                raise aiomqtt.MqttError(f'this login may not read {name}')
    finally:
        await end((subscribing, lost))
