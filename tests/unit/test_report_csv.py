"""Reports as files: bare numbers, the plant's clock, and no text that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from floor.analytics import Cause, HourlyPattern
from floor.analytics.report_csv import csv_pieces, titles
from floor.analytics.report_tables import Kind, ReportColumn, ReportTable, of_causes, of_pattern
from floor.core.csv_file import heading, lines

DETROIT = ZoneInfo('America/Detroit')
AT = datetime(2026, 11, 23, 15, 42, 7, tzinfo=UTC)


def cells(*row: Any) -> list[str]:
    table = ReportTable(tuple(ReportColumn(str(number)) for number in range(len(row))), (row,))
    return next(csv.reader(io.StringIO(lines(table.rows, DETROIT))))


def test_a_file_says_that_it_is_utf8_and_ends_its_lines_as_excel_does() -> None:
    table = of_causes([Cause('Jam', 90.0, 2, 1.0, 1.0, True)])
    assert heading(titles(table.columns)) == \
        '\ufeffCause,Down (s),Stops,Share (0 to 1),Cumulative (0 to 1),Vital few\r\n'
    assert lines(table.rows, UTC) == 'Jam,90,2,1,1,yes\r\n'


@pytest.mark.parametrize('text', ['=1+1', '+cmd', '-2', '@SUM(A1)', '\t=1', '  =1', '＝1'])
def test_a_text_is_never_a_formula(text: str) -> None:
    assert cells(text) == [f"'{text}"]


def test_numbers_stay_numbers_and_what_is_unknown_is_empty() -> None:
    assert cells(-3, -0.5, 0.0, 1 / 3, None, 12) == ['-3', '-0.5', '0', '0.333333', '', '12']


def test_times_are_those_of_the_plant() -> None:
    assert cells(AT, date(2026, 11, 23)) == ['2026-11-23 10:42:07-05:00', '2026-11-23']


def test_commas_quotes_and_line_ends_stay_in_their_cell() -> None:
    assert cells('a,"b"\nc', 'd') == ['a,"b"\nc', 'd']


def test_units_are_in_the_heading() -> None:
    assert heading(titles((ReportColumn('Day', Kind.DAY),
                           ReportColumn('Longest', Kind.SECONDS)))) == '\ufeffDay,Longest (s)\r\n'


PATTERN = HourlyPattern(((0.5,),), ((30.0,),), ((60.0,),))


@pytest.mark.parametrize(('table', 'text'), [
    (ReportTable((ReportColumn('From', Kind.MOMENT),), ((AT,),)),
     'From,Time zone\r\n2026-11-23 10:42:07-05:00,America/Detroit\r\n'),
    (ReportTable((ReportColumn('Day', Kind.DAY),), ((date(2026, 11, 23),),)),
     'Day,Time zone\r\n2026-11-23,America/Detroit\r\n'),
    (of_pattern(PATTERN), 'Weekday,Hour,Down share (0 to 1),Down (s),Covered (s),Time zone\r\n'
                          'Mon,0,0.5,30,60,America/Detroit\r\n'),
    (ReportTable((ReportColumn('Line'),), (('Body Line',),)), 'Line\r\nBody Line\r\n')],
    ids=['moments', 'days', 'hours', 'no times'])
async def test_a_file_with_times_names_their_zone_in_each_row(table: ReportTable, text: str) -> None:
    async def pages() -> AsyncGenerator[ReportTable, None]:
        yield table

    assert ''.join([piece async for piece in csv_pieces(pages(), DETROIT)]) == f'\ufeff{text}'
