"""Loads the data of a page, shows what it is waiting for, and offers to try again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nicegui import background_tasks, ui

from ...core.errors import DatabaseError, FloorError, HistoryNotReadyError, ProgramFaultError
from ...core.tasks import happens_within
from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ...feed.store import Store
from .messages import as_sentence

log = logging.getLogger(__name__)

FIRST_ANSWER_S = 1.5
"""The page is sent with the data loaded by then; the rest follows."""
SLOW_S = 5.0
"""Seconds without a response after which the page offers to try again."""
RESPONSE_TIMEOUT_S = 60.0
"""For @ui.page: many simultaneous pages on a busy processor take long without being an error."""


class Notice(ui.element):
    """A message with a button to try again; hidden without a message."""

    def __init__(self, again: Callable[[], None]) -> None:
        super().__init__('div')
        self.classes('loading')
        self._message = ''
        with self:
            self._label = ui.label()
            self._label.props['role'] = 'alert'
            self._button = ui.button('Try again', on_click=again, color=None).props('no-caps').classes('loading-again')
        self.show('')

    @property
    def text(self) -> str:
        """The message."""
        return self._message

    def show(self, text: str, *, is_problem: bool = True, can_retry: bool = True) -> None:
        """Show a message; empty hides it. On a page that has been left, nothing. is_problem: styled as an error.
        can_retry: with the button."""
        if self.is_deleted:
            return
        self._message = text
        self._label.set_text(text)
        self._label.classes(add='problem') if text and is_problem else self._label.classes(remove='problem')
        self._button.set_visibility(is_problem and can_retry)
        self.set_visibility(bool(text))

    def show_error(self, what: str, error: FloorError) -> None:
        """Show why something, such as 'the report', cannot be loaded; what only has to be awaited is no problem."""
        self.show(failure(what, error), is_problem=not isinstance(error, HistoryNotReadyError))


class Loading:
    """Loads data for one page, outside of the request that builds it. Retries when the database is back."""

    def __init__(self, store: Store, what: str, read: Callable[[], Awaitable[None]]) -> None:
        """what: the data, such as 'the shift report'. read: loads and shows it; raises FloorError."""
        self._store = store
        self._what = what
        self._read = read
        self._client = ui.context.client
        self._task: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()
        self._failed = False
        self.notice = Notice(self.again)
        self._stop = store.subscribe(self._on_difference)
        self._client.on_delete(self._end)

    async def first_answer(self) -> None:
        """Start loading, and wait briefly for the result."""
        self.start()
        if self._store.connection is Freshness.LIVE:
            await happens_within(self._answered, FIRST_ANSWER_S)

    def start(self) -> None:
        """Load, unless already loading."""
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._run(), name=f'read {self._what}')

    async def finished(self) -> None:
        """Wait until the loading that has been started has ended, with a result or without."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def again(self) -> None:
        """Cancel loading, and load again."""
        self._cancel()
        self.start()

    async def _run(self) -> None:
        if not self._answered.is_set() or self._failed:
            self.notice.show(f'Loading {self._what}…', is_problem=False)
        overdue = asyncio.get_running_loop().call_later(SLOW_S, self._overdue)
        try:
            with self._client:
                await self._read()
        except FloorError as error:
            self._fail(error)
        except Exception as error:  # a bug must not look like a slow database
            log.exception('reading %s failed', self._what)
            self._fail(ProgramFaultError(error))
        else:
            self._failed = False
            self.notice.show('')
        finally:
            overdue.cancel()
        self._answered.set()

    def _fail(self, error: FloorError) -> None:
        self._failed = True
        self.notice.show_error(self._what, error)

    def _overdue(self) -> None:
        self.notice.show(waiting(self._what))

    def _on_difference(self, difference: Difference) -> None:
        if self._failed and difference.connection and self._store.connection is Freshness.LIVE:
            self.start()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _end(self) -> None:
        self._stop()
        self._cancel()


def waiting(what: str) -> str:
    """The message for a slow database."""
    return (f'The database has not responded for {SLOW_S:g} s. {what[0].upper()}{what[1:]} will appear here as '
            f'soon as it does.')


def failure(what: str, error: FloorError) -> str:
    """The message for an error: what failed, why, and what happens next."""
    if isinstance(error, HistoryNotReadyError):
        return f'{as_sentence(error)} {what[0].upper()}{what[1:]} will appear here as soon as it is complete.'
    problem = f'Cannot load {what}. {as_sentence(error)}'
    if isinstance(error, DatabaseError):
        return f'{problem} The page retries as soon as the database responds; you can also try again now.'
    return f'{problem} You can try again now.'
