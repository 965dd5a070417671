"""The way into a Lakebase database: a password that Databricks gives for an hour, renewed before it ends.

Only signing in needs the password, so a connection that is open outlives it. New connections get the latest one. It is
fetched when the first connection wants it and again after 50 minutes, one request at a time however many wait, and in a
thread, because the Databricks SDK blocks. When a request fails the old password serves for as long as it lives.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from auth.workspace import Login, NoLogin, Place, ask_for_login
from floor.core.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

Ask = Callable[[Place], Login]

RENEWED_AFTER = 50 / 60
"""Of a password's life."""
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 30.0
GIVEN_UP_AFTER_S = 60.0
"""The SDK fetches the workspace's own token without a time-out; after this long we stop waiting and ask anew."""


@dataclass(frozen=True, slots=True)
class Address:
    """What is known without asking Databricks."""

    port: int
    database: str
    sslmode: str = 'require'


class Lakebase:
    """Hands out what a new connection needs, and knows what is wrong when it can't. One per process."""

    def __init__(self, place: Place, address: Address, *, patience: float = 8.0, first_backoff: float = FIRST_BACKOFF_S,
                 ask: Ask = ask_for_login, monotonic: Callable[[], float] = time.monotonic) -> None:
        """patience: seconds that a new connection waits for its password before it is told why there is none."""
        self.problem: str | None = None
        """Why the last request for a password failed, in a sentence for people; it may hurt only later."""
        self.requests = 0
        """How often a password was asked for."""
        self.given = 0
        """How often one was given."""
        self.place = place
        self._address = address
        self._patience = patience
        self._ask = ask
        self._monotonic = monotonic
        self._login: Login | None = None
        self._ends = self._renew_at = self._not_before = 0.0
        self._refused = False
        self._first_backoff = self._backoff = first_backoff
        self._asking: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f'<Lakebase: {self.place}>'

    @property
    def seconds_left(self) -> float | None:
        """For how long new connections can still sign in with the password we have; None: there is none."""
        return None if self._login is None else max(0.0, self._ends - self._monotonic())

    async def arguments(self) -> dict[str, Any]:
        """For asyncpg.connect: where to, as whom, and a function that gives the password.

        :raises DatabaseUnavailable: there is no password, and why
        """
        login = await self._current()
        return {'host': login.host, 'port': self._address.port, 'user': login.user, 'ssl': self._address.sslmode,
                'database': self._address.database, 'password': self.password}

    async def password(self) -> str:
        """Called by asyncpg for each new connection.

        :raises DatabaseUnavailable: as arguments
        """
        return (await self._current()).token

    def refuse(self, given: int) -> None:
        """The database did not take the password, so the next connection asks for another, but not again and again.

        given: what the attribute was when the connection was begun; a password that came later was not the refused one.
        """
        self._refused = self._refused or given == self.given

    async def keep_fresh(self) -> None:
        """Renew the password when most of its life is over, for ever."""
        while True:
            if (pause := max(self._renew_at, self._not_before) - self._monotonic()) > 0:
                await asyncio.sleep(pause)
            else:
                await self._one_request()

    # within

    async def _current(self) -> Login:
        wants_another = self._login is None or self._refused or self._monotonic() >= self._ends
        if wants_another and self._monotonic() >= self._not_before:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._one_request()), self._patience)
        if self._login is None or self._monotonic() >= self._ends:
            raise DatabaseUnavailable(self.problem or f'Databricks has not yet given a password for {self.place}')
        return self._login

    def _one_request(self) -> asyncio.Task[None]:
        """The request that is under way, or a new one. It never fails; problem says how it went."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._request())
        return self._asking

    async def _request(self) -> None:
        self.requests += 1
        asked_at = self._monotonic()
        try:
            async with asyncio.timeout(GIVEN_UP_AFTER_S):
                login = await _in_a_thread(lambda: self._ask(self.place))
        except NoLogin as error:
            self._fail(str(error), error.retry_after)
        except TimeoutError:
            self._fail(f'Databricks has not answered for {GIVEN_UP_AFTER_S:.0f} s: asking again')
        except Exception as error:  # a fault of ours must not end the renewals
            log.exception('asking Databricks for a password failed')
            self._fail(f'a fault in this program: {type(error).__name__}')
        else:
            log.info('Databricks gave a password%s', '' if self.problem is None else ' again',
                     extra={'given': self.given + 1, 'lives_s': round(login.seconds)})
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF_S) if self._refused else self._first_backoff
            self._not_before = self._monotonic() + self._backoff
            self._login, self._refused, self.problem = login, False, None
            self._ends = asked_at + login.seconds
            self._renew_at = asked_at + login.seconds * RENEWED_AFTER
            self.given += 1

    def _fail(self, problem: str, retry_after: float = 0) -> None:
        log.log(logging.DEBUG if problem == self.problem else logging.WARNING, 'no password: %s', problem)
        self.problem = problem
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
        self._not_before = self._monotonic() + max(self._backoff * jitter, min(retry_after, GIVEN_UP_AFTER_S))
        self._backoff = min(self._backoff * 2, LONGEST_BACKOFF_S)


async def _in_a_thread(work: Callable[[], Login]) -> Login:
    """A daemon thread, unlike asyncio's own: one that hangs must not keep the program from ending in time."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Login] = loop.create_future()

    def settle(login: Login | None, error: BaseException | None) -> None:
        if answer.done():  # given up
            return
        if login is not None:
            answer.set_result(login)
        else:
            answer.set_exception(error or RuntimeError('no answer'))

    def run() -> None:
        try:
            outcome: tuple[Login | None, BaseException | None] = work(), None
        except BaseException as error:
            outcome = None, error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name='databricks', daemon=True).start()
    return await answer
