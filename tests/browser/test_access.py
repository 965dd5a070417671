"""From the link in the terminal to a plant whose people, programs, tablets and walls have access, without a sign-in."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
import pytest_asyncio
from browser.harness import until
from browser.program import Program
from browser.visitor import tile
from playwright.async_api import Browser, BrowserContext, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

LINK = re.compile(r'/link/lm_first_[\w-]{43}')
SECRETS = 'lm_token_', 'lm_station_', 'lm_wall_', 'lm_invite_'
"""What they begin with. Only the first link is printed."""
LEAK = {'machine_id': 'Valve_03_01', 'issue_description': 'Leak'}


@pytest.fixture(scope='module')
def site(program: Program, delivered: object) -> Iterator[Program]:
    """The same floor on a port that other machines could reach."""
    plant = program.joined('access', HOST='0.0.0.0')
    try:
        plant.start()
        yield plant
    finally:
        plant.stop()


@pytest_asyncio.fixture(scope='module', loop_scope='session')
async def supervisor(site: Program, chromium: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of the first supervisor, made by the link in the terminal."""
    await until(lambda: LINK.search(site.log))
    link = site.url + LINK.findall(site.log)[-1]
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(site.url)
    await expect(page.get_by_text('Nobody is signed in: open the link of an invitation')).to_be_visible()
    await page.goto(link)
    for label, value in ('First name', 'Ana'), ('Last name', 'López'), ('E-mail address', 'ana@plant.example'):
        await page.get_by_label(label).fill(value)
    await page.get_by_role('button', name='Become the supervisor').click()
    await page.wait_for_url(f'{site.url}/setup')
    async with httpx.AsyncClient() as other:
        for answer in await other.get(link), await other.post(link, data={'first_name': 'Eve'}):
            assert answer.status_code == 403
    yield context
    await context.close()


async def made_on_page(page: Page, button: str, label: str, name: str, make: str) -> str:
    """Make something on /setup/access; the last text to copy."""
    await page.get_by_role('button', name=button, exact=True).click()
    await page.get_by_label(label).fill(name)
    await page.get_by_role('dialog').get_by_role('button', name=make).click()
    await expect(page.get_by_role('button', name='Done')).to_be_visible()
    text = await page.locator('.access-copy code').last.inner_text()
    await page.get_by_role('button', name='Done').click()
    await expect(page.get_by_text(name, exact=True)).to_be_visible()
    return text


async def setup_page(plant: Program, supervisor: BrowserContext) -> Page:
    page = await supervisor.new_page()
    await page.goto(f'{plant.url}/setup/access')
    await page.wait_for_function('window.did_handshake')
    return page


async def test_the_line_beside_a_new_token_works_as_it_is_until_the_token_is_revoked(
        site: Program, supervisor: BrowserContext) -> None:
    page = await setup_page(site, supervisor)
    command = await made_on_page(page, 'New token', 'Name of the program', 'MES', 'Make token')

    async def printed() -> bytes:
        curl = await asyncio.create_subprocess_exec(*shlex.split(command), '-s', stdout=asyncio.subprocess.PIPE)
        return (await curl.communicate())[0]

    assert b'"accepted"' in await printed()
    await page.get_by_role('button', name='Revoke MES').click()
    await page.get_by_role('dialog').get_by_role('button', name='Revoke').click()
    await expect(page.get_by_text('No program has a token.')).to_be_visible()
    assert b'this token was revoked' in await printed()
    token = re.search(r'lm_token_[\w-]+', command)
    assert token is not None
    async with httpx.AsyncClient() as client:
        answer = await client.get(f'{site.url}/api/machines', params={'access_token': token[0]})
    assert answer.status_code == 401
    await page.close()


