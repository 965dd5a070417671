"""How many changes one person, or one program, may make: many at once, but not for ever."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from .errors import TooManyChanges
from .model import Identity
from .pace import Pace

MOST_REMEMBERED = 1_000


class ChangeLimit:
    """A minute's worth at once after a quiet minute, then so many a minute. Each program counts alone."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """per_minute: at least 1."""
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._paces: dict[str, Pace] = {}

    def take(self, who: Identity) -> None:
        """One more change of theirs; one that is refused does not count.

        :raises TooManyChanges: not yet
        """
        if wait := self._pace_of((who.email or who.name).lower()).try_take():
            raise TooManyChanges(f'these were more than {self._per_minute:,} changes within a minute: more than '
                                 f'anybody should need. Wait {math.ceil(wait)} s and do it again', wait)

    def _pace_of(self, name: str) -> Pace:
        if name not in self._paces and len(self._paces) >= MOST_REMEMBERED:
            self._paces = {known: pace for known, pace in self._paces.items() if not pace.is_full}
        if name not in self._paces:
            self._paces[name] = Pace(self._per_minute / 60, self._per_minute, self._monotonic)
        return self._paces[name]
