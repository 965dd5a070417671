"""Parsing and formatting of times and dates.

A time without an offset from UTC is in the plant's time zone. If the clocks go back and the time occurs twice, it is
the first of the two. A time that the clocks skip does not exist and is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from .errors import InvalidInputError
from .text import shown


class Form(StrEnum):
    """How a moment is written for people; everywhere one of these."""

    TIME = '%H:%M'
    SECONDS = '%H:%M:%S'
    DAY = '%a %d %b %H:%M'
    DAY_SECONDS = '%a %d %b %H:%M:%S'
    DATE = '%Y-%m-%d'
    MINUTES = '%Y-%m-%d %H:%M'
    FULL = '%Y-%m-%d %H:%M:%S'


FIRST_YEAR, LAST_YEAR = 1970, 2200
MAX_TEXT_LENGTH = 40
EXAMPLE = '2026-11-23T10:42 or, with its offset from UTC, 2026-11-23T10:42+01:00'
LOST_PLUS = re.compile(r'(:[0-9]{2}(?:[.,][0-9]+)?) ([0-9]{2}(?::?[0-9]{2})?)$')
"""An offset whose + was decoded to a space, as in URLs."""


def parse_moment(text: str, zone: tzinfo, name: str = 'at') -> datetime:
    """Parse an ISO 8601 time, as UTC. zone: for a time without an offset. name: of the parameter, for errors.

    :raises InvalidInputError: not a time, or it does not exist in the zone, or its year is not from 1970 to 2200
    """
    moment = _parsed(text, name)
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=zone)
        if not _exists(local):
            raise InvalidInputError(f'cannot use {name}={shown(text)}: the clocks of {zone} skip this time when they '
                                    f'go forward; use one before or after', name)
        moment = local
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise _wrong_year(text, name) from error


def parse_day(text: str, name: str = 'date') -> date:
    """Parse a date such as 2026-11-23.

    :raises InvalidInputError: not a date, or its year is not from 1970 to 2200
    """
    try:
        day = date.fromisoformat(text.strip()[:MAX_TEXT_LENGTH])
    except ValueError as error:
        raise InvalidInputError(f'cannot understand {name}={shown(text)}: write a day as 2026-11-23', name) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _wrong_year(text, name)
    return day


def with_offset(at: datetime, zone: tzinfo) -> str:
    """'2026-10-25T02:30:00+02:00': local time in the zone, for addresses and files that programs read."""
    return at.astimezone(zone).isoformat(timespec='seconds')


def file_time(at: datetime, zone: tzinfo) -> str:
    """The same with a space, '2026-10-25 02:30:00+02:00', as PostgreSQL and spreadsheets write it."""
    return with_offset(at, zone).replace('T', ' ')


def local_time(at: datetime, zone: tzinfo, form: str) -> str:
    """'02:30' as strftime formats it, followed by 'CEST' or 'CET' if the local time occurs twice."""
    local = at.astimezone(zone)
    return local.strftime(form) + (f' {zone_abbreviation(local)}' if is_ambiguous(local) else '')


def time_and_offset(at: datetime, zone: tzinfo) -> str:
    """'02:47 (UTC+05:45)': the time of day in the zone."""
    local = at.astimezone(zone)
    return f'{local:%H:%M} (UTC{local.isoformat()[-6:]})'


def meanings(local: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The times that a naive local time can mean in the zone: one; none if the clocks skip it; two, the earlier first,
    if they go back."""
    both = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    if not _exists(both[0]):
        return ()
    return tuple(both) if is_ambiguous(both[0]) else (both[0],)


def is_ambiguous(local: datetime) -> bool:
    """Whether this local time occurs twice because the clocks go back."""
    return _exists(local) and local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()


def zone_abbreviation(local: datetime) -> str:
    """The zone's abbreviation 'CEST', or the offset '+10:30' if it has none."""
    name = local.tzname() or ''
    return name if name.isalpha() else local.isoformat()[-6:]


def _parsed(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(LOST_PLUS.sub(r'\1+\2', text.strip()[:MAX_TEXT_LENGTH].upper()))
    except ValueError as error:
        raise InvalidInputError(f'cannot understand {name}={shown(text)}: write a time as {EXAMPLE}', name) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _wrong_year(text, name)
    return moment


def _exists(local: datetime) -> bool:
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)


def _wrong_year(text: str, name: str) -> InvalidInputError:
    return InvalidInputError(f'cannot use {name}={shown(text)}: the year can be {FIRST_YEAR} to {LAST_YEAR}', name)
