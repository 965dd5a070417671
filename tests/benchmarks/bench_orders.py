"""50,000 work orders and 100 simulated browsers on their list: the page, a filter, a search, a new order, memory."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from statistics import median

import asyncpg
import httpx

from .changes import Change
from .chromium import chromium, fresh
from .crowd import Crowd, crowd
from .report import Row, at_most, percentile, say
from .searches import search_rows, summary
from .server import SCHEMA, Floor, running_floor

ORDERS, BROWSERS, PASSING = 50_000, 100, 10_000
ACTIVE_SHARE = 0.03
PAGE_MS, FILTER_MS, SHOWN_MS = 300.0, 200.0, 300.0
SEARCHED, PAGES, FILTERS, CREATED, CREATED_PER_S = 30, 100, 40, 60, 2.0
FEW_BROWSERS, FEW_FILTERS, FEW_CREATED = 5, 20, 15
PARTS = 5
TIMEOUT_S = 60.0
GROWTH = 1.10
MEGABYTE = 1024 * 1024

ADD_ORDERS = f"""
SET search_path = {SCHEMA};
SET session_replication_role = replica;
INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name, assignee, assignee_id, timestamp,
                         created_at, status, due_at, acknowledged_at, started_at, completed_at, cause, action_taken)
SELECT 'WO-20250101-' || lpad(to_hex(number), 8, '0'), machine.machine_name, 'Hydraulic leak at cylinder ' || number,
       (ARRAY['low', 'medium', 'high', 'critical'])[1 + number % 4], 'Grace Kim',
       person.first_name || ' ' || person.last_name, person.id, at, at,
       CASE WHEN fate.active THEN (ARRAY['open', 'in_progress', 'on_hold'])[1 + number % 3] ELSE 'completed' END,
       at + interval '8 hours', at + interval '5 minutes', at + interval '10 minutes',
       CASE WHEN NOT fate.active THEN at + interval '1 hour' END, 'Seal worn', 'Seal replaced'
FROM generate_series(1, {{count}}) AS number
CROSS JOIN LATERAL (SELECT now() - number * interval '10 minutes' AS at,
                           number % 1000 < {ACTIVE_SHARE} * 1000 AS active) AS fate
JOIN machine_feed_stream machine ON machine.machine_id = 1 + number % 30
JOIN employees person ON person.id = 1 + number % 15;
INSERT INTO work_order_events (event_id, work_order_id, at, who, kind, new_value)
SELECT nextval('work_order_event_number'), id, created_at, reporter_name, 'created', 'open' FROM work_orders;
INSERT INTO work_order_events (event_id, work_order_id, at, who, kind, note)
SELECT nextval('work_order_event_number'), id, created_at, reporter_name, 'commented',
       'Ordered part ' || right(id, 5) || ' from Müller, Lange Straße ' || right(id, 2) || ', comes the day after'
FROM work_orders;
SET session_replication_role = DEFAULT;
ANALYZE work_orders, work_order_events, work_order_texts;
SELECT announce('{{{{"resync": "orders were loaded"}}}}');"""
PASS_ORDERS = f"""
SET search_path = {SCHEMA};
WITH made AS (INSERT INTO work_orders (machine_id, issue_description, reporter_name)
              SELECT machine_name, 'Passing through', 'Grace Kim' FROM machine_feed_stream WHERE machine_id <= 20
              RETURNING id)
