"""Both hours of a night in which the clocks go back, in a plant of such a zone and of one with a half-hour offset."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
import pytest_asyncio
from browser.profiles import PHONE
from browser.visitor import Visitor
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

InZone = Callable[[str], Awaitable[Visitor]]


@pytest_asyncio.fixture(loop_scope='session')
async def in_zone(visitor: Visitor, connection: asyncpg.Connection) -> AsyncIterator[InZone]:
    """Somebody in a plant of another zone."""
    async def in_zone(zone: str) -> Visitor:
        await connection.execute('UPDATE plant_settings SET time_zone = $1', zone)
        page = await visitor.open('/')
        await expect(page.locator('.clock')).to_contain_text(zone.rpartition('/')[2])
        return visitor
    yield in_zone
    await connection.execute("UPDATE plant_settings SET time_zone = 'UTC'")


@pytest.mark.parametrize('options', [{}, PHONE], ids=['laptop', 'phone'])
async def test_a_range_of_the_second_hour_can_be_chosen_and_shared(in_zone: InZone, options: dict[str, Any]) -> None:
    visitor = await in_zone('Europe/Berlin')
    page = await visitor.open('/reports', **options)
    await page.get_by_role('button', name='Dates…').click()
    dialog = page.get_by_role('dialog', name='Dates')
    await dialog.get_by_role('checkbox', name='Choose times').click()
    await dialog.get_by_label('From', exact=True).fill('2026-10-25T02:30')
    await dialog.get_by_label('Until', exact=True).fill('2026-10-25T02:45')
    for field in 'From', 'Until':
        meanings = dialog.get_by_role('radiogroup', name=re.compile(f'^{field}'))
        await expect(meanings.get_by_role('radio')).to_have_count(2)
        await meanings.get_by_text('02:30 CET' if field == 'From' else '02:45 CET').click()
    await dialog.get_by_role('button', name='Show').click()

    dates = 'Sun 2026-10-25 02:30 CET to 02:45 CET, compared with Sun 2026-10-25 02:15 CET to 02:30 CET'
    shown = page.get_by_text(dates)
    await expect(shown).to_be_visible()
    await expect(page).to_have_url(re.compile(re.escape(quote('2026-10-25T02:30+01:00', safe=''))))
    await page.get_by_role('button', name='Dates…').click()
    for field in 'From', 'Until':
        meanings = dialog.get_by_role('radiogroup', name=re.compile(f'^{field}'))
        await expect(meanings.get_by_role('radio').nth(1)).to_be_checked()
    await page.keyboard.press('Escape')
    await expect(dialog).to_be_hidden()
    other = await visitor.open(page.url.removeprefix(visitor.program.url), **options)
    await expect(other.get_by_text(dates)).to_be_visible()


@pytest.mark.parametrize(('zone', 'titles'), [
    ('Europe/Berlin', ['Sun 2026-10-25 02:30:00 CEST', 'Sun 2026-10-25 02:30:00 CET']),
    ('Asia/Kolkata', ['Sun 2026-10-25 06:00:00', 'Sun 2026-10-25 07:00:00'])])
async def test_a_moment_with_an_offset_is_that_moment_in_any_plant(in_zone: InZone, zone: str,
                                                                   titles: list[str]) -> None:
    visitor = await in_zone(zone)
    for offset, title in zip(('+02:00', '+01:00'), titles, strict=True):
        page = await visitor.open(f'/past?at=2026-10-25T02:30{offset}')
        await expect(page.get_by_text(title, exact=True)).to_be_visible()


@pytest.mark.parametrize('options', [{}, PHONE], ids=['laptop', 'phone'])
async def test_the_floor_of_the_second_hour_can_be_chosen_and_shared(in_zone: InZone, options: dict[str, Any]) -> None:
    visitor = await in_zone('Europe/Berlin')
    page = await visitor.open('/past', **options)
    field = page.get_by_label('Day and time', exact=True).and_(page.locator('input'))
    await field.fill('2026-10-25T02:30')
    await page.get_by_text('02:30 CET, the second').click()
    await field.press('Enter')

    second = page.get_by_text('Sun 2026-10-25 02:30:00 CET', exact=True)
    await expect(second).to_be_visible()
    await expect(page).to_have_url(re.compile('at=2026-10-25T01:30:00Z'))
    other = await visitor.open(page.url.removeprefix(visitor.program.url), **options)
    await expect(other.get_by_role('radio', name='02:30 CET, the second')).to_be_checked()


@pytest.mark.parametrize(('zone', 'due'), [
    ('Europe/Berlin', ['2026-10-25 02:30:00+02:00', '2026-10-25 02:30:00+01:00']),
    ('Asia/Kolkata', ['2026-10-25 06:00:00+05:30', '2026-10-25 07:00:00+05:30'])])
async def test_a_file_tells_both_hours_apart(in_zone: InZone, connection: asyncpg.Connection, zone: str,
                                             due: list[str]) -> None:
    for at in '2026-10-25 00:30Z', '2026-10-25 01:30Z':
        await connection.execute('INSERT INTO work_orders (machine_id, issue_description, due_at) '
                                 "VALUES ('Valve_01_01', 'Oil leak', $1::text::timestamptz)", at)
    floor = (await in_zone(zone)).program

    async with httpx.AsyncClient(base_url=floor.url, timeout=60) as client:
        answer = await client.get('/work-orders.csv?sort=due')

    rows = csv.DictReader(io.StringIO(answer.text.removeprefix('\ufeff')))
    assert [row['Due'] for row in rows] == due
