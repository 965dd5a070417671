"""A cold page in Chromium, empty cache: bytes over the wire, and the first tile against an empty NiceGUI page; what the
photos of an order add."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from pictures import encoded, photo
from playwright.async_api import Browser

from .chromium import chromium, fresh
from .report import Row, at_most, say, spread
from .server import SCHEMA, Floor, empty_page, running_floor

MEGABYTES, RATIO = 0.7, 1.5
PHOTOS, PHOTO_KILOBYTES = 8, 300
ADD_ORDER = "INSERT INTO work_orders (machine_id, issue_description) VALUES ('Valve_01_01', 'Leak') RETURNING id"
ADD_PHOTO = ('INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) '
             "VALUES ($1, 'leak.jpg', 'image/jpeg', $2, 'Lisa')")
BIGGEST = 8
FIRST_TILE = """new MutationObserver((_, observer) => {
  if (!document.querySelector('.tile')) return;
  window.firstTile ??= performance.now();
  observer.disconnect();
}).observe(document, {subtree: true, childList: true});"""


@dataclass(slots=True)
class Load:
    """One cold load: bytes as they went over the wire by path, and ms to the first tile."""

    sizes: dict[str, int] = field(default_factory=dict)
    first_tile: float = 0.0


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    rounds = 3 if quick else 11
    ours: list[Load] = []
    bare: list[Load] = []
    async with running_floor(program) as app, empty_page() as empty, chromium() as browser:
        for address in app.address, empty.address:   # the servers' first page isn't measured
            await load(browser, address)
        photos, stored = await photo_bytes(browser, app)
        for _ in range(rounds):
            ours.append(await load(browser, app.address))
            bare.append(await load(browser, empty.address))
    sizes = ours[-1].sizes
    for path, size in sorted(sizes.items(), key=lambda item: -item[1])[:BIGGEST]:
        say(f'{size / 1000:7.1f} kB  {path}')
    say(f'{sum(bare[-1].sizes.values()) / 1000:7.1f} kB  the empty page in all')
    us, them = ([load.first_tile for load in side] for side in (ours, bare))
    return [at_most('cold page, bytes over the wire', MEGABYTES, sum(sizes.values()) / 1e6, 'MB',
                    f'{len(sizes)} resources; the empty page has {sum(bare[-1].sizes.values()) / 1e6:.2f} MB'),
            at_most('cold page, first tile', RATIO, median(us) / median(them), 'x an empty NiceGUI page',
                    f'{spread(us)} against {spread(them)} ms'),
            at_most(f'an order with {PHOTOS} photos, bytes of the photos', PHOTO_KILOBYTES, photos / 1000, 'kB',
                    f'of {stored / 1e6:.0f} MB that are stored')]


async def photo_bytes(browser: Browser, app: Floor) -> tuple[int, int]:
    """Of the photos of an order when it is opened; and as they are stored."""
    connection = await asyncpg.connect(app.database_url, server_settings={'search_path': SCHEMA})
    order = await connection.fetchval(ADD_ORDER)
    photos = [encoded(photo((4000, 3000), seed), 'JPEG', quality=92) for seed in range(PHOTOS)]
    for content in photos:
        await connection.execute(ADD_PHOTO, order, content)
    await connection.close()
    sizes = (await load(browser, f'{app.address}/work-orders/{order}', f'.attachments li:nth-child({PHOTOS})')).sizes
    return sum(size for path, size in sizes.items() if '/attachments/' in path), sum(map(len, photos))


async def load(browser: Browser, address: str, shown: str = '.tile') -> Load:
    """Open the page as a person who has never been there."""
    result = Load()
    paths: dict[str, str] = {}

    def on_response(event: dict[str, Any]) -> None:
        paths[event['requestId']] = urlsplit(event['response']['url']).path

    def on_finished(event: dict[str, Any]) -> None:
        path = paths.get(event['requestId'], '?')
        result.sizes[path] = result.sizes.get(path, 0) + int(event['encodedDataLength'])

    async with fresh(browser) as (_, page, tools):
        await tools.send('Network.enable')
        tools.on('Network.responseReceived', on_response)
        tools.on('Network.loadingFinished', on_finished)
        await page.add_init_script(FIRST_TILE)
        await page.goto(address, wait_until='networkidle')
        await page.wait_for_selector(shown, state='attached')
        if shown != '.tile':
            await page.locator(shown).scroll_into_view_if_needed()
            await page.wait_for_load_state('networkidle')
            await page.wait_for_function('[...document.images].every(each => each.complete)')
            return result
        result.first_tile = await page.evaluate('window.firstTile')
    return result
