"""Tasks that need the database wait for the first picture."""

from __future__ import annotations

import asyncio

from floor.core.floor_snapshot import FloorSnapshot
from floor.feed.store import Store
from floor.operations.freshness_log import after_first_snapshot

EMPTY_FLOOR = FloorSnapshot(machines=(), events=(), now_ms=1_000)


async def test_a_task_begins_with_the_first_picture_and_not_before() -> None:
    store, begun = Store(), asyncio.Event()

    async def task() -> None:
        begun.set()

    waiting = asyncio.create_task(after_first_snapshot(store, task))
    store.lose('the database does not answer')
    await asyncio.sleep(0)
    assert not begun.is_set()

    store.replace(EMPTY_FLOOR)
    store.prove()
    await waiting
    assert begun.is_set()


async def test_where_the_floor_is_live_already_it_begins_at_once() -> None:
    store, begun = Store(), asyncio.Event()
    store.replace(EMPTY_FLOOR)
    store.prove()

    async def task() -> None:
        begun.set()

    await after_first_snapshot(store, task)
    assert begun.is_set()
