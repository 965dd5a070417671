"""The list of stops on the page of reports: what it shows, what it asks for, and what the address says."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from nicegui.testing import User
from ui.harness import Floor, OpenPage, Screen, Switchboard
from ui.reports import HOSTILE, NOW, TODAY, VALVE, Reports

from floor.analytics import LossCosts, Page, Scope, Stop, StopKind, StopList, StopSelection, StopSort, Window
from floor.core.errors import DatabaseUnavailableError
from floor.core.orders import OrderId

HOUR = timedelta(hours=1)
JAM = Stop(1, VALVE, NOW - HOUR, NOW, 'Jam', True, False, 3600.0, 3600.0, 60.0, 120.0, 180.0, 3240.0,
           OrderId('WO-20261123-3f2a91bc'), 180.0)
LONG = replace(JAM, id=2, since=TODAY.start - HOUR, until=None, reason=HOSTILE, down=7200.0, length=10_800.0,
               order=None, response=None)
SHORT = replace(JAM, id=3, is_micro=True, down=20.0, length=20.0)


@pytest.fixture
def report(shop_floor: Floor) -> Reports:
    reports = Reports(shop_floor)
    reports.answers['stops'] = StopList((LONG, JAM, SHORT), 59, 15_960.0, 41, 17, 1, 42)
    return reports


async def opened(open_page: OpenPage, query: str = '') -> Screen:
    screen = await open_page(f'/reports{query}')
    await screen.until(lambda: screen.all(label='Details'))
    return screen


def rows(screen: Screen) -> list[list[str]]:
    """The texts of each stop."""
    return [list(screen._texts_within(row)) for row in screen.all() if row['tag'] == 'tr' and any(
        screen.elements[cell]['tag'] == 'td' and screen.elements[cell].get('props', {}).get('data-head') == 'Details'
        for cell in row.get('children', ()))]


def change(screen: Screen, element: dict[str, Any], value: Any) -> None:
    id_, = (id_ for id_, known in screen.elements.items() if known is element)
    for event in element['events']:
        if event['type'] in {'update:model-value', 'update:modelValue', 'update:value'}:
            screen.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(value)]})


def addresses(switchboard: Switchboard) -> str:
    return ' '.join(str(data) for _, data, _ in switchboard.emitted)


async def test_a_row_says_which_kind_of_stop_it_is_and_the_counts_add_up_with_the_cards(
        report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    shown = rows(screen)
    assert shown[0] == ['Valve 01·01', HOSTILE, 'Sun 22 Nov 23:00:00', 'carried in', 'ongoing', '2 h 00 min',
                        '3 h 00 min in all', '–', '–']
    assert shown[1][:7] == ['Valve 01·01', 'Jam', 'Mon 23 Nov 09:42:07', 'Mon 23 Nov 10:42:07', '1 h 00 min',
                            '3 min 00 s', 'WO-3f2a91bc']
    assert shown[2][4:6] == ['20 s', 'micro-stop']
    assert '58 stops: 41 failures + 17 micro-stops; 1 more carried in. Listed: 59 with 4 h 26 min down.' in screen.texts
    assert {'All 59', 'No micro-stops 42', 'Failures 41', 'Micro-stops 17', 'Carried in 1'} <= set(screen.texts)
    today = Window(TODAY.start, TODAY.start + 24 * HOUR)
    assert report.asked('stops')[0] == (today, Scope(), Page(1, 50), StopSelection())


async def test_the_address_says_what_the_list_shows(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page, '?stops=long&search=jam&sort=start&reverse=1&stops_page=2')
    selection = StopSelection(StopKind.LONG, 'jam', StopSort.START, True)
    assert report.asked('stops')[0][2:] == (Page(2, 50), selection)
    heads = {element['props']['aria-sort'] for element in screen.all() if 'aria-sort' in element.get('props', {})}
    assert heads == {'none', 'ascending'}
    links = {element['props'].get('href') for element in screen.all() if element.get('props')}
    assert '/reports/stops.csv?stops=long&search=jam&sort=start&reverse=1' in links, 'all pages of what is shown'
    assert '/reports/causes.csv' in links


async def test_each_choice_is_an_address_and_reads_the_list_alone(report: Reports, open_page: OpenPage,
                                                                  switchboard: Switchboard) -> None:
    screen = await opened(open_page, '?window=7d&stops_page=2')
    asked = len(report.asked('kpis'))
    kinds = next(element for element in screen.of_class('chip') if element.get('text') == 'No micro-stops 42')
    screen.click(kinds)
    await screen.until(lambda: report.asked('stops')[-1][2:] == (Page(1, 50), StopSelection(StopKind.LONG)))
    change(screen, screen.all(aria_label='Search reason, machine or work order')[0], 'leak')
    await screen.until(lambda: report.asked('stops')[-1][3].words == 'leak')
    machine, = (element for element in screen.all() if element['tag'] == 'button' and element.get('text') == 'Machine')
    screen.click(machine)
    await screen.until(lambda: report.asked('stops')[-1][3] == StopSelection(StopKind.LONG, 'leak', StopSort.MACHINE))
    screen.click(machine)
    await screen.until(lambda: report.asked('stops')[-1][3].turned)
    screen.click(screen.all(label='Next 50')[0])
    await screen.until(lambda: report.asked('stops')[-1][2] == Page(2, 50))
    address = '/reports?window=7d&stops=long&search=leak&sort=machine&reverse=1&stops_page=2'
    await screen.until(lambda: address in addresses(switchboard))
    assert len(report.asked('kpis')) == asked


async def test_another_window_begins_with_the_first_page(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page, '?window=7d&stops=long&stops_page=2')
    screen.click(screen.all(aria_label='Previous window')[0])
    await screen.until(lambda: report.asked('stops')[-1][2:] == (Page(1, 50), StopSelection(StopKind.LONG)))


async def test_a_page_beyond_the_last_is_the_last(report: Reports, open_page: OpenPage) -> None:
    report.answers['stops'] = lambda window, scope, page, selection: StopList((JAM,) if page.number == 2 else (), 51)
    screen = await opened(open_page, '?stops_page=7')
    assert '51 to 51 of 51' in screen.texts


@pytest.mark.parametrize(('query', 'stops', 'sentence'), [
    ('', StopList((), 0), 'No stops in this window.'),
    ('?stops=carried-in', StopList((), 0, failures=2), 'No stops of this kind in this window.'),
    ('?search=leek', StopList((), 0), 'No stop of this kind matches “leek”.')])
async def test_an_empty_list_says_why(report: Reports, open_page: OpenPage, query: str, stops: StopList,
                                      sentence: str) -> None:
    report.answers['stops'] = stops
    screen = await open_page(f'/reports{query}')
    await screen.until(lambda: sentence in screen.texts)


async def test_stops_that_cannot_be_read_are_named(report: Reports, open_page: OpenPage) -> None:
    report.answers['stops'] = DatabaseUnavailableError('the database does not answer')
    screen = await open_page('/reports')
    await screen.until(lambda: 'Cannot load the stops. The database does not answer.' in screen.texts)


async def test_what_time_down_costs_is_shown_where_a_line_has_a_cost(report: Reports, open_page: OpenPage) -> None:
    report.answers['costs'] = LossCosts('EUR', {'Jam': 5_000.0}, {VALVE: 5_000.0}, {'Engine Line': 5_000.0},
                                        is_complete=False)
    report.answers['stops'] = StopList((replace(JAM, cost=120.0),), 1)
    screen = await opened(open_page)
    assert rows(screen)[0][4:6] == ['1 h 00 min', 'EUR 120']
    assert 'down: at least EUR 5,000' in screen.texts
    assert any('(at least EUR 5,000)' in text for text in screen.texts), 'the summary'
    assert 'EUR 5,000' in screen.texts, 'the table of causes'
    assert any(text.endswith(', EUR 5,000') for text in screen.texts), 'the bar of a cause'
    assert 'The amounts leave out the lines that have no cost in Settings.' in screen.texts


async def test_the_part_of_a_stop_without_data_is_named(report: Reports, open_page: OpenPage) -> None:
    report.answers['stops'] = StopList((replace(JAM, down=3_000.0, unconfirmed=600.0),), 1)
    screen = await opened(open_page)
    assert rows(screen)[0][4:7] == ['50 min 00 s', '1 h 00 min in all', 'no data for 10 min 00 s']
    button, = screen.all(aria_label='Details of Valve 01·01, Mon 23 Nov 09:42:07')
    screen.click(button)
    await screen.until(lambda: any(text.endswith('1 h 00 min; for 10 min 00 s of it there is no data')
                                   for text in screen.texts))


async def test_each_row_leads_to_the_details_of_its_stop(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    button, = screen.all(aria_label='Details of Valve 01·01, Sun 22 Nov 23:00:00')
    screen.click(button)
    await screen.until(lambda: any('until now, ongoing' in text for text in screen.texts))


@pytest.mark.parametrize('query', ['stops=some', 'sort=age', 'reverse=perhaps', 'stops_page=0'])
async def test_a_list_that_is_not_understood_is_refused(report: Reports, user: User, query: str) -> None:
    answer = await user.http_client.get(f'/reports/stops.csv?{query}')
    assert answer.status_code == 422


async def test_the_file_has_the_stops_that_are_shown_in_their_order(report: Reports, user: User) -> None:
    answer = await user.http_client.get('/reports/stops.csv?stops=long&sort=machine')
    assert len(list(csv.reader(io.StringIO(answer.text)))) == 4
    assert report.asked('stops')[-1][3] == StopSelection(StopKind.LONG, '', StopSort.MACHINE)
