"""/setup with two people at it, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from browser.profiles import PHONE
from browser.visitor import Visitor, tile
from playwright.async_api import Locator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

VALVE, NEXT = 'Valve_01_01', 'Injection_Molder_01_02'


def name_of(page: Page, machine: str) -> Locator:
    return page.get_by_label(f'Name of {machine}', exact=True)


async def names(page: Page) -> list[str]:
    return [await field.input_value() for field in await page.locator('[data-column="Name"] input').all()]


async def expect_order(page: Page, machines: list[str]) -> None:
    for place, machine in enumerate(machines):
        await expect(page.locator('[data-column="Name"] input').nth(place)).to_have_value(machine)


async def test_machines_are_edited_in_place_while_somebody_else_types(visitor: Visitor) -> None:
    floor = await visitor.open()
    mine, other = await visitor.open('/setup/machines'), await visitor.open('/setup/machines')
    await name_of(other, NEXT).fill('Half a na')
    await name_of(mine, VALVE).fill('never')
    await name_of(mine, VALVE).press('Escape')
    await expect(name_of(mine, VALVE)).to_have_value(VALVE)
    await name_of(mine, VALVE).fill('V1')
    await name_of(mine, VALVE).press('Enter')

    await expect(mine.get_by_text(f'Renamed {VALVE} to V1.')).to_be_visible()
    await expect(tile(floor, 'V1')).to_be_visible()
    await expect(name_of(other, 'V1')).to_have_value('V1')
    await expect(name_of(other, NEXT)).to_have_value('Half a na')
    await other.reload()
    await expect(name_of(other, NEXT)).to_have_value('Half a na')

    await name_of(mine, NEXT).fill('M2')
    await name_of(mine, NEXT).press('Enter')
    await expect(other.get_by_text('Now: M2')).to_be_visible()
    field = name_of(other, 'M2')
    await field.press('Enter')
    await expect(other.get_by_text(f'(name: {NEXT} to M2)')).to_be_visible()  # with who it was
    await expect(field).to_have_value('Half a na')
    await field.press('Enter')
    await expect(other.get_by_text('Renamed M2 to Half a na.')).to_be_visible()
    await other.get_by_role('button', name='Undo').click()
    await expect(name_of(mine, 'M2')).to_be_visible()
    await mine.get_by_role('button', name='Undo').click()  # of another version by now
    await expect(mine.get_by_text('compare both versions')).to_be_visible()

    await visitor.go(mine, '/setup/changes?kind=machine')
    await mine.get_by_role('button', name='Undo: Half a na, name').focus()
    await mine.keyboard.down('Space')  # and held while somebody else changes something
    await name_of(other, 'V1').fill('V2')
    await name_of(other, 'V1').press('Enter')
    await expect(mine.get_by_role('button', name='Undo: V1, name')).to_be_visible()
    await mine.keyboard.up('Space')
    await expect(mine.get_by_text('Taken back: Half a na, name.')).to_be_visible()


async def test_machines_are_moved_by_mouse_and_by_keyboard(visitor: Visitor) -> None:
    page = await visitor.open('/setup/machines')
    await expect(name_of(page, VALVE)).to_be_visible()
    before = await names(page)
    down = page.get_by_role('button', name=f'Move {VALVE} down', exact=True)
    await down.click()
    await expect(page.get_by_text(f'Moved {VALVE} to position 5.')).to_be_visible()
    await expect(down).to_be_focused()
    for _ in range(2):  # the second before the first is done
        await name_of(page, VALVE).press('Alt+ArrowUp')
    await expect(page.get_by_text(f'Moved {VALVE} to position 3.')).to_be_visible()
    await expect_order(page, [*before[:2], VALVE, before[2], *before[4:5]])
    await name_of(page, VALVE).press('Alt+ArrowDown')
    await expect_order(page, before[:5])
    await page.locator('tr', has=name_of(page, VALVE)).locator('.row-handle').drag_to(name_of(page, before[0]))
    await expect(page.get_by_text(f'Moved {VALVE} to position 1.')).to_be_visible()
    await expect_order(page, [VALVE, *before[:3]])
    await page.get_by_role('button', name='Undo').click()
    await expect(page.get_by_text('Taken back')).to_be_visible()
    await expect_order(page, before[:5])

    await page.get_by_label('Search machines').press_sequentially('v')
    await expect(name_of(page, before[0])).to_have_count(0)
    await expect(name_of(page, VALVE)).to_be_visible()


async def test_undo_stays_in_view_on_a_phone(visitor: Visitor) -> None:
    page = await visitor.blank(**PHONE)
    await visitor.go(page, '/setup/machines')
    await page.get_by_role('button', name='Move Valve_04_01 up', exact=True).click()
    undo = page.get_by_role('button', name='Undo')
    await expect(page.get_by_text('Moved Valve_04_01 to position')).to_be_in_viewport()
    await expect(undo).to_be_in_viewport(ratio=1)
    await undo.click()
    await expect(page.get_by_text('Taken back')).to_be_in_viewport()


async def test_a_line_is_deleted_only_with_a_place_for_its_machines(visitor: Visitor) -> None:
    page = await visitor.open('/setup/lines')
    await page.get_by_role('button', name='Delete Engine Line').click()
    delete = page.get_by_role('button', name='Delete line')
    await expect(delete).to_be_disabled()
    await page.get_by_label('Move its machines to').click()
    await page.get_by_role('option', name='Interior Line').click()
    await delete.click()
    await expect(page.get_by_text('Deleted Engine Line. 7 machines moved.')).to_be_visible()
    await page.get_by_role('button', name='Undo').click()
    await expect(page.get_by_text('Taken back: Deleted Engine Line.')).to_be_visible()
    await expect(page.locator('tr', has=page.get_by_label('Name of Engine Line'))).to_contain_text('7 machines')


PRESS = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
SHOWS = """([machine, key]) => getComputedStyle(document.querySelector(`[data-machine=${machine}]`), '::before')
    .webkitMaskImage.match(`/${key}(\\.svg|/picture)`) !== null"""


async def expect_icon(floor: Page, machine: str, key: str) -> None:
    """Its tile shows this icon."""
    await floor.wait_for_function(SHOWS, arg=[machine, key])


async def test_the_icon_of_a_type_is_chosen_by_keyboard_and_changes_in_every_browser(visitor: Visitor) -> None:
    floor, orders = await visitor.open(), await visitor.open('/work-orders')
    page = await visitor.open('/setup/types')
    await expect_icon(floor, VALVE, 'valve')

    icon = page.get_by_role('button', name='Icon of valve')
    await icon.press('Enter')
    await page.get_by_label('Search').press_sequentially('hydraul')
    await expect(page.locator('.icon-choice:visible')).to_have_text(['Press'])
    await page.get_by_label('Search').press('Enter')
    await expect(icon).to_be_focused()
    await expect_icon(floor, VALVE, 'press')
    await page.get_by_role('button', name='Undo').click()
    await expect_icon(floor, VALVE, 'valve')

    await icon.click()
    chooser = page.locator('.icon-picker input[type=file]')
    hostile = PRESS.replace('d=', 'onclick="alert(1)" d=')
    await chooser.set_input_files({'name': 'x.svg', 'mimeType': 'image/svg+xml', 'buffer': hostile.encode()})
    await expect(page.get_by_text('The attribute onclick of path is not allowed.')).to_be_visible()
    await expect(page.locator('.icon-picker .q-uploader__file')).to_have_count(0)  # until then it is sent again
    await chooser.set_input_files({'name': 'My Valve.svg', 'mimeType': 'image/svg+xml', 'buffer': PRESS.encode()})
    await expect(page.get_by_label('Name of the icon')).to_have_value('my_valve')
    await page.get_by_role('button', name='Add this icon').click()
    await expect_icon(floor, VALVE, 'my_valve')
    await orders.wait_for_function("document.querySelector('.icon-rules').textContent.includes('/my_valve/picture')")
    await page.get_by_role('button', name='Delete the icon My valve').click()
    await expect(page.get_by_text('My_valve is the icon of 1 machine type (valve)')).to_be_visible()
    visitor.complaints = [complaint for complaint in visitor.complaints if '422' not in complaint]
