"""Signing in at an OpenID provider and through a proxy, behind a real nginx below a path; and being signed out."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio
import uvicorn
from browser.harness import until
from browser.nginx import HOST, LOCATION, PASS, Proxied, answers, nginx
from browser.program import Program
from openid_provider import CLIENT_ID, CLIENT_SECRET, TestProvider
from playwright.async_api import Browser, BrowserContext, Page, expect
from ports import free_port

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

BELOW_A_PATH = [(LOCATION, LOCATION.replace(' / ', ' /monitor/ ')), (PASS, PASS.replace(';', '/;')),
                (HOST, f'{HOST} proxy_set_header X-Forwarded-Prefix /monitor;')]
COOKIE = 'line-monitor-session'
HTML = {'Accept': 'text/html'}
OUTSIDE = ['//evil.example', 'https://evil.example', '/\\evil.example', '/\t/evil.example', '/sign-out', '']


@contextmanager
def served(provider: TestProvider) -> Iterator[TestProvider]:
    """The provider over HTTP."""
    port = int(provider.issuer.rpartition(':')[2])
    server = uvicorn.Server(uvicorn.Config(provider.app, port=port, log_level='warning', lifespan='off'))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(.02)
    yield provider
    server.should_exit = True
    thread.join()


@pytest.fixture(scope='module')
def provider() -> Iterator[TestProvider]:
    with served(TestProvider(f'http://127.0.0.1:{free_port()}')) as provider:
        yield provider


@pytest.fixture(scope='module')
def site(program: Program, delivered: object, provider: TestProvider) -> Iterator[Proxied]:
    """The same floor on another port and behind nginx, where people sign in at the provider."""
    sso = program.joined('sso', DATABASE_URL=program.database_url, OIDC_ISSUER=provider.issuer,
                         OIDC_CLIENT_ID=CLIENT_ID, OIDC_CLIENT_SECRET=CLIENT_SECRET)
    with nginx(sso, *BELOW_A_PATH, path='/monitor') as proxied:
        sso.configure(PUBLIC_URL=proxied.url)
        sso.start()
        try:
            yield proxied
        finally:
            sso.stop()


@pytest_asyncio.fixture(loop_scope='session')
async def context(chromium: Browser, connection: asyncpg.Connection, site: Proxied) -> AsyncIterator[BrowserContext]:
    """A browser in which nobody has signed in."""
    await until(lambda: site.program.health().get('status') == 'live')
    context = await chromium.new_context()
    yield context
    await context.close()


async def opened(context: BrowserContext, floor: Proxied, path: str) -> Page:
    page = await context.new_page()
    await page.goto(f'{floor.url}{path}')
    await page.wait_for_function('window.did_handshake')
    return page


async def secret_of(context: BrowserContext) -> str:
    [cookie] = [cookie for cookie in await context.cookies() if cookie['name'] == COOKIE]
    assert (cookie['httpOnly'], cookie['sameSite'], cookie['path']) == (True, 'Lax', '/monitor')
    return cookie['value']


def program_with(floor: Proxied, secret: str, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=floor.url, cookies={COOKIE: secret}, headers=headers)


# the provider

async def test_signing_in_leads_to_the_page_that_was_asked_for_and_out_again(
        context: BrowserContext, site: Proxied, provider: TestProvider) -> None:
    page = await opened(context, site, '/work-orders?status=open&priority=high')
    assert page.url == f'{site.url}/work-orders?status=open&priority=high'
    other = await opened(context, site, '/reports')
    secret = await secret_of(context)
    async with program_with(site, secret) as client:
        assert (await client.get('/api/machines')).status_code == 200

    menu = page.get_by_role('button', name='Lisa Garcia')   # by the address in another case; the employee's name
    await menu.click()
    await expect(page.get_by_text('Role: technician')).to_be_visible()
    provider.asked.clear()
    await page.get_by_role('button', name='Sign out').click()
    await expect(page.get_by_role('heading', name='You are signed out')).to_be_visible()
    await page.wait_for_url(f'{site.url}/signed-out')
    assert provider.asked == ['sign-out']
    assert COOKIE not in {cookie['name'] for cookie in await context.cookies()}

    await expect(other.get_by_role('heading', name='You are signed out')).to_be_visible()   # at once
    async with program_with(site, secret) as client:   # somebody has kept the cookie
        assert (await client.get('/api/machines')).status_code == 401
        assert (await client.get('/reports', headers=HTML)).status_code == 303
    await other.get_by_role('link', name='Sign in').click()
    await other.wait_for_url(f'{site.url}/reports')
    assert await secret_of(context) != secret


async def test_an_open_page_ends_with_its_session_and_keeps_what_was_typed(
        context: BrowserContext, site: Proxied, connection: asyncpg.Connection) -> None:
    order = await connection.fetchval('INSERT INTO work_orders (machine_id, issue_description) '
                                      "VALUES ('Valve_01_01', 'Hisses') RETURNING id")
    page = await opened(context, site, f'/work-orders/{order}')
    await page.get_by_role('textbox', name='Comment').fill('It hisses at the seal')
    await page.get_by_role('textbox', name='Comment').blur()
    await connection.execute('UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL')   # as another instance does
    await expect(page.get_by_role('heading', name='You are signed out')).to_be_visible()
    await page.get_by_role('link', name='Sign in').click()
    await page.wait_for_url(f'{site.url}/work-orders/{order}')
    await expect(page.get_by_role('textbox', name='Comment')).to_have_value('It hisses at the seal')


async def test_a_deactivated_employee_is_out_at_once_and_stays_out(
        context: BrowserContext, site: Proxied, connection: asyncpg.Connection) -> None:
    page = await opened(context, site, '/work-orders')
    await connection.execute("UPDATE employees SET active = false WHERE email = 'lisa.garcia@example.com'")
    try:
        await expect(page.get_by_role('heading', name='You are signed out')).to_be_visible()
        await page.get_by_role('link', name='Sign in').click()
        await expect(page.get_by_text('Lisa.garcia@example.com is deactivated on this floor')).to_be_visible()
    finally:
        await connection.execute("UPDATE employees SET active = true WHERE email = 'lisa.garcia@example.com'")


async def test_hostile_requests(context: BrowserContext, site: Proxied, provider: TestProvider) -> None:
    await opened(context, site, '/work-orders')
    secret = await secret_of(context)
    by_another_site = {'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate'}
    async with program_with(site, secret, **by_another_site) as other_site:
        assert (await other_site.post('/sign-out')).status_code == 403
    async with program_with(site, secret) as client:
        assert (await client.get('/api/machines')).status_code == 200   # still signed in
        assert (await client.get('/sign-out')).status_code == 405

    async with httpx.AsyncClient(base_url=site.url) as nobody:
        for address in '/api/machines', '/work-orders.csv', '/session', '/api/plant/lines':
            refused = await nobody.get(address, headers=HTML | {'Sec-Fetch-Dest': 'iframe'})
            assert (refused.status_code, refused.headers['www-authenticate']) == (401, 'Bearer'), address
        for outside in OUTSIDE:
            sent = await nobody.get('/sign-in', params={'next': outside})
            back = await nobody.get(callback(site, provider, sent))
            assert (back.status_code, back.headers['location']) == (303, '/monitor/'), outside
            assert nobody.cookies.get(COOKIE) != secret

    async with httpx.AsyncClient(base_url=site.url, cookies={COOKIE: 'planted'}) as victim:   # fixation
        address = callback(site, provider, await victim.get('/sign-in?next=/employees'))
        async with httpx.AsyncClient(base_url=site.url) as thief:   # the link, in another browser
            refused = await thief.get(address)
            assert (refused.status_code, 'was not started in this browser' in refused.text) == (403, True)
            assert 'set-cookie' not in refused.headers or COOKIE not in refused.headers['set-cookie']
        own = await victim.get(address)
        assert own.headers['location'] == '/monitor/employees'
        assert 'planted' not in own.headers['set-cookie'] and COOKIE in own.headers['set-cookie']
        again = await victim.get(address)
        assert (again.status_code, 'sign in again' in again.text) == (403, True)


def callback(floor: Proxied, provider: TestProvider, sent: httpx.Response) -> str:
    """The address at which the provider would send this browser back."""
    assert sent.headers['location'].startswith(f'{provider.issuer}/authorize?'), sent.text
    return f'{floor.url}/sign-in/callback?{provider.answer(sent.headers["location"])}'


async def test_without_the_provider_there_is_a_page_that_says_so(context: BrowserContext, site: Proxied,
                                                                provider: TestProvider) -> None:
    provider.lie = lambda claims: {**claims, 'nonce': 'of another attempt'}
    page = await context.new_page()
    await page.goto(f'{site.url}/employees')
    await expect(page.get_by_role('heading', name='You are not signed in')).to_be_visible()
    await expect(page.get_by_text('sent an ID token that is not valid')).to_be_visible()
    provider.lie = lambda claims: claims
    await page.get_by_role('link', name='Try again').click()
    await page.wait_for_url(f'{site.url}/employees')


@pytest.fixture
def mock() -> Iterator[str]:
    """oidc-provider-mock, with a form and its own view of the protocol; it starts when the program has started."""
    port = free_port()
    process = subprocess.Popen([sys.executable, '-m', 'oidc_provider_mock', '--port', str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f'http://localhost:{port}'
    process.terminate()
    process.wait()


async def test_another_provider_than_ours(chromium: Browser, program: Program, delivered: object, mock: str) -> None:
    sso = program.joined('mock', DATABASE_URL=program.database_url, OIDC_ISSUER=mock, OIDC_CLIENT_ID='floor',
                         OIDC_CLIENT_SECRET='any')
    sso.configure(PUBLIC_URL=sso.url)
    page = await (await chromium.new_context()).new_page()
    try:
        sso.start()
        await until(lambda: answers(mock))
        await page.goto(f'{sso.url}/work-orders')
        await page.locator('input[name=sub]').fill('mike.johnson@example.com')
        await page.get_by_role('button', name='Authorize').click()
        await page.wait_for_url(f'{sso.url}/work-orders')
        await page.get_by_role('button', name='Mike Johnson').click()
        await expect(page.get_by_text('Role: supervisor')).to_be_visible()
    finally:
        await page.context.close()
        sso.stop()


# a proxy

async def test_the_header_of_a_proxy_counts_from_its_address_alone(
        chromium: Browser, program: Program, delivered: object) -> None:
    inside = program.joined('header', DATABASE_URL=program.database_url, TRUSTED_PROXIES='127.0.0.1',
                            IDENTITY_HEADER='X-Forwarded-Email', IDENTITY_GROUPS_HEADER='X-Forwarded-Groups',
                            OIDC_GROUPS='staff=operator')
    named = (HOST, f'{HOST} proxy_set_header X-Forwarded-Email Lisa.Garcia@Example.com; '
                   f'proxy_set_header X-Forwarded-For $remote_addr;')
    page = await (await chromium.new_context(extra_http_headers={'X-Forwarded-Email': 'mike.johnson@example.com'})
                  ).new_page()
    with nginx(inside, named) as proxied:
        try:
            inside.start()
            await until(lambda: inside.health().get('status') == 'live')
            await page.goto(f'{proxied.url}/work-orders')   # nginx replaces what the browser sends
            await expect(page.locator('.bar-person')).to_have_text('Lisa Garcia')
            async with peer(inside, '127.0.0.1') as trusted, peer(inside, '127.0.0.2') as stranger:
                mike = ('X-Forwarded-Email', 'mike.johnson@example.com')
                assert (await trusted.get('/api/machines', headers=[mike])).status_code == 200
                assert (await trusted.get('/api/machines')).status_code == 401
                twice = await trusted.get('/api/machines', headers=[mike, mike])
                assert 'duplicate' in twice.json()['detail']
                for forwarded in 'x', '127.0.0.1':
                    refused = await stranger.get('/api/machines', headers=[mike, ('X-Forwarded-For', forwarded)])
                    assert refused.status_code == 401
                    assert 'add 127.0.0.2 to TRUSTED_PROXIES' in refused.json()['detail']
            assert inside.log.count('127.0.0.2 sends X-Forwarded-Email, but is not one of TRUSTED_PROXIES') == 1
        finally:
            await page.context.close()
            inside.stop()


def peer(program: Program, address: str) -> httpx.AsyncClient:
    """A client with this address; all of 127.0.0.0/8 is this machine."""
    assert urlsplit(program.url).hostname == '127.0.0.1'
    return httpx.AsyncClient(base_url=program.url, transport=httpx.AsyncHTTPTransport(local_address=address))
