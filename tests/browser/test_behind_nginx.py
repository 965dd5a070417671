"""Behind a real nginx, at the root and below a path: every page is whole and live, and nothing asks past the path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from benchmarks.browsers import FloorBrowser
from browser.harness import Until
from browser.nginx import HOST, LOCATION, PASS, Proxied, nginx
from browser.profiles import Profiles
from browser.program import Program
from browser.report_window import choose_window, chosen_window
from browser.visitor import Visitor, badge, drawer, tile
from playwright.async_api import Browser, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

PAGES = ['/', '/?kiosk', '/work-orders', '/work-orders?view=board', '/reports', '/reports/shift', '/employees',
         '/diagnosis', '/past?at=2026-11-23T09:41:00']
BELOW = LOCATION.replace(' / ', ' /monitor/ ')
PREFIX = f'{HOST} proxy_set_header X-Forwarded-Prefix /monitor;'
BREAK = "UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' WHERE machine_name = 'Valve_01_01'"
WAYS = {
    'at the root': ('', '', []),
    'the path is taken off': ('/monitor', '', [(LOCATION, BELOW), (PASS, PASS.replace(';', '/;')), (HOST, PREFIX)]),
    'the path is left on': ('/monitor', '', [(LOCATION, BELOW), (HOST, PREFIX)]),
    'the path is left on and not announced': ('/monitor', '/monitor', [(LOCATION, BELOW)]),
    'the path is taken off and not announced': ('/monitor', '/monitor/',
                                                [(LOCATION, BELOW), (PASS, PASS.replace(';', '/;'))]),
}
USUAL = 'the path is taken off'
ADDRESSES = """() => [...document.querySelectorAll('[href], [src], [srcdoc]')].flatMap(each => [
    each.getAttribute('srcdoc')?.match(/src="([^"]*)"/)?.[1], each.getAttribute('href'), each.getAttribute('src')])
    .filter(address => address?.startsWith('/'))"""
NEEDED = re.compile(r'(?:href|src)="(/[^"]+)"|url\("(/[^"]+)"\)|"(/[^"]+\.js)"')
"""What a browser asks for before it runs the scripts of a page."""


async def complaints(visitor: Visitor) -> list[str]:
    """Of the browser and of the program. Leaving a page breaks off what it was loading, and one of our headers means
    nothing over plain http to a name."""
    return [complaint for complaint in await visitor.leave()
            if 'net::ERR_ABORTED' not in complaint and 'The Cross-Origin-Opener-Policy header' not in complaint]


@pytest.fixture(scope='module')
def programs(program: Program, delivered: object) -> Iterator[dict[str, Program]]:
    """The same floor by ROOT_PATH."""
    programs = {'': program}
    yield programs
    for root_path in programs.keys() - {''}:
        programs[root_path].stop()


@pytest.fixture(params=WAYS)
def proxied(request: pytest.FixtureRequest, programs: dict[str, Program]) -> Iterator[Proxied]:
    """The program behind nginx, in one of these ways."""
    path, root_path, changes = WAYS[request.param]
    if root_path not in programs:
        programs[root_path] = programs[''].joined(f'proxied-{len(programs)}', ROOT_PATH=root_path)
        programs[root_path].start()
    with nginx(programs[root_path], *changes, path=path) as proxied:
        yield proxied


async def test_pages_what_they_need_and_changes_come_in_each_of_these_ways(
        proxied: Proxied, connection: asyncpg.Connection, until: Until) -> None:
    """Without a browser: what the program makes of a request no longer depends on the way, and a browser sees
    it below."""
    async with httpx.AsyncClient(base_url=proxied.url) as http:
        needed = set()
        for address in PAGES:
            page = (await http.get(address)).raise_for_status().text
            assert f'prefix: "{proxied.path}"' in page
            needed |= {next(filter(None, found)) for found in NEEDED.findall(page)}
        assert len(needed) > 20
        for address in needed:
            assert address.startswith(f'{proxied.path}/')
            (await http.get(f'http://{proxied.host}{address}')).raise_for_status()
        (await http.get('/assets/sounds/order.wav')).raise_for_status()

        listed = await http.get('/api/work-orders?per_page=1')
        assert f'<{proxied.path}/api/work-orders?' in listed.headers['link']
        described = (await http.get('/openapi.json')).json()
        assert [server['url'] for server in described.get('servers', [])] == ([proxied.path] if proxied.path else [])
        slash = await http.get('/reports/shift/')
        assert slash.headers['location'] == f'{proxied.path}/reports/shift'

        browser = FloorBrowser(proxied.url)
        try:
            await browser.open(http)
            await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'change 7' "
                                     "WHERE machine_name = 'Valve_01_01'")
            await until(lambda: any(('Valve_01_01', 7) in shown for _, shown in browser.seen))
        finally:
            browser.close()


@pytest.mark.parametrize('proxied', [USUAL], indirect=True)
async def test_every_page_is_whole_and_live(proxied: Proxied, profiles: Profiles,
                                            connection: asyncpg.Connection) -> None:
    visitor = Visitor(profiles, proxied)  # type: ignore[arg-type]
    asked = []
    page = await visitor.open('/')
    page.on('request', lambda request: asked.append(urlsplit(request.url).path))
    page.on('websocket', lambda socket: asked.append(urlsplit(socket.url).path))
    for address in PAGES:
        await visitor.go(page, address)
        await page.wait_for_load_state('networkidle')
        with suppress(PlaywrightTimeoutError):  # a link gets the path a moment after it appears
            await page.wait_for_function(f'path => ({ADDRESSES})().every(found => found.startsWith(path))',
                                         arg=f'{proxied.path}/')
        assert [found for found in await page.evaluate(ADDRESSES) if not found.startswith(f'{proxied.path}/')] == [], \
            address
    await visitor.go(page)
    await connection.execute(BREAK)
    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')
    async with page.expect_response(re.compile(r'/assets/sounds/order\.wav')) as response:
        await connection.execute("INSERT INTO work_orders (machine_id, issue_description, priority) "
                                 "VALUES ('Valve_01_01', 'It burns', 'critical')")
    assert (await response.value).status in {200, 206}

    assert {path for path in asked if not path.startswith(f'{proxied.path}/')} == set()
    assert any(path.startswith(f'{proxied.path}/_nicegui_ws/') for path in asked)
    assert await complaints(visitor) == []


@pytest.mark.parametrize('proxied', [USUAL], indirect=True)
async def test_links_files_and_the_address_keep_the_path(
        proxied: Proxied, profiles: Profiles, connection: asyncpg.Connection) -> None:
    visitor = Visitor(profiles, proxied)  # type: ignore[arg-type]
    page = await visitor.open('/')

    def is_at(address: str) -> re.Pattern[str]:
        return re.compile(re.escape(proxied.url + address))

    await tile(page, 'Valve_01_01').click()
    await expect(page).to_have_url(is_at('/?machine=Valve_01_01'))
    await drawer(page).get_by_role('button', name='New work order').click()
    await page.get_by_role('textbox', name=re.compile('What')).fill('The seat is worn')
    await page.get_by_role('button', name='Create').click()
    await page.get_by_role('link', name='View order').click()
    await expect(page).to_have_url(is_at('/work-orders/WO-'))
    order = page.url.rpartition('/')[2]
    await page.get_by_role('link', name='Work orders', exact=True).click()
    await expect(page).to_have_url(is_at('/work-orders'))
    async with page.expect_download() as download:
        await page.get_by_role('link', name='CSV').click()
    assert (await download.value).url.startswith(f'{proxied.url}/work-orders.csv')
    await page.locator('.order-list tbody a').first.click()
    await expect(page).to_have_url(is_at(f'/work-orders/{order}'))
    await page.get_by_role('link', name='Reports', exact=True).click()
    await choose_window(page, '7 days')
    await expect(page).to_have_url(is_at('/reports?'))
    await page.go_back()
    await expect(chosen_window(page)).to_have_value('Today')
    await page.go_forward()
    await expect(chosen_window(page)).to_have_value('7 days')
    assert await complaints(visitor) == []


async def test_a_proxy_that_loses_the_port(program: Program, profiles: Profiles,
                                           connection: asyncpg.Connection) -> None:
    """`Host $host` on a port of a LAN, as many write it. A name in ALLOWED_HOSTS without a port is ours on any."""
    named = program.joined('named', ALLOWED_HOSTS='floor.example')
    named.start()
    try:
        with nginx(named, (HOST, 'proxy_set_header Host $host;'), name='floor.example') as proxied:
            visitor = Visitor(profiles, proxied)  # type: ignore[arg-type]
            page = await visitor.open('/')
            await connection.execute(BREAK)
            await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')
            assert await complaints(visitor) == []
    finally:
        named.stop()


async def test_a_name_that_nobody_allowed_is_in_the_log_and_on_the_diagnosis(
        program: Program, chromium: Browser, connection: asyncpg.Connection, until: Until) -> None:
    unnamed = program.joined('unnamed', ALLOWED_HOSTS='floor.example:1')
    unnamed.start()
    try:
        with nginx(unnamed, (HOST, 'proxy_set_header Host $host;'), name='floor.example') as proxied:
            page = await chromium.new_page()
            await page.goto(proxied.url)
            await until(lambda: 'refused requests from' in proxied.log)
            line, = [line for line in proxied.log.splitlines() if 'refused requests from' in line]
            assert f'http://{proxied.host}' in line
            assert 'set ALLOWED_HOSTS=floor.example,' in line
            await page.goto(f'{unnamed.url}/diagnosis')
            await expect(page.locator('.findings-list')).to_contain_text(f'http://{proxied.host}')
            await expect(page.locator('.findings-list')).to_contain_text('set ALLOWED_HOSTS=floor.example,')
            await page.close()
    finally:
        unnamed.stop()


async def test_a_screen_that_was_opened_before_the_program_is_up(folder: Path, chromium: Browser) -> None:
    program = Program(folder)
    with nginx(program) as proxied:
        page = await chromium.new_page()
        answer = await page.goto(f'{proxied.url}/?kiosk')
        assert answer is not None
        assert answer.status == 503
        await expect(page.get_by_text('This page reloads every 5 seconds.')).to_be_visible()
        try:
            program.start()
            await expect(badge(page)).to_have_attribute('data-connection', 'live')
            await expect(page.locator('.wall .tile')).to_have_count(30)
            await page.close()
        finally:
            program.stop()
