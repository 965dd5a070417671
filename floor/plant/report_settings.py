"""What supervisors set for reports: how short a micro-stop is, and what an hour down costs on a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from ..core.errors import InvalidInputError
from ..core.formatting import duration
from ..core.people import Identity, Role
from ..core.text import clean_text
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import command, logged, reading
from ..orders.employees import Employees

MAX_MICRO_STOP = timedelta(hours=4)
MAX_COST = Decimal(10) ** 9
MAX_CURRENCY = 12


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """micro_stop: a shorter stop is a micro-stop. currency: what stands before amounts of money, may be empty. costs:
    of an hour down on each line; None: not set. type_limits: instead of micro_stop, for machines of a type; None: not
    set."""

    micro_stop: timedelta
    currency: str
    costs: dict[str, Decimal | None]
    type_limits: dict[str, timedelta | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettingChange:
    """Who changed what, and when. A value is None where there was or is none."""

    at: datetime
    by: str
    setting: str
    old: str | None
    new: str | None


class ReportSettingsCommands:
    """Reads and writes the settings of the database; every instance follows with its next report."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._employees = employees

    async def read(self) -> ReportSettings:
        """The settings as they are.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        """
        async with reading(self._database) as connection:
            return await self._read(connection)

    async def changes(self, most: int) -> list[SettingChange]:
        """The latest changes, the newest first.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        """
        async with reading(self._database) as connection:
            return [SettingChange(row['changed_at'], row['changed_by'], row['setting'], row['old_value'],
                                  row['new_value'])
                    async for row in self._database.queries.setting_changes(connection, most=most)]

    async def save(self, who: Identity, wanted: ReportSettings) -> int:
        """Set them, and note each change; returns how many there were. Requires a supervisor. Lines and types that are
        not named keep theirs.

        :raises NotAllowedError: :raises InvalidInputError: :raises DatabaseUnavailableError:
        """
        wanted = _checked(wanted)
        async with logged('report settings set', who) as fields, command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            queries = self._database.queries
            await queries.lock_report_settings(connection)
            before = await self._read(connection)
            await queries.set_report_settings(connection, micro_stop=wanted.micro_stop, currency=wanted.currency)
            changes = list(_differences(before, wanted))
            for line, cost in wanted.costs.items():
                if cost != before.costs.get(line):
                    await queries.set_line_cost(connection, line=line, cost=cost)
            for kind, limit in wanted.type_limits.items():
                if kind in before.type_limits and limit != before.type_limits[kind]:
                    await queries.set_type_limit(connection, type=kind, micro_stop=limit)
            for setting, old, new in changes:
                await queries.log_setting_change(connection, changed_by=person.name, setting=setting, old_value=old,
                                                 new_value=new)
                fields[setting.replace(' ', '_')] = new
        return len(changes)

    async def _read(self, connection: Connection) -> ReportSettings:
        queries = self._database.queries
        row = await queries.report_settings(connection)
        return ReportSettings(row['micro_stop'], row['currency'], {
            line['name']: None if line['cost_per_hour'] is None else line['cost_per_hour'].normalize()
            async for line in queries.line_costs(connection)},
            {row['type']: row['micro_stop'] async for row in queries.type_limits(connection)})


def _checked(settings: ReportSettings) -> ReportSettings:
    for limit in settings.micro_stop, *settings.type_limits.values():
        if limit is not None and not timedelta() <= limit <= MAX_MICRO_STOP:
            raise InvalidInputError('the micro-stop limit is from 0 to 240 minutes', 'micro_stop')
    for line, cost in settings.costs.items():
        if cost is not None and not 0 < cost < MAX_COST:
            raise InvalidInputError(f'the cost per hour of {line} has to be above 0 and below 1,000,000,000', 'costs')
    return ReportSettings(settings.micro_stop, clean_text(settings.currency, 'currency', MAX_CURRENCY, required=False),
                          {line: None if cost is None else cost.normalize() for line, cost in settings.costs.items()},
                          settings.type_limits)


def _differences(before: ReportSettings, after: ReportSettings) -> Iterator[tuple[str, str | None, str | None]]:
    """Name, old and new value of each setting that differs."""
    if before.micro_stop != after.micro_stop:
        yield 'micro-stop limit', _length(before.micro_stop), _length(after.micro_stop)
    for kind, limit in after.type_limits.items():
        if kind in before.type_limits and limit != (was := before.type_limits[kind]):
            yield f'micro-stop limit of {kind}', _length(was), _length(limit)
    if before.currency != after.currency:
        yield 'currency', before.currency or None, after.currency or None
    for line, cost in after.costs.items():
        if line in before.costs and cost != (old := before.costs[line]):
            yield f'cost per hour of {line}', _text(old), _text(cost)


def _length(limit: timedelta | None) -> str | None:
    return None if limit is None else duration(limit.total_seconds())


def _text(cost: Decimal | None) -> str | None:
    return None if cost is None else f'{cost:f}'
