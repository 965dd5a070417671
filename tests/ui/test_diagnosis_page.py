"""/diagnosis: for supervisors, kindly refused to others; what is wrong first, and all of it as text."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from nicegui.testing import User
from ui.forms import HOSTILE, Form, OpenForm
from ui.harness import Floor
from ui.services import person_at

from floor.core.errors import FeedNotDeliveredError
from floor.core.people import Role
from floor.core.settings import Settings
from floor.db.database import Database
from floor.feed.listener import Listener
from floor.operations.event_loop_latency import event_loop_latency
from floor.operations.freshness_log import FreshnessLog
from floor.operations.runtime_status import RuntimeStatus
from floor.web.diagnosis import diagnosis_page
from floor.web.diagnosis.panels import NO_PROBLEMS
from floor.web.live.render_probe import browser_latency


@pytest.fixture
def runtime(shop_floor: Floor) -> RuntimeStatus:
    async def nobody() -> Any:
        raise ConnectionRefusedError

    database = Database('postgresql://nobody:secret-of-nobody@127.0.0.1:1/nothing', Settings.load(_env_file=None))
    return RuntimeStatus(database=database, store=shop_floor.store, watch=FreshnessLog(shop_floor.store),
                         listener=Listener(nobody, database.queries, shop_floor.store),
                         pages=shop_floor.broadcast,
                         loop=event_loop_latency(), browser=browser_latency(),
                         password=SimpleNamespace(problem=None, requests=1, given=1, seconds_left=1800,
                                                  token='secret-token'))


@pytest.fixture
def page(shop_floor: Floor, user: User, runtime: RuntimeStatus) -> OpenForm:
    """Open it as somebody with this role."""
    diagnosis_page.register(shop_floor.services, runtime, retention_days=None)

    async def page(role: str = 'supervisor') -> Form:
        someone = shop_floor.hire('Some', 'Body', role)
        shop_floor.publish()
        person_at(user, someone)
        return Form(user, await user.open('/diagnosis'))
    return page


def text_of(form: Form) -> str:
    area: Any
    area, = (element for element in form.client.elements.values() if element.props.get('aria-label')
             == 'Diagnosis as text')
    return area.value


def links(form: Form) -> list[str]:
    return [element.props['href'] for element in form.client.elements.values() if 'bar-link' in element.classes]


async def test_it_says_that_machines_which_stop_reporting_keep_their_status(page: OpenForm, shop_floor: Floor) -> None:
    shop_floor.add('Valve_01_09', 'Transmission Line')
    form = await page()
    assert form.says('keep their last status, unless their feed promises to repeat it: '
                     'MACHINE_SILENT_AFTER is not set')
    assert form.says('1 of 6')


@pytest.mark.parametrize(('is_demo', 'words'), [(True, 'a demo: its data is simulated'), (False, 'a plant')])
async def test_it_says_whether_the_floor_is_a_demo(page: OpenForm, shop_floor: Floor, is_demo: bool,
                                                   words: str) -> None:
    shop_floor.is_demo = is_demo
    form = await page()
    assert words in form.texts


async def test_a_supervisor_sees_what_the_program_knows(page: OpenForm) -> None:
    form = await page()
    assert form.says('Connection')
    assert form.says('Latency in the last 15 minutes')
    assert form.says('unknown: the database does not respond')
    assert '/diagnosis' in links(form)


@pytest.mark.parametrize('role', ['viewer', 'operator', 'technician'])
async def test_others_are_refused_kindly_and_have_no_link(page: OpenForm, role: str) -> None:
    form = await page(role)
    assert form.says('Supervisors only')
    assert form.says('Requires the role supervisor')
    assert not form.says('Connection pool')
    assert '/diagnosis' not in links(form)


async def test_a_former_supervisor_sees_no_more(shop_floor: Floor, page: OpenForm) -> None:
    form = await page()
    shop_floor.people[-1] = replace(shop_floor.people[-1], role=Role.TECHNICIAN)
    shop_floor.publish()
    form.press('Check now')
    await form.until(lambda: form.says('Supervisors only'))
    assert not form.says('Latency in the last 15 minutes')


async def test_what_is_wrong_comes_first_and_hostile_words_are_words(shop_floor: Floor, page: OpenForm,
                                                                     runtime: RuntimeStatus) -> None:
    form = await page()
    shop_floor.store.lose(f'{HOSTILE} went away')
    runtime.listener.status.failed(OSError('no route'), reason='unreachable')
    form.press('Check now')
    await form.until(lambda: form.says('The floor is stale'))
    assert form.says(HOSTILE)
    assert not form.says(NO_PROBLEMS)
    lines = text_of(form).splitlines()
    assert lines[2].startswith('DOWN: ')


async def test_the_check_says_how_long_it_took_or_why_not(page: OpenForm, monkeypatch: pytest.MonkeyPatch) -> None:
    form = await page()

    async def quick(_runtime: RuntimeStatus) -> float:
        return 0.0123

    async def lost(_runtime: RuntimeStatus) -> None:
        raise FeedNotDeliveredError('a heartbeat notification did not come back')

    monkeypatch.setattr(diagnosis_page, 'measure_delivery', quick)
    form.press('Check now')
    await form.until(lambda: form.says('was received after 12\u00a0ms'))
    monkeypatch.setattr(diagnosis_page, 'measure_delivery', lost)
    form.press('Check now')
    await form.until(lambda: form.says('Check again when it is fixed.'))
    assert 'DOWN: A heartbeat notification did not come back.' in text_of(form)
    monkeypatch.setattr(diagnosis_page, 'measure_delivery', quick)
    form.press('Check now')
    await form.until(lambda: not form.says('Check again when it is fixed.'))


async def test_no_secret_is_on_the_page(page: OpenForm) -> None:
    form = await page()
    everything = str([(element.props, getattr(element, 'text', ''), getattr(element, 'value', ''))
                      for element in form.client.elements.values()])
    assert 'valid for 30 min' in everything
    assert 'secret' not in everything
