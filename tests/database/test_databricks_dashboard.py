"""The Databricks dashboard: each query runs on tables of the agreed columns, and each widget finds its fields in them.

Databricks runs the queries on Spark. They are kept to what Spark and PostgreSQL understand alike, so they run here too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / 'assets' / 'line_monitor.lvdash.json').read_text())
DATASETS = {dataset['name']: ''.join(dataset['queryLines']) for dataset in DASHBOARD['datasets']}
PAGES = DASHBOARD['pages']
ITEMS = [item for page in PAGES for item in page['layout']]
WIDGETS = [item['widget'] for item in ITEMS]
QUERIES = [(widget, query) for widget in WIDGETS for query in widget.get('queries', [])]
CHARTS = [widget for widget in WIDGETS if 'spec' in widget]
VERSIONS = {'counter': 2, 'table': 2, 'bar': 3, 'line': 3, 'pie': 3, 'filter-multi-select': 2,
            'filter-date-range-picker': 2}

CONTRACT = {
    'dashboard_current_machine_status':
        'production_line text, equipment_type text, status text, machine_count bigint, percentage numeric',
    'dashboard_machine_uptime_7days':
        'production_line text, machine_name text, type text, uptime_percentage numeric, operational_hours numeric, '
        'downtime_hours numeric',
    'dashboard_problematic_machines_30days':
        'production_line text, machine_name text, type text, downtime_incidents bigint, days_with_issues bigint, '
        'first_incident timestamptz, last_incident timestamptz',
    'dashboard_hourly_status_patterns':
        'hour_of_day integer, operational_count bigint, down_count bigint, warning_count bigint, '
        'total_readings bigint, downtime_percentage numeric, uptime_percentage numeric, warning_percentage numeric',
    'dashboard_work_order_status_summary':
        'status text, order_count bigint, percentage numeric, avg_resolution_hours numeric, critical_count bigint, '
        'unassigned_count bigint',
    'dashboard_work_order_trends_30days':
        'order_date date, daily_count bigint, seven_day_moving_avg numeric, volume_indicator text',
    'dashboard_executive_kpis':
        'metric_category text, metric_name text, current_value numeric, target_value numeric, value_type text',
    'dashboard_machine_status_changes_7days':
        'status_date date, status_hour integer, machine_name text, production_line text, type text, status text, '
        'previous_status text, status_change_type text',
}
"""The tables that people and dashboards query by hand; each has last_updated, too."""


@pytest.fixture
async def writer(connect: Callable[..., Awaitable[asyncpg.Connection]]) -> asyncpg.Connection:
    """A floor on which the agreed tables exist, the floor's own or, where it has none, empty ones."""
    connection = await connect()
    for table, columns in CONTRACT.items():
        if await connection.fetchval(f"SELECT to_regclass('{table}') IS NULL"):
            await connection.execute(f'CREATE TABLE {table} ({columns}, last_updated timestamptz)')
    return connection


async def columns_of(connection: asyncpg.Connection, query: str) -> list[str]:
    return [attribute.name for attribute in (await connection.prepare(query)).get_attributes()]


def texts_of(thing: Any, key: str) -> list[Any]:
    """Every value of a key, however deep."""
    if isinstance(thing, dict):
        return [value for name, value in thing.items() if name == key] + \
            [text for value in thing.values() for text in texts_of(value, key)]
    return [text for value in thing for text in texts_of(value, key)] if isinstance(thing, list) else []


async def test_each_agreed_table_has_its_columns(writer: asyncpg.Connection) -> None:
    for table, columns in CONTRACT.items():
        agreed = [column.split()[0] for column in columns.split(', ')]
        assert {*agreed, 'last_updated'} <= set(await columns_of(writer, f'SELECT * FROM {table}')), table


async def test_each_query_runs(writer: asyncpg.Connection) -> None:
    for name, query in DATASETS.items():
        await writer.fetch(query)
        columns = await columns_of(writer, query)
        assert 'last_updated' in columns, f'{name}: so that every page can say as of when'
        assert len(columns) == len(set(columns)), name


def test_all_tables_are_shown_and_named_without_catalog_or_schema() -> None:
    """The bundle gives catalog and schema (dataset_catalog, dataset_schema), so nobody edits the file."""
    text = '\n'.join(DATASETS.values())
    assert set(re.findall(r'FROM (\S+)', text)) == set(CONTRACT)
    assert '`' not in text
    assert texts_of(DASHBOARD, 'catalog') == texts_of(DASHBOARD, 'schema') == []


