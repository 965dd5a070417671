"""The formulas of the figures, with numbers that can be worked out by hand."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floor.analytics import DEFINITIONS, Kpi, Kpis, Window
from floor.analytics.kpis import Sums
from floor.analytics.stops import clocks

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOURS = 3_600_000_000
TEN_HOURS = Window(NOON, NOON + timedelta(hours=10))


def test_each_figure_is_what_its_formula_says() -> None:
    """Two machines for ten hours. Waiting is up time, but no productive time; what is unknown counts for nothing."""
    kpis = Kpis.of(TEN_HOURS, Sums(
        machines=2, possible=20 * HOURS, operational=9 * HOURS, warning=1 * HOURS, waiting=2 * HOURS, down=4 * HOURS,
        failures=3, micro_stops=5, repairs=2, repair=3 * HOURS, ongoing=1, ongoing_length=1 * HOURS,
        acknowledged=2, acknowledgement=1 * HOURS))
    assert (kpis.covered, kpis.unknown, kpis.coverage) == (16 * 3600, 4 * 3600, .8)
    assert (kpis.operational, kpis.warning, kpis.waiting, kpis.down) == (9 * 3600, 3600, 2 * 3600, 4 * 3600)
    assert (kpis.uptime_share, kpis.availability) == (12 / 16, 10 / 16)
    assert (kpis.stops, kpis.micro_stops, kpis.operating) == (3, 5, 12 * 3600)
    assert (kpis.mtbf, kpis.at_least) == (4 * 3600, None)
    assert (kpis.mttr, kpis.repaired) == (1.5 * 3600, 2)
    assert (kpis.ongoing, kpis.ongoing_seconds) == (1, 3600)
    assert (kpis.mtta, kpis.acknowledged) == (1800, 2)


def test_without_a_stop_the_time_between_stops_is_at_least_the_time_up() -> None:
    kpis = Kpis.of(TEN_HOURS, Sums(machines=1, possible=10 * HOURS, operational=10 * HOURS))
    assert (kpis.mtbf, kpis.at_least, kpis.mttr, kpis.mtta) == (None, 10 * 3600, None, None)
    assert (kpis.uptime_share, kpis.availability, kpis.coverage) == (1, 1, 1)


def test_where_nothing_is_known_nothing_is_divided() -> None:
    kpis = Kpis.of(TEN_HOURS, Sums(machines=1, possible=10 * HOURS))
    assert (kpis.uptime_share, kpis.availability, kpis.mtbf, kpis.at_least) == (None, None, None, None)
    assert (kpis.coverage, kpis.unknown) == (0, 10 * 3600)


def test_sums_of_machines_are_added_field_by_field() -> None:
    total = Sums(*range(1, 15))
    total.add(Sums(*range(100, 1500, 100)))
    assert total == Sums(*(one + hundred for one, hundred in zip(range(1, 15), range(100, 1500, 100), strict=True)))


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


def test_each_kpi_is_defined_once_and_computed() -> None:
    assert set(DEFINITIONS) == set(Kpi)
    assert set(Kpi) <= {field.name for field in fields(Kpis)}
