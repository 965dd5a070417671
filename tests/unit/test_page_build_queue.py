"""Many who come at once are let in one by one, and everything else passes between them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from floor.web.middleware.page_build_queue import PageBuildQueue

PAGE_S = 0.01


class House:
    """What is behind the queue: it takes a while to answer, and counts how many are in."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.order: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(PAGE_S)
        self.inside -= 1
        self.order.append(scope['path'])
        if scope.get('fails'):
            raise ValueError('a fault of a page')
        await send({'type': 'http.response.start', 'status': 200, 'headers': []})
        await send({'type': 'http.response.body', 'body': b''})


async def nothing(_: Any = None) -> Any:
    return {}


def request(path: str, **scope: Any) -> dict[str, Any]:
    return {'type': 'http', 'path': path, **scope}


async def test_pages_of_the_floor_are_built_one_by_one() -> None:
    house = House()
    queue = PageBuildQueue(house)

    await asyncio.gather(*(queue(request('/'), nothing, nothing) for _ in range(5)))

    assert house.most == 1


async def test_all_else_does_not_wait_for_them() -> None:
    house = House()
    queue = PageBuildQueue(house)

    await asyncio.gather(*(queue(request('/'), nothing, nothing) for _ in range(5)),
                         queue(request('/healthz'), nothing, nothing))

    assert house.order.index('/healthz') <= 1


async def test_a_page_that_fails_does_not_block_the_others() -> None:
    queue = PageBuildQueue(House())
    with pytest.raises(ValueError, match='a fault of a page'):
        await queue(request('/', fails=True), nothing, nothing)

    async with asyncio.timeout(30):
        await queue(request('/'), nothing, nothing)


async def test_who_fetches_slowly_keeps_nobody_waiting() -> None:
    queue = PageBuildQueue(House())
    fetched = asyncio.Event()

    async def slow(_: Any) -> None:
        await fetched.wait()
    slow_one = asyncio.create_task(queue(request('/'), nothing, slow))

    async with asyncio.timeout(30):
        await queue(request('/'), nothing, nothing)

    fetched.set()
    await slow_one
