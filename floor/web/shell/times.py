"""Times on pages."""

from __future__ import annotations

from datetime import datetime, tzinfo

from ...core.moments import Form, local_time


def time_of_day(ms: int, zone: tzinfo) -> str:
    """'10:42:07' in the plant's time zone, '02:30:00 CEST' for an ambiguous time; ms since 1970."""
    return local_time(moment(ms, zone), zone, Form.SECONDS)


def date_and_time(ms: int, zone: tzinfo) -> str:
    """'2026-11-23 10:42:07' in the plant's time zone, with its abbreviation for an ambiguous time; ms since 1970."""
    return local_time(moment(ms, zone), zone, Form.FULL)


def moment(ms: int, zone: tzinfo) -> datetime:
    """A time of the database as a datetime in the plant's time zone."""
    return datetime.fromtimestamp(ms / 1000, zone)
