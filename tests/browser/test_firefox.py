"""The floor in a real Firefox: how its rules of framing treat this program."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
from browser.firefox import firefox
from browser.harness import Until
from browser.program import Program

from floor.web.shell.session import ADDRESS

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]


async def test_an_open_page_keeps_its_session_alive(program: Program, connection: asyncpg.Connection, tmp_path: Path,
                                                    until: Until) -> None:
    """In a frame whose document is part of the page, 'self' matches nothing in Firefox: our origin is named too."""
    async with firefox(tmp_path) as browser:
        await browser.open(program.url)
        await until(lambda: browser.answers(ADDRESS) or browser.complaints)
        assert browser.complaints == []
        assert set(browser.answers(ADDRESS)) == {200}
