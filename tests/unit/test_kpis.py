"""The formulas of the figures, with numbers that can be worked out by hand."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floor.analytics import DEFINITIONS, Kpi, Kpis, Window
from floor.analytics.kpis import Sums, total
from floor.analytics.stops import clocks

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOURS = 3_600_000_000
TEN_HOURS = Window(NOON, NOON + timedelta(hours=10))


def test_each_figure_is_what_its_formula_says() -> None:
    """Two machines for ten hours. Waiting is up time, but no productive time; what is unknown counts for nothing."""
    kpis = Kpis.of(TEN_HOURS, Sums(
        machines=2, possible=20 * HOURS, operational=9 * HOURS, warning=1 * HOURS, waiting=2 * HOURS, down=4 * HOURS,
        failures=3, micro_stops=5, carried_in=1, repairs=2, repair=3 * HOURS, works=1, work=1 * HOURS, ongoing=1,
        ongoing_length=1 * HOURS, responses=[HOURS, 2 * HOURS]))
    assert (kpis.covered, kpis.unknown, kpis.coverage) == (16 * 3600, 4 * 3600, .8)
    assert (kpis.operational, kpis.warning, kpis.waiting, kpis.down) == (9 * 3600, 3600, 2 * 3600, 4 * 3600)
    assert (kpis.uptime_share, kpis.availability) == (12 / 16, 10 / 16)
    assert (kpis.stops, kpis.failures, kpis.micro_stops, kpis.carried_in) == (8, 3, 5, 1)
    assert kpis.operating == 12 * 3600
    assert (kpis.mtbf, kpis.at_least) == (4 * 3600, None)
    assert (kpis.mttr, kpis.repaired, kpis.repair, kpis.works) == (1.5 * 3600, 2, 3600, 1)
    assert (kpis.ongoing, kpis.ongoing_seconds) == (1, 3600)
    assert (kpis.response, kpis.response_p90, kpis.acknowledged) == (3600, 2 * 3600, 2)


def test_productive_time_waiting_and_down_are_the_known_time_and_waiting_has_no_reason() -> None:
    sums = Sums(machines=1, possible=10 * HOURS, operational=5 * HOURS, warning=1 * HOURS, waiting=2 * HOURS,
                down=1 * HOURS, lost=1 * HOURS)
    kpis = Kpis.of(TEN_HOURS, sums)
    assert kpis.waiting is not None
    assert kpis.operational + kpis.warning + kpis.waiting + kpis.down == kpis.covered == 9 * 3600
    assert Kpis.of_reason(TEN_HOURS, sums).waiting is None


def test_the_response_is_a_median_and_a_90th_percentile_that_one_long_wait_does_not_move() -> None:
    """A median of an even number is the lower of the two, as of the ages of work orders."""
    responses = [minutes * HOURS // 60 for minutes in (9, 7, 1, 3, 5, 2, 4, 6, 8, 3000)]
    kpis = Kpis.of(TEN_HOURS, Sums(machines=1, failures=12, responses=responses))
    assert (kpis.response, kpis.response_p90, kpis.acknowledged) == (5 * 60, 9 * 60, 10)


def test_without_a_stop_the_time_between_stops_is_at_least_the_time_up() -> None:
    kpis = Kpis.of(TEN_HOURS, Sums(machines=1, possible=10 * HOURS, operational=10 * HOURS))
    assert (kpis.mtbf, kpis.at_least, kpis.mttr, kpis.response) == (None, 10 * 3600, None, None)
    assert (kpis.uptime_share, kpis.availability, kpis.coverage) == (1, 1, 1)


def test_where_nothing_is_known_nothing_is_divided() -> None:
    kpis = Kpis.of(TEN_HOURS, Sums(machines=1, possible=10 * HOURS))
    assert (kpis.uptime_share, kpis.availability, kpis.mtbf, kpis.at_least) == (None, None, None, None)
    assert (kpis.coverage, kpis.unknown) == (0, 10 * 3600)


def test_sums_of_machines_are_added_field_by_field() -> None:
    names = [field.name for field in fields(Sums) if field.name != 'responses']

    def sums(factor: int, responses: list[int]) -> Sums:
        result = Sums(responses=responses)
        for number, name in enumerate(names, 1):
            setattr(result, name, factor * number)
        return result

    assert total([sums(1, [1]), sums(100, [3, 2])]) == sums(101, [1, 3, 2])
    assert total([]) == Sums()


def test_the_four_clocks_follow_each_other_and_none_runs_after_the_machine_does() -> None:
    """Detect, acknowledge, respond, repair; an order may be acknowledged by somebody after the repair."""
    def after(minutes: float | None) -> datetime | None:
        return None if minutes is None else NOON + timedelta(minutes=minutes)

    def minutes_of(*moments: float | None) -> list[float | None]:
        return [each if each is None else each / 60 for each in clocks(NOON, *map(after, moments))]

    assert minutes_of(5, 7, 10, 30) == [5, 2, 3, 20]
    assert minutes_of(5, 40, 50, 30) == [5, 25, 0, 0]
    assert minutes_of(-5, 7, 6, 30) == [0, 7, 0, 23]
    assert minutes_of(5, None, 10, 30) == [5, None, None, 20]
    assert minutes_of(5, 7, 10, None) == [5, 2, 3, None]


def test_the_readme_defines_each_kpi_as_the_program_does() -> None:
    readme = (Path(__file__).parents[2] / 'floor/analytics/README.md').read_text()
    table = [line.strip('|').split(' | ') for line in readme.split('## KPIs')[1].split('\n## ')[0].splitlines()
             if line.startswith('| ')][1:]
    assert [[cell.strip() for cell in row] for row in table] == [
        [definition.name, definition.formula, definition.source] for definition in DEFINITIONS.values()]


def test_the_columns_of_the_dashboard_tables_say_the_same() -> None:
    sql = (Path(__file__).parents[2] / 'sql/migrations/0004_dashboard.sql').read_text()
    for column, kpi in (('uptime_percentage', Kpi.UPTIME_SHARE), ('coverage_percentage', Kpi.COVERAGE),
                        ('downtime_incidents', Kpi.STOPS), ('failures', Kpi.FAILURES),
                        ('micro_stops', Kpi.MICRO_STOPS), ('downtime_hours', Kpi.DOWN)):
        comments = re.findall(
            rf"COMMENT ON COLUMN dashboard_(?:machine_uptime_7|problematic_machines_30)days\.{column}"
            r" IS\s+((?:'[^']*'\s*)+);", sql)
        assert comments
        for comment in comments:
            assert ''.join(re.findall("'([^']*)'", comment)).startswith(DEFINITIONS[kpi].formula)


def test_each_kpi_is_defined_once_and_computed() -> None:
    assert set(DEFINITIONS) == set(Kpi)
    assert set(Kpi) <= {field.name for field in fields(Kpis)}
