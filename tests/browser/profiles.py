"""Browser profiles that visitors use one after another: an empty one, whose files are in its cache and compiled.

A new profile loads and compiles every script of a page again, which takes as much processor time as the page itself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from browser.harness import PATIENCE_S
from playwright.async_api import Browser, Error, Page

LAPTOP: dict[str, int] = {'width': 1366, 'height': 768}
PHONE: dict[str, Any] = {'viewport': {'width': 390, 'height': 844}, 'has_touch': True, 'is_mobile': True,
                         'device_scale_factor': 2}
USUAL: dict[str, Any] = {'viewport': LAPTOP, 'reduced_motion': 'reduce', 'color_scheme': 'light', 'locale': 'en-US'}
OF_A_PAGE = ('viewport', 'reduced_motion', 'color_scheme')
"""What each page can have otherwise than its profile."""
MAX_WAITING = 2
"""Profiles of one kind that are kept for the next visitors: each has a process."""
PARKED = '/healthz'
"""A small page of the same site: on another one the process would end, and with it what it has compiled."""
PARKING_MS = 10_000


class Profiles:
    """Those of one browser."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._waiting: dict[str, list[Page]] = defaultdict(list)
        self._kinds: dict[Page, str] = {}

    async def take(self, *, used: bool = True, **options: Any) -> Page:
        """A page in an empty profile.

        used: whether it may be one that another visitor had; a test that leaves in it what `give_back` cannot take
        out, such as a slow network, wants a new one. options: those of a new context of Playwright.
        """
        options = USUAL | options
        of_profile = {name: value for name, value in options.items() if name not in OF_A_PAGE}
        kind = json.dumps(of_profile, sort_keys=True)
        if used and self._waiting[kind]:
            page = self._waiting[kind].pop()
        else:
            usual = USUAL | PHONE if options.get('is_mobile') else USUAL
            page = await (await self.browser.new_context(**usual | of_profile)).new_page()
            page.context.set_default_timeout(PATIENCE_S * 1000)
        if used:
            self._kinds[page] = kind
        await page.set_viewport_size(options['viewport'])
        await page.emulate_media(media='null', color_scheme=options['color_scheme'],
                                 reduced_motion=options['reduced_motion'])
        return page

    async def give_back(self, page: Page, url: str) -> None:
        """Empty the profile of this page for the next visitor, or close it. url: of the program that was visited."""
        kind = self._kinds.pop(page, None)
        if kind is not None and len(self._waiting[kind]) < MAX_WAITING and await self._is_emptied(page, url):
            self._kinds[page] = kind
            self._waiting[kind].append(page)
        else:
            await page.context.close()

    async def _is_emptied(self, page: Page, url: str) -> bool:
        context = page.context
        try:
            for other in context.pages:
                if other is not page:
                    await other.close()
            await page.unroute_all()
            await context.set_offline(False)
            await page.goto(url + PARKED, timeout=PARKING_MS)
            await page.evaluate('sessionStorage.clear(); localStorage.clear()')
            await context.clear_cookies()
        except Error:  # a page that the test has closed, or a program that it has stopped
            return False
        return True
