"""The Databricks tab in a real browser: the dashboard is framed from the workspace over https, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from browser.profile import browser_with_profile
from browser.profiles import LAPTOP, PHONE
from browser.program import Program
from browser.report_window import choose_window, chosen_window
from browser.visitor import Visitor, fits_window
from browser.workspace import DASHBOARD_ID, HOST, SIGN_IN, WORKSPACE_ID, DashboardWorkspace
from playwright.async_api import BrowserContext, FrameLocator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

TAB = '/reports?tab=databricks'
EMBEDDED = f'https://{HOST}/embed/dashboardsv3/{DASHBOARD_ID}?o={WORKSPACE_ID}'
PUBLISHED = f'https://{HOST}/dashboardsv3/{DASHBOARD_ID}/published?o={WORKSPACE_ID}'


@pytest.fixture(scope='module')
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardWorkspace]:
    workspace = DashboardWorkspace(tmp_path_factory.mktemp('workspace'))
    yield workspace
    workspace.stop()


@pytest.fixture(scope='module')
def with_dashboard(program: Program, workspace: DashboardWorkspace) -> Iterator[Program]:
    """The same floor on another port, configured with a dashboard as by the bundle."""
    second = program.joined('dashboard', **workspace.environment)
    try:
        second.start()
        yield second
    finally:
        second.stop()


@pytest_asyncio.fixture(scope='module', loop_scope='session', params=[True], ids=['cookies'])
async def browser(request: pytest.FixtureRequest, workspace: DashboardWorkspace, program: Program,
                  tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserContext]:
    """It knows where the workspace's name leads, and trusts its certificate; its parameter: third-party cookies."""
    async with browser_with_profile(tmp_path_factory.mktemp('profile'),
                                    third_party_cookies=request.param,
                                    flags=workspace.browser_flags, viewport=LAPTOP) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope='session')
async def page(browser: BrowserContext, workspace: DashboardWorkspace) -> AsyncIterator[Page]:
    workspace.asked.clear()
    workspace.frame_ancestors = '*'
    await browser.clear_cookies()
    page = await browser.new_page()
    yield page
    await page.close()


def framed(page: Page) -> FrameLocator:
    return page.frame_locator('.databricks-frame iframe')


@pytest.mark.parametrize(('browser', 'words'), [(True, 'Line Monitor on Databricks'), (False, 'Sign in to Databricks')],
                         ids=['cookies', 'no-third-party-cookies'], indirect=['browser'])
async def test_who_is_signed_in_to_databricks_sees_the_dashboard(
        page: Page, with_dashboard: Program, workspace: DashboardWorkspace, words: str) -> None:
    """Where the browser gives the frame no cookies, the link beside it shows the same."""
    await page.goto(f'https://{HOST}{SIGN_IN}')
    await page.goto(with_dashboard.url + TAB)

    await expect(framed(page).get_by_role('heading')).to_have_text(words)
    await expect(page.locator('.databricks-frame iframe')).to_have_attribute('src', EMBEDDED)
    assert workspace.asked[-1] == EMBEDDED.removeprefix(f'https://{HOST}')
    await page.get_by_text('Empty, or repeatedly asks you to sign in').click()
    await expect(page.get_by_text('may block third-party cookies')).to_be_visible()

    async with page.expect_popup() as opened:
        await page.get_by_role('link', name='Open in Databricks').click()
    other = await opened.value
    await expect(other.get_by_role('heading')).to_have_text('Line Monitor on Databricks')
    assert other.url == PUBLISHED
    assert await other.evaluate('window.opener') is None


async def test_who_waits_reads_what_for(
        page: Page, with_dashboard: Program, workspace: DashboardWorkspace) -> None:
    workspace.answers.clear()
    await page.goto(with_dashboard.url + TAB, wait_until='commit')
    await expect(page.get_by_text(f'Loading from {HOST}…')).to_be_visible()
    await expect(page.locator('.databricks-frame')).to_have_attribute('aria-busy', 'true')

    workspace.answers.set()
    await expect(framed(page).get_by_role('heading')).to_be_visible()
    await expect(page.locator('.databricks-frame')).to_have_attribute('aria-busy', 'false')
    await expect(page.get_by_text(f'Loading from {HOST}…')).to_be_hidden()


async def test_a_workspace_that_lets_nobody_embed_leaves_the_link_and_the_reason(
        page: Page, with_dashboard: Program, workspace: DashboardWorkspace) -> None:
    workspace.frame_ancestors = "'none'"
    await page.goto(with_dashboard.url + TAB)

    await expect(page.locator('.databricks-frame')).to_have_attribute('aria-busy', 'false')
    await expect(framed(page).get_by_text('Databricks')).to_have_count(0)
    await expect(page.get_by_role('link', name='Open in Databricks')).to_have_attribute('href', PUBLISHED)
    await page.get_by_text('Empty, or repeatedly asks you to sign in').click()
    await expect(page.get_by_text('under Settings, Security, Embed dashboards')).to_be_visible()


async def test_the_tab_is_in_the_address_and_the_choice_goes_along(page: Page, with_dashboard: Program) -> None:
    await page.goto(with_dashboard.url + '/reports')
    await choose_window(page, '7 days')
    await expect(page).to_have_url(re.compile(r'window=7d'))
    tabs = page.get_by_role('navigation', name='Report types')

    await tabs.get_by_role('link', name='Databricks').click()
    await expect(page).to_have_url(re.compile(r'/reports\?window=7d&tab=databricks$'))
    await expect(tabs.get_by_role('link', name='Databricks')).to_have_attribute('aria-current', 'page')
    await expect(page.locator('.databricks-frame iframe')).to_be_visible()

    await tabs.get_by_role('link', name='KPIs').click()
    await expect(chosen_window(page)).to_have_value('7 days')


async def test_a_phone_shows_it_without_sideways_scrolling(page: Page, with_dashboard: Program) -> None:
    await page.set_viewport_size(PHONE['viewport'])
    await page.goto(with_dashboard.url + TAB)
    await expect(page.locator('.databricks-frame iframe')).to_be_visible()
    await fits_window(page)


async def test_where_no_dashboard_is_set_it_says_how_to(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open(TAB)

    await expect(page.get_by_text('No dashboard is configured.')).to_be_visible()
    await expect(page.get_by_text('set DASHBOARD_EMBED_URL')).to_be_visible()
    await expect(page.locator('.databricks-frame')).to_have_count(0)
