"""The path to which feeds report."""

from __future__ import annotations

FEED = '/api/feed'


def is_of_events(path: str) -> bool:
    """Whether a path of this app takes events of feeds: /api/feed, or /api/feed/MACHINE."""
    return path == FEED or path.startswith(f'{FEED}/')
