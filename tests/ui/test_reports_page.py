"""The page of reports: what a browser holds of the figures, charts and tables, and what it asks for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from nicegui import ui
from nicegui.testing import User
from openpyxl import load_workbook
from ui.harness import Floor, OpenPage, Screen, Switchboard
from ui.reports import BEFORE, FORMER, HOSTILE, NOW, PAINTER, VALVE, Reports, card, kpis
from ui.services import HEADER

from floor.analytics import (
    Cause,
    CauseClocks,
    HourlyPattern,
    Kpi,
    Kpis,
    MachineDowntime,
    OrderReport,
    PersonLoad,
    ProblemMachine,
    Scope,
    StopClocks,
    StopList,
    WaitAttribution,
    Window,
)
from floor.core.errors import DatabaseUnavailableError, NotAllowedError
from floor.core.machines import MachineName
from floor.core.plant_calendar import PlantSettings
from floor.web.reports import reports_page
from floor.web.reports.captions import RANKED
from floor.web.reports.cards import notes_of

WINDOWS = ('use shift, last-shift, today, yesterday, this-week, last-week, this-month, last-month, 7d, 30d or '
           'range.')
NOTHING_KNOWN = kpis(covered=0.0, coverage=0.0, uptime_share=None, availability=None, stops=0, micro_stops=0,
                     operating=0.0, mtbf=None, mttr=None, response=None, response_p90=None, repaired=0, ongoing=0,
                     acknowledged=0, failures=0, carried_in=0, repair=None, works=0)
MANY_CAUSES = tuple(Cause(f'Cause {number}', 600.0, 1, 0.05, number / 20, False) for number in range(1, 21))


@pytest.fixture
def report(shop_floor: Floor) -> Reports:
    return Reports(shop_floor)


def panel(screen: Screen, title: str) -> dict[str, Any]:
    found, = (element for element in screen.of_class('panel') if element['props']['aria-label'] == title)
    return found


def texts(screen: Screen, title: str) -> list[str]:
    return screen._texts_within(panel(screen, title))


async def opened(open_page: OpenPage, address: str = '/reports') -> Screen:
    screen = await open_page(address)
    await screen.until(lambda: any(text.startswith('as of') for text in screen.texts))
    return screen


def window_field(screen: Screen) -> dict[str, Any]:
    return shown(screen, aria_label='Window')


def chosen_window(screen: Screen) -> str:
    label: str = window_field(screen)['props']['model-value']['label']
    return label


def choose_window(screen: Screen, name: str) -> None:
    choose(screen, 'Window', name)


async def test_cards_show_what_the_history_says(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    assert card(screen, 'uptime_share') == \
        ['Uptime', 'explain', '91.4 %', '▲ 1.2 pt better', 'of 5 machines', 'coverage 99.8 %']
    assert card(screen, 'stops')[2:] == \
        ['58', '▼ 6 better', '41 failures + 17 micro-stops', '1 more carried in', 'coverage 99.8 %']
    assert card(screen, 'mtbf')[2:5] == ['1 h 52 min', '▲ 9 min better', 'per machine, 41 failures']
    assert card(screen, 'mttr')[2:5] == ['12 min 20 s', '▲ 1 min worse', 'to restore: mean of 39 failures']
    assert card(screen, 'mttr')[5:7] == ['repair alone 6 min: mean of the 28 with work started',
                                         '2 still down, mean 14 min']
    assert card(screen, 'response')[2:6] == ['3 min 05 s', '▼ 40 s better', 'median of 30 of 41 failures',
                                             '90 % of these within 25 min']


async def test_the_time_that_machines_waited_is_shown_beside_the_time_down_and_adds_up(report: Reports,
                                                                                       open_page: OpenPage) -> None:
    screen = await opened(open_page)
    assert texts(screen, 'Where the time went') == [
        'Where the time went', 'known time of 5 machines', 'explain', 'Productive', '47 h, 89.5 %',
        'Waiting (starved, blocked)', '1 h 07 min, 2.1 %', 'Down', '4 h 27 min, 8.4 %']
    assert {'Waiting', '1 h 07 min'} <= set(texts(screen, 'Side by side'))
    screen.click(next(element for element in screen.all(aria_label='Explain Where the time went')))
    await screen.until(lambda: [arguments[0] for arguments in report.asked('explain')] == ['waiting'])


async def test_of_a_reason_the_page_does_not_say_how_long_machines_waited(report: Reports, open_page: OpenPage) -> None:
    report.figures = kpis(waiting=None)
    screen = await opened(open_page, '/reports?reason=Jam')
    assert not [each for each in screen.of_class('time-split') if not each['props'].get('hidden')]


@pytest.mark.parametrize(('fields', 'notes'), [
    ({'acknowledged': 0, 'response': None, 'response_p90': None}, ['0 of 41 failures acknowledged']),
    ({'acknowledged': 0, 'response': None, 'response_p90': None, 'failures': 0}, ['no failures']),
    ({'ongoing': 1}, ['median of 30 of 41 failures', '90 % of these within 25 min'])])
def test_the_response_says_of_how_many_failures_it_is_the_median(fields: dict[str, Any], notes: list[str]) -> None:
    assert notes_of(Kpi.RESPONSE, kpis(**fields)) == notes


async def test_no_file_is_offered_before_the_report_is_read(report: Reports, open_page: OpenPage) -> None:
    report.answers['kpis'] = DatabaseUnavailableError('the database does not answer')
    screen = await open_page('/reports')
    await screen.until(lambda: any(text.startswith('Cannot load the report.') for text in screen.texts))
    links = [element['props']['href'] for element in screen.all(download=True)]
    assert links and all(link.startswith('/reports/') for link in links)


async def test_the_first_thing_is_the_answer(report: Reports, open_page: OpenPage) -> None:
    report.figures = kpis(down=16_000.0)
    report.before = replace(BEFORE, down=32_000.0)
    screen = await opened(open_page)
    assert list(screen._texts_within(screen.of_class('answer')[0])) == [
        'Today: 4 h 27 min down, 50 % less than yesterday up to the same time.',
        'Valve 01·01 cost most: 1 h 00 min, mainly Jam.', 'explain']
    assert screen.texts.index('Uptime') > screen.texts.index('Valve 01·01 cost most: 1 h 00 min, mainly Jam.')


@pytest.mark.parametrize(('fields', 'before', 'text'), [
    ({'repaired': 7}, {}, 'too little to compare'), ({'repaired': 8}, {}, '▲ 1 min worse'),
    ({}, {'repaired': 7}, 'too little to compare'), ({}, {'coverage': 0.79}, 'too little to compare'),
    ({'coverage': 0.79}, {}, 'too little to compare')])
async def test_a_verdict_needs_enough_stops_and_coverage_in_both_windows(
        report: Reports, open_page: OpenPage, fields: dict[str, Any], before: dict[str, Any], text: str) -> None:
    report.figures, report.before = kpis(**fields), replace(BEFORE, **before)
    assert card(await opened(open_page), 'mttr')[3] == text


@pytest.mark.parametrize(('coverage', 'text'), [(0.998, '▼ 6 better'), (0.95, '▼ 6 better'),
                                                (0.89, 'too little to compare')])
async def test_fewer_stops_are_better_unless_the_unknown_part_explains_them(
        report: Reports, open_page: OpenPage, coverage: float, text: str) -> None:
    report.figures, report.before = kpis(coverage=coverage), replace(BEFORE, coverage=0.998)
    assert card(await opened(open_page), 'stops')[3] == text


async def test_a_change_is_shown_and_coloured_by_what_it_means(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    directions = {element['text']: element['props']['data-direction'] for element in screen.of_class('kpi-change')}
    assert directions['▼ 6 better'] == 'better'
    assert directions['▲ 1 min worse'] == 'worse'


async def test_without_a_failure_the_time_between_them_was_longer(report: Reports, open_page: OpenPage) -> None:
    report.figures = kpis(stops=0, failures=0, mtbf=None, at_least=174_000.0, ongoing=0)
    screen = await opened(open_page)
    assert card(screen, 'mtbf')[2:4] == ['> 2 d 0 h', 'too little to compare']


async def test_a_window_of_which_little_is_known_is_no_measure(report: Reports, open_page: OpenPage) -> None:
    report.before = replace(BEFORE, coverage=0.02, stops=1)
    screen = await opened(open_page)
    assert card(screen, 'stops')[3] == 'too little to compare'


async def test_the_address_says_what_is_asked(report: Reports, open_page: OpenPage) -> None:
    await opened(open_page, '/reports?from=2026-11-23T06:00&to=2026-11-23T10:00&machine=Valve_01_01')
    window = Window(NOW.replace(hour=6, minute=0, second=0), NOW.replace(hour=10, minute=0, second=0))
    assert report.asked('kpis')[0] == (window, Scope(None, VALVE))


async def test_a_press_on_a_window_asks_for_it_and_changes_the_address(report: Reports, open_page: OpenPage,
                                                                       switchboard: Switchboard) -> None:
    screen = await opened(open_page)
    choose_window(screen, '7 days')
    await screen.until(lambda: report.asked('kpis')[-2][0].start == datetime(2026, 11, 17, tzinfo=UTC))
    await screen.until(lambda: any('/reports?window=7d' in str(data) for _, data, _ in switchboard.emitted))


async def test_a_window_and_a_machine_that_nobody_knows_are_shown_as_chosen(report: Reports,
                                                                            open_page: OpenPage) -> None:
    screen = await opened(open_page, '/reports?window=30d&machine=Press_99')
    assert chosen_window(screen) == '30 days'
    assert report.asked('causes')[0][1] == Scope(None, MachineName('Press_99'))


@pytest.mark.parametrize(('query', 'sentence'), [
    ('window=8d', f'Cannot understand window=8d: {WINDOWS}'),
    ('machin=Valve_01_01', 'There is no parameter machin. Did you mean machine?'),
    ('machine=Valve_1', 'There is no machine Valve_1. Did you mean Valve_01_01?'),
    ('tab=databrick', 'Cannot understand tab=databrick: use plant or databricks.')])
async def test_an_address_that_is_not_understood_says_so_and_shows_no_report(report: Reports, open_page: OpenPage,
                                                                             query: str, sentence: str) -> None:
    screen = await open_page(f'/reports?{query}')
    await screen.until(lambda: sentence in screen.texts)
    assert screen.of_class('reports')[0]['props']['data-parts'] == 'false'
    assert not report.asked('kpis')

    clear, = screen.all(label='Show today’s report')
    screen.click(clear)

    await screen.until(lambda: report.asked('kpis'))
    await screen.until(lambda: screen.of_class('reports')[0]['props']['data-parts'] == 'true')
    await screen.until(lambda: sentence not in screen.texts)


@pytest.mark.parametrize(('query', 'at', 'sentence'), [
    ('window=8d', 'window', f'Cannot understand window=8d: {WINDOWS}'),
    ('from=2026-11-23T06:00&to=yesterday', 'to', 'Cannot understand to=yesterday: write a time as 2026-11-23T10:42 or, '
                                                 'with its offset from UTC, 2026-11-23T10:42+01:00.'),
    ('machine=Valve_1', 'machine', 'There is no machine Valve_1. Did you mean Valve_01_01?')])
async def test_a_file_of_what_is_not_understood_is_refused_with_the_same_sentence(
        report: Reports, user: User, query: str, at: str, sentence: str) -> None:
    answer = await user.http_client.get(f'/reports/causes.csv?{query}')
    problem = answer.json()
    assert (answer.status_code, problem['status'], problem['detail']) == (422, 422, sentence)
    assert answer.headers['content-type'] == 'application/problem+json'
    assert [fault['where'] for fault in problem['errors']] == [f'query.{at}']
    assert not report.asked('causes')


@pytest.mark.parametrize(('address', 'sentence'), [
    ('causes.csv?from=2026-11-24T00:00&to=2026-11-25T00:00',
     'This window has not started yet: it is 2026-11-23 10:42:07 now, so use an earlier from'),
    ('causes.csv?kpi=mttr', 'There is no parameter kpi. Use window, from, to, line, machine'),
    ('explain.csv', 'Cannot explain without kpi: add one of uptime_share, availability'),
    ('explain.csv?kpi=beauty', 'Cannot understand kpi=beauty: use uptime_share, availability')])
async def test_a_file_is_never_about_something_else_than_its_address(report: Reports, user: User, address: str,
                                                                     sentence: str) -> None:
    answer = await user.http_client.get(f'/reports/{address}')
    assert (answer.status_code, answer.json()['detail'][:len(sentence)]) == (422, sentence)


async def test_a_time_with_an_offset_is_that_moment_on_the_page_and_in_the_file(report: Reports, open_page: OpenPage,
                                                                                user: User) -> None:
    query = 'from=2026-11-23T06:00%2B02:00&to=2026-11-23T06:00-01:00'
    window = Window(datetime(2026, 11, 23, 4, tzinfo=UTC), datetime(2026, 11, 23, 7, tzinfo=UTC))
    await opened(open_page, f'/reports?{query}')
    await user.http_client.get(f'/reports/causes.csv?{query}')
    assert report.asked('kpis')[0][0] == window
    assert {arguments[0] for arguments in report.asked('causes')} == {window}


async def test_every_chart_has_its_table_and_its_file(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page, '/reports?line=Engine+Line')
    links = {element['props']['href'] for element in screen.all() if 'href' in element.get('props', {})}
    for name in ('figures', 'stops', 'intervals', 'machine-kpis', 'causes', 'waiting', 'machines',
                 'order-load', 'order-ages', 'order-resolution'):
        assert f'/reports/{name}.csv?line=Engine+Line' in links
    for name in 'stops', 'machine-kpis', 'machines', 'intervals', 'causes', 'trend':
        assert f'/reports/{name}.xlsx?line=Engine+Line' in links
    assert {'/reports/lines.csv', '/reports/lines.xlsx'} <= links  # of all lines
    assert '/reports/hours.csv?window=30d&line=Engine+Line' in links  # a day has no weekdays
    assert '/reports/order-volume.csv?window=30d&line=Engine+Line' in links
    for title in 'Stops by cause', 'Downtime caused to neighbours', 'Top problem machines', 'Work orders':
        assert 'Table' in texts(screen, title)
    assert {'Jam', '3 h 32 min', '70.0 %', 'No reason given'} <= set(texts(screen, 'Stops by cause'))
    assert '41 min own + 1 h 36 min at neighbours' in texts(screen, 'Downtime caused to neighbours')
    assert {'Engine Line', '12', 'Not on a line', '3'} <= set(texts(screen, 'Side by side'))
    assert {'high', '4', '1 d 1 h', 'Unassigned'} <= set(texts(screen, 'Work orders'))


async def test_a_day_that_is_not_over_is_marked_and_a_mean_of_seven_days_is_of_seven(
        report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    assert {'so far', '–', '7.0'} <= set(texts(screen, 'Work orders'))
    chart = next(element for element in screen.client.elements.values()
                 if isinstance(element, ui.echart) and '7-day mean' in str(element.options))
    assert chart.options['xAxis']['data'] == ['22 Nov', '23 Nov so far']
    assert chart.options['series'][1]['data'] == [None, 7.0]


async def test_the_heat_map_says_where_nothing_is_known(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    assert screen.all(title='Sat 03:00: no data')
    assert screen.all(title='Mon 06:00: 10.0 % down')
    assert not screen.all(title='Sat 03:00: 0.0 % down')


async def test_the_scale_of_the_heat_map_has_shares_that_occur(report: Reports, open_page: OpenPage) -> None:
    report.answers['hourly_pattern'] = HourlyPattern(((0.06, None, 0.14),) * 7, (), ())
    screen = await opened(open_page)
    assert {'6.0 %', '14.0 % of the time down'} <= set(screen.texts)
    cell = screen.all(title='Mon 00:00: 6.0 % down')[0]
    scale, = (element for element in screen.elements.values()
              if element['tag'] == 'span' and element.get('style') == cell['style'])
    assert cell['style'] == {'--heat': '27%'} and scale['props']['aria-hidden']


async def test_the_pareto_can_be_sorted_by_count(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    screen.click(next(element for element in screen.of_class('toggle') if element['text'] == 'Number'))
    await screen.until(lambda: report.asked('causes')[-1][2] == 'count')


async def test_what_the_causes_are_sorted_by_is_shown_before_they_are_read(report: Reports,
                                                                          open_page: OpenPage) -> None:
    screen = await opened(open_page)
    report.answers['kpis'] = DatabaseUnavailableError('the database does not answer')
    screen.click(next(element for element in screen.of_class('toggle') if element['text'] == 'Number'))
    await screen.until(lambda: {element['text'] for element in screen.of_class('toggle')
                                if element['props'].get('aria-pressed') == 'true'} >= {'Number'})


async def test_the_other_causes_have_a_bar_that_is_cut_where_it_is_the_longest(report: Reports,
                                                                               open_page: OpenPage) -> None:
    report.answers['causes'] = MANY_CAUSES
    bar = shown(await opened(open_page), data_part='others')
    assert (bar['style'], bar['props']['data-cut']) == ({'width': '100.00%'}, 'true')


async def test_pressing_the_other_causes_shows_all_of_them_and_is_in_the_address(
        report: Reports, open_page: OpenPage, switchboard: Switchboard) -> None:
    report.answers['causes'] = MANY_CAUSES
    screen = await opened(open_page, '/reports?window=7d')
    screen.click(pareto_bar(screen, 'Other (10 causes) show all'))
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?window=7d&causes=all'])
    assert [bar['props']['aria-label'].partition(':')[0] for bar in screen.of_class('pareto-bar')] == [
        cause.reason for cause in MANY_CAUSES]
    assert len(report.asked('causes')) == 2, 'the summary and the chart: nothing is read again'
    links = [element.get('props', {}).get('href', '') for element in screen.all()]
    assert '/reports/causes.csv?window=7d' in links and not any('causes=' in link for link in links if '.csv' in link)
    screen.click(next(element for element in screen.all() if element.get('text') == 'Show the 10 greatest only'))
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?window=7d'])
    assert pareto_bar(screen, 'Other (10 causes) show all')


async def test_what_can_be_pressed_stays_the_same_element_when_the_report_is_read_again(
        report: Reports, open_page: OpenPage, switchboard: Switchboard) -> None:
    """Else a press that is on its way is lost, a browser drops the focus, and a table that was unfolded closes."""
    answers = report.answers
    answers |= {'causes': MANY_CAUSES,
                'problem_machines': tuple(ProblemMachine(MachineName(f'Press_{number}'), 60.0, 3, 60.0)
                                          for number in range(50))}
    screen = await opened(open_page, '/reports?causes=all&line=Engine+Line')
    pressed = {id_ for id_, element in screen.elements.items() if {'href', 'tabindex'} & element.get('props', {}).keys()
               or element['tag'] in {'button', 'summary', 'details', 'q-btn'}}
    machines = {id_ for id_ in pressed if 'report-machine' in screen.elements[id_].get('class', ())}
    assert len(machines) == 1 + 1 + 50 + 40, 'in charts and tables'
    answers |= {
        'causes': tuple(replace(cause, seconds=cause.seconds + 60, count=cause.count + 1) for cause in MANY_CAUSES),
        'problem_machines': tuple(replace(each, seconds=90.0) for each in answers['problem_machines']),
        'wait_attribution': WaitAttribution((MachineDowntime(PAINTER, 'Engine Line', 540.0, 540.0, 0.0, 0.0),), 0.0),
        'clocks': StopClocks((CauseClocks('Jam', 2, 6.0, 12.0, 18.0, 32.0, 36.0),), 2),
        'hourly_pattern': HourlyPattern(((0.06, None, 0.14),) * 7, (), ()),
        'machine_kpis': tuple(replace(each, kpis=kpis(down=7.0)) for each in answers['machine_kpis']),
        'lines': tuple(replace(each, kpis=kpis(down=7.0)) for each in answers['lines']),
        'work_orders': replace(answers['work_orders'], load=(PersonLoad(None, None, 77, 0),))}
    report.figures = kpis(down=7.0, failures=9)
    screen.click(next(element for element in screen.of_class('toggle') if element['text'] == 'Number'))
    await screen.until(lambda: '77 open · 0 completed' in texts(screen, 'Work orders'))  # the last that is read
    assert pressed <= screen.elements.keys()
    assert texts(screen, 'Top problem machines').count('1 min 30 s') == 40, 'in the table'
    assert '9 min own + 9 min at neighbours' in texts(screen, 'Downtime caused to neighbours')
    assert all('by=count' in screen.elements[id_]['props']['href'] for id_ in machines)


async def test_a_link_to_all_causes_shows_them_and_those_beyond_are_in_the_file(
        report: Reports, user: User, open_page: OpenPage) -> None:
    """Also behind a proxy that serves the app under a path."""
    user.http_client.headers['X-Forwarded-Prefix'] = '/monitor'
    report.answers['causes'] = tuple(replace(MANY_CAUSES[0], reason=f'Cause {number}') for number in range(1, 251))
    screen = await opened(open_page, '/reports?causes=all')
    bars = screen.of_class('pareto-bar')
    assert (len(bars), bars[-1]['tag'], bars[-1]['props']['href']) == (201, 'a', '/monitor/reports/causes.csv')
    assert bars[-1]['props']['aria-label'].startswith('Other (50 causes) in the CSV file: ')


async def test_a_reason_is_text_whatever_it_says(report: Reports, open_page: OpenPage) -> None:
    report.answers['causes'] = (Cause(HOSTILE, 60.0, 1, 1.0, 1.0, True),)
    screen = await opened(open_page)
    assert [(element['tag'], element['text']) for element in screen.all() if 'onerror' in element.get('text', '')] \
        == [('p', f'Valve 01·01 cost most: 1 h 00 min, mainly {HOSTILE}.'), ('span', HOSTILE), ('td', HOSTILE)]
    chart = next(element for element in screen.client.elements.values() if isinstance(element, ui.echart))
    assert chart.options['tooltip'] == {'show': False}, 'a tooltip would show texts as HTML'
    assert not any(key.startswith(':') for key in keys_of(chart.options)), 'NiceGUI runs what stands under such a key'
    assert not any(element['tag'] in {'img', 'nicegui-html', 'nicegui-markdown'} for element in screen.all())


def keys_of(options: Any) -> Iterator[str]:
    if isinstance(options, dict):
        for key, inner in options.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(options, list):
        for inner in options:
            yield from keys_of(inner)


@pytest.mark.parametrize(('address', 'figures', 'sentence'), [
    ('/reports', NOTHING_KNOWN, 'No data from these machines in this window.'),
    ('/reports?machine=Press_99', NOTHING_KNOWN, 'No data from this machine in this window.'),
    ('/reports?line=Moon', replace(NOTHING_KNOWN, machines=0), 'There are no machines on this line.'),
    ('/reports', replace(NOTHING_KNOWN, machines=0), 'There are no machines yet.'),
    ('/reports?from=2030-01-01T00:00&to=2030-01-02T00:00',
     replace(NOTHING_KNOWN, window=Window(NOW, NOW)), 'This window has not started yet.'),
])
async def test_where_nothing_is_known_a_sentence_says_why(report: Reports, open_page: OpenPage, address: str,
                                                          figures: Kpis, sentence: str) -> None:
    report.figures = report.before = figures
    screen = await opened(open_page, address)
    for title in ('Stops by cause', 'Downtime by hour and weekday', 'Downtime caused to neighbours',
                  'Top problem machines', 'Side by side'):
        assert sentence in texts(screen, title)
    assert card(screen, 'uptime_share')[2:4] == ['–', 'no data']
    assert card(screen, 'stops')[2] == '–', 'no stop that nobody could have seen'


async def test_the_head_for_paper_says_window_filters_and_time(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page, '/reports?window=yesterday&line=Engine+Line')
    about, = screen.of_class('paper-about')
    assert about['text'] == 'Yesterday · Line: Engine Line'
    printed, = screen.of_class('paper-time')
    assert printed['text'] == 'Printed Mon 2026-11-23 10:42, times in UTC'


@pytest.mark.parametrize(('query', 'not_attributed', 'text'), [
    ('', 0.0, f'{RANKED}; the summary at the top counts own downtime alone.'),
    ('?line=Engine+Line', 1_800.0, f'{RANKED}; the summary at the top counts own downtime alone. '
                                   'Of 2 h 00 min waiting, 30 min had no machine that was down as their cause.'),
    ('?machine=Painter_02_01', 1_800.0, f'{RANKED}.')])
async def test_downtime_caused_to_neighbours_says_why_another_machine_is_first_than_in_the_summary(
        report: Reports, open_page: OpenPage, query: str, not_attributed: float, text: str) -> None:
    report.answers['wait_attribution'] = WaitAttribution(
        (MachineDowntime(PAINTER, 'Engine Line', 2460.0, 5760.0, 7200.0, not_attributed),), not_attributed)
    assert text in texts(await opened(open_page, f'/reports{query}'), 'Downtime caused to neighbours')


async def test_the_four_times_of_a_cause_say_of_which_failures_they_are_means(report: Reports,
                                                                             open_page: OpenPage) -> None:
    report.answers['clocks'] = StopClocks((CauseClocks('Jam', 28, 60.0, 120.0, 180.0, 3240.0, 3600.0),), 58)
    assert 'The four times of a cause are means of the same failures, and add up: those whose work order was ' \
           'acknowledged and started, 28 of 58 stops. MTTR is of all failures that ended, response of all that were ' \
           'acknowledged.' in texts(await opened(open_page), 'Response times by cause')


async def test_a_floor_without_a_stop_has_words_in_place_of_charts(report: Reports, open_page: OpenPage) -> None:
    report.answers |= {'causes': (), 'problem_machines': (), 'wait_attribution': WaitAttribution((), 0.0),
                       'stops': StopList((), 0), 'work_orders': OrderReport((), (), (), ())}
    screen = await opened(open_page)
    assert 'No machine was down in this window.' in texts(screen, 'Stops by cause')
    assert 'No machine was down or made others wait.' in texts(screen, 'Downtime caused to neighbours')
    assert 'No work orders in this window, and none open.' in texts(screen, 'Work orders')


@pytest.mark.parametrize(('problem', 'words'), [
    (DatabaseUnavailableError('the database does not answer'),
     'The database does not answer. The page retries as soon as the database responds; you can also try again now.'),
    (ZeroDivisionError('a slip'),
     'A fault in this program: ZeroDivisionError; its log says more. You can try again now.')])
async def test_a_database_that_is_away_is_shown_and_asked_again(
        report: Reports, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, *, caplog: pytest.LogCaptureFixture,
        problem: Exception, words: str) -> None:
    monkeypatch.setattr(reports_page, 'RETRY_S', 0.05)
    figures, report.answers['kpis'] = report.answers['kpis'], problem
    screen = await open_page('/reports')
    expected = f'Cannot load the report. {words}'
    await screen.until(lambda: expected in [element['text'] for element in screen.of_class('problem')])
    report.answers['kpis'] = figures
    await screen.until(lambda: '91.4 %' in screen.texts)
    assert expected not in [element['text'] for element in screen.of_class('problem')]
    caplog.clear()  # a fault is logged


async def test_a_page_says_that_it_reads(report: Reports, open_page: OpenPage,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports_page, 'FIRST_ANSWER_S', 0.01)
    monkeypatch.setattr(reports_page.ReportsPage, 'read', lambda self: self._loading(True))
    screen = await open_page('/reports')
    assert 'Loading…' in texts(screen, 'Stops by cause')
    assert screen.of_class('reports')[0]['props']['data-loading'] == 'true'


async def test_a_figure_explains_itself(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    screen.click(next(element for element in screen.all(aria_label='Explain MTTR')))
    await screen.until(lambda: 'MTTR = repair time / number' in screen.texts)
    for expected in ('reliability practice', '8 h 01 min', 'stops that ended', '39', '99.8 %', 'ongoing stops: 2',
                     'unknown: no data from the machine: 6 min 40 s', '2026-11-23 09:42:07', 'Each of 1 machines',
                     '1 to 1, 1 of the 39 that count'):
        assert expected in screen.texts, expected
    assert '/reports/explain.csv?kpi=mttr' in {element.get('props', {}).get('href') for element in screen.all()}
    assert [text for text in screen.texts if 'onerror' in text] == [HOSTILE]


@pytest.mark.parametrize(('name', 'formula', 'kpi'), [
    ('the summary', 'change = down / down of the window before - 1; only where 80 % of both windows is known', 'down'),
    ('Stops by cause', 'share = of all causes; vital few = the first that together reach 80 %', 'down'),
    ('Downtime by hour and weekday',
     'share of an hour of the week = time down / known time, of all machines, by the plant’s clock', 'down'),
    ('Response times by cause', 'only failures whose work order was acknowledged and started', 'mttr'),
    ('the list of stops', 'down = time of the stop inside the window', 'stops')])
async def test_each_panel_explains_itself_with_the_stops_behind_it(
        report: Reports, open_page: OpenPage, name: str, formula: str, kpi: str) -> None:
    screen = await opened(open_page)
    screen.click(next(element for element in screen.all(aria_label=f'Explain {name}')))
    await screen.until(lambda: formula in screen.texts)
    await screen.until(lambda: [arguments[0] for arguments in report.asked('explain')] == [kpi])
    windows = {arguments[1].start for arguments in report.asked('explain')}
    assert windows == {NOW.replace(hour=0, minute=0, second=0) - timedelta(29 if 'hour' in name else 0)}


async def test_another_figure_of_the_same_stops_is_a_choice_away(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    screen.click(next(element for element in screen.all(aria_label='Explain MTTR')))
    await screen.until(lambda: report.asked('explain'))
    figure = shown(screen, aria_label='Figure that is explained')
    option, = (option for option in figure['props']['options'] if option['label'] == 'Response, 90th percentile')
    change(screen, figure, option)
    await screen.until(lambda: [arguments[0] for arguments in report.asked('explain')] == ['mttr', 'response_p90'])


async def test_work_orders_are_explained_without_stops(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    screen.click(next(element for element in screen.all(aria_label='Explain Work orders')))
    await screen.until(lambda: any(text.startswith('age = now - reported') for text in screen.texts))
    assert not report.asked('explain')


async def test_more_intervals_are_a_page_further(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    screen.click(next(element for element in screen.all(aria_label='Explain MTTR')))
    await screen.until(lambda: screen.all(label='Next'))
    screen.click(screen.all(label='Next')[0])
    await screen.until(lambda: 'micro-stop' in screen.texts)
    assert [arguments[3].number for arguments in report.asked('explain')] == [1, 2]


async def test_a_file_has_what_the_page_has(report: Reports, user: User) -> None:
    answer = await user.http_client.get('/reports/causes.csv?by=count')
    assert answer.status_code == 200
    assert answer.headers['content-type'] == 'text/csv; charset=utf-8'
    assert answer.headers['content-disposition'] == 'attachment; filename="causes_2026-11-23.csv"'
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix('\ufeff'))))
    assert rows[1:] == [['Jam', '12720', '20', '0.7', '0.7', 'yes'],
                        ['No reason given', '5400', '30', '0.3', '1', 'yes']]
    assert report.asked('causes')[0][2] == 'count'


@pytest.mark.parametrize('name', ['figures', 'stops', 'hours', 'waiting', 'machines', 'lines', 'order-volume',
                                  'order-ages', 'order-resolution', 'order-load', 'explain', 'explain-machines',
                                  'machine-kpis', 'intervals', 'trend'])
async def test_every_file_can_be_had(report: Reports, user: User, name: str) -> None:
    kpi = '&kpi=mttr' if name.startswith('explain') else ''
    answer = await user.http_client.get(f'/reports/{name}.csv?window=7d{kpi}')
    assert answer.status_code == 200
    assert answer.text.startswith('\ufeff')
    assert len(answer.text.split('\r\n')) > 2


async def test_a_trend_has_its_file_by_shift_day_or_week(report: Reports, user: User) -> None:
    answer = await user.http_client.get('/reports/trend.csv?window=7d&trend=day')
    assert answer.headers['content-disposition'] == 'attachment; filename="trend_2026-11-17_2026-11-23.csv"'
    head, *days = csv.reader(io.StringIO(answer.text.removeprefix('\ufeff')))
    assert len(days) == 7
    today = dict(zip(head, days[-1], strict=True))
    assert (today['From'], today['Time down (s)'], today['Failures before'], today['Note']) == (
        '2026-11-23 00:00:00+00:00', '3600', '5', 'so far')
    too_short = await user.http_client.get('/reports/trend.csv?from=1970-01-01T00:00&to=1970-01-01T01:00')
    assert (too_short.status_code, 'too short for a trend' in too_short.text) == (422, True)


async def test_a_spreadsheet_says_what_it_is_of(report: Reports, user: User) -> None:
    answer = await user.http_client.get('/reports/stops.xlsx?window=yesterday&line=Engine+Line')
    assert answer.headers['content-type'] == \
        'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
    assert answer.headers['content-disposition'] == 'attachment; filename="stops_Engine-Line_2026-11-22.xlsx"'
    book = load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book['Stops'][1]][-2:] == ['Cost (EUR)', 'Time zone']
    assert [cell.value for cell in book['Stops'][2]][:4] == ['Valve 01·01', 'Valve_01_01', 'Engine Line', 'Early']
    about = {str(name): value for name, value in book['About'].iter_rows(values_only=True)}
    assert (about['Window'], about['Filter by line']) == ('yesterday, Sun 2026-11-22', 'Engine Line')
    assert about['Time zone'] == 'UTC'
    assert (about['Window start'], about['Until']) == ('2026-11-22 00:00:00+00:00', 'End.')


async def test_the_file_of_intervals_says_that_it_has_all_reasons(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page, '/reports?reason=Jam')
    assert 'every status of every machine, in order of time; not filtered by reason or shift' in screen.texts
    links = {element['props']['href'] for element in screen.all() if 'href' in element.get('props', {})}
    assert {'/reports/intervals.xlsx', '/reports/machine-kpis.xlsx?reason=Jam'} <= links
    assert 'all reasons and shifts' in [element.get('text') for element in screen.all()], 'the timeline'


async def test_a_file_of_an_explanation_has_all_pages(report: Reports, user: User) -> None:
    answer = await user.http_client.get('/reports/explain.csv?kpi=mttr')
    assert [row[-2] for row in csv.reader(io.StringIO(answer.text))] == ['Reason excluded', '', 'micro-stop']


async def test_a_file_that_does_not_exist(report: Reports, user: User) -> None:
    assert (await user.http_client.get('/reports/secrets.csv')).status_code == 404


async def test_a_file_is_for_people_who_are_signed_in(report: Reports, shop_floor: Floor, user: User,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(headers: Mapping[str, str]) -> None:
        raise NotAllowedError('nobody is signed in')
    object.__setattr__(shop_floor.services, 'identify', nobody)
    answer = await user.http_client.get('/reports/causes.csv', headers={HEADER: ''})
    assert (answer.status_code, answer.json()['detail']) == (403, 'nobody is signed in')
    assert not report.analytics.asked


async def test_a_file_without_a_database_says_when_to_try_again(report: Reports, user: User) -> None:
    report.answers['causes'] = DatabaseUnavailableError('the database does not answer')
    answer = await user.http_client.get('/reports/causes.csv')
    assert (answer.status_code, answer.headers['retry-after']) == (503, '5')


async def test_what_today_is_says_the_clock_of_the_database(shop_floor: Floor, report: Reports,
                                                            open_page: OpenPage) -> None:
    """This program's idea of it may be late."""
    shop_floor.store.set_clock(shop_floor.now_ms - 86_400_000, shop_floor.store.moment, shop_floor.store.moment)
    await opened(open_page)
    window, _ = report.asked('kpis')[0]
    assert window.start == NOW.replace(hour=0, minute=0, second=0)


