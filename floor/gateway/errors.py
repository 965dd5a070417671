"""The errors of the gateway."""

from ..core.errors import FloorError


class GatewayError(FloorError):
    """Root of the gateway's errors."""


class GatewayConfigError(GatewayError):
    """gateway.yaml, or a secret or certificate that it names, cannot be used; the message says where and what is
    allowed."""


class QueueError(GatewayError):
    """The queue on disk cannot be written, as when the disk is full: what should have been stored is not."""


class SourceError(GatewayError):
    """A source cannot be reached, or does not answer as its protocol says; it is tried again."""
