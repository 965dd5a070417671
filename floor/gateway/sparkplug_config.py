"""Sparkplug B in gateway.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .mqtt_config import BrokerConfig
from .point_config import PointConfig


class SparkplugPoint(PointConfig):
    """A metric of a device or an edge node."""

    metric: Annotated[str, Field(min_length=1)]


class SparkplugConfig(BrokerConfig):
    """A broker at which Sparkplug B edge nodes report."""

    type: Literal['sparkplug']
    points: Annotated[tuple[SparkplugPoint, ...], Field(min_length=1)]