@pytest.fixture
def in_berlin(shop_floor: Floor, report: Reports) -> None:
    """The plant's clock goes back on 25 October 2026 at 03:00."""
    shop_floor.store.plant = PlantSettings(zone=ZoneInfo('Europe/Berlin'))


def change(screen: Screen, element: dict[str, Any], value: Any) -> None:
    """Somebody has chosen or typed this."""
    id_, = (id_ for id_, known in screen.elements.items() if known is element)
    for event in element['events']:
        if event['type'] in {'update:model-value', 'update:modelValue', 'update:value'}:
            screen.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(value)]})


def shown(screen: Screen, **attributes: Any) -> dict[str, Any]:
    found, = screen.all(**attributes)
    return found


async def test_days_that_begin_at_six_are_shown_and_chosen_as_such(shop_floor: Floor, report: Reports,
                                                                   open_page: OpenPage) -> None:
    shop_floor.store.plant = PlantSettings(zone=ZoneInfo('Europe/Berlin'), day_start=time(6))
    screen = await opened(open_page)
    assert any(text.startswith('A day begins at 06:00: earlier hours are in the row') for text in screen.texts)
    dates, = (element for element in screen.of_class('chip') if element.get('text') == 'Dates…')
    screen.click(dates)
    assert 'A day begins at 06:00.' in screen.texts
    change(screen, shown(screen, label='First day'), '2026-10-24')
    change(screen, shown(screen, label='Last day'), '2026-10-24')
    screen.click(shown(screen, label='Show'))

    shown_as = 'Sat 2026-10-24 06:00 to Sun 2026-10-25 06:00'
    await screen.until(lambda: any(text.startswith(shown_as) for text in screen.texts))
    window, _ = report.asked('kpis')[-1]
    assert window == Window(datetime(2026, 10, 24, 4, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC)), '25 hours'


