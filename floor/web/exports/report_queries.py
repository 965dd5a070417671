"""Queries of the REST interface about reports: windows and filters as on the page, and pages by cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ...analytics import Page
from ...core.query_parameters import Query
from ..api.fields import AT, LATER, query_parameter
from ..reports.report_query import NO_REASON_WORD
from ..reports.report_windows import Span
from .report_cursor import ReportCursor

PER_PAGE, MAX_PER_PAGE = 100, 1_000
WINDOW_NAMES, PAGE_NAMES = ('window', 'from', 'to'), ('cursor', 'per_page')
PART_NAMES = ('line', 'machine', 'reason', 'shift')

WINDOW = [
    query_parameter('window', 'Window by its name, as of now. Default: today.', 'last-week', type='string',
                    **{'enum': [*Span], 'x-enum-varnames': [span.name for span in Span]}),
    query_parameter('from', 'Start of a window without a name; together with to. Without an offset, plant time.', AT,
                    type='string'),
    query_parameter('to', 'End of that window, which is not part of it.', LATER, type='string')]
PART = [query_parameter('line', 'Only machines of this line.', 'Engine Line', type='string'),
        query_parameter('machine', 'Only this machine.', 'Injection_Molder_02_01', type='string'),
        query_parameter('reason', f'Only stops of this reason; {NO_REASON_WORD}: those for which none was given. Then '
                        'uptime, availability and MTBF are null.', 'Hydraulic leak', type='string'),
        query_parameter('shift', 'Only the hours of the shift of this name.', 'Early', type='string')]
PAGES = [
    query_parameter('cursor', 'X-Next-Cursor of the previous page, with the same window and filters. Nothing is '
                    'skipped or repeated while machines go on: what began later is on no page.',
                    str(ReportCursor(datetime.fromisoformat(AT), 0)), type='string'),
    query_parameter('per_page', f'Rows per page. Default: {PER_PAGE}.', PER_PAGE, type='integer', minimum=1,
                    maximum=MAX_PER_PAGE)]
PAGE_HEADERS = {'X-Total-Count': {'description': 'Number of rows on all pages.', 'schema': {'type': 'integer'}},
                'X-Next-Cursor': {'description': 'Cursor of the next page; absent on the last page.',
                                  'schema': {'type': 'string'}},
                'Link': {'description': 'first, prev and next by cursor (RFC 8288).', 'schema': {'type': 'string'}}}


@dataclass(frozen=True, slots=True)
class AskedPage:
    """A page of a list as it was at a time."""

    at: datetime
    skip: int
    size: int

    @property
    def page(self) -> Page:
        """The same by its number: each page of a list is as long as the first."""
        return Page(self.skip // self.size + 1, self.size)


def read_page(query: QueryParams, names: Iterable[str], now: datetime) -> AskedPage:
    """The page of a query. names: of all parameters of the path. now: the database's clock.

    :raises QueryError: a parameter is unknown, or one of the page is not valid
    """
    parsed = Query(query, names)
    size = parsed.number('per_page', MAX_PER_PAGE, PER_PAGE)
    cursor = ReportCursor(now, 0)
    if text := parsed.text('cursor'):
        try:
            cursor = ReportCursor.parse(text)
        except ValueError:
            parsed.fail('cursor', 'Cannot understand cursor: use X-Next-Cursor of the previous page')
    if cursor.skip % size:
        parsed.fail('per_page', 'Cannot use this cursor with another per_page: use that of the previous page')
    parsed.check()
    return AskedPage(min(cursor.at, now), cursor.skip, size)


def page_headers(path: str, query: QueryParams, asked: AskedPage, total: int) -> dict[str, str]:
    """The headers with the total number of rows and the links to other pages."""
    skips = {'first': 0}
    if asked.skip:
        skips['prev'] = max(0, asked.skip - asked.size)
    if asked.skip + asked.size < total:
        skips['next'] = asked.skip + asked.size
    cursors = {name: str(ReportCursor(asked.at, skip)) for name, skip in skips.items()}
    others = [(name, value) for name, value in query.multi_items() if name != 'cursor']
    links = [f'<{path}?{urlencode([*others, ("cursor", cursor)])}>; rel="{name}"' for name, cursor in cursors.items()]
    more: dict[str, Any] = {'X-Next-Cursor': cursors['next']} if 'next' in cursors else {}
    return {'X-Total-Count': str(total), 'Link': ', '.join(links), **more}
