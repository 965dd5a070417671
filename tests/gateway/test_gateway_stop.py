"""A gateway stops when it is stopped."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from floor.gateway import gateway


async def test_a_source_that_forgot_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a library does whose answer arrives in the same moment: the gateway waited for it without end."""
    monkeypatch.setattr(gateway, 'CANCEL_S', 0.01)

    async def forgets() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()
    source = asyncio.create_task(forgets())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await gateway._cancel([source])
    assert source.cancelled()
