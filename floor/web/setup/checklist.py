"""What a plant still needs, as a list with a link for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.formatting import counted
from ...core.people import Role
from ...feed.store import Store
from ...plant.plant_items import ProductionLine
from .frame import FEEDS, IMPORT, LINES, MACHINES, SECTIONS

EMPLOYEES = '/employees'


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a plant needs. text: what is there or missing. action, address: the link; empty where there is
    nothing to do."""

    text: str
    is_done: bool
    action: str = ''
    address: str = ''


def steps_of(store: Store, lines: Sequence[ProductionLine]) -> list[Step]:
    """All steps in the order in which people take them. lines: also those without machines."""
    machines = len(store.machines)
    silent = store.never_reported
    supervisors = [person for person in store.people.values() if person.active and person.role is Role.SUPERVISOR]
    return [
        Step(counted(len(lines), 'line') if lines else
             'No line yet: an import of machines makes their lines, or add each in Lines.',
             bool(lines), 'Lines' if lines else 'Add the first line', SECTIONS[LINES]),
        Step(counted(machines, 'machine'), True, 'Machines', SECTIONS[MACHINES]) if machines else
        Step('No machine yet: import a sheet of all, or add each in Machines.', False, 'Import a sheet',
             SECTIONS[IMPORT]),
        _feed(machines, silent),
        Step('Supervisors: ' + ', '.join(sorted(person.name for person in supervisors)[:3])
             + (f' and {len(supervisors) - 3} more' if supervisors[3:] else '') if supervisors else
             'No supervisor among the employees: add yourself, with this role.', bool(supervisors),
             'Employees' if supervisors else 'Add a supervisor', EMPLOYEES),
    ]


def _feed(machines: int, silent: int) -> Step:
    if not machines:
        return Step('No machine reports yet: that comes after the machines.', False)
    if silent == machines:
        return Step('No machine has ever reported. A program that reports needs a token.', False, 'Connect a feed',
                    SECTIONS[FEEDS])
    if silent:
        return Step(f'{counted(silent, "machine")} of {machines} never reported.', False, 'Show the floor', '/')
    return Step('Every machine has reported.', True)
