"""One message to many browsers: encoded once, put into the queue of each browser's socket.

core.sio.emit(..., room=[...]) does the same with an asyncio task for every browser, which was measured to be a third of
the cost of a change. What this leans on (packet_class, manager.get_participants, eio.sockets and their queue) is public
in python-socketio and python-engineio though not promised; a test compares the two ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engineio.packet import MESSAGE, Packet
from nicegui import core
from socketio.packet import EVENT

NAMESPACE = '/'
MOST_WAITING = 16
"""Messages that may wait for a browser, about two seconds of a busy floor. One that reads slower gets no more of what
happened, but how things stand when it has read all."""


def longest_backlog() -> int:
    """Messages that wait for the browser that reads slowest; one that answers no ping is given up."""
    return max((socket.queue.qsize() for socket in core.sio.eio.sockets.values()), default=0)


def send_update(message: Mapping[int, Any], client_ids: Collection[str]) -> set[str]:
    """NiceGUI's 'update' for these clients, at once: whoever reads the queue next gets what was true at this moment.

    :return: the clients that are so far behind that it was not sent to them
    """
    behind: set[str] = set()
    if not client_ids or NAMESPACE not in core.sio.manager.rooms:
        return behind
    encoded = core.sio.packet_class(EVENT, namespace=NAMESPACE, data=['update', message]).encode()
    packet = Packet(MESSAGE, encoded)
    for client_id in client_ids:
        for queue in _queues(client_id):
            if queue.qsize() < MOST_WAITING:
                queue.put_nowait(packet)
            else:
                behind.add(client_id)
    return behind


def has_read_all(client_id: str) -> bool:
    """Whether nothing waits for this client."""
    return all(queue.empty() for queue in _queues(client_id))


def _queues(client_id: str) -> Iterator[asyncio.Queue[Packet]]:
    for _, eio_sid in core.sio.manager.get_participants(NAMESPACE, client_id):  # NiceGUI has a room per client
        socket = core.sio.eio.sockets.get(eio_sid)
        if socket is not None and not socket.closed:
            yield socket.queue