async def test_at_a_station_a_supervisor_is_an_operator_whose_name_and_station_are_kept(
        site: Program, supervisor: BrowserContext, chromium: Browser, connection: asyncpg.Connection) -> None:
    page = await setup_page(site, supervisor)
    await page.get_by_role('button', name='New station').click()
    await page.get_by_label('Name of the station').fill('Press hall')
    await page.get_by_label('Line (optional)').click()
    await page.get_by_role('option', name='Engine Line').click()
    await page.get_by_role('button', name='Make station').click()
    link = await page.locator('.access-copy code').last.inner_text()
    await page.get_by_role('button', name='Done').click()

    tablet = await chromium.new_context()
    at_tablet = await tablet.new_page()
    await at_tablet.goto(link)
    await at_tablet.get_by_role('button', name='Make it a station').click()
    await expect(at_tablet.get_by_role('heading', name='Who are you?')).to_be_visible()
    await at_tablet.get_by_label('Name').fill('lopez')
    await at_tablet.get_by_role('button', name='Search').click()
    await at_tablet.get_by_role('button', name='Ana López').click()
    await at_tablet.wait_for_url(f'{site.url}/?line=Engine+Line')
    await expect(at_tablet.get_by_role('link', name='Ana López · Press hall')).to_be_visible()
    await expect(tile(at_tablet, 'Valve_03_01')).to_have_count(0)
    cookie, = [each for each in await tablet.cookies() if each['name'] == 'line-monitor-station']
    assert (cookie['httpOnly'], cookie['sameSite']) == (True, 'Lax')

    async def sent(secret: str) -> httpx.Response:
        async with httpx.AsyncClient(cookies={'line-monitor-station': secret}) as client:
            return await client.post(f'{site.url}/api/work-orders', json=LEAK | {'even_if_open': True})

    order = await sent(cookie['value'])
    assert order.json()['reporter_name'] == 'Ana López at station Press hall'
    edited = await sent(cookie['value'][:-1] + ('A' if cookie['value'][-1] != 'A' else 'B'))
    assert (edited.status_code, 'nobody is signed in' in edited.text) == (401, True)
    async with httpx.AsyncClient(cookies={'line-monitor-station': cookie['value']}) as client:
        refused = await client.post(f'{site.url}/api/plant/lines', json={'name': 'Mine'})
    assert refused.json()['detail'] == 'this requires the role supervisor; your role is operator'

    await page.get_by_role('button', name='Revoke Press hall').click()
    await page.get_by_role('dialog').get_by_role('button', name='Revoke').click()
    await expect(page.get_by_text('No browser is a station.')).to_be_visible()
    assert (await sent(cookie['value'])).status_code == 401
    await tablet.close()
    await page.close()


async def test_a_wall_screen_shows_the_floor_and_cannot_be_made_to_do_more(
        site: Program, supervisor: BrowserContext, chromium: Browser, connection: asyncpg.Connection) -> None:
    page = await setup_page(site, supervisor)
    link = await made_on_page(page, 'New link', 'Name of the screen', 'Hall 3', 'Make link')
    wall = await chromium.new_context()
    screen = await wall.new_page()
    await screen.goto(link)
    await screen.wait_for_url(f'{site.url}/?kiosk=1&theme=dark')
    await expect(tile(screen, 'Valve_03_01')).to_be_visible()
    for path in '/work-orders', '/employees', '/reports', '/setup/access', '/api/employees', '/work-orders.csv':
        answer = await screen.request.get(site.url + path)
        assert (answer.status, 'only shows the floor' in await answer.text()) == (403, True), path
    refused = await screen.request.post(f'{site.url}/api/work-orders', data=LEAK)
    assert refused.status == 403

    before = await connection.fetchval('SELECT count(*) FROM work_orders')
    await screen.goto(f'{site.url}/?machine=Valve_03_01')
    report = screen.get_by_role('button', name='New work order')
    await expect(report).to_be_disabled()
    await screen.evaluate("""() => document.querySelectorAll('[disabled]').forEach(each => {
        each.disabled = false; each.classList.remove('disabled'); each.click();
        for (const listener of [1, 2, 3]) window.socket.emit('event', {
            id: Number(each.id.slice(1)), client_id: window.clientId, listener_id: String(listener), args: [{}]});
    })""")
    await expect(screen.get_by_role('dialog', name='New work order')).to_have_count(0)
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == before

    await page.get_by_role('button', name='Revoke Hall 3').click()
    await page.get_by_role('dialog').get_by_role('button', name='Revoke').click()
    await expect(page.get_by_text('No wall screen has a link.')).to_be_visible()
    assert (await screen.request.get(link)).status == 403
    assert [secret for secret in SECRETS if secret in site.log] == []
    await wall.close()
    await page.close()
