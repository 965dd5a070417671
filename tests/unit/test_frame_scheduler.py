"""Frames at once when it is quiet, fewer when they are dear, and never without the last word."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

from floor.web.live.frame_scheduler import FrameScheduler

DEAR_S, FRAMES = 0.03, 8


async def until_rested(pace: FrameScheduler) -> None:
    async with asyncio.timeout(30):
        while pace._resting:  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.001)


async def test_after_a_quiet_moment_it_goes_at_once() -> None:
    frames: list[Any] = []
    pace = FrameScheduler(frames.append)

    pace.want(['a', 'b'])

    assert frames == [{'a', 'b'}]


async def test_what_is_wanted_meanwhile_goes_together_in_the_next_frame() -> None:
    frames: list[Any] = []
    pace = FrameScheduler(frames.append)
    for topic in 'abcdc':
        pace.want([topic])
    await until_rested(pace)

    assert frames == [{'a'}, {'b', 'c', 'd'}]


async def test_dear_frames_leave_half_of_the_time_to_others() -> None:
    began: list[float] = []

    def dear(_: set[str]) -> None:
        began.append(time.monotonic())
        time.sleep(DEAR_S)  # the processor is busy
    pace = FrameScheduler(dear)

    while len(began) < FRAMES:
        pace.want(['a'])
        await asyncio.sleep(0.001)
    await until_rested(pace)

    assert pace.took_s >= DEAR_S
    assert min(later - earlier for earlier, later in pairwise(began)) >= 2 * DEAR_S * .95


async def test_a_frame_that_failed_does_not_end_them_all() -> None:
    frames: list[Any] = []

    def failing(topics: set[str]) -> None:
        frames.append(topics)
        if len(frames) == 1:
            raise ValueError('a page of the program')
    pace = FrameScheduler(failing)
    try:
        pace.want(['a'])
    except ValueError:
        pass
    await until_rested(pace)

    pace.want(['b'])

    assert frames == [{'a'}, {'b'}]
