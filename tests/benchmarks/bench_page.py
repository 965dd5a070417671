"""A cold page in Chromium, empty cache: bytes over the wire, and the first tile against an empty NiceGUI page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser

from .chromium import chromium, fresh
from .report import Row, at_most, say, spread
from .server import empty_page, floor

MEGABYTES, RATIO = 0.7, 1.5
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
    async with floor(program) as app, empty_page() as empty, chromium() as browser:
        for address in app.address, empty.address:   # the servers' first page isn't measured
            await load(browser, address)
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
                    f'{spread(us)} against {spread(them)} ms')]


async def load(browser: Browser, address: str) -> Load:
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
        await page.wait_for_selector('.tile', state='attached')
        result.first_tile = await page.evaluate('window.firstTile')
    return result
