"""Makes the sources of a configuration. Only the libraries of those that are used are imported: each takes memory."""

from __future__ import annotations

from .config import AnySource
from .mqtt_config import MqttConfig
from .source import Source


def make_source(config: AnySource, *, trial: bool = False) -> Source:
    """The source. trial: of --dry-run: it must not disturb a running gateway, so it takes another client id, leaves no
    session at the broker, and announces nothing.

    :raises GatewayConfigError: a secret or a certificate cannot be read
    """
    match config:
        case MqttConfig():
            from .mqtt_source import MqttSource  # noqa: PLC0415

            return MqttSource(config, trial=trial)
    raise NotImplementedError(config.type)
