"""Faults of the way to the database: sessions that are ended, and a network that swallows everything."""

from __future__ import annotations

import asyncio

from .history import History
from .scene import Scene, scene
from .stage import Fault, Stage

POOL = 5
"""The most connections that the programs here may have in their pool."""
APPS_SESSIONS = ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'line-monitor' "
                 'AND datname = current_database()')


async def blackhole(stage: Stage) -> History:
    """For a while nothing passes, and no socket says so."""
    async with scene(stage) as floor:
        for seconds in [stage.patience + 2] if stage.quick else [5, 30, 300]:
            await floor.shown(await floor.change())
            floor.proxy.blackhole()
            await floor.change()
            await asyncio.sleep(seconds)
            floor.proxy.heal()
            floor.history.heal()
            await floor.agree()
        history = await floor.settle()
        await _no_session_is_left(floor)
    return history


async def _no_session_is_left(floor: Scene) -> None:
    """The sessions of before have ended: what is left are the pool and the listener."""
    sessions = await floor.connection.fetchval(APPS_SESSIONS)
    floor.history.figures['sessions'] = str(sessions)
    if sessions > POOL + 1:
        floor.history.broken.append(f'{sessions} sessions are left, more than the pool and the listener')


FAULTS = [
    Fault('blackhole', 'nothing passes to the database for 5, 30 and 300 s, all sockets stay open',
          'believes_an_open_connection', 'I3', blackhole),
]
