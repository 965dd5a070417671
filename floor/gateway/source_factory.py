"""Makes the sources of a configuration. Only the libraries of those that are used are imported: each takes memory."""

from __future__ import annotations

from pathlib import Path

from .config import AnySource
from .mqtt_config import MqttConfig
from .opcua_config import OpcUaConfig
from .source import Source
from .sparkplug_config import SparkplugConfig


def make_source(config: AnySource, *, folder: Path | None = None, trial: bool = False) -> Source:
    """The source. folder: where it remembers what a restart needs.

    trial: of --dry-run: it must not disturb a running gateway, so it takes another client id, leaves no
    session at the broker, and announces nothing.

    :raises GatewayConfigError: a secret or a certificate cannot be read
    """
    match config:
        case MqttConfig():
            from .mqtt_source import MqttSource  # noqa: PLC0415

            return MqttSource(config, trial=trial)
        case SparkplugConfig():
            from .sparkplug.sparkplug_source import SparkplugSource  # noqa: PLC0415

            return SparkplugSource(config, trial=trial)
        case OpcUaConfig():
            from .opcua.opcua_source import OpcUaSource  # noqa: PLC0415

            return OpcUaSource(config, None if trial else folder)