async def test_a_range_with_a_time_that_the_clocks_skip_is_refused(in_berlin: None, report: Reports,
                                                                   open_page: OpenPage) -> None:
    screen = await opened(open_page)
    dates, = (element for element in screen.of_class('chip') if element.get('text') == 'Dates…')
    screen.click(dates)
    times, = (element for element in screen.all() if element.get('text') == 'Choose times')
    change(screen, times, True)
    change(screen, shown(screen, label='From'), '2026-03-29T02:30')
    change(screen, shown(screen, label='Until'), '2026-03-29T04:00')
    asked = len(report.asked('kpis'))

    screen.click(shown(screen, label='Show'))

    await screen.until(lambda: 'Cannot use from=2026-03-29T02:30: the clocks of Europe/Berlin skip this time when they '
                       'go forward; use one before or after.' in screen.texts)
    assert len(report.asked('kpis')) == asked


# filters

FILTERED = '/reports?machine=Valve_01_01&reason=Oil+leak&shift=Early'


def filter_chips(screen: Screen) -> dict[str, dict[str, Any]]:
    """By their names for screen readers; the one that removes all by its text."""
    return {chip['props'].get('aria-label', chip.get('text')): chip
            for chip in screen.of_class('chip') if {'filter-chip', 'filters-clear'} & {*chip['class']}}


