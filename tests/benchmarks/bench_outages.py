"""Wi-fi lost, networks that carry nothing, proxies, sleep, restarts: what a person before Chromium sees, and when.

A day is not waited for: after two minutes the server has forgotten the page and TCP the connection, and all that is
longer goes the same way as three minutes. `--minutes 30` waits for half an hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import asyncpg

from .onlooker import Endured
from .outages import asleep, frozen, half_open, held, refused, restarted, wifi_lost
from .report import Row, say
from .server import Floor, running_floor

Outage = Callable[[asyncpg.Connection], Awaitable[Endured]]
SHORT = (5, 60)
APART = 8   # so that the browsers that come back do not measure each other
KINDS = {'wi-fi lost': wifi_lost, 'network carries nothing': held, 'proxy refuses': refused, 'laptop asleep': asleep,
         'tab put away': frozen}
NOT_LIVE_S, BACK_S = 6.0, 5.0
WRONG_S = 0.5   # the last frame before waking stands until the first one after


async def run(program: Path, *, quick: bool, minutes: int = 3) -> list[Row]:
    """The rows. minutes: how long the longest outages last."""
    async with running_floor(program) as app:
        rows = []
        for lasts in SHORT[:1] if quick else SHORT:
            for name, outage in KINDS.items():
                rows.append(await row(f'{name}, {lasts} s', app, lasting(outage, app, lasts)))
        rows.append(await row('proxy forgets the connection', app, lambda db: half_open(app.address, db)))
        if not quick:
            rows += await asyncio.gather(*(
                row(f'{name}, {minutes} min', app, lasting(outage, app, lasts))
                for lasts, (name, outage) in zip(count(60 * minutes, APART), KINDS.items(), strict=False)))
        rows.append(await row('server restarted', app, lambda db: restarted(app, db, 0)))
        return rows


def lasting(outage: Callable[..., Awaitable[Endured]], app: Floor, seconds: float) -> Outage:
    return lambda database: outage(app.address, database, seconds)


async def row(what: str, app: Floor, outage: Outage) -> Row:
    """One outage, on its own database connection."""
    database = await asyncpg.connect(app.database_url)
    try:
        endured = await outage(database)
    except (RuntimeError, TimeoutError) as error:
        say(f'{what}: {error!r}')
        return Row(what, f'back within {BACK_S:g} s', f'not back: {error!r}', False)
    finally:
        database.terminate()
    say(f'{what}: {endured}')
    met = (endured.seen or 0) <= NOT_LIVE_S and endured.back <= BACK_S and endured.wrong <= WRONG_S
    target = f'not live within {NOT_LIVE_S:g} s, right and live {BACK_S:g} s after the return'
    return Row(what, target, str(endured), met)
