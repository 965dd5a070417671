"""Mappings that many plants share: words, on and off, PackML states, the states of the United Manufacturing Hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core.machines import Status


@dataclass(frozen=True, slots=True)
class StatusMeaning:
    """A status, with its reason."""

    status: Status
    reason: str | None = None


def words(key: str) -> StatusMeaning | None:
    """The names of the statuses, and what others call them. key: of value_key."""
    status = _WORDS.get(key)
    return StatusMeaning(status) if status else None


_WORDS = {'operational': Status.OPERATIONAL, 'running': Status.OPERATIONAL, 'warning': Status.WARNING,
          'down': Status.DOWN, 'stopped': Status.DOWN, 'unknown': Status.UNKNOWN}


def on_off(key: str) -> StatusMeaning | None:
    """True, 1 or on is operational; false, 0 or off is down."""
    if key in {'true', '1', 'on'}:
        return StatusMeaning(Status.OPERATIONAL)
    return StatusMeaning(Status.DOWN) if key in {'false', '0', 'off'} else None


PRESETS: dict[str, Callable[[str], StatusMeaning | None]] = {'words': words, 'on_off': on_off}
