"""Everything is looked at for garbage when pages have gone, and otherwise seldom."""

import asyncio
import gc

import pytest

from floor.collector import AT_LEAST_EVERY, collect_garbage


@pytest.fixture
def full_collections():
    """Each full collection, as it happens."""
    seen = []

    def note(phase, info):
        if phase == 'stop' and info['generation'] == 2:
            seen.append(info)

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


async def looks(number):
    """Let the collector look that often: it sleeps for no time at all between its looks."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_pages_that_have_gone_are_collected_once(full_collections):
    gone = 0
    task = asyncio.create_task(collect_garbage(lambda: gone, every=0))
    await looks(3)
    assert not full_collections

    gone = 2
    await looks(2)

    assert len(full_collections) == 1
    task.cancel()


async def test_now_and_then_the_rest(full_collections):
    task = asyncio.create_task(collect_garbage(lambda: 0, every=0))

    await looks(2 * AT_LEAST_EVERY + 2)

    assert len(full_collections) == 2
    task.cancel()


async def test_afterwards_python_does_as_before():
    before = gc.get_threshold()
    task = asyncio.create_task(collect_garbage(lambda: 0))
    await looks(1)
    assert gc.get_threshold() != before

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert gc.get_threshold() == before
