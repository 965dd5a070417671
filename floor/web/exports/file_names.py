"""Names of files that say what is in them: stops_2026-11-22_2026-11-28.csv."""

from __future__ import annotations

import re
from datetime import time, timedelta, tzinfo

from ...analytics import Scope, Window

NOT_IN_NAMES = re.compile(r'[^\w.-]+')
MAX_NAME_LENGTH = 60
MICROSECOND = timedelta(microseconds=1)


def file_name(report: str, window: Window, scope: Scope, zone: tzinfo, suffix: str) -> str:
    """The report, its filters, and the days of the window, or its times where it has no whole days.

    window: as far as it has been. zone: of the plant.
    """
    filters = (scope.line, scope.machine, scope.shift, scope.reason)
    of = [NOT_IN_NAMES.sub('-', part)[:MAX_NAME_LENGTH] for part in filters if part]
    return f'{"_".join([report, *of, *_times(window, zone)])}.{suffix}'


def _times(window: Window, zone: tzinfo) -> list[str]:
    start, end = (moment.astimezone(zone) for moment in (window.start, window.end))
    if start.time() != time():
        return [f'{start:%Y-%m-%dT%H-%M}', f'{end:%Y-%m-%dT%H-%M}']
    last = max(start, (window.end - MICROSECOND).astimezone(zone))
    return list(dict.fromkeys(f'{day:%Y-%m-%d}' for day in (start, last)))
