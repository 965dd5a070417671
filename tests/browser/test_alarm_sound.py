"""A browser plays no sound on a page that nobody has touched yet: the page says so, and one press allows it."""

from __future__ import annotations

import asyncpg
import pytest
from browser.visitor import Visitor
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]


async def critical_order(sql: asyncpg.Connection) -> None:
    await sql.execute("INSERT INTO work_orders (machine_id, issue_description, priority) "
                      "VALUES ('Valve_01_01', 'Pin sticks', 'critical')")


async def test_a_blocked_sound_is_shown_and_a_press_allows_it(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    sound = page.get_by_role('banner').locator('.sound-button')
    await expect(sound).to_have_text('Sound on')

    await critical_order(connection)

    await expect(sound).to_have_text('Sound blocked')
    await expect(sound).to_have_attribute('title', 'Your browser blocks sounds on this page. Press to allow them.')
    await sound.click()
    await expect(sound).to_have_text('Sound on')
    await critical_order(connection)
    await expect(page.get_by_text('Critical order')).to_have_count(2)
    await expect(sound).to_have_text('Sound on')
    await sound.click()
    await expect(sound).to_have_text('Sound off')
