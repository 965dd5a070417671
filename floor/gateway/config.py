"""gateway.yaml: the app, the queue on disk, and the sources."""

from __future__ import annotations

import ssl
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ..core.feeds import FEED_PATH
from .errors import GatewayConfigError
from .mqtt_config import MqttConfig
from .opcua_config import OpcUaConfig
from .sparkplug_config import SparkplugConfig
from .strict import FilePath, Secret, Strict


def _app_address(url: str) -> str:
    """Also of the address that events go to."""
    parts = urlsplit(url)
    if parts.scheme not in {'http', 'https'} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise PydanticCustomError('app', 'the address of the app is written as https://floor.example.com')
    return url.rstrip('/').removesuffix(FEED_PATH)


class App(Strict):
    """Where the gateway reports to."""

    url: Annotated[str, AfterValidator(_app_address)]
    token: Secret
    """Of the scope feed:write."""
    ca: FilePath | None = None
    """Certificates of authorities to trust; without it, those of the system."""

    def tls(self) -> ssl.SSLContext | bool:
        """The authorities that a connection trusts, as aiohttp takes them.

        :raises GatewayConfigError: the certificates cannot be read
        """
        if self.ca is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise GatewayConfigError(f'the certificates in {self.ca} cannot be read: {error}') from error


class Queue(Strict):
    """Events that wait on disk until the app has them."""

    folder: FilePath
    limit: Annotated[int, Field(ge=1_000, le=100_000_000)] = 10_000_000
    """Events; of more, the oldest are lost. 24 hours at 100 events a second are 8,640,000."""


class HealthConfig(Strict):
    """Where /healthz and /metrics are."""

    host: str = '127.0.0.1'
    port: Annotated[int, Field(ge=1, le=65_535)] = 9108


class Log(Strict):
    """The log on standard error."""

    level: Literal['debug', 'info', 'warning', 'error'] = 'info'
    format: Literal['text', 'json'] = 'text'


AnySource = Annotated[MqttConfig | SparkplugConfig | OpcUaConfig, Field(discriminator='type')]


class GatewayConfig(Strict):
    """The whole file."""

    app: App
    queue: Queue
    health: HealthConfig | None = HealthConfig()
    """null: neither."""
    log: Log = Log()
    sources: Annotated[tuple[AnySource, ...], Field(min_length=1)]

    @property
    def silent_after(self) -> float:
        """Seconds after which each machine with a signal has been reported again, also by a source that has to catch
        up."""
        return max(each.longest_pause for each in self.sources)

    @model_validator(mode='after')
    def _unique_names(self) -> GatewayConfig:
        names = [each.name for each in self.sources]
        for name in names:
            if names.count(name) > 1:
                raise PydanticCustomError('same_name', 'two sources have the name {name}', {'name': name})
        return self
