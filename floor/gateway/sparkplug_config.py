"""Sparkplug B in gateway.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from .mqtt_config import BrokerConfig
from .point_config import PointConfig
from .topic_pattern import TopicPattern, names_in

_NODE_LEVELS = 2


def _node(text: str) -> str:
    if text.count('/') != _NODE_LEVELS - 1 or '#' in text:
        raise PydanticCustomError('node', '{problem}', {
            'problem': 'an edge node is written as GROUP/NODE, as in Plant/Cell 3 or Plant/{line}'})
    return _pattern(text)


def _device(text: str) -> str:
    if '/' in text or '#' in text:
        raise PydanticCustomError('device', 'a device has no / and no # in its name')
    return _pattern(text)


def _pattern(text: str) -> str:
    try:
        TopicPattern(text)
    except ValueError as error:
        raise PydanticCustomError('pattern', '{problem}', {'problem': str(error)}) from error
    return text


class SparkplugPoint(PointConfig):
    """A metric of a device, or of an edge node itself; {name} is any text, to be used in machine."""

    node: Annotated[str, Field(min_length=3, max_length=500), AfterValidator(_node)]
    """GROUP/NODE."""
    device: Annotated[str | None, Field(min_length=1, max_length=500), AfterValidator(
        lambda text: None if text is None else _device(text))] = None
    """Without it, the metric is one of the node."""
    metric: Annotated[str, Field(min_length=1, max_length=1_000)]
    """Its name, with its folders: Status/State. Members of a template follow its name: CNC-01/Status/State."""

    @property
    def pattern(self) -> str:
        """GROUP/NODE or GROUP/NODE/DEVICE, with placeholders."""
        return self.node if self.device is None else f'{self.node}/{self.device}'

    @model_validator(mode='after')
    def _known_names(self) -> SparkplugPoint:
        names = TopicPattern(self.pattern).names
        for name in names_in(self.machine):
            if name not in names:
                raise PydanticCustomError('placeholder', '{problem}', {
                    'problem': f'{{{name}}} is neither in node nor in device'})
        return self


class SparkplugConfig(BrokerConfig):
    """A broker at which Sparkplug B edge nodes report."""

    type: Literal['sparkplug']
    host_id: Annotated[str, Field(pattern=r'^[^/+#]{1,200}$')] = 'line-monitor'
    """The name of this host application, of which edge nodes may wait to hear that it is online."""
    points: Annotated[tuple[SparkplugPoint, ...], Field(min_length=1)]