async def test_each_widget_gets_its_fields(writer: asyncpg.Connection) -> None:
    """Run as Databricks runs it: the fields over the dataset, grouped by those that are not aggregated."""
    for widget, query in QUERIES:
        asked = query['query']
        fields = {field['name']: field['expression'].replace('`', '"') for field in asked['fields']}
        plain = [expression for expression in fields.values() if expression.startswith('"')]
        selected = ', '.join(f'{expression} AS "{name}"' for name, expression in fields.items())
        grouped = f' GROUP BY {", ".join(plain)}' if plain and not asked['disaggregated'] else ''
        await writer.fetch(f'SELECT {selected} FROM ({DATASETS[asked["datasetName"]]}) AS dataset{grouped}')
        one_row = widget['spec']['widgetType'] in {'table', 'counter'} and len(plain) == len(fields)
        assert asked['disaggregated'] is one_row, widget['name']


@pytest.mark.parametrize('widget', CHARTS, ids=[widget['name'] for widget in CHARTS])
def test_each_widget_shows_what_it_asks_for_under_a_readable_name(widget: dict[str, Any]) -> None:
    spec = widget['spec']
    asked = {field['name'] for query in widget['queries'] for field in query['query']['fields']}
    assert set(texts_of(spec['encodings'], 'fieldName')) == asked
    assert spec['version'] == VERSIONS[spec['widgetType']]
    names = [*texts_of(spec['encodings'], 'displayName'), spec['frame']['title']]
    assert len(names) == len(texts_of(spec['encodings'], 'fieldName')) + 1
    assert [name for name in names if not re.fullmatch(r'[A-Z0-9][A-Za-z0-9 ,%]*', name)] == []
    filters = texts_of(spec['encodings'], 'queryName')
    assert filters == ([query['name'] for query in widget['queries']] if filters else [])


def test_a_status_has_one_colour_everywhere() -> None:
    colours: dict[str, set[str]] = {}
    for mapping in (mapping for mappings in texts_of(PAGES, 'mappings') for mapping in mappings):
        colours.setdefault(mapping['value'].lower(), set()).add(mapping['color'])
    assert {status: len(found) for status, found in colours.items() if len(found) != 1} == {}
    assert {'operational', 'warning', 'down'} <= set(colours)


def test_colours_mean_the_same_as_on_the_floor() -> None:
    """IEC 60073: red what has failed, yellow what is abnormal, green what is normal."""
    red, yellow, green = '#C4314B', '#D98E04', '#2E8B57'
    colours = {mapping['value']: mapping['color'] for mappings in texts_of(PAGES, 'mappings') for mapping in mappings}
    assert colours == {
        'operational': green, 'warning': yellow, 'down': red, 'Down': red, 'Warning': yellow,
        'FAILURE': red, 'RECOVERY': green, 'STABLE': '#7A869A', 'open': '#2F6FB3', 'in_progress': yellow,
        'on_hold': '#7A869A', 'completed': green, 'cancelled': '#B8BFCA'}


def test_sums_are_summed_and_shares_are_averaged() -> None:
    """Of a chart: the figure over what. An average of hours, or a sum of percentages, would look as plausible."""
    charts = {widget['name']: [field['expression'].replace('`', '') for query in widget['queries']
                               for field in query['query']['fields']]
              for widget in CHARTS if widget['spec']['widgetType'] in {'bar', 'line', 'pie'}}
    assert charts == {
        'status_by_line': ['production_line', 'SUM(machine_count)', 'status'],
        'status_share': ['SUM(machine_count)', 'status'],
        'status_by_type': ['equipment_type', 'SUM(machine_count)', 'status'],
        'uptime_by_line': ['production_line', 'AVG(uptime_percentage)'],
        'downtime_by_machine': ['machine_name', 'SUM(downtime_hours)'],
        'stops_by_machine': ['machine_name', 'SUM(downtime_incidents)'],
        'stops_by_type': ['equipment_type', 'SUM(downtime_incidents)', 'production_line'],
        'hours_chart': ['hour_of_day', 'SUM(share)', 'state'],   # one row of each hour and state
        'changes_by_day': ['status_date', 'COUNT(machine_name)', 'status_change_type'],
        'changes_by_line': ['production_line', 'COUNT(machine_name)', 'status_change_type'],
        'orders_share': ['SUM(order_count)', 'order_status'],
        'orders_trend': ['order_date', 'SUM(orders)', 'what']}
    assert {field['expression'] for _, query in QUERIES for field in query['query']['fields']
            if field['name'] == 'max(last_updated)'} == {'MAX(`last_updated`)'}
    for _, query in QUERIES:
        for field in query['query']['fields']:
            function, _, rest = field['expression'].replace('`', '').rpartition('(')
            assert field['name'] == (f'{function.lower()}({rest}' if function else rest)


