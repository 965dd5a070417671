"""The dialog in which a supervisor sets what reports count and what time down costs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from ui.harness import Floor, OpenPage, Screen
from ui.reports import NOW, Reports
from ui.services import Recorded

from floor.core.errors import NotAllowedError
from floor.plant.report_settings import ReportSettings, SettingChange
from floor.web.reports import reports_page

SETTINGS = ReportSettings(timedelta(minutes=5), 'EUR', {'Engine Line': Decimal('120.5'), 'Body Line': None},
                          {'press': timedelta(minutes=2), 'robotic_arm': None})


@pytest.fixture
def commands(shop_floor: Floor) -> Recorded:
    reports, commands = Reports(shop_floor), Recorded()
    commands.answers |= {'read': SETTINGS, 'save': 1, 'changes': [
        SettingChange(NOW, 'Mike Johnson', 'currency', None, 'EUR')]}
    services = replace(shop_floor.services, report_settings=commands)
    reports_page.register(services, reports.analytics)
    return commands


def change(screen: Screen, element: dict[str, Any], value: Any) -> None:
    id_, = (id_ for id_, known in screen.elements.items() if known is element)
    for event in element['events']:
        if event['type'] in {'update:model-value', 'update:modelValue', 'update:value'}:
            screen.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(value)]})


async def opened(open_page: OpenPage) -> Screen:
    screen = await open_page('/reports')
    await screen.until(lambda: screen.all(label='Settings'))
    screen.click(screen.all(label='Settings')[0])
    await screen.until(lambda: screen.all(label='Currency'))
    return screen


async def test_a_supervisor_sees_and_changes_them(commands: Recorded, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    assert 'Mon 23 Nov 10:42, Mike Johnson: currency not set → EUR' in screen.texts
    change(screen, screen.all(label='Micro-stops are shorter than (minutes)')[0], 3)
    change(screen, screen.all(label='Body Line')[0], 80)
    change(screen, screen.all(label='robotic arm (minutes)')[0], 0.5)
    screen.click(screen.all(label='Save')[0])
    await screen.until(lambda: commands.asked[-1][0] == 'save')
    assert commands.asked[-1][1][1] == ReportSettings(
        timedelta(minutes=3), 'EUR', {'Engine Line': Decimal('120.5'), 'Body Line': Decimal('80')},
        {'press': timedelta(minutes=2), 'robotic_arm': timedelta(seconds=30)})


async def test_a_limit_that_is_no_number_is_named(commands: Recorded, open_page: OpenPage) -> None:
    screen = await opened(open_page)
    change(screen, screen.all(label='Micro-stops are shorter than (minutes)')[0], None)
    screen.click(screen.all(label='Save')[0])
    await screen.until(lambda: 'Enter numbers: the first limit is needed, the others and the costs may stay empty.'
                       in screen.texts)


async def test_a_refusal_is_shown_and_the_form_stays(commands: Recorded, open_page: OpenPage) -> None:
    commands.answers['save'] = NotAllowedError('this requires the role supervisor; your role is technician')
    screen = await opened(open_page)
    screen.click(screen.all(label='Save')[0])
    await screen.until(lambda: 'This requires the role supervisor; your role is technician.' in screen.texts)
    assert screen.all(label='Currency')
