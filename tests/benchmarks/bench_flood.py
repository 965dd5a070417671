"""10,000 work orders from one statement: how long the program stands still, and how its pages answer afterwards."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx

from .crowd import crowd
from .report import Row, at_most, say
from .server import SCHEMA, running_floor

ORDERS, BROWSERS = 10_000, 20
STILL_MS, PAGE_MS = 250.0, 1_000.0
SETTLE_S = 4.0
ASK_EVERY_S = 0.005
ADD = f"""
INSERT INTO {SCHEMA}.work_orders (machine_id, issue_description, priority, reporter_name)
SELECT machine_name, 'Hydraulic leak at cylinder ' || number,
       (ARRAY['low', 'medium', 'high', 'critical'])[1 + number % 4], 'Grace Kim'
FROM generate_series(1, $1::int) AS number
JOIN {SCHEMA}.machine_feed_stream ON machine_id = 1 + number % $2::int"""
ASSIGN = f"UPDATE {SCHEMA}.work_orders SET assignee = 'Lisa Garcia' WHERE assignee IS NULL"
PAGES = {'floor': '/', 'drawer of the machine': '/?machine=Source_Sorter_01_01', 'list': '/work-orders',
         'board': '/work-orders?view=board', 'shift report': '/reports/shift', 'REST, a page': '/api/work-orders'}


class Watch(threading.Thread):
    """Asks for the smallest answer of the program over and over: while its event loop stands still, so does this."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._host = urlsplit(address).netloc
        self._ends = threading.Event()
        self.longest_ms = 0.0

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=120)
        while not self._ends.is_set():
            began = time.perf_counter()
            connection.request('GET', '/session')
            connection.getresponse().read()
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - began) * 1000)
            time.sleep(ASK_EVERY_S)
        connection.close()

    def end(self) -> float:
        """ms of the longest wait for an answer."""
        self._ends.set()
        self.join()
        return self.longest_ms


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    orders, browsers = (2_000, 5) if quick else (ORDERS, BROWSERS)
    rows: list[Row] = []
    for where, machines in ('30 machines', 30), ('one machine', 1):
        load = f'{orders:,} orders for {where}, {2 * browsers} browsers'
        async with (running_floor(program) as app, crowd('floor', app.address, browsers),
                    crowd('orders', app.address, browsers),
                    httpx.AsyncClient(base_url=app.address, timeout=300) as client):
            connection = await asyncpg.connect(app.database_url)
            quiet = await still(app.address, connection, ADD, 1, machines)
            say(f'{load}: longest wait with one order {quiet:.0f} ms')
            for what, statement, values in ('made', ADD, (orders, machines)), ('assigned', ASSIGN, ()):
                longest = await still(app.address, connection, statement, *values)
                say(f'{load}, {what} at once: longest wait {longest:.0f} ms')
                rows.append(at_most(f'{load}: longest wait for an answer while they are {what} at once', STILL_MS,
                                    longest, 'ms', f'with one order {quiet:.0f} ms'))
            for name, address in PAGES.items():
                took = await answered(client, address)
                say(f'{load}: {name} {took:.0f} ms')
                rows.append(at_most(f'{load}: {name}', PAGE_MS, took, 'ms'))
            await connection.close()
    return rows


async def still(address: str, connection: asyncpg.Connection, statement: str, *values: object) -> float:
    """ms of the longest wait for an answer while a statement runs, and for some seconds after it."""
    watch = Watch(address)
    watch.start()
    await connection.execute(statement, *values, timeout=300)
    await asyncio.sleep(SETTLE_S)
    return watch.end()


async def answered(client: httpx.AsyncClient, address: str) -> float:
    """ms of the second of two answers."""
    (await client.get(address)).raise_for_status()
    began = time.perf_counter()
    (await client.get(address)).raise_for_status()
    return (time.perf_counter() - began) * 1000
