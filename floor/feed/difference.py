"""What a write to the store changed, for its subscribers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core.machines import MachineName
from .active_orders import ActiveOrderChange


@dataclass(frozen=True, slots=True)
class Difference:
    """What one write changed: machines, whether machines or lines were added, removed or moved, work orders,
    whether people changed, the state of the history, the set-up (lines, types, machines, icons, settings), the plant's
    own settings, and which feeds are silent. A change of its orders does not make a machine one of the machines."""

    machines: frozenset[MachineName] = frozenset()
    layout: bool = False
    connection: bool = False
    orders: tuple[ActiveOrderChange, ...] = ()
    people: bool = False
    history: bool = False
    setup: bool = False
    plant: bool = False
    feeds: bool = False


Subscriber = Callable[[Difference], None]
