"""UPDATE sent to tile changed in Chromium: 1 page, 10 changes/s, against the yardstick; then a wall screen's layout.

The clock is the machine's: time.time() before the UPDATE, performance.timeOrigin + now() in the page's observer.
"""

from __future__ import annotations

import asyncio
from itertools import chain
from pathlib import Path
from statistics import median

from playwright.async_api import Browser

from .changes import MARK, Writer, writer
from .chromium import WATCH, chromium, fresh
from .report import Row, at_most, percentile, say, spread
from .server import running_floor, yardstick

RATE = 10
WARM_UP_S = 3
P50_RATIO, P99_RATIO = 1.5, 3.0
LAYOUT_RATIO = 5.0


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    rounds, seconds = (2, 5) if quick else (6, 20)
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    async with running_floor(program) as app, yardstick(app.database_url) as bare, writer(app.database_url) as write, \
            chromium() as browser:
        for number in range(rounds):
            ours.append(await latencies(browser, app.address, write, seconds))
            theirs.append(await latencies(browser, bare.address, write, seconds))
            say(f'round {number + 1}: floor p50 {median(ours[-1]):.2f} p99 {percentile(ours[-1], 0.99):.2f} ms, '
                f'yardstick p50 {median(theirs[-1]):.2f} p99 {percentile(theirs[-1], 0.99):.2f} ms')
        floor_ms, wall_ms = [await layout_ms(browser, app.address + path, write, seconds) for path in ('/', '/?kiosk')]
    rows = [at_most('style and layout of a change on a wall screen', LAYOUT_RATIO, wall_ms / floor_ms, 'x the floor',
                    f'{wall_ms:.1f} against {floor_ms:.1f} ms of the browser')]
    for name, share, limit in ('p50', 0.5, P50_RATIO), ('p99', 0.99, P99_RATIO):
        us, them = ([percentile(values, share) for values in side] for side in (ours, theirs))
        mine, other = (percentile(list(chain.from_iterable(side)), share) for side in (ours, theirs))
        rows.append(at_most(f'UPDATE to tile in Chromium, {RATE}/s, {name}', limit, mine / other, 'x the yardstick',
                            f'{mine:.2f} against {other:.2f} ms; rounds {spread(us)} against {spread(them)}'))
    return rows


async def latencies(browser: Browser, address: str, write: Writer, seconds: float) -> list[float]:
    """Of each change, in ms, in a tab opened for it."""
    async with fresh(browser) as (_, page, _):
        await page.goto(address)
        await write.write(RATE, WARM_UP_S)
        await page.evaluate(WATCH)
        sent = {change.number: change.sent * 1000 for change in await write.write(RATE, seconds)}
        await asyncio.sleep(1)
        first: dict[int, float] = {}
        for _, reason, at in await page.evaluate('window.changes'):
            if mark := MARK.match(reason or ''):
                first.setdefault(int(mark[1]), at)
    if unseen := set(sent) - set(first):
        raise RuntimeError(f'{len(unseen)} of {len(sent)} changes were not seen in Chromium')
    return [first[number] - at for number, at in sent.items()]


async def layout_ms(browser: Browser, address: str, write: Writer, seconds: float) -> float:
    """What Chromium computes for each change after its tile has changed, before it paints, in a full HD window."""
    async with fresh(browser) as (_, page, _):
        await page.set_viewport_size({'width': 1920, 'height': 1080})
        await page.goto(address)
        await write.write(RATE, WARM_UP_S)
        devtools = await page.context.new_cdp_session(page)
        await devtools.send('Performance.enable')

        async def computed_s() -> float:
            metrics = (await devtools.send('Performance.getMetrics'))['metrics']
            return sum(float(each['value']) for each in metrics
                       if each['name'] in {'LayoutDuration', 'RecalcStyleDuration'})

        before = await computed_s()
        changes = await write.write(RATE, seconds)
        return (await computed_s() - before) * 1000 / len(changes)
