"""Reports as CSV files: durations in seconds, shares from 0 to 1, times by the plant's clock with offset and zone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from datetime import tzinfo

from ..core.csv_file import heading, lines
from .report_tables import Cell, Kind, ReportColumn, ReportTable
from .row_labels import with_zone

UNITS = {Kind.SECONDS: ' (s)', Kind.SHARE: ' (0 to 1)'}


async def csv_pieces(pages: AsyncGenerator[ReportTable, None], zone: tzinfo) -> AsyncGenerator[str, None]:
    """The file in pieces, one for each page. zone: of the plant."""
    is_first = True
    async with aclosing(pages):
        async for of_page in pages:
            page = with_zone(of_page, zone)
            start = heading(titles(page.columns)) if is_first else ''
            is_first = False
            yield start + await asyncio.to_thread(lines, cells(page), zone)


def titles(columns: Iterable[ReportColumn]) -> Iterator[str]:
    """With units in brackets."""
    return (column.title + UNITS.get(column.kind, '') for column in columns)


def cells(page: ReportTable) -> Iterator[Iterator[Cell]]:
    """The rows, with yes or nothing for true or false."""
    return (('yes' if cell is True else '' if cell is False else cell for cell in row) for row in page.rows)
