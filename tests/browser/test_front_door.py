"""What stands between the program and everybody else: headers, cookies, origins, bodies. The real program answers, real
browsers ask."""

from __future__ import annotations

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio
from benchmarks.websocket import WebSocketClient
from browser.elsewhere import other_site
from browser.harness import PATIENCE_S
from browser.program import Program
from browser.visitor import Visitor, tiles
from pictures import encoded, motif
from playwright.async_api import Browser, expect

from floor.web.middleware.request_limits import MESSAGES_AT_ONCE, MESSAGES_PER_S

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

ORDERS = '/api/work-orders'
PAGES = ('/', '/work-orders', '/work-orders?view=board', '/reports', '/reports/shift', '/past', '/employees',
         '/diagnosis')
NO_PAGES = ('/api/machines', '/api/work-orders', '/api/nothing', '/healthz', '/metrics', '/openapi.json', '/docs',
            '/assets/css/floor.css', '/assets/', '/favicon.ico')
SOCKET = '/_nicegui_ws/socket.io/?EIO=4&transport='


@pytest_asyncio.fixture(loop_scope='session')
async def client(program: Program, delivered: object) -> AsyncIterator[httpx.AsyncClient]:
    """A program that asks, and is no browser."""
    async with httpx.AsyncClient(base_url=program.url, timeout=30) as client:
        yield client


@pytest.fixture(scope='module')
def apps_program(program: Program) -> Iterator[Program]:
    """The same floor as if it ran on Databricks Apps, with the dashboard of a workspace."""
    there = program.joined('apps', DATABRICKS_APP_NAME='floor', DATABASE_URL=program.database_url,
                           DATABRICKS_HOST='ws.example.com', DASHBOARD_EMBED_URL='https://dbc-1.cloud.databricks.com/embed/dashboardsv3/01ef?o=7')
    try:
        there.start()
        yield there
    finally:
        there.stop()


# headers

async def test_every_answer_says_what_a_browser_may_do_with_it(program: Program, client: httpx.AsyncClient) -> None:
    ourselves = {"'self'", program.url}
    for path in *PAGES, *NO_PAGES, '/no/such/page', '/work-orders/WO-20260101-00000000':
        answer = await client.get(path)
        policy = policy_of(answer)
        assert answer.headers['x-content-type-options'] == 'nosniff', path
        assert answer.headers['referrer-policy'] == 'strict-origin-when-cross-origin', path
        assert 'camera=()' in answer.headers['permissions-policy'], path
        assert answer.headers['cross-origin-opener-policy'] == 'same-origin', path
        assert answer.headers['cross-origin-resource-policy'] == 'same-origin', path
        assert 'strict-transport-security' not in answer.headers, path   # nobody here speaks TLS
        assert 'access-control-allow-origin' not in answer.headers, path
        assert 'server' not in answer.headers, path
        for directive in 'frame-ancestors', 'base-uri', 'object-src':
            assert policy[directive] == {"'none'"}, path
        assert policy['default-src'] == {"'none'"}, path
        assert policy['form-action'] == {"'self'"}, path
        assert "'unsafe-inline'" not in policy.get('script-src', set()), path
        assert policy.get('frame-src', ourselves) == ourselves, path


async def test_scripts_of_a_page_run_by_a_nonce_that_no_other_answer_has(client: httpx.AsyncClient) -> None:
    paths = *PAGES, '/no/such/page'
    nonces = set()
    for path in paths * 2:
        answer = await client.get(path)
        nonce, = (source[7:-1] for source in policy_of(answer)['script-src'] if source.startswith("'nonce-"))
        tags = re.findall(r'<script\b[^>]*>', answer.text)
        assert len(tags) >= 6, path
        assert all(f'nonce="{nonce}"' in tag for tag in tags), path
        nonces.add(nonce)
    assert len(nonces) == 2 * len(paths)


async def test_a_script_that_somebody_smuggles_into_a_page_does_not_run(visitor: Visitor) -> None:
    page = await visitor.open()
    async with asyncio.timeout(PATIENCE_S):
        refused = await page.evaluate("""() => new Promise(resolve => {
            const refused = [];
            document.addEventListener('securitypolicyviolation', event => {
                refused.push(event.effectiveDirective);
                if (refused.length === 3) resolve(refused.sort());
            });
            const script = document.createElement('script');
            script.textContent = 'window.smuggled = 1';
            document.body.append(script);
            const image = document.createElement('img');
            image.setAttribute('onerror', 'window.smuggled = 2');
            image.src = 'data:,';
            document.body.append(image);
            const frame = document.createElement('iframe');
            frame.src = 'https://frame.example/';
            document.body.append(frame);
        })""")
    assert refused == ['frame-src', 'script-src-attr', 'script-src-elem']
    assert await page.evaluate('window.smuggled') is None
    assert len(visitor.complaints) >= 3
    assert all('Content Security Policy' in complaint or 'frame.example' in complaint or 'data:,' in complaint
               for complaint in visitor.complaints), visitor.complaints
    visitor.complaints.clear()


