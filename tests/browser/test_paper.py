"""Work orders on paper: the whole of every text, breaks between rows and not inside, headings on every sheet."""

from __future__ import annotations

import io
import re
from typing import Any

import asyncpg
import pytest
from browser.profiles import PHONE
from browser.visitor import Visitor
from playwright.async_api import Page, expect
from pypdf import PdfReader

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

WORD = 'W' * 300


async def sheets(page: Page) -> list[str]:
    """What stands on each sheet of paper."""
    return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(await page.pdf(format='A4'))).pages]


async def test_a_printed_order_says_everything(visitor: Visitor, connection: asyncpg.Connection) -> None:
    lines = [f'line {number:03} of what is wrong' for number in range(1, 121)]
    comment = [f'comment {number:03} of the order' for number in range(1, 101)]
    steps = [f'step {number:03} of the checklist' for number in range(1, 101)]
    order = await connection.fetchval('INSERT INTO work_orders (machine_id, issue_description) '
                                      "VALUES ('Valve_01_01', $1) RETURNING id", '\n'.join(lines))
    await connection.execute("UPDATE work_orders SET status = 'completed', cause = $2, action_taken = $3, "
                             'issue_description = $4 WHERE id = $1', order,
                             '\n'.join(f'cause {n:02}' for n in range(60)),
                             '\n'.join(f'action {n:02}' for n in range(60)), '\n'.join([*lines, WORD]))
    await connection.execute('INSERT INTO work_order_events (work_order_id, who, kind, note) '
                             "VALUES ($1, 'Lisa', 'commented', $2)", order, '\n'.join(comment))
    await connection.executemany('INSERT INTO work_order_checklist (work_order_id, text) VALUES ($1, $2)',
                                 [(order, step) for step in steps])
    page = await visitor.open(f'/work-orders/{order}')

    printed = await sheets(page)

    text = ' '.join(' '.join(printed).split())
    for line in [*lines, *comment, *steps, 'cause 59', 'action 59']:
        assert line in text, line
    assert text.replace(' ', '').count(WORD) >= 1
    assert re.search(r'\d\d:\d\d:\d\d Lisa', text)
    for control in 'Post', 'Add photos or PDFs', 'Edit':
        assert not re.search(rf'^{control}$', '\n'.join(printed), re.M), control
    assert text.count('Comments and history') == 1


@pytest.mark.parametrize('options', [{}, PHONE], ids=['laptop', 'phone'])
async def test_a_printed_list_breaks_between_its_rows_and_repeats_its_heading(
        visitor: Visitor, connection: asyncpg.Connection, options: dict[str, Any]) -> None:
    for number in range(45):
        words = ' '.join(f'word{number:02}{each:02}' for each in range(18))
        await connection.execute('INSERT INTO work_orders (machine_id, issue_description) '
                                 "VALUES ('Valve_01_01', $1)", f'begin{number:02} {words} end{number:02}')
    page = await visitor.open('/work-orders', **options)

    printed = await sheets(page)

    assert len(printed) > 1
    for number in range(45):
        sheet, = (text for text in printed if f'begin{number:02}' in text)
        assert f'end{number:02}' in sheet
        assert all(f'word{number:02}{each:02}' in sheet for each in range(18))
    assert [text for text in printed if 'Machine' not in text or 'Due' not in text] == []
    assert len(printed) < 10


@pytest.mark.parametrize(('address', 'title', 'about', 'controls'), [
    ('/reports?window=last-week&machine=Valve_01_01', 'Reports',
     r'Last week · Machine: Valve_01_01\n.*\nMon \d{4}-\d\d-\d\d to Sun \d{4}-\d\d-\d\d, compared with Mon',
     ['drag to zoom', 'Explain', 'CSV', 'Download', 'Filter', '7 days']),
    ('/reports/shift', 'Shift report', r'Shift report: \w+, \w{3} \d{4}-\d\d-\d\d', ['Link to this report', '←']),
    ('/past', 'The past', r'\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d', ['Back to live', 'Replay', '1 min ago', '−1 h'])])
async def test_a_printed_report_says_what_it_is_of_and_has_no_controls(visitor: Visitor, address: str, title: str,
                                                                       about: str, controls: list[str]) -> None:
    page = await visitor.open(address)
    head = page.locator('.paper-time')
    await head.wait_for(state='attached')

    printed = await sheets(page)

    assert f'Line Monitor · {title}' in printed[0]
    assert re.search(about, printed[0])
    assert re.search(r'Printed \w{3} \d{4}-\d\d-\d\d \d\d:\d\d, times in ', printed[0])
    for number, sheet in enumerate(printed, 1):
        assert f'Page {number} of {len(printed)}' in sheet
    for control in [*controls, 'Employees', 'Try again']:
        assert control not in ' '.join(printed), control


async def test_marks_are_printed_with_their_colours(visitor: Visitor) -> None:
    """Browsers leave out backgrounds, in which shapes and icons are, unless a stylesheet asks for them."""
    page = await visitor.open('/past')
    await page.locator('.past-floor .tile').first.wait_for()
    await page.emulate_media(media='print')
    for selector, pseudo in (('.past-floor .tile', ''), ('.past-floor .tile', '::before'),
                             ('.past-floor .count', '::before')):
        adjust = await page.locator(selector).first.evaluate(
            '(element, pseudo) => getComputedStyle(element, pseudo || null).printColorAdjust', pseudo)
        assert adjust == 'exact', (selector, pseudo)


@pytest.mark.parametrize('theme', ['dark', 'andon', 'isa-101'])
async def test_paper_is_white_in_every_theme(visitor: Visitor, theme: str) -> None:
    page = await visitor.open('/reports')
    await page.locator('.panel').first.wait_for()
    await page.evaluate('theme => document.body.classList.add(theme)', f'theme-{theme}')
    await page.emulate_media(media='print')
    white = 'rgb(255, 255, 255)'
    for selector in 'body', '.panel':
        await expect(page.locator(selector).first).to_have_css('background-color', white)  # print.css comes last
