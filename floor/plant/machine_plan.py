"""What a sheet of machines would change of a plant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..core.errors import InvalidInputError
from ..core.names import letters_of, name_identity
from .machine_commands import NO_TYPE, checked_display_name, exists_sentence
from .plant_items import PlantMachine
from .plant_sheet import MACHINES, SheetRow
from .plant_transactions import MAX_PLACE, new_name
from .sheet_plan import RowOutcome, RowPlan, SheetPlan, differences, twice


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRowPlan(RowPlan):
    """The outcome of a row. machine_id: of a machine that there is or was. line None: on no line. position None: at the
    end of its line, or where it is. display_name None: none. comes_back: it was retired."""

    machine_id: int = 0
    type: str = NO_TYPE
    line: str | None = None
    position: int | None = None
    display_name: str | None = None
    comes_back: bool = False


class PresentMachines:
    """What a sheet is compared with. lines: the area of each, None: in no area. former_names: what machines were called
    before, and what they are called now."""

    def __init__(self, machines: Iterable[PlantMachine], lines: Mapping[str, str | None],
                 types: Iterable[str], former_names: Mapping[str, str]) -> None:
        self._machines = {machine.name: machine for machine in machines}
        self._alike = {name_identity(name): machine for name, machine in self._machines.items()}
        self._lines = _Names(lines, 'line')
        self._types = _Names(types, 'type')
        self._present_areas = lines
        self._areas = _Names((area for area in lines.values() if area), 'area')
        self._area_rows: dict[str, tuple[str, int]] = {}
        self._former_names = former_names

    def plan(self, rows: Iterable[SheetRow]) -> SheetPlan[MachineRowPlan]:
        """What the rows would change."""
        seen: dict[str, int] = {}
        plans = []
        for row in rows:
            name = row.cells['machine']
            try:
                twice(row, name if name in self._machines else name_identity(name), 'machine', seen)
                plans.append(self._planned(row, name))
            except InvalidInputError as error:
                plans.append(MachineRowPlan(number=row.number, name=name, outcome=RowOutcome.REFUSED,
                                            details=str(error), notes=row.notes))
        areas = {line: area for line, (area, _) in self._area_rows.items() if area != self._present_areas.get(line)}
        return SheetPlan(MACHINES, tuple(plans), tuple(self._lines.new), tuple(self._types.new), areas)

    def _planned(self, row: SheetRow, name: str) -> MachineRowPlan:
        machine = self._machines.get(name)
        if machine is None:
            self._check_new(name)
        position = _position(row.cells.get('position', ''), machine)
        line = machine.line if machine and 'line' not in row.cells else self._lines.spelled(row.cells.get('line'))
        area = list(self._area_change(row, line))
        notes = *row.notes, *self._lines.doubt(line)
        kind = self._types.spelled(row.cells.get('type')) or (machine.type if machine else NO_TYPE)
        display_name = _display_name(row.cells.get('display name'), name, machine)
        if machine is None:
            return MachineRowPlan(number=row.number, name=name, outcome=RowOutcome.NEW,
                                  details=', '.join([*_place_and_type(line, kind, display_name), *area]),
                                  notes=notes, type=kind, line=line, position=position, display_name=display_name)
        comes_back = machine.retired_at is not None
        changes = [*differences((('line', machine.line, line), ('type', machine.type, kind),
                                 ('position', machine.position, machine.position if position is None else position),
                                 ('display name', machine.display_name, display_name))),
                   *(['comes back'] if comes_back else []), *area]
        return MachineRowPlan(number=row.number, name=name, details=', '.join(changes), notes=notes,
                              outcome=RowOutcome.CHANGED if changes else RowOutcome.UNCHANGED, machine_id=machine.id,
                              type=kind, line=line, position=position, display_name=display_name,
                              comes_back=comes_back)

    def _area_change(self, row: SheetRow, line: str | None) -> Iterator[str]:
        """What changes for a line that there is, in the first row that says so."""
        if not (text := row.cells.get('area')):
            return
        if line is None:
            raise InvalidInputError('an area is of a line: name the line, or leave the area empty')
        area = self._areas.spelled(text) or ''
        first, number = self._area_rows.setdefault(line, (area, row.number))
        if first != area:
            raise InvalidInputError(f'the line {line} is in the area {first} in row {number}')
        if number == row.number and line in self._present_areas:
            yield from differences([(f'area of {line}', self._present_areas[line], area)])

    def _check_new(self, name: str) -> None:
        new_name(name, 'machine')
        if (other := self._alike.get(name_identity(name))) is not None:
            raise InvalidInputError(exists_sentence(other.name, is_retired=other.retired_at is not None))
        if name in self._former_names:
            raise InvalidInputError(f'this machine is called {self._former_names[name]} now: use that name')


class _Names:
    """Names of lines, types or areas, regardless of upper and lower case; new ones stay as they are spelled first."""

    def __init__(self, present: Iterable[str], field: str) -> None:
        self._field = field
        self._exact = set(present)
        self._spelled = {name_identity(name): name for name in self._exact}
        self._letters = {letters_of(name): name for name in self._exact}
        self.new: list[str] = []

    def spelled(self, name: str | None) -> str | None:
        """The name as it is spelled; None for an empty one.

        :raises InvalidInputError: it is new and cannot be a name
        """
        if not name or name in self._exact:
            return name or None
        if (spelled := self._spelled.get(name_identity(name))) is None:
            spelled = self._spelled[name_identity(name)] = new_name(name, self._field)
            self._letters.setdefault(letters_of(name), name)
            self.new.append(name)
        return spelled

    def doubt(self, name: str | None) -> Iterator[str]:
        """A note on a new name that differs from another one only in accents, spaces or signs."""
        if name is not None and name in self.new and (other := self._letters[letters_of(name)]) != name:
            yield f'the {self._field} {name} is new: is it {other}?'


def _place_and_type(line: str | None, kind: str, display_name: str | None) -> Iterator[str]:
    """What a new machine gets."""
    yield f'line {line}' if line is not None else 'on no line'
    yield f'type {kind}'
    if display_name is not None:
        yield f'shown as {display_name}'


def _display_name(text: str | None, name: str, machine: PlantMachine | None) -> str | None:
    if machine is not None and text in (None, machine.display_name):
        return machine.display_name
    return checked_display_name(text, name)


def _position(text: str, machine: PlantMachine | None) -> int | None:
    if not text:
        return None
    if machine is not None and text == str(machine.position):
        return machine.position
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PLACE)) and 1 <= int(text) <= MAX_PLACE):
        raise InvalidInputError('position has to be a whole number from 1 to 10,000')
    return int(text)