async def test_behind_databricks_everything_is_https_and_only_its_dashboard_may_be_shown_within(
        apps_program: Program, client: httpx.AsyncClient) -> None:
    lisa = {'X-Forwarded-Email': 'lisa.garcia@example.com', 'X-Forwarded-Host': 'floor.databricksapps.com'}
    page = await client.get(apps_program.url, headers=lisa)
    assert policy_of(page)['frame-src'] == {"'self'", apps_program.url, 'http://floor.databricksapps.com',
                                            'https://dbc-1.cloud.databricks.com', 'https://ws.example.com'}
    assert page.headers['strict-transport-security'] == 'max-age=31536000'
    assert '; secure' in page.headers['set-cookie'].lower()


async def test_behind_databricks_nobody_reads_anything_but_probes(
        apps_program: Program, client: httpx.AsyncClient) -> None:
    for path in (*PAGES, *NO_PAGES, '/api/employees', '/session', '/no/such/page', '/work-orders.csv',
                 f'{SOCKET}polling'):
        answer = await client.get(apps_program.url + path)
        assert (answer.status_code == 401) is (path not in {'/healthz', '/metrics'}), path
        assert not re.search(r'@example|Garcia|Valve_', answer.text), path
    assert await upgrade(apps_program, {'Host': apps_program.host}) == 403


# cookies

async def test_only_pages_set_a_cookie_which_no_script_can_read_and_no_other_site_can_send(
        client: httpx.AsyncClient) -> None:
    for path in NO_PAGES:
        client.cookies.clear()
        assert 'set-cookie' not in (await client.get(path)).headers, path
    client.cookies.clear()
    attributes = {part.strip() for part in (await client.get('/')).headers['set-cookie'].lower().split(';')}
    assert {'httponly', 'samesite=lax', 'path=/'} <= attributes


# other sites

TRIES = """async floor => {
    const socket = transport => `${floor}/_nicegui_ws/socket.io/?EIO=4&transport=${transport}`;
    const opened = await new Promise(resolve => {
        const ws = new WebSocket(socket('websocket').replace('http', 'ws'));
        ws.onmessage = () => resolve(true);
        ws.onerror = () => resolve(false);
    });
    const tried = async (url, options) => {
        try {
            const answer = await fetch(url, {credentials: 'include', ...options});
            return answer.type === 'opaque' ? 'unread' : answer.status;
        } catch { return 'refused'; }
    };
    const body = JSON.stringify({machine_id: 'Valve_02_01', issue_description: 'Not by me'});
    return {
        socket: opened,
        polling: await tried(socket('polling')),
        read: await tried(`${floor}/api/machines`),
        json: await tried(`${floor}/api/work-orders`,
                          {method: 'POST', body, headers: {'Content-Type': 'application/json'}}),
        text: await tried(`${floor}/api/work-orders`, {method: 'POST', body, mode: 'no-cors'}),
    };
}"""


async def test_a_page_of_another_site_can_open_no_socket_and_write_and_read_nothing(
        chromium: Browser, program: Program, connection: asyncpg.Connection) -> None:
    with other_site() as port:
        for host in 'localhost', '127.0.0.1':
            context = await chromium.new_context()
            page = await context.new_page()
            floor = await context.new_page()
            await floor.goto(program.url)   # as somebody who has the floor open beside it, with its cookie
            await page.goto(f'http://{host}:{port}/')
            tried = await page.evaluate(TRIES, program.url)
            assert tried == {'socket': False, 'polling': 'refused', 'read': 'refused', 'json': 'refused',
                             'text': 'refused'}
            await context.close()
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == 0


