"""Which machines /setup/machines shows: a search, a line, and a page of 50, all in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ...core.formatting import number
from ...core.query_parameters import Query
from ...plant.plant_items import PlantMachine

PER_PAGE = 50
MAX_PAGE = 1000
NO_LINE = 'none'
"""The filter for machines on no line; lines are named by their ids."""
FLOOR, RETIRED = 'floor', 'retired'


@dataclass(frozen=True, slots=True)
class MachineFilter:
    """text: in the name, display name, type or line. line: the id of a line, NO_LINE, or empty for all. page: from
    1."""

    text: str = ''
    line: str = ''
    retired: bool = False
    page: int = 1

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[MachineFilter, str]:
        """The filter of an address, and what is wrong with that."""
        parsed = Query(query, ('search', 'line', 'show', 'page'))
        line = parsed.text('line').strip()
        if line and line != NO_LINE and not (line.isascii() and line.isdigit()):
            parsed.fail('line', f'Cannot understand line={line}: use the id of a line, or {NO_LINE}')
            line = ''
        found = cls(parsed.text('search'), line, parsed.one_of('show', (FLOOR, RETIRED)) == RETIRED,
                    parsed.number('page', MAX_PAGE, 1))
        return found, ' '.join(parsed.faults.values())

    @property
    def query(self) -> str:
        """The query of the address, such as ?line=2; empty for all machines of the floor."""
        values = {'search': self.text, 'line': self.line, 'show': RETIRED if self.retired else '',
                  'page': str(self.page) if self.page > 1 else ''}
        query = urlencode({name: value for name, value in values.items() if value})
        return f'?{query}' if query else ''

    def matches(self, machine: PlantMachine) -> bool:
        """Whether a machine is shown, on some page."""
        if self.line and str(machine.line_id or NO_LINE) != self.line:
            return False
        needle = self.text.strip().casefold()
        return any(needle in text.casefold() for text in (machine.name, machine.display_name or '', machine.type,
                                                            machine.line or ''))


def page_of(machines: Sequence[PlantMachine], chosen: MachineFilter) -> tuple[list[PlantMachine], MachineFilter, str]:
    """The machines of a page, the filter with a page that exists, and '51 to 100 of 1,000 machines'."""
    found = [machine for machine in machines if chosen.matches(machine)]
    chosen = replace(chosen, page=min(chosen.page, max(1, -(-len(found) // PER_PAGE))))
    start = (chosen.page - 1) * PER_PAGE
    shown = found[start:start + PER_PAGE]
    of = 'machine' if len(found) == 1 else 'machines'
    text = f'{number(len(found))} {of}' if len(found) <= PER_PAGE else \
        f'{number(start + 1)} to {number(start + len(shown))} of {number(len(found))} {of}'
    return shown, chosen, text