async def test_all_filters_are_in_the_address_and_ask_all_of_the_page(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page, FILTERED)
    scope = Scope(None, VALVE, 'Oil leak', 'Early')
    for name in 'kpis', 'causes', 'problem_machines', 'clocks', 'lines':
        assert {arguments[1] for arguments in report.asked(name)} == {scope}, name
    assert list(filter_chips(screen)) == [
        'Remove the filter Machine: Valve 01·01', 'Remove the filter Reason: Oil leak',
        'Remove the filter Shift: Early', 'Clear all']
    file = '/reports/figures.csv?machine=Valve_01_01&reason=Oil+leak&shift=Early'
    assert [element for element in screen.all(href=file) if element['props'].get('download')]
    assert not report.asked('hourly_pattern') and not report.asked('wait_attribution')
    assert card(screen, 'mtbf')[3:5] == ['not known by reason', 'coverage 99.8 %']
    assert 'not known by reason' not in card(screen, 'mttr')


async def test_each_chip_removes_its_filter_as_an_entry_of_the_history(report: Reports, open_page: OpenPage,
                                                                       switchboard: Switchboard) -> None:
    screen = await opened(open_page, FILTERED)
    screen.click(filter_chips(screen)['Remove the filter Reason: Oil leak'])
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?machine=Valve_01_01&shift=Early'])
    await screen.until(lambda: 'Remove the filter Reason: Oil leak' not in filter_chips(screen))
    screen.click(filter_chips(screen)['Clear all'])
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports'])
    await screen.until(lambda: not filter_chips(screen))


