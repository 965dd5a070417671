"""How many uploads have a place, and how much of them is in memory."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from floor.core.errors import TooManyUploadsError, UploadsBusyError, UploadTooSlowError
from floor.core.people import Identity
from floor.orders.upload_queue import MAX_UPLOAD_BYTES, UploadQueue, body_timeout

MIKE = Identity('Mike Johnson', 'mike@example.com')
LISA = Identity('Lisa Garcia', 'lisa@example.com')
LOCAL = Identity('Local', None)


async def test_a_person_has_so_many_uploads_at_once_and_others_have_theirs() -> None:
    queue = UploadQueue(max_per_person=2, max_total=10)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(queue.slot(MIKE, '10.0.0.1', 10))
        with pytest.raises(TooManyUploadsError, match='you are already sending 2 files'):
            await stack.enter_async_context(queue.slot(MIKE, '10.0.0.2', 10))
        await stack.enter_async_context(queue.slot(LISA, '10.0.0.1', 10))
        assert queue.uploads == 3
    assert (queue.uploads, queue.bytes_in_memory) == (0, 0)
    async with queue.slot(MIKE, '10.0.0.1', 10):
        assert queue.uploads == 1


async def test_people_without_their_own_address_are_distinguished_by_their_computer() -> None:
    queue = UploadQueue(max_per_person=1)
    async with queue.slot(LOCAL, '10.0.0.1', 10), queue.slot(LOCAL, '10.0.0.2', 10):
        with pytest.raises(TooManyUploadsError):
            await queue.slot(LOCAL, '10.0.0.1', 10).__aenter__()


async def test_all_together_have_so_many() -> None:
    queue = UploadQueue(max_per_person=2, max_total=2)
    async with queue.slot(MIKE, None, 10), queue.slot(LISA, None, 10):
        with pytest.raises(UploadsBusyError, match='too many files are being sent') as refusal:
            await queue.slot(LOCAL, '10.0.0.1', 10).__aenter__()
        assert not isinstance(refusal.value, TooManyUploadsError)
    assert queue.uploads == 0


@pytest.mark.parametrize(('of_one', 'in_all', 'who'), [(25, 100, MIKE), (100, 25, LISA)])
async def test_who_finds_no_memory_waits_unread_until_there_is_some(of_one: int, in_all: int, who: Identity) -> None:
    queue, reading = UploadQueue(max_bytes_per_person=of_one, max_bytes_total=in_all), asyncio.Event()

    async def upload() -> None:
        async with queue.slot(who, None, 10):
            reading.set()

    async with queue.slot(MIKE, None, 10):
        async with queue.slot(MIKE, None, 10):
            waiting = asyncio.create_task(upload())
            while queue.uploads < 3:  # noqa: ASYNC110 (it takes its place without a signal)
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert (reading.is_set(), queue.bytes_in_memory) == (False, 20)
        await waiting
    assert (queue.uploads, queue.bytes_in_memory) == (0, 0)


async def test_a_small_file_of_another_passes_those_that_wait() -> None:
    queue = UploadQueue(max_bytes_per_person=15, max_bytes_total=100)
    async with queue.slot(MIKE, None, 10):
        waiting = asyncio.create_task(queue.slot(MIKE, None, 10).__aenter__())
        async with queue.slot(LISA, None, 10):
            assert queue.bytes_in_memory == 20
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert (queue.uploads, queue.bytes_in_memory) == (0, 0)


async def test_who_waits_too_long_is_asked_to_send_it_again() -> None:
    queue = UploadQueue(max_bytes_per_person=15, memory_timeout=0.01)
    async with queue.slot(MIKE, None, 10):
        with pytest.raises(UploadsBusyError, match='this file was not stored'):
            await queue.slot(MIKE, None, 10).__aenter__()
        assert (queue.uploads, queue.bytes_in_memory) == (1, 10)


async def test_a_body_of_unknown_length_counts_as_the_largest() -> None:
    queue = UploadQueue()
    async with queue.slot(MIKE, None, None):
        assert queue.bytes_in_memory == MAX_UPLOAD_BYTES


async def test_what_fails_gives_its_place_back() -> None:
    queue = UploadQueue(max_per_person=1)
    for _ in range(2):
        with pytest.raises(ValueError, match='broken'):
            async with queue.slot(MIKE, None, 10):
                raise ValueError('broken')
    assert (queue.uploads, queue.bytes_in_memory) == (0, 0)


async def test_a_sender_that_has_gone_keeps_its_place_no_longer() -> None:
    queue = UploadQueue()
    with pytest.raises(UploadTooSlowError, match=r'did not arrive within 0.01 s and was not stored'):
        async with queue.slot(MIKE, None, 10), body_timeout(within=0.01):
            await asyncio.Event().wait()
    assert queue.uploads == 0


async def test_a_person_sends_fifty_files_at_once_by_default() -> None:
    queue = UploadQueue()
    async with AsyncExitStack() as stack:
        for _ in range(50):
            await stack.enter_async_context(queue.slot(MIKE, '10.0.0.1', 10))
        with pytest.raises(TooManyUploadsError, match='you are already sending 50 files'):
            await stack.enter_async_context(queue.slot(MIKE, '10.0.0.1', 10))
