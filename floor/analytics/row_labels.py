"""What a row of a file has beside the table of the page: the machine as people read it, line, shift, and time zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo

from ..core.machines import DisplayNames, MachineName
from ..core.shifts import Shift, Shifts
from .report_tables import MACHINE_COLUMNS, Cell, Kind, ReportColumn, ReportTable

SHIFT_COLUMNS = (
    ReportColumn('Shift at start', Kind.TEXT, 'shift', 'Name of the shift in which it started.', 'Early'),
    ReportColumn('Day of that shift', Kind.DAY, 'shift_day', 'Day on which that shift started.', '2026-03-02'))
ZONE = ReportColumn('Time zone')
BY_THE_CLOCK = frozenset({Kind.MOMENT, Kind.DAY, Kind.HOUR})
"""What can only be read with the time zone."""

LineAt = Callable[[datetime | None], str | None]
"""The line that a machine counts on at a moment, None: at last; None where it is on none."""


class RowLabels:
    """Adds the columns to tables whose rows are of a machine; other tables are as on the page."""

    def __init__(self, lines: Mapping[MachineName, LineAt], shifts: Shifts, names: DisplayNames) -> None:
        """lines: says on which line each machine counts. names: what people call them."""
        self._names = names
        self._lines = lines
        self._shifts = shifts
        self._shift: Shift | None = None

    def added(self, table: ReportTable) -> ReportTable:
        """The table with more columns."""
        if not has_machines(table.columns):
            return table
        kinds = [column.kind for column in table.columns]
        machine = kinds.index(Kind.MACHINE)
        moment = kinds.index(Kind.MOMENT) if Kind.MOMENT in kinds else None
        return replace(table, columns=labelled(table.columns),
                       rows=tuple(self._cells(row, machine, moment) for row in table.rows))

    def _cells(self, row: tuple[Cell, ...], machine: int, moment: int | None) -> tuple[Cell, ...]:
        name = MachineName(str(row[machine]))
        at = None if moment is None else row[moment]
        line_at = self._lines.get(name)
        of_machine = (str(self._names.of(name)), name,
                      line_at(at if isinstance(at, datetime) else None) if line_at else None)
        of_shift: tuple[Cell, ...] = ()
        if moment is not None:
            shift = self._shift_at(row[moment])
            of_shift = (None, None) if shift is None else (shift.name, shift.date)
        return (*row[:machine], *of_machine, *of_shift, *row[machine + 1:])

    def _shift_at(self, moment: Cell) -> Shift | None:
        if not isinstance(moment, datetime):
            return None
        if self._shift is None or not self._shift.start <= moment < self._shift.end:  # neighbouring rows share a shift
            self._shift = self._shifts.at(moment)
        return self._shift


def has_machines(columns: tuple[ReportColumn, ...]) -> bool:
    """Whether the rows of a table with these columns are of machines, and so get labels."""
    return any(column.kind is Kind.MACHINE for column in columns)


def labelled(columns: tuple[ReportColumn, ...]) -> tuple[ReportColumn, ...]:
    """The columns that a table with these has in a file; the shift is that of its first moment."""
    if not has_machines(columns):
        return columns
    kinds = [column.kind for column in columns]
    machine, shift = kinds.index(Kind.MACHINE), SHIFT_COLUMNS if Kind.MOMENT in kinds else ()
    return (*columns[:machine], *MACHINE_COLUMNS, *shift, *columns[machine + 1:])


def with_zone(table: ReportTable, zone: tzinfo) -> ReportTable:
    """The table with the zone of its times, days and hours as the last column; one without any as it is."""
    if not any(column.kind in BY_THE_CLOCK for column in table.columns):
        return table
    name = str(zone)
    return replace(table, columns=(*table.columns, ZONE), rows=tuple((*row, name) for row in table.rows))