@pytest.mark.parametrize(('removed', 'focused'), [
    ('Machine: Valve 01·01', 'Reason: Oil leak'), ('Reason: Oil leak', 'Shift: Early'),
    ('Shift: Early', 'Reason: Oil leak'), ('Clear all', 'Dates…')])
async def test_the_focus_goes_from_a_removed_chip_to_the_next_one(
        report: Reports, open_page: OpenPage, switchboard: Switchboard, removed: str, focused: str) -> None:
    screen = await opened(open_page, FILTERED)
    id_ = next(id_ for id_, element in screen.elements.items() if 'chip' in element.get('class', ()) and focused in (
        element.get('text'), element.get('props', {}).get('aria-label', '').removeprefix('Remove the filter ')))
    chips = filter_chips(screen)
    screen.click(chips.get(f'Remove the filter {removed}') or chips[removed])
    await screen.until(lambda: any(f'runMethod({id_}, "focus"' in data['code'] for event, data, _ in switchboard.emitted
                                   if event == 'run_javascript'))


async def test_a_line_offers_its_machines_and_remains_with_one_of_them(report: Reports, open_page: OpenPage,
                                                                       switchboard: Switchboard) -> None:
    screen = await opened(open_page)
    assert len(offered(screen, 'All machines')) == 5
    choose(screen, 'All lines', 'Engine Line')
    await screen.until(lambda: offered(screen, 'All machines') == ['Injection Molder 02·01', 'Painter 02·01'])
    choose(screen, 'All machines', 'Painter 02·01')
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?line=Engine+Line&machine=Painter_02_01'])
    choose(screen, 'All lines', 'Transmission Line')
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?line=Transmission+Line'])


