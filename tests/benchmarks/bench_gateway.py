"""The gateway at a broker: the cost of 100 points with 100 changes a second; MQTT to a tile, in turn with UPDATEs."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiomqtt
import asyncpg
import psutil
from gateway.harness import Mosquitto, mosquitto

from .bench_ingest import KEY, SECRET
from .bench_latency import RATE, latencies
from .bench_many import add_machines
from .changes import STATUSES, WRITERS, Writer, writer
from .chromium import chromium
from .report import Row, at_most, percentile, say, spread
from .server import SCHEMA, Floor, running_floor

MORE_MS, CPU_PERCENT, MEMORY_MB = 10.0, 10.0, 100.0
POINTS, CHANGES_PER_S = 100, 100
CONFIG = """
app: {{url: '{url}', token: {{env: TOKEN}}}}
queue: {{folder: '{folder}'}}
health: null
sources:
  - type: mqtt
    name: plant
    host: 127.0.0.1
    port: {port}
    points: [{{topic: 'plant/{{machine}}', machine: '{{machine}}', path: status, reason: reason}}]
"""


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    with TemporaryDirectory() as folder, mosquitto(Path(folder)) as broker:
        await broker.start()
        async with running_floor(program) as app, running_gateway(app, broker, Path(folder)) as process, \
                aiomqtt.Client('127.0.0.1', broker.port) as client:
            rows = await to_tile(app, client, *((2, 5) if quick else (6, 20)))
            await add_machines(app, POINTS)
            return await cost(app, client, process, 10 if quick else 60) + rows


@asynccontextmanager
async def running_gateway(app: Floor, broker: Mosquitto, folder: Path) -> AsyncIterator[psutil.Process]:
    """A gateway that reports to the app."""
    connection = await asyncpg.connect(app.database_url)
    await connection.execute(KEY, SECRET)
    await connection.close()
    file = folder / 'gateway.yaml'
    file.write_text(CONFIG.format(url=app.address, folder=folder / 'queue', port=broker.port))
    process = await asyncio.create_subprocess_exec(sys.executable, '-m', 'floor.gateway', file,
                                                   env={'TOKEN': SECRET}, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        while b'is connected' not in (line := await process.stderr.readline()):
            if not line:
                raise RuntimeError('the gateway has ended')
        yield psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def publish(client: aiomqtt.Client, machine: str, status: str, reason: str) -> None:
    """One message."""
    await client.publish(f'plant/{machine}', json.dumps({'status': status, 'reason': reason}), qos=1)


async def to_tile(app: Floor, client: aiomqtt.Client, rounds: int, seconds: float) -> list[Row]:
    """From publishing to the changed tile, and from an UPDATE, in turn."""
    mqtt: list[list[float]] = []
    sql: list[list[float]] = []
    async with writer(app.database_url) as update, chromium() as browser:
        post = Writer([lambda *change: publish(client, *change)] * WRITERS, update.machines, first=1_000_000)
        for number in range(rounds):
            mqtt.append(await latencies(browser, app.address, post, seconds))
            sql.append(await latencies(browser, app.address, update, seconds))
            say(f'round {number + 1}: MQTT p50 {median(mqtt[-1]):.2f} ms, UPDATE p50 {median(sql[-1]):.2f} ms')
    ours, theirs = (percentile(list(chain.from_iterable(side)), 0.5) for side in (mqtt, sql))
    middle = [spread([median(each) for each in side]) for side in (mqtt, sql)]
    return [at_most(f'MQTT by the gateway to tile in Chromium, {RATE}/s, p50', MORE_MS, ours - theirs,
                    'ms more than an UPDATE', f'{ours:.2f} against {theirs:.2f} ms; rounds {" against ".join(middle)}')]


async def cost(app: Floor, client: aiomqtt.Client, process: psutil.Process, seconds: int) -> list[Row]:
    """Processor and memory at a steady rate, and whether all of it arrived."""
    connection = await asyncpg.connect(app.database_url)
    machines = [row['machine_name'] for row in await connection.fetch(
        f'SELECT machine_name FROM {SCHEMA}.machine_feed_stream ORDER BY machine_id LIMIT {POINTS}')]
    times, began = process.cpu_times(), time.monotonic()
    for number in range(seconds * CHANGES_PER_S):
        await asyncio.sleep(max(0.0, began + number / CHANGES_PER_S - time.monotonic()))
        await publish(client, machines[number % POINTS], STATUSES[number // POINTS % len(STATUSES)], f'cost {number}')
    took, now = time.monotonic() - began, process.cpu_times()
    percent = (now.user + now.system - times.user - times.system) / took * 100
    memory = process.memory_info().rss / 1e6
    last = f"SELECT count(*) FROM {SCHEMA}.machine_feed_stream WHERE reason >= 'cost ' AND machine_name = ANY($1)"
    async with asyncio.timeout(20):
        while await connection.fetchval(last, machines) < POINTS:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await connection.close()
    what = f'the gateway, {POINTS} points, {CHANGES_PER_S} changes/s by MQTT'
    return [at_most(f'{what}: processor', CPU_PERCENT, percent, '% of a core', f'{number / took:.0f}/s'),
            at_most(f'{what}: memory', MEMORY_MB, memory, 'MB')]