async def test_the_same_tries_from_a_page_of_the_program_succeed(visitor: Visitor,
                                                                 connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    tried = await page.evaluate(TRIES, visitor.program.url)
    assert tried == {'socket': True, 'polling': 200, 'read': 200, 'json': 201, 'text': 415}
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == 1
    visitor.complaints[:] = [complaint for complaint in visitor.complaints if '415' not in complaint]


async def test_a_link_on_another_site_leads_here(chromium: Browser, program: Program, delivered: object) -> None:
    with other_site(f'<!doctype html><a href="{program.url}/">the floor</a>') as port:
        page = await chromium.new_page()
        await page.goto(f'http://localhost:{port}/')
        await page.get_by_role('link').click()
        await expect(tiles(page)).to_have_count(30)
        await expect(page.locator('[data-connection]')).to_have_attribute('data-connection', 'live')
        await page.close()


async def test_no_other_site_can_show_the_floor_in_a_frame(chromium: Browser, program: Program,
                                                           delivered: object) -> None:
    with other_site(f'<!doctype html><iframe src="{program.url}/"></iframe>') as port:
        page = await chromium.new_page()
        messages: list[str] = []
        page.on('console', lambda message: messages.append(message.text))
        await page.goto(f'http://localhost:{port}/')
        async with asyncio.timeout(PATIENCE_S):
            while not any('frame-ancestors' in text for text in messages):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await tiles(page.frames[1]).count() == 0  # type: ignore[arg-type]
        await page.close()


async def test_a_name_that_somebody_points_at_this_machine_is_not_ours(
        chromium: Browser, program: Program, connection: asyncpg.Connection) -> None:
    """DNS rebinding: to the browser, evil.example and the floor are one site."""
    evil = f'http://evil.example:{program.url.rsplit(":", 1)[1]}'
    page = await chromium.new_page(bypass_csp=True)   # it was loaded before the name was pointed at us
    answer = await page.goto(evil)
    assert answer is not None
    assert answer.status == 421
    assert 'ALLOWED_HOSTS' in await answer.text()
    tried = await page.evaluate(TRIES, evil)
    assert tried == {'socket': False, 'polling': 421, 'read': 421, 'json': 421, 'text': 421}
    await page.close()
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == 0


@pytest.mark.parametrize(('headers', 'status'), [
    ({}, 101),
    ({'Origin': 'http://{host}'}, 101),
    ({'Origin': 'https://evil.example'}, 403),
    ({'Origin': 'null'}, 403),
    ({'Origin': 'https://evil.example', 'Host': 'evil.example'}, 403),
])
async def test_the_socket_opens_for_our_own_pages_only(program: Program, delivered: object, headers: dict[str, str],
                                                       status: int) -> None:
    sent = {name: value.format(host=program.host) for name, value in headers.items()}
    assert await upgrade(program, {'Host': program.host, **sent}) == status


@pytest.mark.parametrize(('origin', 'status'), [('https://floor.databricksapps.com', 101),
                                                ('https://evil.databricksapps.com', 403)])
async def test_behind_databricks_our_own_is_what_its_proxy_is_called(apps_program: Program, origin: str,
                                                                     status: int) -> None:
    headers = {'Host': '10.1.2.3:8000', 'X-Forwarded-Host': 'floor.databricksapps.com', 'Origin': origin,
               'X-Forwarded-Email': 'lisa.garcia@example.com'}
    assert await upgrade(apps_program, headers) == status


# files

async def test_no_folder_is_listed_and_no_file_outside_is_served(program: Program, delivered: object) -> None:
    for path in ('/assets/', '/assets', '/assets/icons/', '/docs/assets/', '/assets/../main.py',
                 '/assets/%2e%2e/main.py', '/assets/..%2fmain.py', '/assets/..%5cmain.py',
                 '/assets/icons/../../main.py', '/assets//etc/passwd', '/assets/%2fetc%2fpasswd',
                 '/assets/css/floor.css%00.html', '/assets/....//main.py'):
        answer = (await raw(program, f'GET {path}', {'Host': program.host})).decode(errors='replace')   # not tidied up
        assert answer.split()[1] in {'307', '400', '404', '405'}, path
        assert not any(word in answer for word in ('stop_on_sigterm', 'root:', 'tokens.css</a>')), path


# too much

async def test_an_upload_ends_where_an_attachment_does(visitor: Visitor, connection: asyncpg.Connection,
                                                       client: httpx.AsyncClient) -> None:
    """The limit of the page's own form is a browser's courtesy; this is about who does not ask the page."""
    made = await client.post(ORDERS, json={'machine_id': 'Valve_02_01', 'issue_description': 'Leak'})
    order = made.json()['id']
    page = await visitor.open(f'/work-orders/{order}')
    address = await page.evaluate(
        'document.documentElement.outerHTML.match(/[/]_nicegui[/]client[/][^/]+[/]upload[/]\\d+/)[0]')

    async def upload(name: str, content: bytes) -> int:
        return (await client.post(address, files={'file': (name, content, 'image/png')})).status_code

    assert await upload('page.svg', b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>') == 422
    await expect(page.get_by_text('this is an SVG drawing').first).to_be_visible()
    assert await upload('page.png', b'<!doctype html><script>alert(1)</script>') == 422
    assert await upload('big.png', PNG + bytes(11_000_000)) == 413
    await send_without_end(client, address)
    assert await upload('a.png', PNG) == 200
    await expect(page.get_by_role('link', name='a.png')).to_be_visible()
    kept, = await connection.fetch('SELECT attachment_id, media_type FROM work_order_attachments')
    served = await client.get(f'{ORDERS}/{order}/attachments/{kept["attachment_id"]}')
    assert served.headers['content-type'] == kept['media_type'] == 'image/png'
    assert served.headers['content-disposition'].startswith('attachment;')
    assert 'sandbox' in policy_of(served)


async def test_who_floods_a_socket_waits_and_nobody_else_does(visitor: Visitor) -> None:
    page = await visitor.open()
    messages: asyncio.Queue[bytes] = asyncio.Queue()
    address = visitor.program.url + SOCKET + 'websocket'
    parts = urlsplit(address)
    _, flooder = await asyncio.get_running_loop().create_connection(
        lambda: WebSocketClient(address, messages.put_nowait), parts.hostname, parts.port)
    await messages.get()
    flooder.send('40')
    while not (await messages.get()).startswith(b'40'):  # a ping may come first
        pass
    begin = time.monotonic()
    await flood(flooder, messages, 2 * MESSAGES_AT_ONCE)
    assert time.monotonic() - begin > MESSAGES_AT_ONCE / MESSAGES_PER_S - 0.5
    waiting = asyncio.create_task(flood(flooder, messages, 40 * MESSAGES_AT_ONCE))   # for longer than we do
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        assert (await client.get(visitor.program.url + '/healthz')).status_code == 200
    await page.reload()
    await expect(page.locator('[data-connection]')).to_have_attribute('data-connection', 'live')
    assert not waiting.done()
    flooder.close()
    waiting.cancel()


async def flood(socket: WebSocketClient, messages: asyncio.Queue[bytes], count: int) -> None:
    """Send so many messages, and wait for the answer to one more."""
    for _ in range(count):
        socket.send('42["ack",{"client_id":"nobody","next_message_id":0}]')
    socket.send('421["ack",{"client_id":"nobody","next_message_id":0}]')
    while not (await messages.get()).startswith(b'431'):
        pass


PNG = encoded(motif(), 'PNG')


def policy_of(answer: httpx.Response) -> dict[str, set[str]]:
    """The sources that all policies of an answer together allow, by directive. 'none' in one of them is none."""
    policy: dict[str, set[str]] = {}
    for line in answer.headers.get_list('content-security-policy'):
        for directive in line.split(';'):
            name, *sources = directive.split()
            policy[name] = policy.get(name, set(sources)) & set(sources) or {"'none'"}
    return policy


async def send_without_end(client: httpx.AsyncClient, address: str) -> None:
    """A file that does not say how long it is, until somebody stops it; it may have 1 GB."""
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
        for _ in range(10_000):
            sent += 100_000
            yield bytes(100_000)

    try:
        answer = await client.post(address, content=pieces(), headers={
            'Content-Type': 'multipart/form-data; boundary=x'})
        assert answer.status_code == 413
    except httpx.TransportError:  # cut off before it could listen
        pass
    assert sent < 100_000_000


async def upgrade(program: Program, headers: dict[str, str]) -> int:
    """The status with which the program answers who wants to open its socket."""
    lines = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
             'Sec-WebSocket-Key': b64encode(bytes(16)).decode(), **headers}
    answer = await raw(program, f'GET {SOCKET}websocket', lines)
    return int(answer.split()[1])


async def raw(program: Program, target: str, headers: dict[str, str], body: bytes = b'') -> bytes:
    """What the program says first, to a request that is sent to the letter."""
    head = ''.join(f'{name}: {value}\r\n' for name, value in headers.items())
    reader, writer = await asyncio.open_connection(*program.host.split(':'))
    try:
        writer.write(f'{target} HTTP/1.1\r\n{head}\r\n'.encode() + body)
        async with asyncio.timeout(30):
            return await reader.read(65_536)
    finally:
        writer.close()
