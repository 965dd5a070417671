"""Faults of the way to the database: sessions that are ended, sides that vanish, a network that swallows everything."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from database.postgres import until

from .history import History
from .scene import Scene, scene
from .stage import Fault, Stage

POOL = 5
"""The most connections that the programs here may have in their pool."""
APPS_SESSIONS = ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'line-monitor' "
                 'AND datname = current_database()')
END_THEM = ("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
            "WHERE application_name = 'line-monitor' AND datname = current_database()")


async def terminated(stage: Stage) -> History:
    """An administrator ends all sessions of the program, and something changes before it is back, repeatedly."""
    async with scene(stage) as floor:
        for _ in range(3 if stage.quick else 60):
            async with floor.connection.transaction():
                missed = await floor.change()
                await floor.connection.execute(END_THEM)
            floor.writers.acknowledge(missed)
            floor.history.heal()
            with suppress(TimeoutError):
                await asyncio.gather(floor.shown(missed, stage.patience), asyncio.sleep(1))
            if floor.is_found_out:
                break
        return await floor.settle()


async def blackhole(stage: Stage) -> History:
    """The server's side vanishes without a word; then for a while nothing passes, and no socket says so."""
    async with scene(stage) as floor:
        await floor.shown(await floor.change())
        floor.proxy.half_open()
        await floor.change()
        await floor.notice()
        await floor.agree()
        for seconds in [] if floor.is_found_out else [stage.patience + 2] if stage.quick else [5, 30, 300]:
            floor.proxy.blackhole()
            await floor.change()
            await asyncio.sleep(seconds)
            floor.proxy.heal()
            floor.history.heal()
            await floor.agree()
        history = await floor.settle()
        await _no_session_is_left(floor)
    return history


async def pooler(stage: Stage) -> History:
    """As behind a pooler: every question is answered, and nothing is delivered."""
    async with scene(stage) as floor:
        await floor.shown(await floor.change())
        if not floor.proxy.say_as_client('UNLISTEN *', after=b'LISTEN'):
            floor.history.broken.append('the program does not listen')
        await floor.change()
        await floor.notice()
        await floor.agree()
        return await floor.settle()


async def window(stage: Stage) -> History:
    """Something changes between each two steps of a reconnect."""
    points = (b'LISTEN "', b'AS line_position', b'work_order_events e', b'COMMIT', b'SELECT pg_notify(')
    async with scene(stage) as floor:
        floor.writers.spared |= set(floor.machines[-len(points):])
        await floor.shown(await floor.change())
        for point, machine in zip(points, floor.machines[-len(points):], strict=True):
            async def hook(machine: str = machine) -> None:
                await floor.change(machine)
            floor.proxy.before[point] = hook
        floor.proxy.reset()
        floor.history.heal()
        with suppress(TimeoutError):
            await until(lambda: not floor.proxy.before, stage.patience)
        floor.history.broken += [f'the program never sent {point.decode()}' for point in floor.proxy.before]
        floor.proxy.before.clear()
        return await floor.settle()


async def _no_session_is_left(floor: Scene) -> None:
    """The sessions of before have ended: what is left are the pool and the listener."""
    sessions = await floor.connection.fetchval(APPS_SESSIONS)
    floor.history.figures['sessions left'] = str(sessions)
    if sessions > POOL + 1:
        floor.history.broken.append(f'{sessions} sessions are left, more than the pool and the listener')


FAULTS = [
    Fault('terminated', 'all sessions of the program ended every second, 60 times, with a change in each gap',
          'does_not_read_again', 'I3', terminated),
    Fault('blackhole', "the server's side vanishes; nothing passes for 5, 30 and 300 s; all sockets stay open",
          'believes_an_open_connection', 'I3', blackhole),
    Fault('pooler', "the session gets UNLISTEN behind the program's back", 'asks_select_1', 'I3', pooler,
          short=False),
    Fault('window', 'a change between each two of five steps of a reconnect', 'reads_before_it_listens', 'I3', window),
]
