"""Which metrics of which edge nodes are points."""

from __future__ import annotations

from ..reading import Point
from ..sparkplug_config import SparkplugConfig, SparkplugPoint
from ..topic_pattern import TopicPattern, fill
from .topics import NodeId

MAX_PLACES = 20_000
"""Nodes, and nodes with a device, that are remembered."""


class SparkplugPoints:
    """The points of a source."""

    def __init__(self, config: SparkplugConfig) -> None:
        self._source = config.name
        self._points = [(TopicPattern(each.pattern), each) for each in config.points]
        self._node_patterns = [TopicPattern(each) for each in sorted({each.node for each in config.points})]
        self._nodes: dict[NodeId, bool] = {}
        self._places: dict[tuple[NodeId, str | None], dict[str, list[Point]]] = {}
        self.filters = sorted({each.filter.partition('/')[0] for each in self._node_patterns})
        """Groups to subscribe to, or +."""

    def has_node(self, node: NodeId) -> bool:
        """Whether any point can be of this node."""
        if node not in self._nodes:
            if len(self._nodes) >= MAX_PLACES:
                self._nodes.clear()
            self._nodes[node] = any(each.match(str(node)) is not None for each in self._node_patterns)
        return self._nodes[node]

    def of_metric(self, node: NodeId, device: str | None, metric: str) -> list[Point]:
        """The points of a metric."""
        place = node, device
        if place not in self._places:
            if len(self._places) >= MAX_PLACES:
                self._places.clear()
            self._places[place] = self._of_place(node, device)
        return self._places[place].get(metric, [])

    def known(self) -> dict[NodeId, list[Point]]:
        """The points whose node and device the file names without placeholders, by node."""
        known: dict[NodeId, list[Point]] = {}
        for pattern, config in self._points:
            if not pattern.names and '+' not in config.pattern:
                group, node = config.node.split('/')
                known.setdefault(NodeId(group, node), []).append(self._point(config.pattern, config, {}))
        return known

    def _of_place(self, node: NodeId, device: str | None) -> dict[str, list[Point]]:
        place = str(node) if device is None else f'{node}/{device}'
        points: dict[str, list[Point]] = {}
        for pattern, config in self._points:
            values = pattern.match(place)
            if values is not None:
                points.setdefault(config.metric, []).append(self._point(place, config, values))
        return points

    def _point(self, place: str, config: SparkplugPoint, values: dict[str, str]) -> Point:
        return Point(self._source, config.address(f'{place} {config.metric}'), fill(config.machine, values), config)
