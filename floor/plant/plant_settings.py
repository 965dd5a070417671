"""Commands on the plant's own settings: name, time zone, first day of the week, and start of the day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from ..core.errors import EditConflictError, InvalidInputError
from ..core.moments import Form
from ..core.people import Identity
from ..core.plant_calendar import PlantSettings, Weekday
from ..core.text import exact_name, shown
from ..db.connection import Connection
from ..db.row_mapping import to_plant_settings
from ..db.transactions import logged, reading
from ..orders.order_values import UNCHANGED, Unchanged
from .plant_transactions import MAX_NAME_LENGTH, PlantTransactions, conflict_sentence

HOURS_AND_MINUTES = re.compile(r'([01]?[0-9]|2[0-3]):([0-5][0-9])', re.ASCII)
NOT_FOR_PLANTS = {'Factory', 'localtime', 'posixrules'}
"""Names in the time zone database that are no place."""


@dataclass(frozen=True, slots=True)
class PlantSettingsEdit:
    """New values. name '': none. time_zone: an IANA name. day_start: a local time in whole minutes."""

    name: str | Unchanged = UNCHANGED
    time_zone: str | Unchanged = UNCHANGED
    first_weekday: Weekday | Unchanged = UNCHANGED
    day_start: time | Unchanged = UNCHANGED


class PlantSettingsCommands(PlantTransactions):
    """Reads and changes the settings; every instance and every open page follows. Changing requires a supervisor."""

    async def settings(self) -> PlantSettings:
        """The settings as they are.

        :raises DatabaseUnavailableError: the database does not respond in time
        """
        async with reading(self._database) as connection:
            return await self._settings(connection)

    async def edit_settings(self, who: Identity, version: int, edit: PlantSettingsEdit) -> PlantSettings:
        """Change some of them.

        :raises EditConflictError: someone else has changed them since that version
        :raises InvalidInputError: the name has more than 80 characters or hidden ones, or there is no such time zone
        :raises NotAllowedError: :raises TooManyChangesError: :raises DatabaseUnavailableError:
        """
        new: dict[str, Any] = {
            'name': None if isinstance(edit.name, Unchanged) else checked_name(edit.name),
            'time_zone': None if isinstance(edit.time_zone, Unchanged) else checked_zone(edit.time_zone),
            'first_weekday': None if isinstance(edit.first_weekday, Unchanged) else edit.first_weekday,
            'day_start': None if isinstance(edit.day_start, Unchanged) else edit.day_start}
        async with logged('plant settings changed', who) as fields, self._changing(who) as connection:
            current = await self._settings(connection)
            if current.version != version:
                change = await self._queries.last_plant_setting_change(connection)
                raise EditConflictError(conflict_sentence('the settings of the plant', change), current)
            await self._queries.edit_plant_settings(connection, **new)
            changed = await self._settings(connection)
            fields.update({} if changed == current else {'plant': changed.name, 'zone': changed.zone.key,
                                                         'first_weekday': changed.first_weekday.word,
                                                         'day_start': changed.day_start.strftime(Form.TIME)})
        return changed

    async def _settings(self, connection: Connection) -> PlantSettings:
        return to_plant_settings(await self._queries.plant_settings(connection))


def setting_texts(settings: PlantSettings) -> dict[str, str | None]:
    """The values as the audit has them, by its names of the settings."""
    return {'plant name': settings.name or None, 'time zone': settings.zone.key,
            'first day of the week': settings.first_weekday.word,
            'start of the day': settings.day_start.strftime(Form.TIME)}


def edit_to(setting: str, text: str | None) -> PlantSettingsEdit:
    """The edit that gives a setting this value; both as the audit has them."""
    match setting:
        case 'time zone':
            return PlantSettingsEdit(time_zone=text or '')
        case 'first day of the week':
            return PlantSettingsEdit(first_weekday=next(day for day in Weekday if day.word == text))
        case 'start of the day':
            return PlantSettingsEdit(day_start=parse_day_start(text or ''))
        case _:
            return PlantSettingsEdit(name=text or '')


def checked_name(text: str) -> str:
    """:raises InvalidInputError: it is too long, or has characters that nobody can see"""
    return exact_name(text.strip(), 'name', MAX_NAME_LENGTH) if text.strip() else ''


def checked_zone(name: str) -> str:
    """:raises InvalidInputError: there is no such time zone"""
    if name not in time_zones():
        raise InvalidInputError(f'there is no time zone {shown(name)}: use a name of the IANA time zone database, as '
                                'America/Detroit', 'time_zone')
    return name


def parse_day_start(text: str) -> time:
    """Parse '06:00'.

    :raises InvalidInputError: it is no time from 00:00 to 23:59 in whole minutes
    """
    match = HOURS_AND_MINUTES.fullmatch(text.strip())
    if match is None:
        raise InvalidInputError(f'cannot understand {shown(text)}: write the start of the day as 06:00', 'day_start')
    return time(int(match[1]), int(match[2]))


def time_zones() -> list[str]:
    """The names of all time zones, sorted."""
    return sorted(available_timezones() - NOT_FOR_PLANTS)


