"""One message to many browsers: encoded once, put into the queue of each browser's socket.

core.sio.emit(..., room=[...]) does the same with an asyncio task for every browser, which was measured to be a third of
the cost of a change. What this leans on (packet_class, manager.get_participants, eio.sockets and their queue) is public
in python-socketio and python-engineio though not promised; a test compares the two ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engineio.packet import MESSAGE, Packet
from nicegui import core
from socketio.packet import EVENT

NAMESPACE = '/'


def longest_backlog() -> int:
    """Messages that wait for the browser that reads slowest; one that answers no ping is given up."""
    return max((socket.queue.qsize() for socket in core.sio.eio.sockets.values()), default=0)


def send_update(message: Mapping[int, Any], client_ids: Sequence[str]) -> None:
    """NiceGUI's 'update' for these clients, at once: whoever reads the queue next gets what was true at this moment."""
    if not client_ids or NAMESPACE not in core.sio.manager.rooms:
        return
    encoded = core.sio.packet_class(EVENT, namespace=NAMESPACE, data=['update', message]).encode()
    packet = Packet(MESSAGE, encoded)
    for _, eio_sid in core.sio.manager.get_participants(NAMESPACE, list(client_ids)):  # NiceGUI has a room per client
        socket = core.sio.eio.sockets.get(eio_sid)
        if socket is not None and not socket.closed:
            socket.queue.put_nowait(packet)
