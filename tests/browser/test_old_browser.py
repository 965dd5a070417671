"""In a browser of 2022 a status has its colour, and a picture that is old looks old."""

from __future__ import annotations

import asyncpg
import pytest
from browser.old_browser import old_browser
from browser.program import Program
from suspended import suspended

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

EVERY_STATUS = """
    UPDATE machine_feed_stream SET
        status = (ARRAY['operational', 'warning', 'down'])[1 + machine_id % 3],
        reason = CASE machine_id % 3 WHEN 0 THEN NULL WHEN 1 THEN 'Supply air low' ELSE 'Seat worn' END
"""
READY = 'window.did_handshake && document.querySelector("[data-connection=live]")'
MARK = -16, 17
"""The shape in the upper right corner of a tile."""


def tile(status: str) -> str:
    return f'.tile[data-status={status}]'


async def test_every_status_has_its_colour(program: Program, connection: asyncpg.Connection) -> None:
    await connection.execute(EVERY_STATUS)
    async with old_browser(program.url) as browser:
        await browser.until(READY)
        for path, dark in ('/', False), ('/?kiosk', True), ('/?kiosk&theme=light', False):
            await browser.run(f'window.did_handshake = false, location.href = "{path}"')  # and so waits for the new one
            await browser.until(READY)
            for newer in 'color: light-dark(red, red)', 'color: color-mix(in srgb, red, red)', 'selector(:has(a))':
                assert await browser.run(f'CSS.supports("({newer})")') is False
            await browser.until(f'document.querySelectorAll("{tile("down")}").length === 10')
            at = MARK if path == '/' else (-14, 16)
            await browser.until_grey(tile('operational'), *at, grey=False)

            running, warning, down = [await browser.colour_of(tile(status), *at)
                                      for status in ('operational', 'warning', 'down')]
            ground = await browser.colour_of('.frame', 3, 790)

            assert running[1] > running[0] + 30, path   # green
            assert min(warning[0], warning[1]) > warning[2] + 30, path   # amber
            assert down[0] > max(down[1:]) + 30, path   # red
            assert (max(ground) < 60) is dark, path
            assert (min(ground) > 200) is not dark, path


async def test_a_picture_that_is_old_looks_old(program: Program, connection: asyncpg.Connection) -> None:
    """The database no longer answers; then it does."""
    async with old_browser(program.url) as browser:
        await browser.until(READY)
        await browser.until_grey(tile('operational'), *MARK, grey=False)
        with suspended(program.postmaster):
            await browser.until('document.querySelector("[data-connection=stale]")')
            await browser.until_grey(tile('operational'), *MARK)
            await browser.until('document.querySelector(".banner").textContent.includes("The floor is shown as of")')
        await browser.until(READY)
        await browser.until_grey(tile('operational'), *MARK, grey=False)


async def test_a_server_that_says_nothing(program: Program, connection: asyncpg.Connection) -> None:
    async with old_browser(program.url) as browser:
        await browser.until(READY)
        await browser.until_grey(tile('operational'), *MARK, grey=False)
        program.process.suspend()
        try:
            await browser.until_grey(tile('operational'), *MARK)
            assert await browser.run(
                'getComputedStyle(document.querySelector(".stale-overlay")).visibility') == 'visible'
        finally:
            program.process.resume()


async def test_a_server_that_has_gone(program: Program, connection: asyncpg.Connection) -> None:
    own = program.joined('gone')
    own.start()
    try:
        async with old_browser(own.url) as browser:
            await browser.until(f'{READY} && document.querySelector("{tile("operational")}")')
            await browser.until_grey(tile('operational'), *MARK, grey=False)
            own.stop()
            await browser.until('getComputedStyle(document.querySelector("#popup")).visibility === "visible"')
            await browser.until_grey(tile('operational'), *MARK)
    finally:
        own.stop()
