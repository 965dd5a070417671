"""Which requests are events of feeds."""

from __future__ import annotations

from ...core.feeds import FEED_PATH


def is_of_events(path: str) -> bool:
    """Whether a path of this app takes events of feeds: /api/feed, or /api/feed/MACHINE."""
    return path == FEED_PATH or path.startswith(f'{FEED_PATH}/')
