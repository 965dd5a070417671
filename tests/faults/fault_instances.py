"""Several instances on one database: one plays the plant, any may be killed, each can be replaced while people work."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack, suppress
from statistics import median

import asyncpg
from browser.program import Program
from database.postgres import SCHEMA, until
from tcp_proxy import TcpProxy

from floor.db.schema_files import load_schema_files

from .fault_orders import TWICE, Clerk
from .history import History
from .scene import START_PATIENCE_S, Scene, connect, scene
from .stage import Fault, Stage
from .view import View

INSTANCES = 3
INTERVAL_S = 0.2
"""Mean time between two changes of the simulated plant."""
SIMULATOR_INTERVAL = str(5 * INTERVAL_S / 25)
"""In real time, at 5, the plant changes every 25 s."""
CALM_S = 6.0
TOO_MANY = 2.0
"""Times as many changes as one simulator makes; it bunches them."""
TAKE_OVER_S = 16.0
"""A simulator that is silent for 10 s has lost the plant; the others look every 2 s, and may just be starting."""
PLAYED = f'SELECT count(*) FROM {SCHEMA}.machine_status_history WHERE old_status IS NOT NULL'
MORE = 'more than one simulator played'


async def instances(stage: Stage) -> History:
    """Three start at once on an empty folder, and so migrate at once; then a random one is killed, 30 times. Whichever
    owned the embedded database takes it along, and another starts it again."""
    history = History()
    settings = {'ENABLE_SIMULATOR': 'true', 'SIMULATOR_INTERVAL': SIMULATOR_INTERVAL, 'BACKFILL_DAYS': '0'}
    programs = [stage.program(f'program {number}', **settings) for number in range(INSTANCES)]
    async with AsyncExitStack() as ends:
        await asyncio.gather(*(asyncio.to_thread(program.start) for program in programs))
        views = [View(program.url, f'page {number}', history) for number, program in enumerate(programs)]
        for view in views:
            await view.open()
            ends.push_async_callback(view.close)
        await until(lambda: all(view.live and view.tiles for view in views), START_PATIENCE_S)
        url = programs[0].database_url
        history.broken += await _migrations_ran_once(url)
        history.broken += await _one_plays(url, history)
        back = [await _kill_one(random.choice(programs), views, url, stage.patience, history)
                for _ in range(1 if stage.quick else 30)]
        history.figures['the database answered again after'] = f'{median(back):.1f} s, at most {max(back):.1f} s'
        history.broken += await _plant_goes_on(url, history)
        await _until_views_agree(url, views, stage.patience, history)
    return history


async def _migrations_ran_once(url: str) -> list[str]:
    connection = await connect(url)
    rows = await connection.fetch(f'SELECT version FROM {SCHEMA}.schema_migrations ORDER BY version')
    await connection.close()
    expected = [migration.version for migration in load_schema_files().migrations]
    return [] if [row['version'] for row in rows] == expected else ['the migrations did not run once each']


async def _one_plays(url: str, history: History) -> list[str]:
    """With all instances alive: no more changes than one simulator makes."""
    connection = await connect(url)
    await until(lambda: _has_begun(connection))
    before, began = await connection.fetchval(PLAYED), time.monotonic()
    players: set[str | None] = set()
    while time.monotonic() < began + CALM_S:
        players.add(await connection.fetchval(f'SELECT instance FROM {SCHEMA}.simulator_state'))
        await asyncio.sleep(0.02)
    played, took = await connection.fetchval(PLAYED) - before, time.monotonic() - began
    await connection.close()
    expected = took / INTERVAL_S
    history.figures['changes of three simulators'] = f'{played} in {took:.0f} s, one makes {expected:.0f}'
    more = played > TOO_MANY * expected or len(players) > 1
    return [f'{MORE}: {played} changes in {took:.1f} s by {len(players)}'] if more else []


async def _has_begun(connection: asyncpg.Connection) -> bool:
    return bool(await connection.fetchval(f'SELECT tick FROM {SCHEMA}.simulator_state') > 0)


async def _kill_one(program: Program, views: list[View], url: str, patience: float, history: History) -> float:
    """kill -9, and start it again as a service manager does. The next is killed when all pages are right again, for a
    page whose program is away has nobody to ask, but at the earliest after 2 s. Returns how long the database was away.
    """
    killed_at = time.monotonic()
    program.process.kill()
    connection = await connect(url)
    connection.terminate()
    away = time.monotonic() - killed_at
    await asyncio.to_thread(program.stop)
    await asyncio.to_thread(program.start)
    history.heal()
    with suppress(TimeoutError):
        await until(lambda: all(view.live for view in views), patience)
    await asyncio.sleep(max(0.0, 2 - (time.monotonic() - killed_at)))
    return away


async def _plant_goes_on(url: str, history: History) -> list[str]:
    """The player may be dead: another takes the plant over."""
    connection = await connect(url)
    began = time.monotonic()
    tick = f'SELECT tick FROM {SCHEMA}.simulator_state'
    before = await connection.fetchval(tick)

    async def goes_on() -> bool:
        return bool(await connection.fetchval(tick) > before)
    try:
        await until(goes_on, TAKE_OVER_S)
    except TimeoutError:
        return [f'nobody plays the plant {TAKE_OVER_S:g} s after the last kill']
    finally:
        await connection.close()
    history.figures['the plant went on after'] = f'{time.monotonic() - began:.1f} s'
    return []


async def _until_views_agree(url: str, views: list[View], patience: float, history: History) -> None:
    """The plant goes on meanwhile, so the picture is compared at a moment at which it stands still."""
    connection = await connect(url)
    await connection.execute(f'UPDATE {SCHEMA}.simulator_state SET instance = $1, last_tick = $2', 'the test',
                             await connection.fetchval("SELECT now() + interval '1 hour'"))
    began = time.monotonic()

    async def agree() -> bool:
        await history.read(connection, 0)
        return all(view.live and view.tiles == history.table for view in views)
    with suppress(TimeoutError):
        await until(agree, patience + 2)
        history.figures['all pages equal the table after'] = f'{time.monotonic() - began:.1f} s'
    for view in views:
        view.sample()
        await view.close()
    history.rows.clear()   # the simulator's changes have no numbers; what counts is that all pages equal the table
    await connection.close()


async def rolling(stage: Stage) -> History:
    """Three instances are replaced one after the other; the feed writes, orders are written, answers get lost."""
    async with scene(stage, CHANGES_PER_MINUTE='0') as floor, AsyncExitStack() as ends:
        others = [stage.program(f'program {number}', DATABASE_URL=floor.database_url, CHANGES_PER_MINUTE='0')
                  for number in range(1, INSTANCES)]
        for program in others:
            await asyncio.to_thread(program.start)
            view = View(program.url, f'the page of {program.host}', floor.history)
            await view.open()
            ends.push_async_callback(view.close)
            floor.views.append(view)
        await floor.agree()
        programs = [floor.program, *others]
        proxies = [await ends.enter_async_context(TcpProxy(int(program.host.split(':')[1]))) for program in programs]
        clerk = Clerk([f'http://127.0.0.1:{proxy.port}' for proxy in proxies])
        writing = asyncio.create_task(_keep_writing(clerk, floor))
        for program, proxy in zip(programs, proxies, strict=True):
            written = len(clerk.written)
            proxy.lose_answer_to(b'POST /api/work-orders')   # as one that is cut off in the middle of an answer
            await until(lambda written=written: len(clerk.written) > written + INSTANCES, START_PATIENCE_S)
            await asyncio.to_thread(program.stop)
            await asyncio.to_thread(program.start)
            floor.history.heal()
            await until(lambda: all(view.live for view in floor.views), START_PATIENCE_S)
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        history = await floor.settle()
        history.broken += await clerk.complaints(floor.connection)
        history.figures['orders'] = f'{len(clerk.written)}, with {clerk.retries} retries'
    return history


async def _keep_writing(clerk: Clerk, floor: Scene) -> None:
    while True:
        await clerk.write(floor.ours)
        await asyncio.sleep(0.05)


async def newer_schema(stage: Stage) -> History:
    """The database belongs to a newer program: the start ends with that sentence, and nothing is written."""
    history = History()
    url = stage.server.new_database(migrated=True)
    connection = await connect(url)
    try:
        await connection.execute(f'INSERT INTO {SCHEMA}.schema_migrations (version, name, sha256, app_version) '
                                 "VALUES (9999, 'of_the_future', 'unknown', '99.1.0')")
        before = await connection.fetchval(f'SELECT tick FROM {SCHEMA}.simulator_state')
        program = stage.program(DATABASE_URL=url, ENABLE_SIMULATOR='true', SIMULATOR_INTERVAL='0.1')
        try:
            await asyncio.to_thread(program.start)
            with suppress(TimeoutError):
                await until(lambda: program.health().get('status') == 'live')
        except RuntimeError:
            pass
        if program.stop() != 1 or 'start 99.1.0 or newer' not in program.log:
            history.broken.append(f'it does not refuse a newer schema: {program.log[-300:]}')
        if await connection.fetchval(f'SELECT tick FROM {SCHEMA}.simulator_state') != before:
            history.broken.append('it wrote into a newer schema')
    finally:
        await connection.close()
        await asyncio.to_thread(stage.server.drop_database, url)
    return history


FAULTS = [
    Fault('instances', 'three start at once on nothing; a random one is killed, 30 times, and with it the database '
          'where it owned that', 'every_instance_plays', MORE, instances, short=False, heavy=True),
    Fault('rolling', 'three instances are replaced one after the other while orders are written', 'forgets_the_key',
          TWICE, rolling, short=False, heavy=True),
    Fault('newer_schema', 'the schema is of a newer program', 'ignores_a_newer_schema', 'it does not refuse',
          newer_schema),
]
