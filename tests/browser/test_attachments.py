"""Files of a work order as people add them: a press on the words of a button opens the chooser."""

import pytest
from browser.visitor import LAPTOP, PHONE
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.xdist_group('browser-2')]

PNG = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010806000000'
                    '1f15c4890000000d49444154789c6360000002000001e5 27d4a2'.replace(' ', '')) + bytes(4)


async def order_page(visitor, sql, **options):
    order = await sql.fetchval("INSERT INTO work_orders (machine_id, issue_description) "
                               "VALUES ('Valve_01_01', 'Pin sticks') RETURNING id")
    return await visitor.open(f'/work-orders/{order}', **options)


@pytest.mark.parametrize(('label', 'options'), [
    ('Take a photo', PHONE),
    ('Add a photo or PDF', PHONE),
    ('Add a photo or PDF', {'viewport': LAPTOP}),
])
async def test_a_press_on_the_words_opens_the_chooser_and_the_file_is_kept(visitor, sql, label, options):
    page = await order_page(visitor, sql, **options)
    press = page.get_by_text(label, exact=True)

    async with page.expect_file_chooser() as chooser:
        await (press.tap() if options is PHONE else press.click())
    await (await chooser.value).set_files({'name': 'seal.png', 'mimeType': 'image/png', 'buffer': PNG})

    await expect(page.get_by_role('link', name='seal.png')).to_be_visible()
    assert await sql.fetchval('SELECT file_name FROM work_order_attachments') == 'seal.png'
    await expect(page.get_by_role('button', name=label)).to_be_enabled()


async def test_the_camera_is_asked_for_where_there_is_one(visitor, sql):
    page = await order_page(visitor, sql, **PHONE)

    await expect(page.get_by_role('button', name='Take a photo')).to_be_visible()
    assert await page.locator('input[type=file][capture=environment]').count() == 1


async def test_by_keyboard(visitor, sql):
    page = await order_page(visitor, sql)
    await page.get_by_role('button', name='Add a photo or PDF').focus()

    async with page.expect_file_chooser() as chooser:
        await page.keyboard.press('Enter')

    assert not (await chooser.value).is_multiple()


async def test_a_file_of_another_kind_is_refused_with_a_sentence(visitor, sql):
    page = await order_page(visitor, sql)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role('button', name='Add a photo or PDF').click()

    await (await chooser.value).set_files({'name': 'notes.txt', 'mimeType': 'text/plain', 'buffer': b'seal'})

    await expect(page.get_by_text('Only images (JPEG, PNG, GIF, WebP) and PDF')).to_be_visible()
    await expect(page.get_by_role('button', name='Add a photo or PDF')).to_be_enabled()
