"""Mappings that many plants share: words, on and off, whole numbers, PackML states, the states of the United
Manufacturing Hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core.machines import Status


@dataclass(frozen=True, slots=True)
class StatusMeaning:
    """A status, with its reason."""

    status: Status
    reason: str | None = None


RUNNING = StatusMeaning(Status.OPERATIONAL)


def words(key: str) -> StatusMeaning | None:
    """The names of the statuses, and what others call them. key: of value_key."""
    status = _WORDS.get(key)
    return StatusMeaning(status) if status else None


_WORDS = {'operational': Status.OPERATIONAL, 'running': Status.OPERATIONAL, 'warning': Status.WARNING,
          'down': Status.DOWN, 'stopped': Status.DOWN, 'unknown': Status.UNKNOWN}


def on_off(key: str) -> StatusMeaning | None:
    """True, 1 or on is operational; false, 0 or off is down."""
    if key in {'true', '1', 'on'}:
        return RUNNING
    return StatusMeaning(Status.DOWN) if key in {'false', '0', 'off'} else None


def integers(key: str) -> StatusMeaning | None:
    """A number that PLC programs often use: 0 stopped or off, 1 running, 2 idle or waiting, 3 fault."""
    status = _INTEGERS.get(key)
    return StatusMeaning(status) if status else None


_INTEGERS = {'0': Status.DOWN, '1': Status.OPERATIONAL, '2': Status.WARNING, '3': Status.DOWN}


def packml(key: str) -> StatusMeaning | None:
    """A state of ISA-TR88.00.02 by its number (PackTags StateCurrent) or name. Waiting to run is a warning; what has
    stopped, or waits for material or for a person, is down. The name is the reason."""
    name = _PACKML.get(int(key)) if key.isascii() and key.isdigit() else key.capitalize()
    if name in _PACKML_RUNNING:
        return RUNNING
    if name in _PACKML_READY:
        return StatusMeaning(Status.WARNING, name)
    return StatusMeaning(Status.DOWN, name) if name in _PACKML_DOWN else None


_PACKML = dict(enumerate((
    'Clearing', 'Stopped', 'Starting', 'Idle', 'Suspended', 'Execute', 'Stopping', 'Aborting', 'Aborted', 'Holding',
    'Held', 'Unholding', 'Suspending', 'Unsuspending', 'Resetting', 'Completing', 'Complete'), start=1))
_PACKML_RUNNING = frozenset({'Execute', 'Completing'})
_PACKML_READY = frozenset({'Starting', 'Idle', 'Resetting', 'Complete', 'Unholding', 'Unsuspending'})
_PACKML_DOWN = frozenset(_PACKML.values()) - _PACKML_RUNNING - _PACKML_READY


def umh(key: str) -> StatusMeaning | None:
    """A state of the United Manufacturing Hub by its number: each class is a range, whose first numbers have names."""
    if not (key.isascii() and key.isdigit()):
        return None
    state = int(key)
    name = next((name for first, name in reversed(_UMH) if state >= first), None)
    if name is None or state >= _UMH_END:
        return None
    if state < _UMH_SLOW:
        return RUNNING
    if state < _UMH_UNKNOWN:
        return StatusMeaning(Status.WARNING, name)
    return StatusMeaning(Status.UNKNOWN if state < _UMH_STOPPED else Status.DOWN, name)


_UMH_SLOW, _UMH_UNKNOWN, _UMH_STOPPED, _UMH_END = 20_000, 30_000, 40_000, 230_000
_UMH = (
    (10_000, 'Full speed'), (20_000, 'Lower than full speed'), (30_000, 'Unknown state'), (40_000, 'Unspecified stop'),
    (50_000, 'Micro-stop'), (60_000, 'Inlet jam'), (70_000, 'Outlet jam'), (80_000, 'Congestion in the bypass'),
    (90_000, 'Material issue'), (100_000, 'Changeover'), (110_000, 'Cleaning'), (120_000, 'Emptying'),
    (130_000, 'Setting up'), (140_000, 'Operator not at the machine'), (150_000, 'Break'), (160_000, 'No shift'),
    (170_000, 'No order'), (180_000, 'Equipment failure'), (190_000, 'External failure'),
    (200_000, 'External interference'), (210_000, 'Preventive maintenance'), (220_000, 'Technical issue'))


PRESETS: dict[str, Callable[[str], StatusMeaning | None]] = {
    'words': words, 'on_off': on_off, 'integers': integers, 'packml': packml, 'umh': umh}
MEANINGS = {
    'words': 'operational or running: Running; warning: Warning; down or stopped: Down; unknown: No signal.',
    'on_off': 'true, 1 or on: Running; false, 0 or off: Down.',
    'integers': '0 (stopped): Down; 1 (running): Running; 2 (idle): Warning; 3 (fault): Down.',
    'packml': 'PackML states (1 to 17, or their names): Execute and Completing: Running; Idle, Starting, Resetting, '
              'Complete, Unholding and Unsuspending: Warning; others: Down. The name of the state is the reason.',
    'umh': 'States of the United Manufacturing Hub (10000 to 229999): full speed: Running; lower speed: Warning; '
           '30000: No signal; stops: Down, with the kind of stop as the reason.'}
"""In words."""
