"""An OPC UA server in gateway.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .point_config import PointConfig, SourceConfig


class OpcUaPoint(PointConfig):
    """A variable of the server."""

    node: Annotated[str, Field(min_length=1)]


class OpcUaConfig(SourceConfig):
    """An OPC UA server."""

    type: Literal['opcua']
    url: Annotated[str, Field(pattern='^opc.tcp://')]
    points: Annotated[tuple[OpcUaPoint, ...], Field(min_length=1)]
