"""What stands is not looked at again until a good part of the pages has gone, and otherwise seldom."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from floor.operations.gc_schedule import AT_LEAST_EVERY, collect_garbage

Collecting = Callable[[Callable[[], int], Callable[[], int]], Awaitable[None]]


class Page:
    """Only a collection frees it: it knows itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def calm() -> Iterator[None]:
    """Nothing but the collector looks for garbage. What it thaws is frozen again, for the tests that follow."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


async def looks(number: int) -> None:
    """Let the collector look that often: it sleeps for no time at all between its looks."""
    for _ in range(number):
        await asyncio.sleep(0)


async def closed_page() -> weakref.ref[Page]:
    """One that was open when the collector looked, and has been closed since."""
    page = Page()
    await looks(1)
    return weakref.ref(page)


async def test_what_came_and_went_between_two_looks_is_freed(collecting: Collecting) -> None:
    await collecting(lambda: 0, lambda: 100)
    page = weakref.ref(Page())

    await looks(1)

    assert page() is None


async def test_what_stood_is_freed_when_a_good_part_of_the_pages_has_gone(collecting: Collecting) -> None:
    gone = 0
    await collecting(lambda: gone, lambda: 8)
    closed = await closed_page()

    gone = 2
    await looks(2)
    assert closed() is not None

    gone = 3
    await looks(1)
    assert closed() is None


async def test_the_last_page_of_all_is_freed(collecting: Collecting) -> None:
    gone = 0
    await collecting(lambda: gone, lambda: 0)
    closed = await closed_page()
    gone = 1

    await looks(1)

    assert closed() is None


async def test_now_and_then_all_is_looked_at(collecting: Collecting) -> None:
    await collecting(lambda: 0, lambda: 8)
    closed = await closed_page()
    await looks(AT_LEAST_EVERY - 3)
    assert closed() is not None

    await looks(1)

    assert closed() is None


async def test_afterwards_python_does_as_before() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    task = asyncio.create_task(collect_garbage(lambda: 0, lambda: 0, every=0))
    await looks(3)
    assert gc.get_threshold() != before[0]
    assert gc.get_freeze_count() > before[1]

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (gc.get_threshold(), gc.get_freeze_count()) == (before[0], 0)


@pytest.fixture
async def collecting() -> AsyncIterator[Collecting]:
    """Start it: `await collecting(pages_gone, pages_open)`; it has looked once."""
    tasks = []

    async def start(pages_gone: Callable[[], int], pages_open: Callable[[], int]) -> None:
        tasks.append(asyncio.create_task(collect_garbage(pages_gone, pages_open, every=0)))
        await looks(2)
    yield start
    for task in tasks:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
