"""A page acts for the person who opened it: who comes back to it as somebody else gets their own page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
import pytest_asyncio
from browser.harness import until
from browser.login_proxy import HEAD_END, LoginProxy, parsed
from browser.program import Program
from playwright.async_api import Browser, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

SUE, VERA = 'lisa.garcia@example.com', 'tom.kowalski@example.com'
SUES, VERAS = ({'X-Forwarded-Email': email} for email in (SUE, VERA))
COMMENTS = "SELECT who_email FROM work_order_events WHERE kind = 'commented' ORDER BY event_id"


class IdentityProxy(LoginProxy):
    """As that of Databricks Apps: it says in a header of each request who is signed in."""

    person = SUE

    async def _visit_app(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(HEAD_END)).removesuffix(HEAD_END)
        head += f'\r\nX-Forwarded-Email: {self.person}'.encode() + HEAD_END
        await self._pass_on(head, parsed(head)[1], reader, writer)


@pytest.fixture(scope='module')
def on_apps(program: Program, delivered: object) -> Iterator[Program]:
    """The same floor on another port, as Databricks Apps runs it."""
    on_apps = program.joined('apps', DATABRICKS_APP_NAME='floor', DATABASE_URL=program.database_url)
    try:
        on_apps.start()
        yield on_apps
    finally:
        on_apps.stop()


@pytest_asyncio.fixture(loop_scope='session')
async def proxy(on_apps: Program) -> AsyncIterator[IdentityProxy]:
    proxy = IdentityProxy(on_apps.host)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest_asyncio.fixture(loop_scope='session')
async def order(connection: asyncpg.Connection, on_apps: Program) -> str:
    id_: str = await connection.fetchval('INSERT INTO work_orders (machine_id, issue_description) '
                                         "VALUES ('Valve_01_01', 'Hisses') RETURNING id")
    await until(lambda: on_apps.health().get('status') == 'live')
    return id_


async def opened(chromium: Browser, proxy: IdentityProxy, order: str) -> Page:
    page = await (await chromium.new_context()).new_page()
    await page.goto(f'{proxy.url}/work-orders/{order}')
    await page.wait_for_function('window.did_handshake')
    await expect(page.get_by_role('textbox', name='Comment')).to_be_visible()
    return page


async def test_who_comes_back_as_somebody_else_gets_their_own_page(
        chromium: Browser, proxy: IdentityProxy, order: str, connection: asyncpg.Connection) -> None:
    page = await opened(chromium, proxy, order)
    await expect(page.locator('.bar-person')).to_have_text('Lisa Garcia')
    await page.get_by_role('textbox', name='Comment').fill('The seal is here')

    proxy.is_reachable = False
    proxy.cut()
    await expect(page.locator('#popup')).to_be_visible()
    await page.get_by_role('button', name='Add comment').click()  # is sent as soon as the connection is back
    proxy.person, proxy.is_reachable = VERA, True

    await expect(page.locator('.bar-person')).to_have_text('Tom Kowalski')
    await expect(page.get_by_role('textbox', name='Comment')).to_have_value('')
    await page.get_by_role('textbox', name='Comment').fill('I am Tom')
    await page.get_by_role('button', name='Add comment').click()
    await expect(page.get_by_text('I am Tom')).to_be_visible()
    assert [row['who_email'] for row in await connection.fetch(COMMENTS)] == [VERA]
    await page.context.close()


async def test_who_comes_back_as_the_same_person_goes_on_with_the_same_page(
        chromium: Browser, proxy: IdentityProxy, order: str, connection: asyncpg.Connection) -> None:
    page = await opened(chromium, proxy, order)
    client_id = await page.evaluate('window.clientId')
    proxy.cut()
    await page.get_by_role('textbox', name='Comment').fill('The seal is here')
    await page.get_by_role('button', name='Add comment').click()
    await expect(page.locator('.history, .panel').get_by_text('The seal is here').first).to_be_visible()
    assert await page.evaluate('window.clientId') == client_id
    assert [row['who_email'] for row in await connection.fetch(COMMENTS)] == [SUE]
    await page.context.close()


async def test_a_message_counts_only_from_a_socket_of_its_page(
        chromium: Browser, proxy: IdentityProxy, order: str, connection: asyncpg.Connection) -> None:
    sues = await opened(chromium, proxy, order)
    await sues.evaluate('() => { const emit = socket.emit; socket.emit = (...sent) => '
                        '{ window.sent = sent; return emit.apply(socket, sent); }; }')
    await sues.get_by_role('textbox', name='Comment').fill('The first')
    await sues.get_by_role('button', name='Add comment').click()
    await expect(sues.get_by_text('The first').first).to_be_visible()
    message = await sues.evaluate("() => window.sent.filter(part => typeof part !== 'function')")
    await sues.get_by_role('textbox', name='Comment').fill('Not yet')

    proxy.person = VERA
    veras = await opened(chromium, proxy, order)
    await veras.evaluate('message => socket.emit(...message)', message)
    await veras.get_by_role('textbox', name='Comment').fill('By Tom')
    await veras.get_by_role('button', name='Add comment').click()
    await expect(veras.get_by_text('By Tom').first).to_be_visible()

    assert [row['who_email'] for row in await connection.fetch(COMMENTS)] == [SUE, VERA]
    for page in sues, veras:
        await page.context.close()


async def test_another_person_can_upload_nothing_to_a_page_and_not_go_on_with_its_polling(
        on_apps: Program, order: str) -> None:
    async with httpx.AsyncClient(base_url=on_apps.url) as client:
        page = await client.get(f'/work-orders/{order}', headers=SUES)
        found = re.search(r'client_id\W+([0-9a-f-]{36})', page.text)
        assert found
        upload = f'/_nicegui/client/{found[1]}/upload/1'
        assert (await client.post(upload, headers=VERAS)).status_code == 403
        assert (await client.post(upload, headers=SUES)).status_code == 404  # there is no such element

        polling = '/_nicegui_ws/socket.io/?EIO=4&transport=polling'
        session = (await client.get(polling, headers=SUES)).text.partition('"sid":"')[2].partition('"')[0]
        assert (await client.post(f'{polling}&sid={session}', content='40', headers=VERAS)).status_code == 403
        assert (await client.post(f'{polling}&sid={session}', content='40', headers=SUES)).status_code == 200
