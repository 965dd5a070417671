"""What a visitor complains of: a request that fails, and none that is under way when somebody leaves its page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from browser.profiles import LAPTOP, Profiles
from browser.program import Program
from browser.visitor import Visitor
from playwright.async_api import Page, Route

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

SLOW = '**/session?slow'
ASK = "void fetch('/session?slow', {signal: (window.giveUp = new AbortController()).signal}).catch(() => 0)"

Leave = Callable[[Visitor, Page], Awaitable[object]]


@pytest.fixture
def other(profiles: Profiles, program: Program) -> Visitor:
    """Somebody whose complaints are the subject."""
    return Visitor(profiles, program)


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


async def test_a_frame_that_starts_again_with_a_request_under_way_is_no_complaint(other: Visitor) -> None:
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


async def test_the_next_visitor_finds_an_empty_profile(profiles: Profiles, program: Program) -> None:
    """The same browser profile, for its cache, with nothing in it of the visitor before."""
    first, second = Visitor(profiles, program), Visitor(profiles, program)
    page = await first.open(viewport={'width': 800, 'height': 600}, color_scheme='dark')
    assert await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    await page.evaluate("sessionStorage.setItem('draft', '1'); localStorage.setItem('draft', '1')")
    await page.route('**/employees', lambda route: route.abort())
    await page.emulate_media(media='print')
    await page.context.new_page()
    cookies = await page.context.cookies()
    assert cookies
    await first.leave()

    again = await second.open()

    assert again.context is page.context
    assert again.context.pages == [again]
    assert again.viewport_size == LAPTOP
    for media in 'print', '(prefers-color-scheme: dark)':
        assert await again.evaluate(f"matchMedia('{media}').matches") is False
    assert await again.evaluate("sessionStorage.getItem('draft') || localStorage.getItem('draft')") is None
    assert not {cookie['value'] for cookie in cookies} & {cookie['value'] for cookie in await again.context.cookies()}
    await second.go(again, '/employees')
    assert await second.leave() == []
    assert len(first.complaints) == 0, 'what comes after a visit is of the next one'
