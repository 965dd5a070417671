"""A database that does not answer is no error page: every page is served, says what it waits for, and fills in."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import asyncpg
import httpx
import pytest
import pytest_asyncio
from browser.harness import stopped_database, until
from browser.program import Program
from browser.visitor import Visitor
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

AT_ONCE = 6
"""Of each page."""
WAITING = {'/past': 'Loading the floor at that time…', '/employees': 'Loading the due times…',
           '/reports/shift': 'Loading the shift report…', '/diagnosis': 'Loading the diagnosis'}
NO_ANSWER = re.compile('the database (has not responded for 5 s|does not answer)', re.IGNORECASE)
FILLED = {'/past': '.past-floor .tile', '/employees': '.due-number input', '/reports/shift': '.handover-sheet',
          '/diagnosis': '.findings-title[data-status]'}


@pytest_asyncio.fixture(loop_scope='session')
async def order(connection: asyncpg.Connection) -> str:
    id_: str = await connection.fetchval('INSERT INTO work_orders (machine_id, issue_description) '
                                         "VALUES ('Valve_01_01', 'Hisses') RETURNING id")
    return id_


async def test_many_pages_at_once_are_served_while_the_database_stands_still(program: Program,
                                                                             connection: asyncpg.Connection,
                                                                             order: str) -> None:
    paths = ['/', '/work-orders', f'/work-orders/{order}', '/reports', *WAITING]
    async with httpx.AsyncClient(base_url=program.url, timeout=120, limits=httpx.Limits(max_connections=64)) as client:
        with stopped_database(program):
            answers = await asyncio.gather(*(client.get(path) for path in paths for _ in range(AT_ONCE)))

    assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE * len(paths)}
    assert not any('response_timeout' in answer.text or 'timed out' in answer.text for answer in answers)
    await until(lambda: program.health().get('status') == 'live')


async def test_pages_say_what_they_wait_for_offer_to_try_again_and_fill_in(visitor: Visitor, program: Program,
                                                                           order: str) -> None:
    async def waits(path: str) -> Page:
        page = await visitor.open(path, connection=None)
        if path != '/diagnosis':  # which says after three seconds itself that the database does not answer
            notice = page.locator('.loading')
            await expect(notice).to_contain_text(NO_ANSWER)  # the second where the page opened slowly
            await expect(notice.get_by_role('button', name='Try again')).to_be_visible()
        return page

    with stopped_database(program):
        async with httpx.AsyncClient(base_url=program.url, timeout=120) as client:  # a browser may draw it later
            answers = await asyncio.gather(*map(client.get, WAITING))
        reports, *_ = pages = await asyncio.gather(
            *map(waits, ['/reports', '/work-orders', f'/work-orders/{order}', *WAITING]))
        await reports.get_by_role('button', name='Try again').click()

    assert all(words in answer.text for words, answer in zip(WAITING.values(), answers, strict=True))
    for page, filled in zip(pages[-len(FILLED):], FILLED.values(), strict=True):
        await expect(page.locator(filled).first).to_be_visible()
    for page in pages:
        await expect(page.locator('.loading')).to_be_hidden()
