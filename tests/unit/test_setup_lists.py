"""What the pages of /setup and the chapters of the floor list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from floor.core.floor_snapshot import FloorSnapshot
from floor.core.machines import MachineName, MachineRecord, Status
from floor.core.people import Employee, Role
from floor.feed.machine import Line
from floor.feed.store import Store
from floor.plant.plant_items import PlantMachine, ProductionLine
from floor.web.floor_view.chapters import OTHER_LINES, chapters_of
from floor.web.setup.checklist import steps_of
from floor.web.setup.machine_list import PER_PAGE, MachineFilter, page_of

PRESS = PlantMachine(1, 'Press 1', 'press', 2, 'Press hall', 1, datetime(2026, 11, 23, tzinfo=UTC), None, 1, False)


def machines(count: int) -> list[PlantMachine]:
    return [replace(PRESS, id=number, name=f'Press {number}') for number in range(1, count + 1)]


@pytest.mark.parametrize(('text', 'line', 'is_shown'), [
    ('', '', True), ('PRESS', '', True), ('hall', '', True), ('oven', '', False), (' 1 ', '', True),
    ('', '2', True), ('', '1', False), ('', 'none', False)])
def test_a_machine_is_found_by_any_part_of_its_texts(text: str, line: str, is_shown: bool) -> None:
    assert MachineFilter(text, line).matches(PRESS) is is_shown
    assert MachineFilter('', 'none').matches(replace(PRESS, line_id=None, line=None))


def test_a_thousand_machines_are_twenty_pages() -> None:
    shown, chosen, text = page_of(machines(1000), MachineFilter(page=2))
    assert (len(shown), shown[0].id, chosen.page, text) == (PER_PAGE, 51, 2, '51 to 100 of 1,000 machines')
    shown, chosen, text = page_of(machines(1000), MachineFilter('Press 99', page=9))
    assert (len(shown), chosen.page, text) == (11, 1, '11 machines')  # a page that is no longer there
    assert page_of([], MachineFilter(page=3)) == ([], MachineFilter(), '0 machines')


def test_a_filter_is_its_address() -> None:
    chosen = MachineFilter('プレス & co', 'none', retired=True, page=3)
    query = dict(pair.split('=') for pair in chosen.query[1:].split('&'))
    assert query == {'search': '%E3%83%97%E3%83%AC%E3%82%B9+%26+co', 'line': 'none', 'show': 'retired', 'page': '3'}
    given = {'search': 'プレス & co', 'line': 'none', 'show': 'retired', 'page': '3'}
    assert MachineFilter.from_query(given) == (chosen, '')
    assert MachineFilter().query == ''
    found, fault = MachineFilter.from_query({'line': 'Engine Line', 'page': '0'})
    assert found == MachineFilter()
    assert 'line=Engine Line' in fault
    assert 'page=0' in fault


def test_areas_are_chapters_and_a_plant_without_any_has_none() -> None:
    first, second, third = Line('Press', 'Hall 1'), Line('Weld', 'Hall 1'), Line('Offices')
    assert [(each.name, each.lines) for each in chapters_of([first, second, third])] == [
        ('Hall 1', [first, second]), (OTHER_LINES, [third])]
    assert [(each.name, each.lines) for each in chapters_of([third])] == [('', [third])]
    assert chapters_of([]) == []


def test_the_checklist_leads_from_an_empty_plant_to_one_that_reports() -> None:
    store = Store()
    assert [step.address for step in steps_of(store, []) if not step.is_done] == [
        '/setup/lines', '/setup/import', '', '/employees']

    now = datetime(2026, 11, 23, tzinfo=UTC)
    silent = MachineRecord(1, MachineName('Press 1'), 'press', 'Press hall', Status.UNKNOWN, None, 1, None, 0)
    heard = replace(silent, machine_id=2, name=MachineName('Press 2'), reported_ms=1)
    mike = Employee(1, 'Mike', 'Johnson', 'mike@example.com', 'Office', True, now, Role.SUPERVISOR)
    line = ProductionLine(1, '01', 'Press hall', None, 1, 1, 2)
    texts = []
    for machines_there in (silent,), (silent, heard), (heard,):
        store.replace(FloorSnapshot(machines_there, (), 0, people=(mike,)))
        steps = steps_of(store, [line])
        texts.append(steps[2].text)
        assert [step.is_done for step in steps] == [True, True, machines_there == (heard,), True]
    assert [text.split(':')[0].split('. ')[0] for text in texts] == [
        'No machine has ever reported', '1 machine of 2 never reported.', 'Every machine has reported.']
    assert not steps_of(store, [line])[3].text.endswith('more')
