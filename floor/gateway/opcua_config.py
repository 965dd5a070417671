"""An OPC UA server in gateway.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from .mqtt_config import SourceLogin
from .point_config import PointConfig, SourceConfig
from .strict import NEEDS_POINTS, FilePath, Strict


class OpcUaSecurity(Strict):
    """A connection that is signed, or signed and encrypted. Both sides show certificates."""

    policy: Literal['Basic256Sha256', 'Aes128Sha256RsaOaep', 'Aes256Sha256RsaPss'] = 'Basic256Sha256'
    mode: Literal['Sign', 'SignAndEncrypt'] = 'SignAndEncrypt'
    server_certificate: FilePath
    """The server's, DER or PEM: no other is trusted. If the file is missing, the server's certificate is written beside
    it, to be compared and renamed."""
    certificate: Annotated[FilePath, Field(validate_default=True)] = Path('opcua-client.der')
    key: Annotated[FilePath, Field(validate_default=True)] = Path('opcua-client.key.pem')
    """The gateway's own. If both files are missing, they are made."""


class OpcUaPoint(PointConfig):
    """A variable of the server."""

    node: Annotated[str, Field(min_length=1, max_length=4_096)]
    """nsu=URI;s=NAME or ns=2;s=NAME; `browse` lists them."""

    @field_validator('counts')
    @classmethod
    def _total(cls, counts: str) -> str:
        if counts == 'increment':
            raise PydanticCustomError('increment', 'a server sends changes only, so the same increment again is never '
                                      'seen: give the node of a running total')
        return counts


class OpcUaConfig(SourceConfig):
    """An OPC UA server with points."""

    type: Literal['opcua']
    url: Annotated[str, Field(pattern=r'^opc\.tcp://[^@\s]+$')]
    security: OpcUaSecurity | None = None
    """Without it, anybody on the way can read and change what is sent."""
    login: SourceLogin | None = None
    interval: Annotated[float, Field(ge=0.01, le=60)] = 0.25
    """Seconds between two samples of a value; the server may choose another."""
    points: Annotated[tuple[OpcUaPoint, ...], Field(validate_default=True)] = ()

    @property
    def latency(self) -> float:
        """A value waits for its sample, and for the next message."""
        return max(super().latency, 2 * self.interval)

    @field_validator('points', mode='before')
    @classmethod
    def _none_yet(cls, points: object) -> object:
        return () if points is None else points

    @field_validator('points')
    @classmethod
    def _has_points(cls, points: tuple[OpcUaPoint, ...], info: ValidationInfo) -> tuple[OpcUaPoint, ...]:
        if not points and (info.context or {}).get(NEEDS_POINTS, True):
            raise PydanticCustomError('no_points', 'there are no points: python -m floor.gateway browse lists what the '
                                      'server has')
        return points
