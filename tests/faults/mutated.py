"""Runs the program with one thing in it broken, to see that a fault test finds it: python mutated.py NAME

Each mutation is what a reasonable person might have written instead. The product knows nothing of this: what is patched
is patched here, before main.py runs as it always does.
"""

from __future__ import annotations

import asyncio
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MUTATIONS: dict[str, Callable[[], None]] = {}


def mutation(patch: Callable[[], None]) -> Callable[[], None]:
    """Names it by its function."""
    MUTATIONS[patch.__name__] = patch
    return patch


@mutation
def believes_an_open_connection() -> None:
    """No heartbeat: a connection that isn't closed counts as alive."""
    from floor.listener import Listener

    async def beat(self: Any, session: Any) -> None:
        self._drain(session)
        if not session.connection.is_closed():
            self._store.prove()
    Listener._beat = beat   # type: ignore[method-assign]


@mutation
def asks_select_1() -> None:
    """A heartbeat that proves that the database answers, not that it delivers."""
    from floor.listener import Listener

    async def beat(self: Any, session: Any) -> None:
        async with asyncio.timeout(self._timing.heartbeat_timeout), session.asking:
            await session.connection.fetchval('SELECT 1')
        self._drain(session)
        self._store.prove()
    Listener._beat = beat   # type: ignore[method-assign]


if __name__ == '__main__':
    MUTATIONS[sys.argv[1]]()
    sys.argv, sys.path[0] = [str(ROOT / 'main.py')], str(ROOT)
    runpy.run_path(sys.argv[0], run_name='__main__')
