"""A real Firefox, driven by WebDriver BiDi, which it speaks itself: no driver program is needed."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

NAMES = ('firefox-esr', 'firefox')
START_PATIENCE_S = 60
MAX_MESSAGE = 64 * 1024 ** 2


def find_firefox() -> str:
    """The program; skips where there is none."""
    for path in (os.environ.get('FIREFOX'), *map(shutil.which, NAMES)):
        if path and Path(path).exists():
            return path
    pytest.skip('no Firefox: `apt-get install firefox-esr`, or name one in the environment variable FIREFOX')


class Firefox:
    """One browser with one page."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._context = ''
        self.events: list[dict[str, Any]] = []
        """All that it reported, oldest first."""

    async def begin(self) -> None:
        """Open the session, and hear of every answer and every line of the console."""
        await self._ask('session.new', capabilities={})
        tree = await self._ask('browsingContext.getTree')
        self._context = tree['contexts'][0]['context']
        await self._ask('session.subscribe', events=['network.responseCompleted', 'log.entryAdded'])

    async def open(self, url: str) -> None:
        """Go there, and wait until the page has loaded."""
        await self._ask('browsingContext.navigate', context=self._context, url=url, wait='complete')

    def answers(self, path: str) -> list[int]:
        """The status of each answer to this path."""
        return [event['params']['response']['status'] for event in self.events
                if event['method'] == 'network.responseCompleted'
                and re.fullmatch(rf'\w+://[^/]+{re.escape(path)}', event['params']['response']['url'])]

    @property
    def complaints(self) -> list[str]:
        """What the console says of errors and warnings."""
        return [event['params']['text'] for event in self.events
                if event['method'] == 'log.entryAdded' and event['params']['level'] in {'warn', 'error'}]

    async def listen(self) -> None:
        """Take what it sends until it ends."""
        async for text in self._connection:
            message = json.loads(text)
            if message.get('type') == 'event':
                self.events.append(message)
            elif (answer := self._answers.pop(message.get('id'), None)) is not None:
                answer.set_result(message)

    async def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({'id': number, 'method': method, 'params': params}))
        message = await answer
        assert message['type'] == 'success', message
        return dict(message['result'])


@asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[Firefox]:
    """A browser with an empty profile in this folder; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        find_firefox(), '--headless', '--no-remote', '--profile', str(profile), '--remote-debugging-port', '0',
        env={**os.environ, 'HOME': str(profile)}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    output: list[str] = []
    try:
        async with asyncio.timeout(START_PATIENCE_S):
            while not (found := re.search(r'WebDriver BiDi listening on (ws://\S+)', output[-1] if output else '')):
                line = (await process.stderr.readline()).decode(errors='replace')
                assert line, f'Firefox does not start: {output}'
                output.append(line)
        async with connect(f'{found[1]}/session', max_size=MAX_MESSAGE) as connection:
            browser = Firefox(connection)
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(browser.listen())
                drain = tasks.create_task(_read_on(process.stderr))
                await browser.begin()
                yield browser
                listening.cancel()
                drain.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _read_on(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass
