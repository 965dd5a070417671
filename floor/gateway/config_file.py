"""Reads gateway.yaml, and reports what is wrong with file, line and column."""

from __future__ import annotations

from pathlib import Path

from .config import GatewayConfig
from .errors import GatewayConfigError
from .mapping import Mapping
from .mqtt_config import MqttPoint
from .opcua_config import OpcUaPoint
from .sparkplug_config import SparkplugPoint
from .strict import FOLDER, NEEDS_POINTS
from .yaml_text import read_yaml

POINTS: dict[str, type[Mapping]] = {'topic': MqttPoint, 'metric': SparkplugPoint, 'node': OpcUaPoint}
"""By a key that only they have."""


def read_config(file: Path, *, needs_points: bool = True) -> GatewayConfig:
    """The checked configuration. needs_points: false if OPC UA sources may have none yet.

    :raises GatewayConfigError: a line for each thing that is wrong, with its place in the file
    """
    try:
        text = file.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise GatewayConfigError(f'{file} cannot be read: {error}') from error
    return parse_config(text, str(file), file.parent, needs_points=needs_points)


def parse_config(text: str, name: str, folder: Path = Path(), *, needs_points: bool = True) -> GatewayConfig:
    """As read_config. name: of the file, for errors. folder: of the file, for relative paths."""
    return read_yaml(text, name).check(GatewayConfig, context={FOLDER: folder, NEEDS_POINTS: needs_points})


def parse_mapping(text: str) -> Mapping:
    """What a point of the file says of its values: the keys of a mapping alone, or a whole point, also as the item of a
    list.

    :raises GatewayConfigError: a line for each thing that is wrong, with its line and column
    """
    yaml = read_yaml(text)
    path: tuple[str, ...] = ()
    value = yaml.value
    if isinstance(value, list):
        if len(value) != 1:
            raise yaml.error(f'there are {len(value)} points: try one of them')
        path, value = ('0',), value[0]
    keys = value if isinstance(value, dict) else {}
    return yaml.check(next((model for key, model in POINTS.items() if key in keys), Mapping), path)
