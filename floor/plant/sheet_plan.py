"""What a sheet would change of a plant, row by row. Machines that are not in the sheet stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..core.errors import InvalidInputError
from ..core.formatting import counted, number
from .machine_commands import NO_TYPE, exists_sentence
from .plant_items import PlantMachine
from .plant_sheet import SheetRow
from .plant_transactions import MAX_PLACE, new_name


class RowOutcome(StrEnum):
    """What happens to the machine of a row."""

    NEW = 'new'
    CHANGED = 'changed'
    UNCHANGED = 'unchanged'
    REFUSED = 'refused'


@dataclass(frozen=True, slots=True)
class RowPlan:
    """The outcome of one row. details: what changes, or why it is refused, as a sentence without its full stop.
    machine_id: of a machine that there is or was. line None: on no line. position None: at the end of its line, or
    where it is. comes_back: it was retired."""

    number: int
    machine: str
    outcome: RowOutcome
    details: str = ''
    machine_id: int | None = None
    type: str = NO_TYPE
    line: str | None = None
    position: int | None = None
    comes_back: bool = False

    def __str__(self) -> str:
        """Row 3: Press 1: changed, line from none to Hall A."""
        return f'row {self.number}: {self.machine or "(no name)"}: {self.outcome}' + (
            f', {self.details}' if self.details else '')


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """What a sheet would change, in the order of its rows; new_lines and new_types are added with the machines."""

    rows: tuple[RowPlan, ...]
    new_lines: tuple[str, ...]
    new_types: tuple[str, ...]

    def of(self, outcome: RowOutcome) -> list[RowPlan]:
        """The rows with this outcome."""
        return [row for row in self.rows if row.outcome is outcome]

    def __str__(self) -> str:
        """12 machines: 10 new, 1 changed, 1 unchanged, 0 refused; 2 new lines; 3 new types."""
        outcomes = ', '.join(f'{number(len(self.of(outcome)))} {outcome}' for outcome in RowOutcome)
        return (f'{counted(len(self.rows), "machine")}: {outcomes}; {counted(len(self.new_lines), "new line")}; '
                f'{counted(len(self.new_types), "new type")}')


class PresentPlant:
    """What a sheet is compared with. former_names: what machines were called before, and what they are called now."""

    def __init__(self, machines: Iterable[PlantMachine], lines: Iterable[str], types: Iterable[str],
                 former_names: Mapping[str, str]) -> None:
        self._machines = {machine.name: machine for machine in machines}
        self._alike = {name.casefold(): machine for name, machine in self._machines.items()}
        self._lines = _Names(lines, 'line')
        self._types = _Names(types, 'type')
        self._former_names = former_names

    def plan(self, rows: Iterable[SheetRow]) -> SheetPlan:
        """What the rows would change."""
        seen: dict[str, int] = {}
        plans = []
        for row in rows:
            try:
                key = row.machine if row.machine in self._machines else row.machine.casefold()
                if (first := seen.setdefault(key, row.number)) != row.number and row.machine:
                    raise InvalidInputError(f'this machine is in row {first} already')
                plans.append(self._planned(row))
            except InvalidInputError as error:
                plans.append(RowPlan(row.number, row.machine, RowOutcome.REFUSED, str(error)))
        return SheetPlan(tuple(plans), tuple(self._lines.new), tuple(self._types.new))

    def _planned(self, row: SheetRow) -> RowPlan:
        machine = self._machines.get(row.machine)
        if machine is None:
            self._check_new(row.machine)
        position = _position(row.position, machine)
        line = machine.line if row.line is None and machine else self._lines.spelled(row.line) if row.line else None
        kind = (self._types.spelled(row.type) if row.type else None) or (machine.type if machine else NO_TYPE)
        if machine is None:
            return RowPlan(row.number, row.machine, RowOutcome.NEW, type=kind, line=line, position=position)
        comes_back = machine.retired_at is not None
        changes = [f'{what} from {old or "none"} to {new or "none"}' for what, old, new in (
            ('line', machine.line, line), ('type', machine.type, kind),
            ('position', machine.position, position if position is not None else machine.position)) if old != new]
        changes += ['comes back'] if comes_back else []
        return RowPlan(row.number, row.machine, RowOutcome.CHANGED if changes else RowOutcome.UNCHANGED,
                       ', '.join(changes), machine.id, kind, line, position, comes_back)

    def _check_new(self, name: str) -> None:
        new_name(name, 'machine')
        if (other := self._alike.get(name.casefold())) is not None:
            raise InvalidInputError(exists_sentence(other.name, is_retired=other.retired_at is not None))
        if name in self._former_names:
            raise InvalidInputError(f'this machine is called {self._former_names[name]} now: use that name')


class _Names:
    """Names of lines or types, regardless of upper and lower case; new ones are kept as they are spelled first."""

    def __init__(self, present: Iterable[str], field: str) -> None:
        self._field = field
        self._exact = set(present)
        self._spelled = {name.casefold(): name for name in self._exact}
        self.new: list[str] = []

    def spelled(self, name: str) -> str:
        """:raises InvalidInputError: it is new and cannot be a name"""
        if name in self._exact:
            return name
        if (spelled := self._spelled.get(name.casefold())) is None:
            spelled = self._spelled[name.casefold()] = new_name(name, self._field)
            self.new.append(name)
        return spelled


def _position(text: str | None, machine: PlantMachine | None) -> int | None:
    if not text:
        return None
    if machine is not None and text == str(machine.position):
        return machine.position
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PLACE)) and 1 <= int(text) <= MAX_PLACE):
        raise InvalidInputError('position has to be a whole number from 1 to 10,000')
    return int(text)
