"""The pages of links, without a database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from floor.access.access_keys import PREFIXES
from floor.core.access_keys import KeyKind
from floor.core.errors import DatabaseUnavailableError
from floor.core.floor_snapshot import FloorSnapshot
from floor.core.people import Employee, Role
from floor.feed.store import Store
from floor.web.sign_in import link_pages

EVA = Employee(1, 'Eva', 'Berg', 'eva@example.com', 'Management', True, datetime(2026, 3, 5, tzinfo=UTC),
               Role.SUPERVISOR)


async def test_the_first_supervisor_sees_the_next_page_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page after the link reads the role from the store, which hears of it a moment after the command."""
    async def use(*_: str, **__: str) -> Employee:
        return EVA

    async def start(*_: Any) -> str:
        return 'secret'
    access: Any = SimpleNamespace(first_supervisor=SimpleNamespace(use=use), sessions=SimpleNamespace(start=start))
    app, store, waits = FastAPI(), Store(stale_after=60), asyncio.Event()
    subscribe = store.subscribe

    def noticed(subscriber: Any) -> Any:
        waits.set()
        return subscribe(subscriber)
    monkeypatch.setattr(store, 'subscribe', noticed)
    link_pages.register(app, access, store, has_sign_in=False)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor') as client:
        answer = asyncio.create_task(client.post(
            f'/link/{PREFIXES[KeyKind.FIRST_SUPERVISOR]}x', data={'first_name': 'Eva', 'last_name': 'Berg'}))
        await asyncio.wait([answer, asyncio.create_task(waits.wait())], return_when=asyncio.FIRST_COMPLETED)
        assert not answer.done()
        store.replace(FloorSnapshot((), (), 0, people=(EVA,)))
        assert (await answer).headers['location'] == '/setup'


async def test_a_link_stays_good_while_the_database_is_busy() -> None:
    """As during the first minute of a demo, which fills the database."""
    async def use(*_: str, **__: str) -> Employee:
        raise DatabaseUnavailableError('the database does not answer: TimeoutError')
    access: Any = SimpleNamespace(first_supervisor=SimpleNamespace(use=use), invitations=SimpleNamespace(use=use))
    app = FastAPI()
    link_pages.register(app, access, Store(stale_after=60), has_sign_in=False)
    first, invitation = (f'/link/{PREFIXES[kind]}x' for kind in (KeyKind.FIRST_SUPERVISOR, KeyKind.INVITATION))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor') as client:
        invited = await client.post(invitation)
        became = await client.post(first, data={'first_name': 'Eva', 'last_name': 'Berg', 'email': 'eva@example.com'})
    assert (invited.status_code, became.status_code) == (503, 503)
    assert 'does not work' not in invited.text
    assert f'<a href="{invitation}">Try again</a>' in invited.text
    assert 'value="eva@example.com"' in became.text
    assert 'Become the supervisor' in became.text
