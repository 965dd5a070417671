"""A real Chromium, and the scripts by which a benchmark watches a page in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
WATCH = """() => {
  window.changes = [];
  const note = tile => window.changes.push([tile.dataset.machine, tile.dataset.reason,
                                            performance.timeOrigin + performance.now()]);
  new MutationObserver(records => {
    for (const record of records) if (record.target.dataset.machine) note(record.target);
  }).observe(document.body, {subtree: true, attributes: true, attributeFilter: ['data-reason']});
}"""
"""Notes when (ms since 1970) a tile came to show which reason."""


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """The browser, started, with more flags for its command line."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise RuntimeError('this benchmark needs Chromium: apt-get install chromium')
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=['--no-sandbox', *flags])
        yield browser
        await browser.close()


@asynccontextmanager
async def fresh(browser: Browser) -> AsyncIterator[tuple[BrowserContext, Page, CDPSession]]:
    """A tab of a person who has never been here, and a session of the developer tools with it."""
    context = await browser.new_context(viewport={'width': 1440, 'height': 900})
    page = await context.new_page()
    yield context, page, await context.new_cdp_session(page)
    await context.close()
