"""A Chromium of 2022, as TVs and tablets have it: Qt's web engine of that time, from the extra old-browser.

It has no light-dark(), no :has(), no color-mix() and no container queries.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name('qt_window.py')
HOW = "pip install -e '.[old-browser]'"
LIBRARIES = 'apt-get install libegl1 libgl1 libnss3 libxcomposite1 libxdamage1 libxkbfile1 libxrandr2 libxtst6'
PATIENCE_S = 30.0
HUE_AT_LEAST = 30
"""How far the largest and the smallest part of a colour lie apart; in grey they do not."""

Colour = tuple[int, int, int]


class OldBrowser:
    """One window."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, expression: str) -> Any:
        """What JavaScript makes of it."""
        return await self._ask(run=f'(() => {{ try {{ return {expression} }} catch (error) {{ return null }} }})()')

    async def until(self, expression: str) -> None:
        """Wait until this is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self.run(f'Boolean({expression})'):  # noqa: ASYNC110 (it does not tell)
                await asyncio.sleep(.1)

    async def colour_of(self, selector: str, x: float, y: float) -> Colour:
        """As it is painted, so many pixels from the element's left (or, negative, right) and top edge."""
        left, right, top = await self.run(
            f'(box => [box.left, box.right, box.top])(document.querySelector({selector!r}).getBoundingClientRect())')
        red, green, blue = await self._ask(pixel=[int((left if x >= 0 else right) + x), int(top + y)])
        return red, green, blue

    async def until_grey(self, selector: str, x: float, y: float, *, grey: bool = True) -> None:
        """Wait until the point that colour_of takes has no hue; grey=False: until it has one."""
        async with asyncio.timeout(PATIENCE_S):
            while is_grey(await self.colour_of(selector, x, y)) is not grey:  # noqa: ASYNC110 (it does not tell)
                await asyncio.sleep(.1)

    async def _ask(self, **command: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b'\n')
        await self._process.stdin.drain()
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        if not line:
            unusable(f"Qt's web engine did not start: install its libraries, on Debian with `{LIBRARIES}`")
        return json.loads(line)


def is_grey(colour: Colour) -> bool:
    """Whether no hue is left to be seen."""
    return max(colour) - min(colour) < HUE_AT_LEAST


@asynccontextmanager
async def old_browser(url: str) -> AsyncIterator[OldBrowser]:
    """A window that has opened this address. Skips the test where there is no such browser."""
    if importlib.util.find_spec('PyQt6') is None:
        pytest.skip(f'no old browser: {HOW}')
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {'QT_QPA_PLATFORM': 'offscreen', 'QTWEBENGINE_DISABLE_SANDBOX': '1'})
    try:
        yield OldBrowser(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def unusable(reason: str) -> None:
    """Skip, or fail where REQUIRE_BROWSER says that there must be a browser."""
    if os.environ.get('REQUIRE_BROWSER') == '1':
        pytest.fail(reason)
    pytest.skip(reason)
