"""Behind a proxy that signs people in: a page stays signed in, and when its session has ended it comes back.

A page that lost its session cannot receive anything from the server: each try of its socket is led to a sign-in on
another site. What brings it back is in the page already.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from browser.harness import Until
from browser.login_proxy import LoginProxy
from browser.profile import browser_with_profile
from browser.profiles import LAPTOP
from browser.program import Program
from browser.visitor import Visitor, badge, tile
from playwright.async_api import BrowserContext, Page, expect
from ports import free_port

from floor.web.shell.session import ADDRESS, LINK, REFRESH_EVERY_S, RETRY_EVERY_S

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

MACHINE = 'Valve_01_01'
DOWN = "UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' WHERE machine_name = 'Valve_01_01'"
LOGIN_PORT = free_port()


def every(seconds: int, instead_of: int) -> tuple[bytes, bytes]:
    """How often a frame asks, as pages have it and as the proxy is to write it: as long, so that no length changes."""
    return tuple(f'content=&quot;{text}&quot;'.encode() for text in  # type: ignore[return-value]
                 (str(instead_of), str(seconds).zfill(len(str(instead_of)))))


TRIES_ONCE = every(99, instead_of=RETRY_EVERY_S)
"""A frame that has failed does not try again while a test waits: what comes back then does so in another way."""


@pytest.fixture(scope='module')
def behind(program: Program) -> Iterator[Program]:
    """The same floor on another port, configured with where its people sign in."""
    behind = program.joined('behind', SIGN_IN_ORIGINS=f'http://localhost:{LOGIN_PORT}')
    try:
        behind.start()
        yield behind
    finally:
        behind.stop()


@pytest_asyncio.fixture(loop_scope='session')
async def proxy(request: pytest.FixtureRequest, behind: Program) -> AsyncIterator[LoginProxy]:
    """Its parameter: the period in the pages, and another one to be written in its place."""
    proxy = LoginProxy(behind.host, login_port=LOGIN_PORT, instead=getattr(request, 'param', TRIES_ONCE))
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest_asyncio.fixture(scope='module', loop_scope='session')
async def profile(program: Program, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserContext]:
    async with browser_with_profile(tmp_path_factory.mktemp('profile'), viewport=LAPTOP,
                                    third_party_cookies=True) as profile:
        yield profile


@pytest_asyncio.fixture(loop_scope='session')
async def nobody(profile: BrowserContext) -> AsyncIterator[BrowserContext]:
    """A browser in which nobody is signed in."""
    yield profile
    for page in profile.pages[1:]:  # it ends with the last one
        await page.close()
    await profile.clear_cookies()


async def signed_in(people: BrowserContext, proxy: LoginProxy) -> Page:
    """A page of the floor, for somebody that the sign-in knows from now on."""
    page = await people.new_page()
    await page.goto(proxy.url)
    await page.get_by_role('link', name='Sign in').click()
    await is_connected(page)
    return page


async def is_connected(page: Page) -> None:
    """The page is there, and its socket too."""
    await expect(badge(page)).to_have_attribute('data-connection', 'live')
    await page.wait_for_function('window.did_handshake')


async def forgotten_by_the_sign_in(people: BrowserContext) -> None:
    """From now on it asks who they are."""
    await people.clear_cookies(name='person')


async def is_live_again(page: Page) -> None:
    """The page shows what was changed after its session had ended."""
    await expect(tile(page, MACHINE)).to_have_attribute('data-status', 'down')
    await expect(page.locator('#popup')).to_be_hidden()
    await expect(page.get_by_role('link', name=LINK)).to_be_hidden()


async def test_where_the_sign_in_asks_nothing_the_page_comes_back_automatically(
        nobody: BrowserContext, proxy: LoginProxy, connection: asyncpg.Connection) -> None:
    page = await signed_in(nobody, proxy)
    proxy.end_sessions()
    await connection.execute(DOWN)

    await is_live_again(page)
    assert proxy.led_away.count(ADDRESS) == 1, 'by the first try of the frame'


async def test_where_nobody_is_known_in_a_frame_the_link_leads_through_the_sign_in(
        nobody: BrowserContext, proxy: LoginProxy, connection: asyncpg.Connection) -> None:
    """As where a browser gives frames of other sites no cookies."""
    proxy.knows_people_in_frames = False
    page = await signed_in(nobody, proxy)
    proxy.end_sessions()
    await connection.execute(DOWN)
    link = page.get_by_role('link', name=LINK)
    await expect(link).to_be_visible()
    await expect(tile(page, MACHINE)).to_have_attribute('data-status', 'operational')

    await link.click()
    await is_live_again(page)


async def test_who_is_asked_may_answer_in_another_tab(
        nobody: BrowserContext, proxy: LoginProxy, connection: asyncpg.Connection) -> None:
    page = await signed_in(nobody, proxy)
    await forgotten_by_the_sign_in(nobody)
    proxy.end_sessions()
    await connection.execute(DOWN)
    await expect(page.get_by_role('link', name=LINK)).to_be_visible()

    await signed_in(nobody, proxy)
    await is_live_again(page)
    assert proxy.led_away.count(ADDRESS) == 1, 'without another try of the frame'


async def test_who_is_asked_may_answer_in_this_tab_and_is_back_where_they_were(
        nobody: BrowserContext, proxy: LoginProxy, connection: asyncpg.Connection) -> None:
    page = await signed_in(nobody, proxy)
    await page.goto(f'{proxy.url}/?machine={MACHINE}')
    await is_connected(page)
    await forgotten_by_the_sign_in(nobody)
    proxy.end_sessions()
    await connection.execute(DOWN)

    await page.get_by_role('link', name=LINK).click()
    await page.get_by_role('link', name='Sign in').click()
    await is_live_again(page)
    assert page.url == f'{proxy.url}/?machine={MACHINE}'


@pytest.mark.parametrize('proxy', [every(2, instead_of=REFRESH_EVERY_S)], ids=['every-2-s'], indirect=True)
async def test_a_session_that_slides_never_ends_while_a_page_is_open(
        nobody: BrowserContext, proxy: LoginProxy, connection: asyncpg.Connection, until: Until) -> None:
    """For a session of 5 s the frame asks every 2; else it is as in the program."""
    proxy.slides_for = 5
    page = await signed_in(nobody, proxy)
    length = await page.evaluate('history.length')

    await until(lambda: proxy.asked.count(ADDRESS) >= 6)
    assert await page.evaluate('history.length') == length, 'the way back is as long as it was'
    led_away = len(proxy.led_away)
    proxy.cut()
    await connection.execute(DOWN)
    await is_live_again(page)
    assert len(proxy.led_away) == led_away


@pytest.mark.parametrize('proxy', [every(2, instead_of=RETRY_EVERY_S)], ids=['every-2-s'], indirect=True)
async def test_a_frame_that_failed_with_the_network_tries_again(
        nobody: BrowserContext, proxy: LoginProxy, connection: asyncpg.Connection, until: Until) -> None:
    """A laptop wakes up before its network does."""
    page = await signed_in(nobody, proxy)
    failed: list[str] = []
    page.on('requestfailed', lambda request: failed.append(request.url))
    proxy.is_reachable = False
    proxy.end_sessions()
    await until(lambda: f'{proxy.url}{ADDRESS}' in failed)
    await connection.execute(DOWN)

    proxy.is_reachable = True
    await is_live_again(page)


async def test_while_the_connection_holds_only_one_frame_asks(visitor: Visitor, connection: asyncpg.Connection) -> None:
    asked: list[str] = []
    page = await visitor.open()
    page.on('request', lambda request: asked.append(request.url))
    await visitor.go(page)

    assert asked.count(f'{visitor.program.url}{ADDRESS}') == 1
    await expect(page.get_by_role('link', name=LINK)).to_be_hidden()
