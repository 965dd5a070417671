"""The diagnosis page as a supervisor sees it, and what browsers tell about how late they show a change."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from typing import Any

import asyncpg
import httpx
import pytest
from browser.profiles import PHONE
from browser.program import Program
from browser.visitor import Visitor, badge, fits_window
from playwright.async_api import expect
from prometheus_client.parser import text_string_to_metric_families

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]


def samples(program: Program) -> dict[str, float]:
    """The measures without labels."""
    text = httpx.get(f'{program.url}/metrics', timeout=60).text
    return {sample.name: sample.value for family in text_string_to_metric_families(text)
            for sample in family.samples if not sample.labels}


def measured(program: Program) -> tuple[float, float]:
    """How many changes browsers have shown, and the seconds of all of them together."""
    now = samples(program)
    return now.get('floor_commit_to_browser_seconds_count', 0), now.get('floor_commit_to_browser_seconds_sum', 0)


@pytest.mark.parametrize('options', [{}, PHONE], ids=['laptop', 'phone'])
async def test_a_check_is_measured_and_can_be_copied(visitor: Visitor, options: dict[str, Any]) -> None:
    page = await visitor.open('/diagnosis', **options)
    await expect(page.get_by_role('region', name='Summary')).to_be_visible()
    await page.get_by_role('button', name='Check now').click()
    await expect(page.get_by_role('status').filter(has_text='A test notification')).to_contain_text(
        re.compile(r'was received after [\d.]+\sm?s\.'))
    text = page.get_by_role('textbox', name='Diagnosis as text')
    assert (await text.input_value()).startswith('Line Monitor ')
    assert 'Triggers: ' in await text.input_value()
    assert await text.is_editable() is False
    await fits_window(page)


async def test_a_browser_says_when_it_begins_the_frame_that_shows_a_change(
        visitor: Visitor, program: Program, connection: asyncpg.Connection) -> None:
    began, before = time.monotonic(), measured(program)
    page = await visitor.open('/')
    statuses = itertools.cycle(('down', 'operational'))
    async with asyncio.timeout(60):  # one page a second is asked, behind a change
        while measured(program)[0] < before[0] + 3:
            await connection.execute('UPDATE machine_feed_stream SET status = $1 WHERE machine_id = 1', next(statuses))
            await asyncio.sleep(0.2)
    count, seconds = (now - then for now, then in zip(measured(program), before, strict=True))
    assert 0 < seconds / count < time.monotonic() - began, 'in seconds: no change is older than this test'
    await expect(badge(page)).to_have_attribute('data-connection', 'live')
