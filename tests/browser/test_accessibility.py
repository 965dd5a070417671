"""Pages have no serious accessibility problem that axe-core finds, on a laptop, a tablet and a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from browser.profiles import PHONE
from browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope='session')

LAPTOP = {'viewport': {'width': 1366, 'height': 768}}
TABLET = {'viewport': {'width': 820, 'height': 1180}, 'has_touch': True}
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
SERIOUS = {'serious', 'critical'}


@pytest.mark.parametrize('size', [LAPTOP, TABLET, PHONE], ids=['laptop', 'tablet', 'phone'])
async def test_pages_have_no_serious_accessibility_problem(visitor: Visitor, size: dict[str, object]) -> None:
    page = await visitor.blank(**size)
    for path in PAGES:
        await visitor.go(page, path)
        await page.wait_for_function(LOADED)
        found = await Axe().run(page)
        assert [f'{path}: {each["id"]}: {node["html"][:160]}' for each in found.response['violations']
                if each['impact'] in SERIOUS for node in each['nodes']] == []
