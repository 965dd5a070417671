"""An MQTT broker in gateway.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from .json_path import parse_path
from .point_config import PointConfig, SourceConfig
from .strict import FilePath, Secret, Strict, nearest
from .topic_pattern import TopicPattern, names_in

LEAST_KEEPALIVE_S = 5


class SourceLogin(Strict):
    """A user with a password."""

    user: Annotated[str, Field(min_length=1)]
    password: Secret


class Tls(Strict):
    """TLS. Without ca, the authorities of the system count."""

    ca: FilePath | None = None
    certificate: FilePath | None = None
    key: FilePath | None = None
    check_name: bool = True
    """Whether the broker's certificate must be for its host."""

    @model_validator(mode='after')
    def _both(self) -> Tls:
        if (self.certificate is None) != (self.key is None):
            raise PydanticCustomError('client_certificate', 'a client certificate needs both certificate and key')
        return self

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are given."""
        return tuple(each for each in (self.ca, self.certificate, self.key) if each is not None)


class BrokerConfig(SourceConfig):
    """How to connect to a broker; also for Sparkplug."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int | None, Field(ge=1, le=65_535)] = None
    """Default: 8883 with TLS, else 1883."""
    version: Literal['3.1.1', '5'] = '3.1.1'
    client_id: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    """Default: line-monitor-gateway- and the name of the source. Unique at the broker, and the same after each start:
    the broker keeps what arrives meanwhile for it."""
    login: SourceLogin | None = None
    tls: Tls | None = None
    keepalive: Annotated[int, Field(ge=LEAST_KEEPALIVE_S, le=3_600)] = 30
    """Seconds without a message after which the broker has to answer a ping, within as many. At most half of repeat is
    used: what is repeated has to be known."""

    @property
    def actual_port(self) -> int:
        """That of the file, or the usual one."""
        return self.port or (8883 if self.tls else 1883)

    @property
    def address(self) -> str:
        """For people."""
        return f'{self.host}:{self.actual_port}'


class MqttPoint(PointConfig):
    """A topic, or all topics of a pattern."""

    topic: Annotated[str, Field(min_length=1, max_length=1_000)]
    """{name} is any level, to be used in machine; + and # as in MQTT."""
    path: str | None = None
    """Where the value is in a JSON payload, such as state.current or items[0].v; without it, the payload is the
    value."""
    reason: str | None = None
    """Where the reason of a status is in a JSON payload; a rule with a reason goes before it."""
    at: str | None = None
    """Where the time is in a JSON payload: ISO 8601, or seconds or milliseconds since 1970."""

    @model_validator(mode='after')
    def _can_be_read(self) -> MqttPoint:
        try:
            known = TopicPattern(self.topic).names
            for path in filter(None, (self.path, self.reason, self.at)):
                parse_path(path)
        except ValueError as error:
            raise PydanticCustomError('pattern', '{sentence}', {'sentence': str(error)}) from error
        if self.path is None and (self.at is not None or self.reason is not None):
            raise PydanticCustomError('no_path', 'at and reason need a path: they are in JSON payloads')
        for name in names_in(self.machine):
            if name not in known:
                raise PydanticCustomError('placeholder', '{sentence}', {
                    'sentence': f'the topic has no placeholder {{{name}}}{nearest(name, known)}'})
        return self


class MqttConfig(BrokerConfig):
    """An MQTT broker with points."""

    type: Literal['mqtt']
    qos: Literal[0, 1] = 1
    announce: str | None = None
    """A topic that says retained whether the gateway is online or offline. Default: line-monitor/gateway/ and the
    client id; empty: none."""
    points: Annotated[tuple[MqttPoint, ...], Field(min_length=1)]
