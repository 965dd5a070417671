"""A browser with a profile on the disk: only there can be chosen what it does with the cookies of other sites."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.chromium import NAMES
from browser.harness import FLAGS, find_chromium
from playwright.async_api import BrowserContext, async_playwright

ALLOWED, BLOCKED = 0, 1
"""Chromium's own words for it; Debian's Chromium blocks by default."""


@asynccontextmanager
async def browser_with_profile(folder: Path, *, third_party_cookies: bool, flags: Sequence[str] = (),
                               **options: Any) -> AsyncIterator[BrowserContext]:
    """folder: an empty one. third_party_cookies: whether a frame of another site gets its cookies."""
    (folder / 'Default').mkdir(parents=True)
    mode = ALLOWED if third_party_cookies else BLOCKED
    (folder / 'Default' / 'Preferences').write_text(json.dumps({'profile': {'cookie_controls_mode': mode}}))
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder, executable_path=find_chromium(playwright, *NAMES), args=[*FLAGS, *flags],
            reduced_motion='reduce', **options)
        yield context
        await context.close()