def offered(screen: Screen, label: str) -> list[str]:
    return [option['label'] for option in shown(screen, aria_label=label)['props']['options']]


def choose(screen: Screen, label: str, text: str) -> None:
    select = shown(screen, aria_label=label)
    option, = (option for option in select['props']['options'] if option['label'] == text)
    change(screen, select, option)


async def test_a_window_that_has_not_started_says_so_and_has_no_files(report: Reports, open_page: OpenPage) -> None:
    report.figures = report.before = NOTHING_KNOWN
    screen = await opened(open_page, '/reports?from=2030-01-01T00:00&to=2030-01-02T00:00')
    await screen.until(lambda: 'This window has not started yet.' in texts(screen, 'Status timeline'))
    assert not screen.of_class('timeline-name')
    assert not report.asked('timeline')
    assert shown(screen, data_begun='false')  # the stylesheet hides the links to files
    assert chosen_window(screen) == 'Dates'
    choose_window(screen, 'Today')
    await screen.until(lambda: screen.all(data_begun='true'))
    assert 'Dates' not in [option['label'] for option in window_field(screen)['props']['options']]


async def test_pressing_a_bar_filters_by_its_reason_and_pressing_it_again_does_not(
        report: Reports, open_page: OpenPage, switchboard: Switchboard) -> None:
    screen = await opened(open_page)
    screen.click(pareto_bar(screen, 'Jam'))
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?reason=Jam'])
    await screen.until(lambda: pareto_bar(screen, 'Jam')['props']['aria-pressed'] == 'true')
    screen.click(pareto_bar(screen, 'Jam'))
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports'])
    screen.click(pareto_bar(screen, 'No reason given'))
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?reason=%28none%29'])


