"""The live elements of one page, and the data that pages of the same layout share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from nicegui import Client

from .live_element import Content, LiveElement, Topic

BEATS = 20
"""Number of CSS animations of beats. After hours in the background, a tab may get a beat whose animations still run
from then, and shows the notice until the second next beat."""


class LiveView:
    """The live elements of one page."""

    def __init__(self, client: Client, rebuild: Callable[[], None]) -> None:
        self.client = client
        self.rebuild = rebuild
        self.layout: Hashable = None
        self.beat = 0
        """Number of the last beat that was sent (stale_overlay.py)."""
        self._topics: Mapping[Topic, tuple[int, ...]] = {}
        self._added: dict[Topic, list[LiveElement]] = {}

    def add(self, element: LiveElement) -> None:
        """Show this element's topic on the page."""
        self._added.setdefault(element.topic, []).append(element)

    def of(self, topic: Topic) -> list[LiveElement]:
        """The elements of this topic."""
        elements = self.client.elements
        return [element for id_ in self._topics.get(topic, ()) if isinstance(element := elements.get(id_), LiveElement)]

    def all(self) -> list[LiveElement]:
        """All live elements."""
        return [element for topic in self._topics for element in self.of(topic)]

    def forget(self, keep: Iterable[Topic] = ()) -> None:
        """Forget elements that are removed by a rebuild."""
        kept = set(keep)
        self._added = {topic: self._added.get(topic) or self.of(topic) for topic in {**self._topics, **self._added}
                       if topic in kept}
        self._topics = {}

    def settle(self, layouts: dict[Hashable, Audience]) -> Audience:
        """Assign the page to the audience of its layout, after it was built or rebuilt."""
        shown = {topic: self.of(topic) for topic in self._topics}  # empty for a new page
        for topic, added in self._added.items():
            shown[topic] = shown.get(topic, []) + added
        layout = tuple((type(element).__name__, topic, element.id, tuple(element.classes),
                        tuple(child.id for child in element.default_slot.children))
                       for topic, elements in shown.items() for element in elements)
        if (audience := layouts.get(layout)) is None:
            topics = {topic: tuple(element.id for element in elements) for topic, elements in shown.items()}
            audience = layouts[layout] = Audience(layout, topics)
        self.layout, self._topics, self._added = audience.layout, audience.topics, {}
        return audience



@dataclass(slots=True)
class Audience:
    """Pages of the same layout: their elements by topic, and the content that was last sent to all of them."""

    layout: Hashable
    topics: Mapping[Topic, tuple[int, ...]]
    views: dict[str, LiveView] = field(default_factory=dict)
    sent: dict[int, Content] = field(default_factory=dict)

    def by_beat(self, client_ids: Iterable[str]) -> list[list[str]]:
        """These clients, in groups whose pages have the same beat."""
        groups: dict[int, list[str]] = {}
        for client_id in client_ids:
            groups.setdefault(self.views[client_id].beat % BEATS, []).append(client_id)
        return list(groups.values())
