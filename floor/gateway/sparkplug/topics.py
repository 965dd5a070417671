"""Topics of Sparkplug B: spBv1.0/GROUP/TYPE/NODE[/DEVICE], and spBv1.0/STATE/HOST."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = 'spBv1.0'
_NODE_LEVELS, _DEVICE_LEVELS = 4, 5


class MessageType(StrEnum):
    """What a message says. N: of an edge node; D: of one of its devices."""

    NBIRTH = 'NBIRTH'
    NDATA = 'NDATA'
    NDEATH = 'NDEATH'
    DBIRTH = 'DBIRTH'
    DDATA = 'DDATA'
    DDEATH = 'DDEATH'


NODE_TYPES = {MessageType.NBIRTH, MessageType.NDATA, MessageType.NDEATH}


@dataclass(frozen=True, slots=True)
class NodeId:
    """An edge node."""

    group: str
    node: str

    def __str__(self) -> str:
        return f'{self.group}/{self.node}'


@dataclass(frozen=True, slots=True)
class Topic:
    """The topic of a message from an edge node; device: None if it is about the node itself."""

    node: NodeId
    type: MessageType
    device: str | None = None


def parse(topic: str) -> Topic | None:
    """A topic of an edge node's message, or None for others, such as commands and STATE."""
    levels = topic.split('/')
    if levels[0] != NAMESPACE or len(levels) not in (_NODE_LEVELS, _DEVICE_LEVELS) or not all(levels):
        return None
    if levels[2] not in MessageType.__members__:
        return None
    kind = MessageType(levels[2])
    if (kind in NODE_TYPES) != (len(levels) == _NODE_LEVELS):
        return None
    return Topic(NodeId(levels[1], levels[3]), kind, levels[4] if len(levels) == _DEVICE_LEVELS else None)


def command(node: NodeId) -> str:
    """Where commands to an edge node are sent."""
    return f'{NAMESPACE}/{node.group}/NCMD/{node.node}'


def host_state(host: str) -> str:
    """Where a host application says whether it is online."""
    return f'{NAMESPACE}/STATE/{host}'
