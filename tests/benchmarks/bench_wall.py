"""A wall screen under a day of changes, its lines in turn each 3 s, and a lost network after each eighth of them.

The browser is away for less than the server waits for it, so it is one page all the time: a page that is loaded again
would begin again, and prove nothing.
"""

from __future__ import annotations

from pathlib import Path

from .bench_soak import CHANGES, soak
from .report import Row

OUTAGE_S = 8.0


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    return await soak(program, 1_200 if quick else CHANGES, '/?kiosk&rotate=3', outage_s=OUTAGE_S)
