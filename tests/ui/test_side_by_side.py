"""Lines and machines side by side on the page of reports."""

from __future__ import annotations

import pytest
from ui.harness import Floor, OpenPage, Screen
from ui.reports import PAINTER, SHIFTS, VALVE, Reports, kpis, standing

from floor.analytics import LineKpis, LossCosts, MachineKpis, Scope
from floor.core.machines import MachineName
from floor.core.shifts import Shifts


@pytest.fixture
def report(shop_floor: Floor) -> Reports:
    return Reports(shop_floor)


async def compared(open_page: OpenPage, query: str = '') -> tuple[Screen, list[list[str]]]:
    screen = await open_page(f'/reports{query}')
    await screen.until(lambda: screen.of_class('compared'))
    return screen, rows(screen, 0)


def rows(screen: Screen, table: int) -> list[list[str]]:
    """The texts of each row of a table."""
    _, body = screen.of_class('compared')[table]['children']
    return [list(screen._texts_within(screen.elements[row])) for row in screen.elements[body]['children']]


async def test_lines_are_compared_the_one_with_the_most_downtime_first(report: Reports, open_page: OpenPage) -> None:
    report.answers['lines'] = (LineKpis('Engine Line', kpis(down=3_600.0, failures=2)),
                               LineKpis(None, kpis(down=0.0, failures=0, mttr=None)),
                               LineKpis('Body Line', kpis(down=72_000.0)))
    screen, lines = await compared(open_page, '?window=7d')
    assert lines == [['Body Line', '88.1 %', '20 h', '1 h 07 min', '41', '12 min 20 s'],
                     ['Engine Line', '88.1 %', '1 h 00 min', '1 h 07 min', '2', '12 min 20 s'],
                     ['Not on a line', '88.1 %', '0 min', '1 h 07 min', '0', '–']]
    assert screen.all(href='/reports?window=7d&line=Body+Line')


async def test_nothing_is_known_of_machines_before_their_first_report(report: Reports, open_page: OpenPage) -> None:
    report.answers['lines'] = LineKpis('Body Line', kpis()), LineKpis(None, kpis(covered=0.0))
    _, lines = await compared(open_page, '?window=7d')
    assert [row[0] for row in lines] == ['Body Line']


async def test_what_time_down_costs_is_compared_too(report: Reports, open_page: OpenPage) -> None:
    report.answers['lines'] = (LineKpis('Engine Line', kpis(down=3_600.0)), LineKpis('Body Line', kpis(down=60.0)))
    report.answers['costs'] = LossCosts('EUR', {'Jam': 500.0}, {VALVE: 500.0}, {'Engine Line': 500.0})
    screen, lines = await compared(open_page, '?window=7d')
    assert [row[-1] for row in lines] == ['EUR 500', '–']
    assert [row[-1] for row in rows(screen, 1)] == ['EUR 500'] * len(SHIFTS.names), 'the shifts'
    _, machines = await compared(open_page, f'?machine={VALVE}')
    assert machines[0][-1] == 'EUR 500'


async def test_a_machine_is_compared_with_those_of_its_type(report: Reports, open_page: OpenPage) -> None:
    other, press = MachineName('Valve_02_01'), MachineName('Press_01_01')
    report.answers['members'] = tuple(standing(name, kind, 'Engine Line') for name, kind in (
        (VALVE, 'ball_valve'), (other, 'ball_valve'), (press, 'press')))
    report.answers['machine_kpis'] = tuple(MachineKpis(name, 'Engine Line', kpis(down=down)) for name, down in (
        (VALVE, 60.0), (other, 120.0), (press, 180.0)))
    screen, machines = await compared(open_page, f'?machine={VALVE}')
    assert [row[0] for row in machines] == ['Valve 02·01', 'Valve 01·01 (this one)']
    assert 'Machines of type ball valve' in screen.texts
    assert screen.all(href='/reports?machine=Valve_02_01')


async def test_of_a_line_its_machines_are_compared_and_of_many_the_worst(report: Reports, open_page: OpenPage) -> None:
    report.answers['machine_kpis'] = (
        *(MachineKpis(MachineName(f'Valve_01_{number:02}'), 'Engine Line', kpis(down=60.0 * number))
          for number in range(1, 21)), MachineKpis(PAINTER, 'Engine Line', kpis(covered=0.0)))
    screen, machines = await compared(open_page, '?line=Engine+Line')
    assert 'Machines of this line, the worst 12 of 20' in screen.texts
    assert [row[0] for row in machines] == [f'Valve 01·{number:02}' for number in range(20, 8, -1)]
    assert report.asked('machine_kpis')[0][1] == Scope('Engine Line')


async def test_shifts_are_compared_unless_the_report_is_about_one(report: Reports, open_page: OpenPage,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shifts, 'names', ('Early', 'Late'))
    report.answers['kpis'] = lambda window, scope: kpis(down={'Early': 60.0, 'Late': 3_600.0}.get(scope.shift, 0.0))
    screen, _ = await compared(open_page, '?window=7d&reason=Jam')
    assert [row[0] for row in rows(screen, 1)] == ['Late', 'Early']
    assert screen.all(href='/reports?window=7d&reason=Jam&shift=Late')
    screen, _ = await compared(open_page, '?window=7d&shift=Late')
    assert 'Shifts' not in screen.texts
