"""How many changes one person, or one program, may make: many at once, but not for ever."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from .errors import TooManyChanges
from .model import Identity
from .token_bucket import Pace

MOST_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class ChangesLeft:
    """changes: how many somebody may make now; full_in: seconds until it is a minute's worth again."""

    changes: int
    full_in: float


class ChangeLimit:
    """A minute's worth at once after a quiet minute, then so many a minute. Each program counts alone."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """per_minute: at least 1."""
        self.per_minute = per_minute
        self._monotonic = monotonic
        self._paces: dict[str, Pace] = {}

    def take(self, who: Identity) -> None:
        """One more change of theirs; one that is refused does not count.

        :raises TooManyChanges: not yet
        """
        if wait := self._pace_of(_name(who)).try_take():
            raise TooManyChanges(f'these were more than {self.per_minute:,} changes within a minute: more than '
                                 f'anybody should need. Wait {math.ceil(wait)} s and do it again', wait)

    def left(self, who: Identity) -> ChangesLeft:
        """What they may still do; it takes nothing."""
        pace = self._paces.get(_name(who))
        tokens = self.per_minute if pace is None else pace.tokens
        return ChangesLeft(max(0, math.floor(tokens)), (self.per_minute - tokens) * 60 / self.per_minute)

    def _pace_of(self, name: str) -> Pace:
        if name not in self._paces and len(self._paces) >= MOST_REMEMBERED:
            self._paces = {known: pace for known, pace in self._paces.items() if not pace.is_full}
        if name not in self._paces:
            self._paces[name] = Pace(self.per_minute / 60, self.per_minute, self._monotonic)
        return self._paces[name]


def _name(who: Identity) -> str:
    return (who.email or who.name).lower()
