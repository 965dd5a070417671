"""The interval of pings to browsers, and the time-out of both sides.

A page detects stale data with its beats (stale_overlay.py); pings prove that a beat has arrived, and detect dead
connections. A browser closes its connection when no ping arrives within interval and time-out together, and the server
when no pong does within the time-out. The time-out is longer than the 5 s for which a busy machine or a paused program
may not respond: otherwise all browsers would disconnect and reconnect at the same time. With frequent pings, a dead
connection is still replaced within 8 s.
"""

from __future__ import annotations

from . import nicegui_bridge

PING_EVERY_S = 1
"""Broadcast.run sends them, after the beats."""
PING_TIMEOUT_S = 6.5


def set_ping_times() -> None:
    """Override NiceGUI's defaults."""
    nicegui_bridge.set_ping_times(PING_EVERY_S, PING_TIMEOUT_S)
