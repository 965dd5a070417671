"""Refused cross-origin requests: logged once per origin, and kept for /diagnosis.

A browser whose WebSocket is refused shows only "Connection lost". Behind a proxy the cause is nearly always a host name
that the proxy does not pass on, so the log says what to change.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from ..core.text import shown

MAX_ORIGINS = 20
"""The most origins that are recorded: a hostile page could invent any number."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefusedOrigin:
    """One origin, how often it was refused, why, and what to do if it is legitimate."""

    origin: str
    why: str
    remedy: str
    times: int = 1


class RefusedOrigins:
    """The refusals of this process since its start."""

    def __init__(self) -> None:
        self._refusals: dict[str, RefusedOrigin] = {}

    @property
    def refusals(self) -> list[RefusedOrigin]:
        """The first MAX_ORIGINS refused origins."""
        return list(self._refusals.values())

    def note(self, origin: str, why: str, remedy: str) -> None:
        """Count it; the first of each origin is logged."""
        origin = shown(origin)
        if (known := self._refusals.get(origin)) is not None:
            self._refusals[origin] = replace(known, times=known.times + 1)
        elif len(self._refusals) < MAX_ORIGINS:
            self._refusals[origin] = RefusedOrigin(origin, why, remedy)
            log.warning('refused requests from %s: %s. %s', origin, why, remedy)
