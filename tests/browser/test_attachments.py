"""Files of a work order as people add them: a press on the words of a button opens the chooser, several at once go,
and what is cut off on the way leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from browser.harness import PATIENCE_S
from browser.profiles import LAPTOP, PHONE
from browser.program import Program
from browser.visitor import Visitor
from pictures import SECRETS, TURNED, encoded, motif, opened, photo, telling
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

MAX_BYTES_OF_EIGHT_PHOTOS = 300_000
ADD = 'Add photos or PDFs'


def png(name: str = 'seal.png') -> dict[str, Any]:
    return {'name': name, 'mimeType': 'image/png', 'buffer': encoded(motif(), 'PNG')}


async def order_page(visitor: Visitor, sql: asyncpg.Connection, **options: Any) -> Page:
    order = await sql.fetchval("INSERT INTO work_orders (machine_id, issue_description) "
                               "VALUES ('Valve_01_01', 'Pin sticks') RETURNING id")
    return await visitor.open(f'/work-orders/{order}', **options)


async def choose(page: Page, *files: Any) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role('button', name=ADD).click()
    await (await chooser.value).set_files(list(files))


@pytest.mark.parametrize(('label', 'options'), [
    ('Take a photo', PHONE),
    (ADD, PHONE),
    (ADD, {'viewport': LAPTOP}),
])
async def test_a_press_on_the_words_opens_the_chooser_and_the_file_is_kept(
        visitor: Visitor, connection: asyncpg.Connection, label: str, options: dict[str, Any]) -> None:
    page = await order_page(visitor, connection, **options)
    press = page.get_by_text(label, exact=True)

    async with page.expect_file_chooser() as chooser:
        await (press.tap() if options is PHONE else press.click())
    await (await chooser.value).set_files(png())  # type: ignore[arg-type]

    await expect(page.get_by_role('link', name='seal.png')).to_be_visible()
    assert await connection.fetchval('SELECT file_name FROM work_order_attachments') == 'seal.png'
    await expect(page.get_by_role('button', name=label)).to_be_enabled()


async def test_the_camera_is_asked_for_where_there_is_one(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await order_page(visitor, connection, **PHONE)

    await expect(page.get_by_role('button', name='Take a photo')).to_be_visible()
    assert await page.locator('input[type=file][capture=environment]').count() == 1


async def test_the_words_of_a_button_stand_on_one_line(visitor: Visitor, connection: asyncpg.Connection) -> None:
    """What breaks a long word breaks no label: beside a wide field a button keeps its width."""
    page = await order_page(visitor, connection, **PHONE)

    add = await page.get_by_role('button', name='Add', exact=True).locator('.block').bounding_box()
    edit = await page.get_by_role('button', name='Edit', exact=True).locator('.block').bounding_box()

    assert add is not None and edit is not None
    assert add['height'] == edit['height']


async def test_by_keyboard(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await order_page(visitor, connection)
    await page.get_by_role('button', name=ADD).focus()

    async with page.expect_file_chooser() as chooser:
        await page.keyboard.press('Enter')

    assert (await chooser.value).is_multiple()


async def test_a_file_of_another_kind_is_refused_with_a_sentence(visitor: Visitor,
                                                                 connection: asyncpg.Connection) -> None:
    page = await order_page(visitor, connection)

    await choose(page, {'name': 'notes.txt', 'mimeType': 'text/plain', 'buffer': b'seal'})

    await expect(page.get_by_text('You can attach images (JPEG, PNG, GIF, ')).to_be_visible()
    await expect(page.get_by_role('button', name=ADD)).to_be_enabled()


async def test_of_several_at_once_those_that_are_refused_cost_the_others_nothing(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await order_page(visitor, connection, **PHONE)
    cut_off = encoded(motif(), 'JPEG')[:3_000]

    await choose(page, png('one.png'), {'name': 'IMG_7.HEIC', 'mimeType': '', 'buffer': telling('HEIF', TURNED)},
                 {'name': 'cut.jpg', 'mimeType': 'image/jpeg', 'buffer': cut_off},
                 {'name': 'fake.png', 'mimeType': 'image/png', 'buffer': b'<html><script>alert(1)</script>'},
                 {'name': 'notes.txt', 'mimeType': 'text/plain', 'buffer': b'seal'},
                 {'name': 'manual.pdf', 'mimeType': 'application/pdf', 'buffer': b'%PDF-1.7'}, png('two.png'))

    for name in 'one.png', 'IMG_7.jpg', 'manual.pdf', 'two.png':
        await expect(page.get_by_role('link', name=name)).to_be_visible()
    problem = page.get_by_role('alert').filter(has_text='cut.jpg')
    await expect(problem).to_contain_text('cut.jpg: This picture is damaged or incomplete')
    await expect(problem).to_contain_text('fake.png: Only photos')
    await expect(problem).to_contain_text('You can attach images')
    await expect(page.get_by_role('button', name=ADD)).to_be_enabled()
    await expect(page.locator('.q-uploader__file')).to_have_count(0)
    rows = await connection.fetch('SELECT file_name, content FROM work_order_attachments')
    assert {row['file_name'] for row in rows} == {'one.png', 'IMG_7.jpg', 'manual.pdf', 'two.png'}
    assert [secret for row in rows for secret in SECRETS if secret in row['content']] == []
    await page.wait_for_function('[...document.querySelectorAll(".attachments img")].every(each => each.naturalWidth)')
    visitor.complaints = [complaint for complaint in visitor.complaints if '422' not in complaint]  # of the two files


async def test_each_file_shows_how_far_it_is_and_all_can_be_cancelled(
        visitor: Visitor, connection: asyncpg.Connection, until: Callable[..., Any]) -> None:
    """On a line as slow as in the farthest corner of the hall."""
    page = await order_page(visitor, connection, used=False, **PHONE)
    visitor.loses_connection = True
    tools = await page.context.new_cdp_session(page)
    await tools.send('Network.emulateNetworkConditions', {
        'offline': False, 'latency': 20, 'downloadThroughput': -1, 'uploadThroughput': 100_000})
    large = encoded(photo((1600, 1200)), 'JPEG', quality=95)

    await choose(page, *({'name': f'{number}.jpg', 'mimeType': 'image/jpeg', 'buffer': large} for number in range(3)))

    progress = page.locator('.q-uploader__file')
    await expect(progress).to_have_count(3)
    await expect(progress.first).to_contain_text(re.compile(r'0\.jpg.*MB|0\.jpg.*kB', re.I))
    await expect(progress.first).to_contain_text(re.compile(r'[1-9]\d?\.\d\d%'))
    await page.get_by_role('button', name='Cancel upload').click()
    await expect(progress).to_have_count(0)
    await expect(page.get_by_text('Upload cancelled. Files that were already uploaded are kept.')).to_be_visible()
    await expect(page.get_by_text('The upload failed')).to_have_count(0)
    await until(lambda: visitor.program.log.count('The upload was interrupted') >= 1)
    assert await connection.fetchval('SELECT count(*) FROM work_order_attachments') == 0
    await until(lambda: open_uploads(visitor.program) == [])


def upload_lines(program: Program, before: int) -> list[str]:
    """Lines of its log since then, without those of its life, such as that the floor is live again."""
    own = ' floor.feed.listener:', ' floor.operations.', ' floor.analytics.', ' floor.feed.database_clock:'
    return [line for line in program.log[before:].splitlines() if not any(name in line for name in own)]


def open_uploads(program: Program) -> list[str]:
    """The temporary files of it that have a name."""
    return [file.path for file in program.process.open_files() if Path(file.path).name.startswith('tmp')]


# an order with eight photos

async def test_eight_photos_are_looked_at_small_and_one_opens_in_full(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await order_page(visitor, connection)
    photos = [encoded(photo((2000, 1500), seed), 'JPEG', quality=92) for seed in range(2)] * 4
    assert sum(map(len, photos)) > 15 * MAX_BYTES_OF_EIGHT_PHOTOS

    await choose(page, *({'name': f'{seed}.jpg', 'mimeType': 'image/jpeg', 'buffer': content}
                         for seed, content in enumerate(photos)))
    await expect(page.locator('.attachments img')).to_have_count(8, timeout=8 * PATIENCE_S * 1000)  # one by one
    await expect(page.get_by_role('button', name=ADD)).to_be_enabled()

    opened_page = await page.context.browser.new_context(**PHONE)
    other = await opened_page.new_page()
    sizes: dict[str, int] = {}
    await count_bytes(other, sizes)
    await other.goto(page.url, wait_until='networkidle')
    await other.locator('.attachments').scroll_into_view_if_needed()
    await other.wait_for_function('[...document.querySelectorAll(".attachments img")].every(each => each.naturalWidth)'
                                  ' && document.querySelectorAll(".attachments img").length === 8')
    of_photos = {path: size for path, size in sizes.items() if '/attachments/' in path}
    assert len(of_photos) == 8
    assert sum(of_photos.values()) < MAX_BYTES_OF_EIGHT_PHOTOS

    sizes.clear()  # the next visit, as most are: what is not of this order is known already
    await other.reload(wait_until='networkidle')
    await other.locator('.attachments').scroll_into_view_if_needed()
    assert sum(sizes.values()) < MAX_BYTES_OF_EIGHT_PHOTOS
    await opened_page.close()

    async with page.context.expect_page() as full:
        await page.get_by_role('link', name='3.jpg').click()
    shown = page.context.pages[-1] if full is None else await full.value
    assert await shown.evaluate('document.images[0].naturalWidth') == 2000
    visitor.loses_connection = True  # what was still on its way when the page is closed


async def count_bytes(page: Page, sizes: dict[str, int]) -> None:
    """From now on, as they go over the wire, by path."""
    paths: dict[str, str] = {}
    tools = await page.context.new_cdp_session(page)
    await tools.send('Network.enable')
    tools.on('Network.responseReceived', lambda event: paths.update({event['requestId']: event['response']['url']}))
    tools.on('Network.loadingFinished', lambda event: sizes.update(
        {paths.get(event['requestId'], '?'): int(event['encodedDataLength'])}))


# what no browser sends

@pytest_asyncio.fixture(loop_scope='session')
async def client(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=program.url, timeout=30) as client:
        yield client


async def upload_address(page: Page) -> str:
    address: str = await page.evaluate(
        'document.documentElement.outerHTML.match(/[/]_nicegui[/]client[/][^/]+[/]upload[/]\\d+/)[0]')
    return address


FORM = {'Content-Type': 'multipart/form-data; boundary=x'}


NO_FILES = [
    (FORM, b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n', 422),
    (FORM, b'--x--\r\n', 422),
    (FORM, b'', 422),
    (FORM, b'no form', 400),
    (FORM, b'--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n', 400),
    (FORM, b'--x\r\n' + b'x: ' + b'y' * 20_000, 400),
    ({'Content-Type': 'multipart/form-data'}, b'--x--\r\n', 400),
    ({'Content-Type': 'application/x-www-form-urlencoded'}, b'file=text', 422),
    ({'Content-Type': 'application/json'}, b'{"file": "text"}', 422),
    ({}, b'\x89PNG', 422),
    (FORM, b'--x\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n%PDF-1.7\r\n--x--\r\n', 422),
    (FORM, b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.pdf"\r\n\r\n\r\n--x--\r\n', 422),
    (FORM, b''.join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n1\r\n' % n for n in range(99)) + b'--x--',
     400)]
"""Headers and body of a request, and the status of its answer."""


async def test_what_is_no_file_is_refused_by_status_with_one_line_in_the_log(
        visitor: Visitor, connection: asyncpg.Connection, client: httpx.AsyncClient) -> None:
    address = await upload_address(await order_page(visitor, connection))
    for headers, body, status in NO_FILES:
        before = len(visitor.program.log)

        answer = await client.post(address, headers=headers, content=body)

        assert (answer.status_code, answer.text[-1:]) == (status, '.'), (headers, body)
        line, = upload_lines(visitor.program, before)
        assert 'upload refused' in line, (headers, body)
    assert await connection.fetchval('SELECT count(*) FROM work_order_attachments') == 0


async def test_an_upload_that_is_cut_off_leaves_one_line_in_the_log_and_nothing_else(
        visitor: Visitor, connection: asyncpg.Connection, until: Callable[..., Any]) -> None:
    address = await upload_address(await order_page(visitor, connection))
    host, port = visitor.program.host.split(':')
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'
    for sent in 0, 100, 2_000_000:
        before = len(visitor.program.log)
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f'POST {address} HTTP/1.1\r\nHost: {visitor.program.host}\r\nContent-Length: 5000000\r\n'
                     f'Content-Type: {FORM["Content-Type"]}\r\n\r\n'.encode() + (head + bytes(sent) if sent else b''))
        await writer.drain()

        writer.transport.abort()

        await until(lambda before=before: 'upload refused' in visitor.program.log[before:])
        assert len(upload_lines(visitor.program, before)) == 1, sent
    assert await connection.fetchval('SELECT count(*) FROM work_order_attachments') == 0
    await until(lambda: open_uploads(visitor.program) == [])


async def test_a_change_over_rest_that_is_cut_off_leaves_no_traceback(
        visitor: Visitor, connection: asyncpg.Connection, client: httpx.AsyncClient) -> None:
    host, port = visitor.program.host.split(':')
    body = json.dumps({'machine_id': 'Valve_01_01', 'issue_description': 'Leak'})
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f'POST /api/work-orders HTTP/1.1\r\nHost: {visitor.program.host}\r\nContent-Length: 5000\r\n'
                 f'Content-Type: application/json\r\n\r\n{body}'.encode())
    await writer.drain()

    writer.transport.abort()

    assert (await client.get('/api/work-orders')).json() == []  # and the visitor finds no traceback in the log


async def test_a_photo_of_before_is_looked_at_small_too(visitor: Visitor, connection: asyncpg.Connection) -> None:
    order = await connection.fetchval("INSERT INTO work_orders (machine_id, issue_description) "
                                      "VALUES ('Valve_01_01', 'Pin sticks') RETURNING id")
    for name, content in ('old.png', encoded(photo((900, 600)), 'PNG')), ('broken.png', b'\x89PNG\r\n\x1a\n'):
        await connection.execute('INSERT INTO work_order_attachments '
                                 '(work_order_id, file_name, media_type, content, added_by) '
                                 "VALUES ($1, $2, 'image/png', $3, 'Mike')", order, name, content)

    page = await visitor.open(f'/work-orders/{order}')

    await page.wait_for_function('[...document.querySelectorAll(".attachments img")].every(each => each.naturalWidth)')
    assert opened(await connection.fetchval('SELECT max(thumbnail) FROM work_order_attachments')).size == (400, 267)


async def test_a_file_over_rest_that_is_cut_off_leaves_one_line_in_the_log_and_nothing_else(
        visitor: Visitor, connection: asyncpg.Connection, until: Callable[..., Any]) -> None:
    order = await connection.fetchval("INSERT INTO work_orders (machine_id, issue_description) "
                                      "VALUES ('Valve_01_01', 'Pin sticks') RETURNING id")
    before = len(visitor.program.log)
    host, port = visitor.program.host.split(':')
    _, writer = await asyncio.open_connection(host, int(port))
    head = (f'POST /api/work-orders/{order}/attachments?file_name=a.png HTTP/1.1\r\nHost: {visitor.program.host}\r\n'
            'Content-Length: 5000000\r\nContent-Type: application/octet-stream\r\n\r\n')
    writer.write(head.encode() + bytes(2_000_000))
    await writer.drain()

    writer.transport.abort()

    await until(lambda: 'an upload was interrupted' in visitor.program.log[before:])
    assert len(upload_lines(visitor.program, before)) == 1
    assert await connection.fetchval('SELECT count(*) FROM work_order_attachments') == 0
