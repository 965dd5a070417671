"""All of them, by name."""

from __future__ import annotations

from . import fault_network
from .stage import Fault

FAULTS: dict[str, Fault] = {fault.name: fault for fault in [*fault_network.FAULTS]}
