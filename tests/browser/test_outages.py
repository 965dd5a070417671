"""Whatever takes a browser from the server: the page says so automatically, never shows an old picture as live, and is
right and live again without a click. How fast, and minutes and hours of the same: `python -m tests.benchmarks outages`.

What notices an outage first tells how soon: the page's own notice comes after five seconds without a beat, and the
browser's socket finds out after eight. A page that is back without having been loaded again has reconnected.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from benchmarks.onlooker import endure
from benchmarks.outages import asleep, frozen, half_open, held, held_in_pieces, looking, wifi_lost
from browser.program import Program
from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope='session')

BEATS = 8
"""One a second: more of them than the five seconds after which the notice comes."""
BACK_AFTER_REFUSALS_S = 8.0
SILENT_FOR = "Number(getComputedStyle(document.querySelector('.stale-overlay')).getPropertyValue('--stale-for'))"
VISIBLE = "getComputedStyle(document.querySelector('.stale-overlay')).visibility === 'visible'"
WATCH_BEATS = f"""() => {{
    window.beats = {{count: 0, last: 0, before: 0, noticedEarly: 0}}
    new MutationObserver(() => Object.assign(beats, {{
        count: beats.count + 1, before: beats.last, last: performance.now()
    }})).observe(document.querySelector('.stale-overlay'), {{attributeFilter: ['data-beat']}})
    const look = () => {{
        if (beats.count >= 2 && {VISIBLE} && performance.now() - beats.before < 5000) beats.noticedEarly++
        requestAnimationFrame(look)
    }}
    requestAnimationFrame(look)
}}"""
"""before: when the last beat but one arrived, which is when the notice's five seconds begin."""


async def test_wifi_is_lost(program: Program, connection: asyncpg.Connection) -> None:
    endured = await wifi_lost(program.url, connection, 5)

    assert endured.was_connected is False  # the browser knows at once
    assert endured.wrong == 0
    assert not endured.reloaded


@pytest.mark.parametrize('cut', [held, held_in_pieces])
async def test_a_network_that_carries_nothing_is_noticed_by_the_page_itself(
        program: Program, connection: asyncpg.Connection, cut: Callable[..., Awaitable[Any]]) -> None:
    """Nothing tells the browser, and its socket would look healthy for eight seconds: a beat is missed after five. A
    beat that was held up and arrives 0.3 s before the change makes no old picture look live."""
    endured = await cut(program.url, connection, 7)

    assert endured.was_connected
    assert endured.wrong == 0
    assert not endured.reloaded


async def test_a_proxy_that_forgets_a_connection(program: Program, connection: asyncpg.Connection) -> None:
    endured = await half_open(program.url, connection)

    assert endured.was_connected
    assert endured.wrong == 0
    assert not endured.reloaded


async def test_who_is_refused_for_long_tries_again_every_few_seconds(program: Program, chromium: Browser) -> None:
    async with looking(chromium, program.url) as page:
        longest_s = await page.evaluate('window.socket.io.reconnectionDelayMax()') / 1000

    assert longest_s * 1.5 < BACK_AFTER_REFUSALS_S  # Socket.IO adds up to half as much at random


@pytest.mark.parametrize('stopped', [asleep, frozen])
async def test_who_slept_longer_than_the_server_waits(program: Program, connection: asyncpg.Connection,
                                                      stopped: Callable[..., Awaitable[Any]]) -> None:
    endured = await stopped(program.url, connection, 14)

    assert endured.old_frames <= 1  # that one was begun before


async def test_a_server_that_stands_still_and_goes_on(program: Program, connection: asyncpg.Connection,
                                                      chromium: Browser) -> None:
    async def suspend() -> None:
        program.process.suspend()

    async def resume() -> None:
        program.process.resume()
    async with looking(chromium, program.url) as page:
        endured = await endure(page, connection, suspend, resume, 6)

    assert endured.was_connected
    assert not endured.reloaded


async def test_while_beats_come_nothing_is_shown(program: Program, chromium: Browser) -> None:
    async with looking(chromium, program.url) as page:
        await page.evaluate(WATCH_BEATS)
        await page.wait_for_function(f'beats.count >= {BEATS}')
        assert await page.evaluate('beats.noticedEarly') == 0


async def test_the_notice_says_how_long(program: Program, chromium: Browser) -> None:
    async with looking(chromium, program.url) as page:
        await page.evaluate(WATCH_BEATS)
        await page.wait_for_function('beats.count >= 2')
        program.process.suspend()
        try:
            await page.wait_for_function(VISIBLE)
            shown = await page.evaluate(SILENT_FOR)
            assert shown >= 5
            await page.wait_for_function(f'{SILENT_FOR} > {shown}')
            await page.wait_for_function(f'Math.abs({SILENT_FOR} - (performance.now() - beats.before) / 1000) <= 1')
        finally:
            program.process.resume()
        await page.wait_for_function(f'!({VISIBLE})')
