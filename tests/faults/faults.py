"""All of them, by name."""

from __future__ import annotations

from . import (
    fault_database,
    fault_feed,
    fault_instances,
    fault_network,
    fault_orders,
    fault_partition,
    fault_password,
    fault_program,
)
from .stage import Fault

FAULTS: dict[str, Fault] = {fault.name: fault for fault in [
    *fault_network.FAULTS, *fault_database.FAULTS, *fault_program.FAULTS,
    *fault_feed.FAULTS, *fault_orders.FAULTS,
    *fault_instances.FAULTS, *fault_password.FAULTS,
    *fault_partition.FAULTS]}
