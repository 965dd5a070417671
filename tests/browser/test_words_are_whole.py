"""In tables a word that fits is not broken, however narrow the window; one that is too long does not widen the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope='session')
ASSETS = Path(__file__).parents[2] / 'assets'
HEADS = ('Machine', 'From', 'Until', 'Status', 'Reason', 'Length', 'Counted', 'Reason excluded')
ROW = ('Injection Molder 02·01', '2026-11-23 10:42:07', '2026-11-23 10:45:07', 'Warning', 'Hydraulic temperature',
       '3 min 00 s', 'yes', 'starved or blocked')
KINDS = dict.fromkeys(ROW[1:3], ' data-kind="moment"')
LINES = """cells => cells.flatMap(cell => {
    const words = [], text = cell.firstChild
    for (const match of text.data.matchAll(/[^\\s]+/g)) {
        const range = document.createRange()
        range.setStart(text, match.index)
        range.setEnd(text, match.index + match[0].length)
        if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) words.push(match[0])
    }
    return words
})"""


async def test_no_word_of_an_explanation_is_broken(chromium: Browser) -> None:
    def cells(tag: str, texts: tuple[str, ...]) -> str:
        return '<tr>' + ''.join(f'<{tag}{KINDS.get(text, "")}>{text}</{tag}>' for text in texts) + '</tr>'

    long = ('x' * 200, *ROW[1:])
    style = ''.join((ASSETS / 'css' / name).read_text() for name in ('tokens.css', 'floor.css', 'reports.css'))
    page = await chromium.new_page()
    await page.set_content(
        f'<style>{style}</style><main style="padding: 20px"><div class="report-scroll"><table class="report-table">'
        f'<thead>{cells("th", HEADS)}</thead><tbody>{cells("td", ROW)}{cells("td", long)}</tbody></table></div></main>')
    for width in 360, 700, 1000:
        await page.set_viewport_size({'width': width, 'height': 800})
        await page.wait_for_function('width => innerWidth === width', arg=width)
        assert await page.eval_on_selector_all('.report-table :is(th, tr:first-child td)', LINES) == [], width
        assert await page.eval_on_selector_all('tr:last-child td:first-child', LINES) == ['x' * 200], width
        assert await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), width
    await page.close()
