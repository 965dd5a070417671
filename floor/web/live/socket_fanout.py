"""One message to many browsers: encoded once, put into the queue of each browser's socket.

NiceGUI's own way, core.sio.emit(..., room=[...]), has an asyncio task for every browser, which was measured to be a
third of the cost of a change. A test compares the two ways.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .nicegui_bridge import all_queues, message_packet, queues_of

MAX_WAITING = 16
"""Messages that may wait for a browser, about two seconds of a busy floor. One that reads slower gets no more of what
happened, but how things stand when it has read all."""


def longest_backlog() -> int:
    """Messages that wait for the browser that reads slowest; one that answers no ping is given up."""
    return max((queue.qsize() for queue in all_queues()), default=0)


def send_update(message: Mapping[int, Any], client_ids: Collection[str]) -> set[str]:
    """NiceGUI's 'update' for these clients, at once: the next reader of the queue gets the state at this time.

    :return: the clients that lag so far behind that it was not sent to them
    """
    lagging: set[str] = set()
    if not client_ids or (packet := message_packet('update', message)) is None:
        return lagging
    for client_id in client_ids:
        for queue in queues_of(client_id):
            if queue.qsize() < MAX_WAITING:
                queue.put_nowait(packet)
            else:
                lagging.add(client_id)
    return lagging


def has_read_all(client_id: str) -> bool:
    """Whether nothing waits for this client."""
    return all(queue.empty() for queue in queues_of(client_id))
