"""The files of the reports against a real history: what a machine did on one morning, and what of it is in them."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from database.past import load
from database.postgres import Connect
from together import together

from floor.analytics import Analytics, Scope, Window, report_pages
from floor.analytics.report_csv import csv_pieces
from floor.analytics.report_pages import ReportPages, ReportPart
from floor.core.errors import InvalidInputError, QueryError
from floor.core.machines import MachineName
from floor.core.plant_calendar import PlantSettings
from floor.db.database import Database

pytestmark = pytest.mark.newest_postgres


EIGHT = datetime(2026, 9, 7, 8, tzinfo=UTC)  # a Monday
NOON = EIGHT + timedelta(hours=4)
MORNING = Window(EIGHT, NOON)
CALENDAR = PlantSettings().calendar('Early 06:00,Late 14:00,Night 22:00')
VALVE = MachineName('Valve_01_01')
CHANGES = ((0, 'operational', None), (60, 'down', '=HYPERLINK("x")'), (90, 'operational', None), (120, 'down', 'Jam'),
           (122, 'operational', None), (230, 'down', 'Leak'))


@pytest.fixture
async def files(database: Database, connect: Connect) -> ReportPages:
    """One machine had a stop of 30 minutes, a micro-stop of two, and stands since ten to twelve."""
    connection = await connect()
    await load(connection, VALVE, [(EIGHT + timedelta(minutes=minute), status, reason)
                                   for minute, status, reason in CHANGES], alone=True)
    return ReportPages(Analytics(database, now=NOON), lambda: CALENDAR)


async def rows_of(files: ReportPages, name: str, window: Window = MORNING, **more: Any) -> list[dict[str, str]]:
    pages = files.pages(ReportPart(name, window, scope=Scope(machine=VALVE), **more))
    text = ''.join([piece async for piece in csv_pieces(pages, UTC)])
    return list(csv.DictReader(io.StringIO(text.removeprefix('\ufeff'))))


async def test_the_figures_of_a_morning(files: ReportPages) -> None:
    row, = await rows_of(files, 'figures')
    assert (row['Stops'], row['Failures'], row['Micro-stops'], row['Coverage (0 to 1)']) == ('3', '2', '1', '1')
    assert (row['Down (s)'], row['MTTR (s)']) == ('2520', '1800')
    assert float(row['Uptime (0 to 1)']) == pytest.approx(198 / 240)


async def test_causes_are_text(files: ReportPages) -> None:
    rows = await rows_of(files, 'causes')
    assert [(row['Cause'], row['Down (s)']) for row in rows] == \
        [('\'=HYPERLINK("x")', '1800'), ('Leak', '600'), ('Jam', '120')]


async def test_a_row_has_its_machine_as_people_read_it_with_line_and_shift(files: ReportPages) -> None:
    row = (await rows_of(files, 'stops'))[0]
    assert [row[name] for name in ('Machine', 'Machine name', 'Line', 'Shift at start', 'Day of that shift')] == \
        ['Valve 01·01', 'Valve_01_01', 'Transmission Line', 'Early', '2026-09-07']
    row, = await rows_of(files, 'machine-kpis')
    assert (row['Machine'], row['Line'], row['Stops'], row['Down (s)']) == \
        ('Valve 01·01', 'Transmission Line', '3', '2520')


async def test_intervals_tile_the_window(files: ReportPages, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await rows_of(files, 'intervals')
    assert [(row['Status'], row['Length (s)'], row['Reason']) for row in whole] == [
        ('operational', '3600', ''), ('down', '1800', '\'=HYPERLINK("x")'), ('operational', '1800', ''),
        ('down', '120', 'Jam'), ('operational', '6480', ''), ('down', '600', 'Leak')]
    assert [row['Until'] for row in whole[:-1]] == [row['From'] for row in whole[1:]]
    monkeypatch.setattr(report_pages, 'PAGE', 2)
    assert await rows_of(files, 'intervals') == whole


async def test_the_stop_that_still_goes_on_has_no_end(files: ReportPages) -> None:
    newest, *_, first = await rows_of(files, 'stops')
    assert (newest['From'], newest['Until'], newest['Length (s)']) == ('2026-09-07 11:50:00+00:00', '', '600')
    assert (first['From'], first['Until']) == ('2026-09-07 09:00:00+00:00', '2026-09-07 09:30:00+00:00')


@pytest.mark.parametrize(('name', 'kpi'), [('stops', ''), ('intervals', ''), ('explain', 'mtbf'),
                                           ('explain', 'uptime_share')])
async def test_a_stop_that_begins_while_a_file_is_read_moves_no_row_of_it(
        name: str, kpi: str, database: Database, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_pages, 'PAGE', 2)
    connection = await connect()

    async def stop(reason: str) -> None:
        for status in 'down', 'operational':
            await connection.execute('UPDATE machine_feed_stream SET status = $2, reason = $3 WHERE machine_name = $1',
                                     VALVE, status, reason)
        await connection.execute('SELECT refresh_days()')

    for number in range(5):
        await stop(f'before {number}')
    now = await connection.fetchval('SELECT clock_timestamp()')
    window = Window(now - timedelta(hours=1), now + timedelta(hours=1))
    files, text = ReportPages(Analytics(database), lambda: CALENDAR), ''
    part = ReportPart(name, window, scope=Scope(machine=VALVE), kpi=kpi)
    async for piece in csv_pieces(files.pages(part), UTC):
        text += piece
        if text.count('\n') > 30:
            break  # a stop for each piece, and the file would never end
        await stop('meanwhile')

    rows = list(csv.DictReader(io.StringIO(text.removeprefix('\ufeff'))))
    reasons = [reason for row in rows if (reason := row.get('Reason') or row.get('Cause')) and 'before' in reason]
    assert 'meanwhile' not in text
    assert len(reasons) == (5 if name == 'stops' or kpi == 'mtbf' else 10)
    assert len({tuple(row.values()) for row in rows}) == len(rows)


async def test_an_explanation_adds_up_to_its_figure(files: ReportPages) -> None:
    figures, = await rows_of(files, 'figures')
    stops = await rows_of(files, 'explain', kpi='mttr')
    counted = [float(stop['Length (s)']) for stop in stops if stop['Counted'] == 'yes']
    assert sum(counted) / len(counted) == float(figures['MTTR (s)'])
    assert {stop['Reason excluded'] for stop in stops if stop['Counted'] == 'no'} == \
        {'micro-stop', 'ongoing at the end of the window'}


async def test_a_figure_that_does_not_exist_is_refused(files: ReportPages) -> None:
    with pytest.raises(InvalidInputError, match='there is no figure'):
        await rows_of(files, 'explain', kpi='beauty')


@together('window', [
    Window(EIGHT, EIGHT), Window(EIGHT, EIGHT + timedelta(seconds=1)),
    Window(NOON + timedelta(days=400), NOON + timedelta(days=401)),
    Window(NOON - timedelta(days=3653), NOON),
])
@together('name', ['figures', 'causes', 'machines', 'hours', 'waiting', 'lines', 'stops', 'trend', 'order-volume',
                   'order-ages', 'order-resolution', 'order-load', 'explain', 'intervals', 'machine-kpis'])
async def test_no_window_is_too_strange(files: ReportPages, name: str, window: Window) -> None:
    rows = await rows_of(files, name, window, kpi='mtbf')
    assert all(None not in row.values() for row in rows)


@together(('scope', 'sentence'), [
    (Scope('Engin Line'), 'There is no line Engin Line. Did you mean Engine Line'),
    (Scope(None, MachineName('valve_01_01')), 'There is no machine valve_01_01. Did you mean Valve_01_01'),
    (Scope('Engine Line', MachineName('Valve_01_01')),
     'There is no machine on the line Engine Line called Valve_01_01.'),
])
async def test_a_line_or_machine_that_is_not_there_is_named_with_what_is_meant_perhaps(
        database: Database, scope: Scope, sentence: str) -> None:
    with pytest.raises(QueryError) as refusal:
        await Analytics(database).checked(scope)
    assert str(refusal.value).startswith(sentence)


async def test_at_most_five_machines_are_listed_where_none_is_alike(database: Database) -> None:
    with pytest.raises(QueryError) as refusal:
        await Analytics(database).checked(Scope(None, MachineName('Xyz')))
    message = str(refusal.value)
    assert len(re.findall(r'\w+_\d\d_\d\d', message)) == 5, message
    assert message.endswith(' more.'), message


@together('scope', [Scope(), Scope('Engine Line'), Scope(None, MachineName('Valve_01_01'))])
async def test_what_is_on_the_floor_can_be_asked_for(database: Database, scope: Scope) -> None:
    assert await Analytics(database).checked(scope) == scope


async def test_a_machine_that_was_moved_while_down_can_be_asked_for_on_the_line_where_it_stands(
        files: ReportPages, database: Database, connect: Connect) -> None:
    await (await connect()).execute('UPDATE machines SET line_id = 2 WHERE machine_name = $1', VALVE)
    analytics, scope = Analytics(database, now=NOON), Scope('Engine Line', VALVE)
    assert await analytics.checked(scope) == scope
    assert not (await analytics.kpis(MORNING, scope)).covered  # its stop counts on the line where it began
    intervals = [row async for page in files.pages(ReportPart('intervals', MORNING, scope=scope)) for row in page.rows]
    assert len(intervals) == len(CHANGES)
