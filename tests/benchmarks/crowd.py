"""Many simulated browsers in their own process: started by Crowd, driven by lines of JSON.

    python -m tests.benchmarks.crowd floor http://127.0.0.1:8000 100
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import httpx

from .browsers import Browser, FloorBrowser, NamesBrowser, OrdersBrowser, YardstickBrowser
from .changes import Change
from .report import percentile
from .server import ROOT

KINDS: dict[str, type[Browser]] = {'floor': FloorBrowser, 'names': NamesBrowser, 'orders': OrdersBrowser,
                                  'yardstick': YardstickBrowser}
OPENING_AT_ONCE = 4
LAST_WORD_S = 1.0
LINE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Observation:
    """What all browsers of a crowd saw of some changes. Times in ms from the UPDATE to the first message that shows the
    change, or a later one of the same machine (several changes may be sent as one)."""

    p50: float
    p95: float
    p99: float
    worst: float
    missed: int
    """Changes that a browser never showed, nor a later one of their machine."""
    backwards: int
    """How often a machine went back to an older change in a browser."""
    lost: int
    """Browsers whose connection ended."""
    messages: float
    """Per browser."""
    kilobytes: float
    """Per browser."""


class Crowd:
    """A crowd in its own process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def observed(self, changes: Sequence[Change], patience: float = 0.0) -> Observation:
        """What was seen of these changes, once the last of them must have arrived. Forgets all that was seen before.

        patience: how many seconds more the last may take, where the machine has other work
        """
        await asyncio.sleep(LAST_WORD_S)
        question = {'patience': patience, 'changes': [asdict(change) for change in changes]}
        return Observation(**json.loads(await self._ask(question)))

    async def _ask(self, question: object) -> bytes:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b'\n')
        await self._process.stdin.drain()
        return await self._process.stdout.readline()


@asynccontextmanager
async def crowd(kind: str, address: str, count: int) -> AsyncIterator[Crowd]:
    """Browsers that have opened the page and stay until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, '-m', 'tests.benchmarks.crowd', kind, address, str(count), cwd=ROOT, limit=LINE_LIMIT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        if await process.stdout.readline() != b'ready\n':
            raise RuntimeError('the simulated browsers could not open the page')
        yield Crowd(process)
    finally:
        process.stdin.close()
        await process.wait()


def observe(browsers: Sequence[Browser], changes: Sequence[Change]) -> Observation:
    """The latency of every change at every browser, and what is wrong."""
    latencies: list[float] = []
    missed = backwards = 0
    for browser in browsers:
        waiting: dict[str, list[Change]] = {}
        for change in reversed(changes):
            waiting.setdefault(change.machine, []).append(change)
        newest: dict[str, int] = {}
        for at, shown in browser.seen:
            for machine, number in shown:
                backwards += number < newest.get(machine, 0)
                newest[machine] = number
                unseen = waiting.get(machine, [])
                while unseen and unseen[-1].number <= number:
                    latencies.append((at - unseen.pop().sent) * 1000)
        missed += sum(map(len, waiting.values()))
    if not latencies:
        raise RuntimeError('no browser saw any change')
    p50, p95, p99 = (percentile(latencies, share) for share in (0.5, 0.95, 0.99))
    return Observation(p50, p95, p99, max(latencies), missed, backwards,
                       sum(browser.lost for browser in browsers),
                       sum(browser.messages for browser in browsers) / len(browsers),
                       sum(browser.received for browser in browsers) / len(browsers) / 1000)


async def main(kind: str, address: str, count: int) -> None:
    """The process: open the pages, say so, and answer questions until there are no more."""
    browsers = [KINDS[kind](address) for _ in range(count)]
    opening = asyncio.Semaphore(OPENING_AT_ONCE)
    async with httpx.AsyncClient(timeout=60) as http:
        async def open_one(browser: Browser) -> None:
            async with opening:
                await browser.open(http)
        await asyncio.gather(*map(open_one, browsers))
    gc.freeze()   # or the collector's pauses would be measured with the server
    print('ready', flush=True)
    questions = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := await questions.readline():
        asked = json.loads(question)
        changes, deadline = [Change(**change) for change in asked['changes']], time.monotonic() + asked['patience']
        while True:
            seen = observe(browsers, changes)
            if not seen.missed or time.monotonic() >= deadline:
                break
            await asyncio.sleep(0.2)
        print(json.dumps(asdict(seen)), flush=True)
        for browser in browsers:
            browser.seen.clear()
            browser.messages = browser.received = 0
    for browser in browsers:
        browser.close()


if __name__ == '__main__':
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