def pareto_bar(screen: Screen, name: str) -> dict[str, Any]:
    bar, = (bar for bar in screen.of_class('pareto-bar') if bar['props']['aria-label'].startswith(f'{name}: '))
    return bar


def addresses(switchboard: Switchboard) -> list[str]:
    """The entries of the history that the page has added, oldest first."""
    codes = [data['code'] for event, data, _ in switchboard.emitted if event == 'run_javascript']
    return [json.loads(code.removeprefix('history.pushState({}, "", ').removesuffix(');')) for code in codes
            if code.startswith('history.pushState')]


async def test_a_renamed_machine_is_found_by_its_former_name(report: Reports, open_page: OpenPage) -> None:
    screen = await opened(open_page, f'/reports?machine={FORMER}')
    await screen.until(lambda: 'Valve 01·01' in screen.texts)
    assert {arguments[1].machine for arguments in report.asked('kpis')} == {VALVE}
    assert [arguments[1] for arguments in report.asked('timeline')][-1] == [VALVE]
    links = {element['props']['href'] for element in screen.all() if 'href' in element.get('props', {})}
    assert '/reports/stops.csv?machine=Valve_01_01' in links


async def test_a_machine_that_is_renamed_is_followed_by_an_open_report(report: Reports, shop_floor: Floor,
                                                                       open_page: OpenPage) -> None:
    shop_floor.put(FORMER)
    shop_floor.publish()
    report.answers['checked'] = lambda scope: scope
    screen = await opened(open_page, f'/reports?machine={FORMER}')
    report.answers['checked'] = report.checked
    shop_floor.records[VALVE] = replace(shop_floor.records.pop(FORMER), name=VALVE, former_names=(FORMER,))
    shop_floor.publish()
    await screen.until(lambda: report.asked('kpis')[-1][1].machine == VALVE)


