"""Passwords for a Lakebase database: Databricks issues them for an hour, and they are renewed before they expire.

Only the login needs the password, so open connections outlive it. New connections get the latest one. It is fetched for
the first connection and again after 50 minutes, with one request at a time, in a thread because the Databricks SDK
blocks. If a request fails, the old password is used until it expires.
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

from auth.workspace import LakebaseResource, Login, LoginError, ask_for_login
from floor.core.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)

Ask = Callable[[LakebaseResource], Login]

RENEWED_AFTER = 50 / 60
"""The share of a password's lifetime after which it is renewed."""
FIRST_BACKOFF_S = 1.0
MAX_BACKOFF_S = 30.0
GIVEN_UP_AFTER_S = 60.0
"""Seconds after which a request is abandoned and repeated: the SDK fetches the workspace's token without a time-out."""


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of the address that need no request to Databricks."""

    port: int
    database: str
    sslmode: str = 'require'


class Lakebase:
    """Provides the arguments of new connections, or the reason why there are none. One per process."""

    def __init__(self, resource: LakebaseResource, address: Address, *, patience: float = 8.0,
                 first_backoff: float = FIRST_BACKOFF_S,
                 ask: Ask = ask_for_login, monotonic: Callable[[], float] = time.monotonic) -> None:
        """patience: seconds that a new connection waits for its password before it fails."""
        self.problem: str | None = None
        """Why the last request for a password failed, for people; the present password may still work."""
        self.requests = 0
        """The number of requests for a password."""
        self.given = 0
        """The number of passwords so far."""
        self.resource = resource
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
        return f'<Lakebase: {self.resource}>'

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the present password expires; None if there is none."""
        return None if self._login is None else max(0.0, self._ends - self._monotonic())

    async def arguments(self) -> dict[str, Any]:
        """Arguments for asyncpg.connect: host, user, and a function that returns the password.

        :raises DatabaseUnavailableError: there is no password; the message says why
        """
        login = await self._current()
        return {'host': login.host, 'port': self._address.port, 'user': login.user, 'ssl': self._address.sslmode,
                'database': self._address.database, 'password': self.password}

    async def password(self) -> str:
        """Called by asyncpg for each new connection.

        :raises DatabaseUnavailableError: as arguments
        """
        return (await self._current()).token

    def refuse(self, given: int) -> None:
        """The database refused the password: the next connection requests another one, with a backoff.

        given: the attribute's value when the connection was started; a later password was not the refused one.
        """
        self._refused = self._refused or given == self.given

    async def keep_fresh(self) -> None:
        """Renew the password before it expires, until cancelled."""
        while True:
            if (pause := max(self._renew_at, self._not_before) - self._monotonic()) > 0:
                await asyncio.sleep(pause)
            else:
                await self._one_request()

    # internal

    async def _current(self) -> Login:
        wants_another = self._login is None or self._refused or self._monotonic() >= self._ends
        if wants_another and self._monotonic() >= self._not_before:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await asyncio.shield(self._one_request())
        if self._login is None or self._monotonic() >= self._ends:
            raise DatabaseUnavailableError(self.problem
                                           or f'Databricks has not yet given a password for {self.resource}')
        return self._login

    def _one_request(self) -> asyncio.Task[None]:
        """The running request, or a new one. It never fails; problem has the result."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._request())
        return self._asking

    async def _request(self) -> None:
        self.requests += 1
        asked_at = self._monotonic()
        try:
            async with asyncio.timeout(GIVEN_UP_AFTER_S):
                login = await _in_a_thread(lambda: self._ask(self.resource))
        except LoginError as error:
            self._fail(str(error), error.retry_after)
        except TimeoutError:
            self._fail(f'Databricks has not answered for {GIVEN_UP_AFTER_S:.0f} s: retrying')
        except Exception as error:  # a bug must not end the renewals
            log.exception('requesting a password from Databricks failed')
            self._fail(f'a fault in this program: {type(error).__name__}')
        else:
            log.info('Databricks gave a password%s', '' if self.problem is None else ' again',
                     extra={'given': self.given + 1, 'lives_s': round(login.seconds)})
            self._backoff = min(self._backoff * 2, MAX_BACKOFF_S) if self._refused else self._first_backoff
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
        self._backoff = min(self._backoff * 2, MAX_BACKOFF_S)


async def _in_a_thread(work: Callable[[], Login]) -> Login:
    """Run in a daemon thread, unlike asyncio's own, so that one that hangs does not delay shutdown."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Login] = loop.create_future()

    def settle(login: Login | None, error: BaseException | None) -> None:
        if answer.done():  # abandoned
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
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name='databricks', daemon=True).start()
    return await answer
