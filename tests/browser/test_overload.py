"""Given less processor than it would need, the floor shows fewer frames and never wrong ones, answers, and recovers."""

import asyncio
import threading
import time

import httpx
import pytest
from benchmarks.changes import writer
from benchmarks.crowd import crowd

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.xdist_group('browser-1')]

BROWSERS, RATE, SECONDS = 20, 100, 5.0
RUNS_S, STANDS_S = 0.02, 0.18   # a tenth of a processor
HEALTHY_S = 5.0


class Brake:
    """Lets a process run for a tenth of the time."""

    def __init__(self, process):
        self._process, self._ended = process, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._ended.is_set():
            self._process.suspend()
            time.sleep(STANDS_S)
            self._process.resume()
            time.sleep(RUNS_S)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


async def test_fewer_frames_never_wrong_ones_and_back_to_normal(program, sql):
    answers = []

    async def ask(http):
        while True:
            began = time.monotonic()
            await http.get('/healthz')
            answers.append(time.monotonic() - began)
            await asyncio.sleep(0.1)

    async with crowd('floor', program.url, BROWSERS) as browsers, writer(program.database_url) as write, \
            httpx.AsyncClient(base_url=program.url, timeout=60) as http:
        calm = await browsers.observed(await write.write(RATE, SECONDS))
        asking = asyncio.create_task(ask(http))
        with Brake(program.process):
            changes = await write.write(RATE, SECONDS)
        asking.cancel()
        braked = await browsers.observed(changes)
        after = await browsers.observed(await write.write(RATE, SECONDS))

    for seen in calm, braked, after:
        assert (seen.missed, seen.backwards, seen.lost) == (0, 0, 0)
    assert braked.messages < calm.messages / 2   # several changes in each
    assert max(answers) < HEALTHY_S
    assert after.messages > braked.messages
