"""What a visitor complains of: a request that fails, and none that is under way when somebody leaves its page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from browser.program import Program
from browser.visitor import Visitor
from playwright.async_api import Browser, Page, Route

pytestmark = pytest.mark.asyncio(loop_scope='session')

SLOW = '**/session?slow'
ASK = "void fetch('/session?slow', {signal: (window.giveUp = new AbortController()).signal}).catch(() => 0)"

Leave = Callable[[Visitor, Page], Awaitable[object]]


@pytest.fixture
def other(chromium: Browser, program: Program) -> Visitor:
    """Somebody whose complaints are the subject."""
    return Visitor(chromium, program)


async def waiting_page(visitor: Visitor) -> Page:
    """A page with a request under way that the server does not answer."""
    page = await visitor.open()
    asked = asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()

    await page.route(SLOW, hold)
    await page.evaluate(ASK)
    await asked.wait()
    return page


LEAVING: dict[str, Leave] = {
    'for another page': lambda visitor, page: visitor.go(page, '/employees'),
    'by a link': lambda visitor, page: page.get_by_role('link', name='Work orders', exact=True).click(),
    'by a reload': lambda visitor, page: page.reload(),
    'by closing the page': lambda visitor, page: page.close(),
    'by closing the browser': lambda visitor, page: page.context.close(),
}


@pytest.mark.parametrize('how', LEAVING)
async def test_a_page_that_is_left_with_a_request_under_way_is_no_complaint(other: Visitor, how: str) -> None:
    page = await waiting_page(other)

    await LEAVING[how](other, page)

    assert await other.leave() == []


async def test_a_visit_that_ends_with_a_request_under_way_is_no_complaint(other: Visitor) -> None:
    await waiting_page(other)

    assert await other.leave() == []


async def test_a_frame_that_starts_anew_with_a_request_under_way_is_no_complaint(other: Visitor) -> None:
    """As the frames of floor/web/shell/session.py do: each holds another that asks."""
    page = await waiting_page(other)
    async with page.expect_event('request'):
        await page.evaluate("""document.body.append(Object.assign(document.createElement('iframe'), {
            name: 'outer', srcdoc: '<iframe src="/session?slow"></iframe>'}))""")

    async with page.expect_event('framedetached'), page.expect_event('requestfailed'):
        await page.evaluate("document.querySelector('[name=outer]').srcdoc = ''")

    assert await other.leave() == []


async def test_a_request_that_is_given_up_on_a_page_that_stays_is_one(other: Visitor) -> None:
    page = await waiting_page(other)

    async with page.expect_event('requestfailed'):
        await page.evaluate('giveUp.abort()')

    complaint, = await other.leave()
    assert complaint == f'failed: {other.program.url}/session?slow net::ERR_ABORTED, although its frame stayed'


async def test_a_request_that_fails_is_one_although_the_page_is_left(other: Visitor) -> None:
    page = await other.open()
    await page.route(SLOW, lambda route: route.abort('connectionreset'))

    async with page.expect_event('requestfailed'):
        await page.evaluate(ASK)
    await other.go(page, '/employees')

    first, *_ = await other.leave()
    assert first.startswith(f'failed: {other.program.url}/session?slow net::ERR_')
