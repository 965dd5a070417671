"""How often browsers are pinged, and how long both sides wait for an answer.

A page detects stale data itself, by its beats (stale_overlay.py); pings only find connections that
carry nothing any more. A browser gives its connection up when the time between two pings and the patience have passed
without one, and so do we without an answer. The patience is therefore longer than the 5 s for which a busy machine or a
paused program may stand still: otherwise all browsers leave, and come back at once. Pings are frequent, so that a dead
connection is still replaced within 8 s.
"""

from __future__ import annotations

from . import nicegui_bridge

PING_EVERY_S = 1.5
PING_PATIENCE_S = 6.5


def set_ping_times() -> None:
    """Replace NiceGUI's defaults."""
    nicegui_bridge.set_ping_times(PING_EVERY_S, PING_PATIENCE_S)
