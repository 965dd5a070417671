"""What was refused because of where it came from: logged once for each origin, and kept for /diagnosis.

A browser whose socket is refused says "Connection lost" and no more. Behind a proxy the reason is nearly always a name
that the proxy does not pass on, so whoever runs the program has to be told, and told what to do.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from ..core.text import shown

MOST_ORIGINS = 20
"""So many are told apart: a page elsewhere could invent others without end."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One origin, how often it was refused, why, and what to do if it is ours."""

    origin: str
    why: str
    remedy: str
    times: int = 1


class RefusedOrigins:
    """Of one process, since its start."""

    def __init__(self) -> None:
        self._refusals: dict[str, Refusal] = {}

    @property
    def refusals(self) -> list[Refusal]:
        """The first MOST_ORIGINS that were refused."""
        return list(self._refusals.values())

    def note(self, origin: str, why: str, remedy: str) -> None:
        """Count it; the first of each origin is logged."""
        origin = shown(origin)
        if (known := self._refusals.get(origin)) is not None:
            self._refusals[origin] = replace(known, times=known.times + 1)
        elif len(self._refusals) < MOST_ORIGINS:
            self._refusals[origin] = Refusal(origin, why, remedy)
            log.warning('refused requests from %s: %s. %s', origin, why, remedy)
