"""Sends one message to many browsers: encoded once, and put into the queue of each socket.

core.sio.emit(..., room=[...]), which NiceGUI uses, starts an asyncio task for each browser: a third of the cost of a
change. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .nicegui_bridge import all_queues, message_packet, queues_of

MAX_WAITING = 16
"""Messages that may be queued for a browser: about two seconds on a busy floor. A slower browser gets no more updates
until its queue is empty, and then the current content."""


def longest_backlog() -> int:
    """Number of messages queued for the slowest browser."""
    return max((queue.qsize() for queue in all_queues()), default=0)


def send_update(message: Mapping[int, Any], client_ids: Collection[str]) -> set[str]:
    """Queue NiceGUI's message 'update' for these clients.

    :return: clients whose queue is full, which did not get the message
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
    """Whether no message is queued for this client."""
    return all(queue.empty() for queue in queues_of(client_id))
