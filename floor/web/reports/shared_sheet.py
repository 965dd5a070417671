"""One reading of a shift's report for all pages that show it, again when the floor changes while the shift goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nicegui import background_tasks

from ...analytics.shift_report import ShiftReport
from ...core.errors import DatabaseError, FloorError, ProgramFaultError
from ...core.shifts import Shift
from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ...feed.store import Store

log = logging.getLogger(__name__)

GAP_S = 2.0
"""The least time between two readings, however busy the plant is."""
REST = 5
"""A reading that took a second is followed by a pause of so many, so that a slow database is left alone."""
RETRY_S = 5.0
MINUTE_S = 60.0
"""Figures grow with time although nothing happens."""

Show = Callable[[ShiftReport | FloorError], None]
Read = Callable[[Shift], Awaitable[ShiftReport]]


class SharedSheets:
    """The shifts that pages show now, each read once for all of its pages."""

    def __init__(self, store: Store, read: Read) -> None:
        self._store = store
        self._read = read
        self._sheets: dict[Shift, _Sheet] = {}

    def join(self, shift: Shift, show: Show) -> Callable[[], None]:
        """Show this shift from now on, and why it cannot be read; the answer ends that."""
        sheet = self._sheets.get(shift)
        if sheet is None:
            sheet = self._sheets[shift] = _Sheet(self._store, shift, self._read)
        sheet.shows.append(show)
        sheet.ask()

        def leave() -> None:
            sheet.shows.remove(show)
            if not sheet.shows:
                del self._sheets[shift]
                sheet.end()

        return leave


    def again(self, shift: Shift) -> None:
        """Give up what is being read of this shift, and read it again."""
        if (sheet := self._sheets.get(shift)) is not None:
            sheet.again()


class _Sheet:
    """One shift, as long as somebody looks at it."""

    def __init__(self, store: Store, shift: Shift, read: Read) -> None:
        self.shows: list[Show] = []
        self._store = store
        self._shift = shift
        self._read = read
        self._is_final = False
        self._wanted = asyncio.Event()
        self._at_once = asyncio.Event()
        self._stop = store.subscribe(self._on_difference)
        self._task = background_tasks.create(self._run(), name='shift report')

    def ask(self) -> None:
        """Read it again without a pause: somebody waits for it."""
        self._wanted.set()
        self._at_once.set()

    def again(self) -> None:
        """Give up what is being read, and read it again."""
        self._task.cancel()
        self._task = background_tasks.create(self._run(), name='shift report')
        self.ask()

    def end(self) -> None:
        """Nobody looks any more."""
        self._stop()
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self._keep_reading()
            except Exception:
                log.exception('the shift report is no longer read; it is read again in %g s', RETRY_S)
                self._wanted.set()
                await asyncio.sleep(RETRY_S)

    async def _keep_reading(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await _within(None if self._is_final else MINUTE_S, self._wanted)
            self._wanted.clear()
            self._at_once.clear()
            began = loop.time()
            pause = GAP_S
            if not await self._read_once():
                pause = RETRY_S
                self._wanted.set()
            await _within(max(pause, REST * (loop.time() - began)), self._at_once)

    async def _read_once(self) -> bool:
        answer: ShiftReport | FloorError
        try:
            answer = await self._read(self._shift)
            self._is_final = not answer.is_going
        except DatabaseError as error:
            answer = error
        except Exception as error:  # a fault of ours must not leave an old sheet that looks new
            log.exception('reading a shift report failed')
            answer = ProgramFaultError(error)
        for show in tuple(self.shows):
            _show_on(show, answer)
        return isinstance(answer, ShiftReport)

    def _on_difference(self, difference: Difference) -> None:
        if difference.history or (difference.connection and self._store.connection is Freshness.LIVE):
            self.ask()
        elif not self._is_final and (difference.machines or difference.orders or difference.layout):
            self._wanted.set()


def _show_on(show: Show, answer: ShiftReport | FloorError) -> None:
    """On one page, which says so when it cannot; the others get it all the same."""
    try:
        show(answer)
    except Exception as error:
        log.exception('a page could not show a shift report')
        if not isinstance(answer, FloorError):
            _show_on(show, ProgramFaultError(error))


async def _within(seconds: float | None, event: asyncio.Event) -> None:
    """Until the event, but not longer than that."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        pass