def test_what_is_over_what_and_the_worst_first() -> None:
    axes = {widget['name']: widget['spec']['encodings'] for widget in CHARTS
            if widget['spec']['widgetType'] in {'bar', 'line'}}
    for name, encodings in axes.items():
        assert re.match(r'(sum|avg|count)\(', encodings['y']['fieldName']), name
        assert encodings['y']['scale']['type'] == 'quantitative', name
        assert '(' not in encodings['x']['fieldName'], name
        assert encodings['x']['scale']['type'] == (
            'temporal' if encodings['x']['fieldName'].endswith('_date') else 'categorical'), name
    assert {name: encodings['x']['scale']['sort'] for name, encodings in axes.items()
            if 'sort' in encodings['x']['scale']} == {
        'downtime_by_machine': {'by': 'y-reversed'}, 'stops_by_machine': {'by': 'y-reversed'}}
    assert {name: query.split('ORDER BY ')[1].strip() for name, query in DATASETS.items() if 'ORDER BY' in query} == {
        'kpis': 'metric_category, metric_name', 'uptime': 'uptime_percentage, machine_name',
        'problems': 'downtime_incidents DESC, machine_name', 'hours_table': 'hour_of_day',
        'changes': 'status_date DESC, status_hour DESC, machine_name'}


async def test_a_counter_shows_the_figure_that_it_names(writer: asyncpg.Connection) -> None:
    figures = {'Total Machines': (30, None), 'Current Uptime %': (91, 95), 'Open Orders': (7, 5),
               'Critical Orders': (2, 0), 'Avg Resolution Time (hours)': (3.5, 4)}
    await writer.execute('DELETE FROM dashboard_executive_kpis')
    await writer.executemany(
        'INSERT INTO dashboard_executive_kpis (metric_category, metric_name, current_value, target_value, value_type, '
        "period, last_updated) VALUES ('Floor', $1, $2, $3, 'count', 'now', now())",
        [(name, *both) for name, both in figures.items()])
    shown = await writer.fetchrow(DATASETS['kpi_figures'])
    assert [(shown[name], shown.get(f'{name}_target')) for name in (
        'machines', 'uptime', 'open_orders', 'critical_orders', 'resolution_hours')] == list(figures.values())


def test_names_are_given_once() -> None:
    for names in ([page['name'] for page in PAGES], [widget['name'] for widget in WIDGETS],
                  [dataset['name'] for dataset in DASHBOARD['datasets']]):
        assert len(names) == len(set(names))
    assert {query['query']['datasetName'] for _, query in QUERIES} == set(DATASETS), 'a dataset that nobody shows'


@pytest.mark.parametrize('page', PAGES, ids=[page['name'] for page in PAGES])
def test_widgets_stand_side_by_side_on_the_grid_of_twelve(page: dict[str, Any]) -> None:
    assert page['layoutVersion'] == 'GRID_V1'
    taken: set[tuple[int, int]] = set()
    for item in page['layout']:
        place = item['position']
        cells = {(x, y) for x in range(place['x'], place['x'] + place['width'])
                 for y in range(place['y'], place['y'] + place['height'])}
        assert not cells & taken, item['widget']['name']
        assert max(x for x, _ in cells) < 12
        taken |= cells


def test_the_pages_and_their_filters() -> None:
    *canvases, filters = PAGES
    assert [page['displayName'] for page in canvases] == [
        'Key figures', 'Status now', 'Uptime', 'Problem machines', 'Hours of the day', 'Status changes', 'Work orders']
    assert {page['pageType'] for page in canvases} == {'PAGE_TYPE_CANVAS'}
    assert filters['pageType'] == 'PAGE_TYPE_GLOBAL_FILTERS'
    assert {item['widget']['spec']['frame']['title'] for item in filters['layout']} == {
        'Line', 'Type', 'Machine', 'Date', 'Order status'}


async def test_each_page_says_as_of_when_it_is(writer: asyncpg.Connection) -> None:
    """Databricks keeps results for up to a day: what a page shows may be older than it looks."""
    *canvases, _filters = PAGES
    for page in canvases:
        [counter] = [item['widget'] for item in page['layout']
                     if item['widget'].get('spec', {}).get('frame', {}).get('title') == 'As of']
        assert counter['spec']['widgetType'] == 'counter'
        [query] = counter['queries']
        [field] = query['query']['fields']
        name = query['query']['datasetName']
        shown = {asked['query']['datasetName'] for item in page['layout'] for asked in item['widget'].get('queries', [])
                 if item['widget'] is not counter}
        assert name in shown, 'of the very data that the page shows'
        expression = field['expression'].replace('`', '"')
        statement = await writer.prepare(f'SELECT {expression} FROM ({DATASETS[name]}) AS dataset')
        [column] = statement.get_attributes()
        assert column.type.name == 'timestamptz'
