"""Somebody who keeps looking at a page through an outage: when it stops looking live, when it is right and live again.

What counts is what a person sees: the floor grey by its computed style, or the notice across it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from playwright.async_api import Error, Page

from .server import SCHEMA

MACHINE = 'Valve_01_01'
CHECK_EVERY_S = 0.02
GLANCE_S = 2.0
PATIENCE_S = 120.0
LOOK = """machine => {
    const main = document.querySelector('.frame main'), notice = document.querySelector('.stale-overlay')
    const tile = document.querySelector(`.frame [data-machine="${machine}"]`)
    return main && notice && tile && {
        grey: getComputedStyle(main).filter.includes('grayscale') || getComputedStyle(notice).visibility === 'visible',
        reason: tile.dataset.reason, reloads: performance.timeOrigin}
}"""
NOTICED = f"""machine => {{
    const look = ({LOOK})(machine)
    return look && look.grey && {{connected: window.socket?.connected === true}}
}}"""
STOOD_STILL_MS = 5_000
OLD_FRAMES = 'old_frames'
COUNT_OLD_FRAMES = f"""machine => {{
    const look = {LOOK}, old = look(machine).reason
    let before = performance.now(), stood = false
    const count = () => {{
        const now = performance.now(), seen = look(machine)
        stood ||= now - before > {STOOD_STILL_MS}
        before = now
        if (stood && seen && !seen.grey && seen.reason === old)
            sessionStorage.{OLD_FRAMES} = Number(sessionStorage.{OLD_FRAMES} ?? 0) + 1
        requestAnimationFrame(count)
    }}
    requestAnimationFrame(count)
}}"""
"""Frames that the page draws after it has stood still, and that look live with the old picture; kept if it reloads."""
BREAK = f"UPDATE {SCHEMA}.machine_feed_stream SET status = 'down', reason = $2 WHERE machine_name = $1"
REASON_OF = f'SELECT reason FROM {SCHEMA}.machine_feed_stream WHERE machine_name = $1'

Act = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Look:
    """One glance: is it grey, what does the tile say, and which load of the page is it (ms since 1970)."""

    grey: bool
    reason: str
    reloads: float


@dataclass(frozen=True, slots=True)
class Endured:
    """One outage, in seconds. seen: from the cut until the page no longer looked live. back: from the return until it
    was right and looked live. wrong: how long after the return it looked live with the old picture. old_frames: how
    many it drew meanwhile, if it had stood still. was_connected: whether the browser's own socket still looked healthy
    when the page no longer looked live; None: nobody watched."""

    seen: float | None
    back: float
    wrong: float
    old_frames: int
    reloaded: bool
    was_connected: bool | None

    def __str__(self) -> str:
        seen = 'after the return' if self.seen is None else f'after {self.seen:.1f} s'
        return (f'not live {seen}; right and live {self.back:.1f} s after the return'
                f'{" by a new page" if self.reloaded else ""}; old picture as live {self.wrong:.2f} s')


async def endure(page: Page, database: asyncpg.Connection, cut: Act, heal: Act, lasts: float, *,
                 watched: bool = True) -> Endured:
    """Cut, change a machine, wait, heal. lasts: seconds. watched: whether the page can be asked during the outage."""
    before = await until(page, lambda look: not look.grey)
    await page.evaluate(COUNT_OLD_FRAMES, MACHINE)
    began = time.monotonic()
    await cut()
    reason = f'outage {time.time_ns()}'
    await database.execute(BREAK, MACHINE, reason)
    seen = was_connected = None
    if watched:
        noticed = await page.wait_for_function(NOTICED, arg=MACHINE, timeout=PATIENCE_S * 1000)
        was_connected = (await noticed.json_value())['connected']
        seen = time.monotonic() - began
    await asyncio.sleep(max(0.0, began + lasts - time.monotonic()))
    await heal()
    healed = time.monotonic()
    wrong = 0.0
    last = time.monotonic()
    while True:
        look = await glance(page)
        now = time.monotonic()
        if look is not None and not look.grey:
            # others may write too
            if look.reason == reason or look.reason == await database.fetchval(REASON_OF, MACHINE):
                old_frames = await page.evaluate(f'Number(sessionStorage.{OLD_FRAMES} ?? 0)')
                return Endured(seen, now - healed, wrong, old_frames, look.reloads != before.reloads, was_connected)
            wrong += now - last
        last = now
        if now - healed > PATIENCE_S:
            raise RuntimeError(f'{now - healed:.0f} s after the return the page is not right: {look}')
        await asyncio.sleep(CHECK_EVERY_S)


async def until(page: Page, condition: Callable[[Look], bool]) -> Look:
    """Look until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            look = await glance(page)
            if look is not None and condition(look):
                return look
            await asyncio.sleep(CHECK_EVERY_S)


async def glance(page: Page) -> Look | None:
    """None while there is no floor to be seen: the page is on its way."""
    try:
        async with asyncio.timeout(GLANCE_S):
            seen = await page.evaluate(LOOK, MACHINE)
    except (Error, TimeoutError):  # it is being replaced by another
        return None
    return Look(**seen) if seen else None
