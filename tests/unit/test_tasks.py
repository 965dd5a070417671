"""Tasks that run together end together, whatever they do with their cancellation."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from floor.core import tasks


async def forever() -> None:
    await asyncio.Event().wait()


async def forgets() -> None:
    """As a library does whose answer arrives in the moment of the cancellation."""
    with suppress(asyncio.CancelledError):
        await forever()
    await forever()


async def fails() -> None:
    await asyncio.sleep(0)
    raise RuntimeError('the connection is lost')


async def test_an_end_is_the_end_of_all_although_one_forgot_its_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, 'CANCEL_S', 0.01)
    before = asyncio.all_tasks()
    with pytest.raises(RuntimeError, match='the connection is lost'):
        async with asyncio.timeout(10):
            await tasks.run_together(forgets(), fails(), forever())
    assert asyncio.all_tasks() == before


async def test_a_cancellation_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, 'CANCEL_S', 0.01)
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await tasks.run_together(forgets(), forever())
    assert asyncio.all_tasks() == before