async def test_the_answer_says_what_it_is_filtered_by(report: Reports, open_page: OpenPage) -> None:
    report.figures, report.before = kpis(down=7200.0), replace(BEFORE, down=3600.0)
    screen = await opened(open_page, '/reports?reason=(none)&shift=Early')
    assert 'Today, Early shift: 2 h 00 min down without a reason, 100 % more than yesterday up to the same time.' in \
        screen.texts


@pytest.mark.parametrize(('file', 'filters', 'status'), [
    ('hours', 'reason=Oil+leak', 422), ('hours', 'shift=Early', 200), ('waiting', 'reason=Oil+leak', 422),
    ('order-load', 'shift=Early', 422), ('intervals', 'reason=Oil+leak', 422), ('causes', 'reason=Oil+leak', 200),
    ('stops', 'reason=Oil+leak&shift=Early', 200), ('lines', 'line=Engine+Line', 422),
    ('lines', 'machine=Valve_01_01', 422), ('lines', 'reason=Oil+leak&shift=Early', 200),
    ('figures', 'search=leak', 422), ('causes', 'stops=failures', 422), ('stops', 'search=leak&stops=failures', 200)])
async def test_a_file_that_cannot_be_filtered_so_is_refused(report: Reports, user: User, file: str, filters: str,
                                                            status: int) -> None:
    answer = await user.http_client.get(f'/reports/{file}.csv?{filters}')
    assert answer.status_code == status
    if status == 422:
        name = filters.partition('=')[0]
        assert f'Cannot filter {file} by {name}: leave out {name}.' in answer.text


# the trend

def trend_chart_of(screen: Screen, title: str) -> dict[str, Any]:
    chart, = (element for element in screen.client.elements.values()
              if isinstance(element, ui.echart) and str(element.props.get('aria-label')).startswith(f'{title} of'))
    options: dict[str, Any] = chart.options
    return options


async def test_the_trend_marks_what_is_not_over_and_has_the_window_before_behind_it(report: Reports,
                                                                                    open_page: OpenPage) -> None:
    screen = await opened(open_page, '/reports?window=7d')
    await screen.until(lambda: 'Time down' in texts(screen, 'Trend'))
    options = trend_chart_of(screen, 'Time down')
    before, now = options['series']
    assert options['xAxis'][0]['data'][-2:] == ['Sun 22', 'Mon 23\nso far']
    assert [point['value'] for point in now['data']] == [1.0] * 7 and before['data'] == [1.0] * 7
    assert [bool(point.get('itemStyle')) for point in now['data']] == [False] * 6 + [True]
    assert trend_chart_of(screen, 'Failures')['yAxis']['name'] == 'failures'
    assert screen.texts.index('Trend') < screen.texts.index('Uptime')
    rows = texts(screen, 'Trend')
    assert rows[rows.index('Mon 23'):][:8] == ['Mon 23', '90.0 %', '1 h 00 min', '5', '90.0 %', '1 h 00 min', '5',
                                               'so far']


async def test_the_unit_of_the_trend_is_in_the_address(report: Reports, open_page: OpenPage,
                                                       switchboard: Switchboard) -> None:
    screen = await opened(open_page, '/reports?window=30d')
    await screen.until(lambda: len(report.asked('trend')) == 2)
    assert len(report.asked('trend')[0][0]) == 30
    screen.click(next(element for element in screen.of_class('toggle') if element['text'] == 'By week'))
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?window=30d&trend=week'])
    await screen.until(lambda: len(report.asked('trend')) == 4)
    assert len(report.asked('trend')[2][0]) == 6
    await screen.until(lambda: 'from 25 Oct, part' in texts(screen, 'Trend'))


async def test_of_a_reason_no_availability_is_shown(report: Reports, open_page: OpenPage) -> None:
    report.answers['trend'] = lambda buckets, scope: tuple(
        replace(point, availability=None) for point in report.trend(buckets, scope))
    screen = await opened(open_page, '/reports?window=7d&reason=Jam')
    await screen.until(lambda: 'Time down' in texts(screen, 'Trend'))
    assert [title for title in texts(screen, 'Trend') if title in {'Availability', 'Time down', 'Failures'}][:2] == [
        'Time down', 'Failures']


# the order of the timeline

async def test_the_worst_machines_are_first_in_the_timeline_unless_the_flow_order_is_asked_for(
        report: Reports, open_page: OpenPage, switchboard: Switchboard) -> None:
    report.answers['problem_machines'] = (ProblemMachine(PAINTER, 3_600.0, 3, 1_800.0),)
    screen = await opened(open_page)
    await screen.until(lambda: report.asked('timeline'))
    assert report.asked('timeline')[-1][1][0] == PAINTER
    screen.click(next(element for element in screen.of_class('toggle') if element['text'] == 'Flow order'))
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/reports?lanes=flow'])
    await screen.until(lambda: report.asked('timeline')[-1][1][0] != PAINTER)
    assert PAINTER in report.asked('timeline')[-1][1]

