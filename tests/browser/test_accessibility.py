"""Pages have no serious accessibility problem that axe-core finds, on a laptop, a tablet and a phone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from browser.profiles import LAPTOP, PHONE
from browser.visitor import Visitor
from playwright.async_api import ViewportSize

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

TABLET = {'width': 820, 'height': 1180}
PAGES = (
    '/',
    '/setup',
    '/setup/plant',
    '/setup/lines',
    '/setup/types',
    '/setup/machines',
    '/setup/import',
    '/employees',
    '/setup/changes',
    '/setup/access',
    '/setup/feeds',
)
LOADED = '[...document.querySelectorAll(".loading")].every(each => !each.checkVisibility())'
OPTIONS = {'resultTypes': ['violations'], 'preload': False}
"""preload: ask for all stylesheets once more, for rules that are not serious; NiceGUI shows a bar meanwhile."""
SERIOUS = {'serious', 'critical'}


@pytest.mark.parametrize(('device', 'sizes'), [({}, [LAPTOP]), (PHONE, [PHONE['viewport'], TABLET])],
                         ids=['laptop', 'touch'])
async def test_pages_have_no_serious_accessibility_problem(
        visitor: Visitor, device: dict[str, Any], sizes: list[ViewportSize]) -> None:
    page = await visitor.blank(**device)
    for path in PAGES:
        await page.set_viewport_size(sizes[0])
        await visitor.go(page, path)
        for size in sizes:
            await page.set_viewport_size(size)
            await page.wait_for_function('width => window.innerWidth === width', arg=size['width'])
            await page.wait_for_function(LOADED)
            found = await Axe().run(page, options=OPTIONS)
            assert [f'{path} at {size}: {each["id"]}: {node["html"][:160]}' for each in found.response['violations']
                    if each['impact'] in SERIOUS for node in each['nodes']] == []
