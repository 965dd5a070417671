"""Loads each shift report once for all pages that show it, and again when the floor changes during the shift."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nicegui import background_tasks

from ...analytics.shift_report import ShiftReport
from ...core.errors import DatabaseError, FloorError, ProgramFaultError
from ...core.shifts import Shift
from ...core.tasks import happens_within
from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ...feed.store import Store

log = logging.getLogger(__name__)

GAP_S = 2.0
"""Minimum time between two reads."""
REST = 5
"""Pause after a read, as a multiple of its duration, to limit the load on a slow database."""
RETRY_S = 5.0
MINUTE_S = 60.0
"""Maximum time between two reads during the shift: KPIs change with time even without events."""

Show = Callable[[ShiftReport | FloorError], None]
Read = Callable[[Shift], Awaitable[ShiftReport]]


class SharedSheets:
    """The reports of all shifts that pages show."""

    def __init__(self, store: Store, read: Read) -> None:
        self._store = store
        self._read = read
        self._sheets: dict[Shift, _Sheet] = {}

    def join(self, shift: Shift, show: Show) -> Callable[[], None]:
        """Call show with each new report of this shift, or with an error. Returns a function that stops this."""
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
        """Cancel the present read of this shift, and read it again."""
        if (sheet := self._sheets.get(shift)) is not None:
            sheet.again()


class _Sheet:
    """The report of one shift, while a page shows it."""

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
        """Read it again without a pause."""
        self._wanted.set()
        self._at_once.set()

    def again(self) -> None:
        """Cancel the present read, and read it again."""
        self._task.cancel()
        self._task = background_tasks.create(self._run(), name='shift report')
        self.ask()

    def end(self) -> None:
        """Stop reading."""
        self._stop()
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self._keep_reading()
            except Exception:
                log.exception('updating the shift report failed; retrying in %g s', RETRY_S)
                self._wanted.set()
                await asyncio.sleep(RETRY_S)

    async def _keep_reading(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await happens_within(self._wanted, None if self._is_final else MINUTE_S)
            self._wanted.clear()
            self._at_once.clear()
            began = loop.time()
            pause = GAP_S
            if not await self._read_once():
                pause = RETRY_S
                self._wanted.set()
            await happens_within(self._at_once, max(pause, REST * (loop.time() - began)))

    async def _read_once(self) -> bool:
        answer: ShiftReport | FloorError
        try:
            answer = await self._read(self._shift)
            self._is_final = not answer.is_going
        except DatabaseError as error:
            answer = error
        except Exception as error:  # a bug must not leave an outdated report that looks current
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
    """Show the report on one page. An error is shown on that page and does not affect others."""
    try:
        show(answer)
    except Exception as error:
        log.exception('a page could not show a shift report')
        if not isinstance(answer, FloorError):
            _show_on(show, ProgramFaultError(error))