SELECT count(*) FROM made;
UPDATE work_orders SET status = 'completed', cause = 'Nothing', action_taken = 'Nothing'
WHERE issue_description = 'Passing through' AND status = 'open';"""
PASSED_AT_ONCE = 20
PRESS = """chip => new Promise(done => {
  const rows = () => [...document.querySelectorAll('.order-list tbody a')].map(link => link.href).join();
  const before = rows(), began = performance.now();
  const observer = new MutationObserver(() => {
    if (rows() === before) return;
    observer.disconnect();
    requestAnimationFrame(() => done(performance.now() - began));
  });
  observer.observe(document.querySelector('.order-list'), {subtree: true, childList: true, attributes: true});
  chip.click();
})"""
"""Presses a chip; ms until other rows are there, to the next frame."""


async def run(program: Path, *, quick: bool, search_only: bool = False) -> list[Row]:
    """The rows. search_only: searches, a filter and a new order with few browsers, which takes about a minute."""
    orders, browsers, passing, created = (5_000, 20, 1_000, 10) if quick else (ORDERS, BROWSERS, PASSING, CREATED)
    searched, filtered = 5 if quick else SEARCHED, FILTERS
    if search_only:
        browsers, created, filtered = FEW_BROWSERS, min(created, FEW_CREATED), FEW_FILTERS
    load = f'{orders:,} orders, {browsers} browsers'
    async with running_floor(program) as app:
        connection = await asyncpg.connect(app.database_url)
        await connection.execute(ADD_ORDERS.format(count=orders))
        say(f'{orders:,} orders are there')
        async with (crowd('orders', app.address, browsers) as people,
                    httpx.AsyncClient(base_url=app.address, timeout=TIMEOUT_S) as http):
            rows = await search_rows(http, connection, searched, load)
            rows += await filter_rows(app, filtered, load)
            rows += await new_order_rows(people, http, created, load)
            if not search_only:
                rows = [*await page_rows(http, load), *rows, *await memory_rows(app, connection, passing)]
        await connection.close()
    return rows


async def page_rows(http: httpx.AsyncClient, load: str) -> list[Row]:
    """How long the page takes."""
    pages = await page_times(http)
    say(f'list page: {summary(pages)}')
    return [at_most(f'{load}, list page on the server, p95', PAGE_MS, percentile(pages, 0.95), 'ms')]


async def filter_rows(app: Floor, count: int, load: str) -> list[Row]:
    """How long a filter takes."""
    filters = await filter_times(app, count)
    say(f'filter: {summary(filters)}')
    return [at_most(f'{load}, filter chosen to rows changed in Chromium, p95', FILTER_MS, percentile(filters, 0.95),
                    'ms', f'p50 {median(filters):.0f} ms')]


async def new_order_rows(people: Crowd, http: httpx.AsyncClient, count: int, load: str) -> list[Row]:
    """How long a new order takes to every open list."""
    seen = await people.observed(await create(http, count))
    say(f'new order: p50 {seen.p50:.0f}, p95 {seen.p95:.0f}, worst {seen.worst:.0f} ms; {seen.missed} missed')
    return [at_most(f'{load}, new order to shown in every browser, p95', SHOWN_MS, seen.p95, 'ms',
                    f'p50 {seen.p50:.0f} ms'),
            Row(f'{load}, new orders that a browser did not show', 'none', str(seen.missed), seen.missed == 0)]


async def memory_rows(app: Floor, connection: asyncpg.Connection, passing: int) -> list[Row]:
    """How much memory grows."""
    sizes = await memory(app, connection, passing)
    return [Row(f'server memory while {passing:,} orders pass', f'flat: at most {GROWTH:g} x the start',
                f'{sizes[0]:.0f}, {sizes[len(sizes) // 2]:.0f}, {sizes[-1]:.0f} MB', sizes[-1] <= sizes[0] * GROWTH)]


async def page_times(http: httpx.AsyncClient) -> list[float]:
    """ms of each load of the page, its rows in it."""
    times = []
    for _ in range(PAGES):
        began = time.perf_counter()
        page = (await http.get('/work-orders', headers={'Connection': 'close'})).raise_for_status()
        times.append((time.perf_counter() - began) * 1000)
        assert 'Hydraulic leak' in page.text, 'the page came without its orders'
    return times


async def filter_times(app: Floor, count: int) -> list[float]:
    """ms from a press on a chip to other rows on the screen, in a real browser among the simulated ones."""
    times = []
    async with chromium() as browser, fresh(browser) as (_, page, _):
        await page.goto(f'{app.address}/work-orders')
        await page.wait_for_selector('.order-list tbody a')
        for _ in range(count):  # on and off: both of them show other orders first
            chip = page.locator('.chip', has_text='On hold').first
            times.append(await asyncio.wait_for(chip.evaluate(PRESS), TIMEOUT_S))
    return times


async def create(http: httpx.AsyncClient, count: int) -> list[Change]:
    """Orders made one after the other by who uses the REST interface, as the form does it."""
    made = []
    began = time.monotonic()
    for number in range(1, count + 1):
        await asyncio.sleep(max(0.0, began + number / CREATED_PER_S - time.monotonic()))
        sent = time.time()
        answer = await http.post('/api/work-orders', headers={'Idempotency-Key': uuid.uuid4().hex}, json={
            'machine_id': 'Valve_01_01', 'issue_description': f'change {number}', 'priority': 'medium'})
        answer.raise_for_status()
        made.append(Change(number, f'order {number}', sent))
    return made


async def memory(app: Floor, connection: asyncpg.Connection, passing: int) -> list[float]:
    """MB of the server before, while and after orders are made and completed."""
    sizes = [app.rss / MEGABYTE]
    for part in range(PARTS):
        for _ in range(passing // PARTS // PASSED_AT_ONCE):
            await connection.execute(PASS_ORDERS)
        await asyncio.sleep(2)
        sizes.append(app.rss / MEGABYTE)
        say(f'{(part + 1) * passing // PARTS:6} orders passed: server {sizes[-1]:.0f} MB')
    return sizes
