"""Faults of the program's own process: stopped for a while, and a clock that is wrong."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from database.postgres import SCHEMA, until

from . import checker
from .history import History
from .scene import Scene, scene
from .stage import Fault, Stage

CLOCKS_DIFFER_S = 5
A_TICK_S = 1.5
"""In which a page shows automatically that what it shows has grown old."""


async def stopped(stage: Stage) -> History:
    """SIGSTOP of the program while the feed writes on: writers never fail, and what it shows first is called old."""
    async with scene(stage, rate=100 if stage.quick else 1000, sessions=2 if stage.quick else 8) as floor:
        await floor.shown(await floor.change())
        page = floor.view.page
        assert page is not None
        if page.patience > checker.D:
            floor.history.broken.append(f'I3: a browser notices only after {page.patience:g} s that nobody is there')
        pinged_at = page.pinged_at
        await until(lambda: page.pinged_at > pinged_at)   # from now on it waits as long as it ever does
        process = floor.program.process
        process.suspend()
        began = time.monotonic()
        try:
            await asyncio.sleep(stage.patience + 1 if stage.quick else 60)
            floor.proxy.blackhole()   # so that it has to know on its own how old its picture is
        finally:
            process.resume()
        await _first_thing_shown(floor, began)
        await asyncio.sleep(A_TICK_S)
        floor.proxy.heal()
        floor.history.heal()
        history = await floor.settle()
    failed = len(history.writes) - len(history.acknowledged)
    if failed:
        history.broken.append(f'{failed} writes failed while the program stood still')
    return history


async def _first_thing_shown(floor: Scene, began: float) -> None:
    """What a page shows while its server stands still is the browser's to judge; here counts what the server says
    first when it runs again."""
    samples = floor.history.samples
    page, before = floor.view.page, floor.view.page.updates if floor.view.page else 0
    known = len(samples)
    await until(lambda: (now := floor.view.page) is not None and now.updates > (before if now is page else 0))
    first = next((place for place in range(known, len(samples)) if samples[place].shown is not samples[known - 1].shown
                  or samples[place].live != samples[known - 1].live), len(samples) - 1)
    samples[:] = [sample for place, sample in enumerate(samples) if sample.at < began or place >= first]


async def clock(stage: Stage) -> History:
    """The program's clock is an hour wrong, and the feed's times are of another century: neither is believed."""
    history = History()
    for turn, condition in enumerate(['an_hour_ahead'] if stage.quick else ['an_hour_ahead', 'an_hour_behind']):
        async with scene(stage, under=condition) as floor:
            for datetime_ in ("'infinity'", "now() - interval '300 years'", "now() + interval '1 hour'", 'NULL'):
                await floor.connection.execute(f'UPDATE {SCHEMA}.machine_feed_stream SET datetime = {datetime_} '
                                               'WHERE machine_name = $1', floor.ours)
                await floor.shown(await floor.change())
            await _times_are_the_databases(floor)
            played = await floor.settle()
        if not turn:
            history = played
        else:
            history.broken += checker.violations(played, stage.patience)
    return history


async def _times_are_the_databases(floor: Scene) -> None:
    page = floor.view.page
    assert page is not None
    now, since = await floor.connection.fetchrow(
        f'SELECT clock_timestamp(), status_since FROM {SCHEMA}.machine_feed_stream WHERE machine_name = $1', floor.ours)
    shown = datetime.combine(now.date(), datetime.strptime(page.clock[:8], '%H:%M:%S').time(), UTC)
    apart = abs(shown - now)
    if min(apart, timedelta(days=1) - apart).total_seconds() > CLOCKS_DIFFER_S:
        floor.history.broken.append(f"the plant's clock showed {page.clock} when it was {now:%H:%M:%S}")
    if f'since {since:%H:%M:%S}' not in page.labels[floor.ours]:
        floor.history.broken.append(f'the age of a status is wrong: {page.labels[floor.ours]}, not {since:%H:%M:%S}')


FAULTS = [
    Fault('stopped', 'SIGSTOP of the program for 60 s under 1,000 writes/s', 'remembers_that_it_was_live', 'I3',
          stopped, short=False),
    Fault('clock', "the program's clock an hour wrong either way, the feed's times centuries off",
          'believes_its_own_clock', "the plant's clock", clock, short=False),
]
