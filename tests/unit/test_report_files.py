"""Reports as spreadsheets, and the names of files."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook, load_workbook

from floor.analytics import Member, Scope, Window, report_xlsx
from floor.analytics.analytics import EARLIEST
from floor.analytics.report_snapshot import Placement, names_of
from floor.analytics.report_tables import Cell, Kind, ReportColumn, ReportTable
from floor.analytics.report_xlsx import xlsx_pieces
from floor.analytics.row_labels import RowLabels
from floor.core.errors import DatabaseUnavailableError, InvalidInputError
from floor.core.machines import MachineName
from floor.core.shifts import Shifts
from floor.web.exports.file_names import file_name

BERLIN = ZoneInfo('Europe/Berlin')
BEFORE, AFTER = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
"""The clocks of Berlin show 02:30 at both."""
COLUMNS = (ReportColumn('From', Kind.MOMENT, 'from', 'When it began.'), ReportColumn('Reason'),
           ReportColumn('Length', Kind.SECONDS), ReportColumn('Share', Kind.SHARE),
           ReportColumn('Micro-stop', Kind.YES), ReportColumn('Day', Kind.DAY))


async def pages(*rows: tuple[Cell, ...], error: Exception | None = None) -> AsyncGenerator[ReportTable, None]:
    for row in rows:
        yield ReportTable(COLUMNS, (row,))
    if error is not None:
        raise error


async def book_of(*rows: tuple[Cell, ...]) -> Workbook:
    file = b''.join([piece async for piece in xlsx_pieces('Stops', pages(*rows), BERLIN, {'Window': '=today'})])
    return load_workbook(io.BytesIO(file))


async def test_a_spreadsheet_has_real_dates_of_the_plant_and_numbers() -> None:
    book = await book_of((BEFORE, 'Jam', 60.5, 0.25, True, date(2026, 10, 25)), (AFTER, None, 1, None, False, None))
    sheet = book['Stops']
    head, first, second = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert head == ['From', 'From: UTC offset', 'Reason', 'Length (s)', 'Share', 'Micro-stop', 'Day', 'Time zone']
    half_past_two = datetime(2026, 10, 25, 2, 30)
    assert first == [half_past_two, '+02:00', 'Jam', 60.5, 0.25, 'yes', datetime(2026, 10, 25), 'Europe/Berlin']
    assert second == [half_past_two, '+01:00', None, 1, None, None, None, 'Europe/Berlin']
    assert (sheet['A2'].number_format, sheet['E2'].number_format) == ('yyyy-mm-dd hh:mm:ss', '0.0%')
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ('A2', 'A1:H3', '$1:$1')
    assert sheet.column_dimensions['A'].width > 18


@pytest.mark.parametrize('text', ['=1+1', '+1', '#N/A', '=HYPERLINK("x")', '@SUM(A1)', '2026-11-23', '12'])
async def test_a_text_stays_a_text(text: str) -> None:
    book = await book_of((BEFORE, text, 1.0, 1.0, True, None))
    assert (book['Stops']['C2'].value, book['Stops']['C2'].data_type) == (text, 's')
    assert book['About']['B1'].data_type == 's'


async def test_what_xml_cannot_hold_is_marked() -> None:
    assert (await book_of((BEFORE, 'a\x07b\ufffe', 1.0, 1.0, True, None)))['Stops']['C2'].value == 'a\ufffdb\ufffd'


async def test_a_second_sheet_says_what_it_is_about() -> None:
    about = (await book_of((BEFORE, 'Jam', 1.0, 1.0, True, None)))['About']
    assert list(about.iter_rows(values_only=True)) == [('Window', '=today'), ('From', 'When it began.')]


@pytest.mark.parametrize('error', [DatabaseUnavailableError('the database does not answer'), None])
def test_a_spreadsheet_that_cannot_be_made_leaves_nothing(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    monkeypatch.setattr(report_xlsx, 'MAX_ROWS', 1)
    rows = [(BEFORE, 'Jam', 1.0, 1.0, True, None)] * (1 if error else 2)

    async def make() -> None:
        async for _ in xlsx_pieces('Stops', pages(*rows, error=error), BERLIN, {}):
            pass

    with pytest.raises((DatabaseUnavailableError, InvalidInputError), match=r'answer|at most 1 rows: choose a shorter'):
        asyncio.run(make())
    assert not list(tmp_path.iterdir())


def test_shift_and_line_of_a_row_are_those_of_when_it_began() -> None:
    shifts = Shifts('Early 06:00,Late 14:00,Night 22:00', BERLIN)
    moved = BEFORE + timedelta(hours=4.5)
    placements = (Placement('Body Line', 2, EARLIEST, moved),
                  Placement('Engine Line', 1, moved, EARLIEST.replace(year=9999)))
    valve = Member(MachineName('Valve_01_01'), 'valve', True, True, placements, display_name='Inlet')
    labels = RowLabels({valve.name: valve.line_at}, shifts, names_of([valve]))
    table = labels.added(ReportTable((ReportColumn('Machine', Kind.MACHINE), ReportColumn('From', Kind.MOMENT)), tuple(
        ('Valve_01_01', at) for at in (BEFORE, BEFORE + timedelta(hours=5), BEFORE + timedelta(hours=4.4)))))
    assert [column.title for column in table.columns] == \
        ['Machine', 'Machine name', 'Line', 'Shift at start', 'Day of that shift', 'From']
    assert [row[:5] for row in table.rows] == [
        ('Inlet', 'Valve_01_01', line, shift, date(2026, 10, day))
        for line, shift, day in (('Body Line', 'Night', 24), ('Engine Line', 'Early', 25), ('Body Line', 'Night', 24))]


@pytest.mark.parametrize(('start', 'end', 'scope', 'name'), [
    ('2026-11-21T23:00', '2026-11-28T23:00', Scope(), 'stops_2026-11-22_2026-11-28.csv'),
    ('2026-11-21T23:00', '2026-11-22T09:42', Scope(), 'stops_2026-11-22.csv'),
    ('2026-10-24T22:00', '2026-10-25T23:00', Scope(), 'stops_2026-10-25.csv'),
    ('2026-11-22T05:00', '2026-11-22T13:00', Scope('Engine Line'),
     'stops_Engine-Line_2026-11-22T06-00_2026-11-22T14-00.csv'),
    ('2026-11-21T23:00', '2026-11-22T23:00', Scope(None, None, 'Seal / O-ring', 'Early'),
     'stops_Early_Seal-O-ring_2026-11-22.csv'),
    ('2026-11-21T23:00', '2026-11-22T23:00', Scope(None, MachineName('プレス/1')), 'stops_プレス-1_2026-11-22.csv')])
def test_a_name_says_what_is_in_the_file(start: str, end: str, scope: Scope, name: str) -> None:
    window = Window(*(datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (start, end)))
    assert file_name('stops', window, scope, BERLIN, 'csv') == name
