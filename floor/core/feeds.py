"""Feeds: where they report to, and how pages show them."""

from __future__ import annotations

from dataclasses import dataclass

FEED_PATH = '/api/feed'
"""Where the app takes events over HTTP."""
SILENT_AFTER_HEADER = 'Silent-After'
"""With which a feed that repeats itself says after how many seconds without a report a machine is silent."""
SILENT_AFTER_S = (10, 86_400)
"""The least and the most."""


@dataclass(frozen=True, slots=True)
class SilentFeed:
    """A feed that has sent nothing for longer than it should. since_ms: when its last event came, in ms since 1970.
    machine_ids: the machines that it reported last."""

    id: int
    name: str
    since_ms: int
    machine_ids: frozenset[int]
