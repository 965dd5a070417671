"""What a page reads before it is complete: it says what it waits for, and what to do when no answer comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from nicegui import background_tasks, ui

from ...core.errors import DatabaseError, FloorError, HistoryNotReadyError, ProgramFaultError
from ...feed.store import Connection, Difference, Store
from .messages import as_sentence

log = logging.getLogger(__name__)

FIRST_ANSWER_S = 1.5
"""A page is sent with what has been read by then; the rest follows as soon as it is there."""
PATIENCE_S = 5.0
"""Seconds without an answer after which the page says so, and offers to try again."""
RESPONSE_TIMEOUT_S = 60.0
"""Of @ui.page: many pages at once on a busy processor take their time; that is no error."""


class Notice(ui.element):
    """A sentence, and a button to try again where that may help; hidden while there is none."""

    def __init__(self, again: Callable[[], None]) -> None:
        super().__init__('div')
        self.classes('loading')
        self._sentence = ''
        with self:
            self._label = ui.label()
            self._label.props['role'] = 'alert'
            self._button = ui.button('Try again', on_click=again, color=None).props('no-caps').classes('loading-again')
        self.show('')

    @property
    def text(self) -> str:
        """The sentence that is shown."""
        return self._sentence

    def show(self, text: str, *, is_problem: bool = True, can_retry: bool = True) -> None:
        """The sentence; empty hides it. is_problem: it is framed as one. can_retry: of a problem."""
        self._sentence = text
        self._label.set_text(text)
        self._label.classes(add='problem') if text and is_problem else self._label.classes(remove='problem')
        self._button.set_visibility(is_problem and can_retry)
        self.set_visibility(bool(text))


class Loading:
    """Reads for one page, outside the request that builds it. What failed is read again once the database is back."""

    def __init__(self, store: Store, what: str, read: Callable[[], Awaitable[None]]) -> None:
        """what: 'the shift report', as within a sentence. read: reads and shows; raises FloorError."""
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
        """Begin to read, and wait for the answer, but not for long."""
        self.start()
        if self._store.connection is Connection.LIVE:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._answered.wait(), FIRST_ANSWER_S)

    def start(self) -> None:
        """Read, unless it is being read."""
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._run(), name=f'read {self._what}')

    def again(self) -> None:
        """Give up what is being read, and read again."""
        self._cancel()
        self.start()

    async def _run(self) -> None:
        if not self._answered.is_set() or self._failed:
            self._say(f'Loading {self._what}…', is_problem=False)
        overdue = asyncio.get_running_loop().call_later(PATIENCE_S, self._overdue)
        try:
            with self._client:
                await self._read()
        except FloorError as error:
            self._failed = True
            self._say(failure(self._what, error))
        except Exception as error:  # a fault of ours must not look like an answer that never comes
            log.exception('reading %s failed', self._what)
            self._failed = True
            self._say(failure(self._what, ProgramFaultError(error)))
        else:
            self._failed = False
            self._say('')
        finally:
            overdue.cancel()
        self._answered.set()

    def _overdue(self) -> None:
        self._say(waiting(self._what))

    def _say(self, text: str, *, is_problem: bool = True) -> None:
        if not self.notice.is_deleted:
            self.notice.show(text, is_problem=is_problem)

    def _on_difference(self, difference: Difference) -> None:
        if self._failed and difference.connection and self._store.connection is Connection.LIVE:
            self.start()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _end(self) -> None:
        self._stop()
        self._cancel()


def waiting(what: str) -> str:
    """The database takes longer than people like to wait."""
    return (f'The database has not responded for {PATIENCE_S:g} s. {what[0].upper()}{what[1:]} will appear here as '
            f'soon as it does.')


def failure(what: str, error: FloorError) -> str:
    """What could not be read and why, and what happens next."""
    problem = f'Cannot load {what}. {as_sentence(error)}'
    if isinstance(error, HistoryNotReadyError):
        return f'{problem} The page retries as soon as the history is complete; you can also try again now.'
    if isinstance(error, DatabaseError):
        return f'{problem} The page retries as soon as the database responds; you can also try again now.'
    return f'{problem} You can try again now.'
