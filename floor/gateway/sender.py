"""Sends queued events to the app, in their order, until it has answered for each."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
import ssl
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ..core.feeds import FEED_PATH, SILENT_AFTER_HEADER
from ..core.repeated_log import RateLimitedLog
from ..core.text import shortened
from .errors import QueueError
from .event_format import MAX_EVENTS, body_of, is_problem, machine_of
from .event_queue import EventQueue, QueuedEvent

log = logging.getLogger(__name__)

GAP_S, BUSY_GAP_S, BUSY = 0.05, 0.2, 3
"""Seconds from the start of a request to that of the next, so that events that follow closely share one; and after one
with more events than this."""
FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.5, 30.0
REFUSED_BACKOFF_S = 30.0
"""After a response that a person must end, such as 401."""
TIMEOUT_S = 30.0
KEEP_ALIVE_S = 4.0
"""A connection is not used again later: uvicorn closes it after 5."""
STORED = frozenset({'accepted', 'late', 'duplicate'})
MAX_CAUSES = 100
LEAST_EVENTS = 20
"""After requests that failed, the next ones have fewer events, down to about so many."""


class Delivery(StrEnum):
    """What became of a request."""

    DONE = 'done'
    TOO_LARGE = 'too large'
    LATER = 'later'


@dataclass(frozen=True, slots=True)
class Response:
    """What the app, or what is in its place, has answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Sender:
    """Empties the queue into POST /api/feed. One request at a time, so that events of a machine stay in order."""

    def __init__(self, queue: EventQueue, url: str, token: str, tls: ssl.SSLContext | bool = True, *,
                 silent_after: float) -> None:
        """silent_after: seconds after which the app shall show no signal of a machine that was not reported again."""
        self._queue = queue
        self._url = f'{url}{FEED_PATH}'
        self._client = aiohttp.ClientSession(
            headers={'Authorization': f'Bearer {token}', SILENT_AFTER_HEADER: str(math.ceil(silent_after))},
            timeout=aiohttp.ClientTimeout(TIMEOUT_S),
            connector=aiohttp.TCPConnector(ssl=tls, keepalive_timeout=KEEP_ALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar())
        self._proxy = _proxy(url)
        self._put = asyncio.Event()
        self.on_ready: Callable[[], None] = lambda: None
        """Called before a request, to put what can be sent with it."""
        self._most = MAX_EVENTS
        self._backoff = FIRST_BACKOFF_S
        self._sent_together = 0
        self._repeated = RateLimitedLog(log)
        self.error: str | None = 'not yet reached'
        """Why the app does not take events, in plain words; None: it does."""
        self.sent = 0
        """Events that the app has answered for as stored, since the start."""
        self.not_stored: Counter[str] = Counter()
        """Events that the app did not store, by its sentence."""
        self.last_sent_at: float | None = None

    def wake(self) -> None:
        """Call after events were put."""
        self._put.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._put.clear()
            self.on_ready()
            if not self._queue.waiting:
                await self._put.wait()
            began = time.monotonic()
            try:
                is_sent = await self.send_once()
                pause = max(0.0, began + self._gap() - time.monotonic()) if is_sent else self._pause()
            except QueueError as error:  # the same events are sent again: they have ids
                self._fail(str(error))
                pause = self._pause()
            await asyncio.sleep(pause)

    async def send_once(self) -> bool:
        """Send the oldest events. Returns whether the app has answered for them; they are removed then."""
        events = self._queue.first(self._most)
        if not events:
            return True
        delivery, results = await self._request(events)
        if delivery is Delivery.LATER:
            if self._most > LEAST_EVENTS:
                self._most //= 2  # a slow app may have time for fewer
            return False
        if delivery is Delivery.TOO_LARGE and len(events) > 1:
            self._most = max(1, len(events) // 2)
            return True
        for event, result in zip(events, results, strict=True):
            self._count(event, result)
        self._queue.remove(events[-1].number)
        self._sent_together = len(events)
        self._most, self._backoff = min(MAX_EVENTS, self._most * 5 // 4 + 1), FIRST_BACKOFF_S
        self.last_sent_at = time.time()
        return True

    async def close(self, within: float) -> None:
        """Send what waits, for so many seconds at most, and close the connection."""
        try:
            async with asyncio.timeout(within):
                while self._queue.waiting and self.error is None and await self.send_once():
                    pass
        except TimeoutError:
            pass
        await self._client.close()

    async def _request(self, events: list[QueuedEvent]) -> tuple[Delivery, list[dict[str, Any]]]:
        body, headers = body_of([each.event for each in events])
        try:
            response = await self._post(body, headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self._fail(f'the app at {self._url} does not answer: {_words(error)}')
        if response.status == HTTPStatus.OK:
            results = _results(response)
            if results is None or len(results) != len(events):
                return self._fail(f'{self._url} answers, but not as the app does', REFUSED_BACKOFF_S)
            self._recover()
            return Delivery.DONE, results
        message = _message(response)
        match response.status:
            case 400 | 413 | 422:
                if len(events) == 1:
                    self._recover()
                return Delivery.TOO_LARGE, [{'result': 'refused', 'message': message}] * len(events)
            case 408 | 425 | 429 | 500 | 502 | 503 | 504:
                return self._fail(f'the app answers {response.status}: {message}', _retry_after(response))
        return self._fail(f'the app answers {response.status}: {message}', REFUSED_BACKOFF_S)

    async def _post(self, body: bytes, headers: dict[str, str]) -> Response:
        async with self._client.post(self._url, data=body, headers=headers, proxy=self._proxy,
                                     allow_redirects=False) as response:
            return Response(response.status, response.headers, await response.read())

    def _fail(self, error: str, pause: float = 0) -> tuple[Delivery, list[dict[str, Any]]]:
        """pause: at least so many seconds until the next request."""
        if error != self.error:
            log.warning('%s; %d events wait', error, self._queue.waiting)
        self.error = error
        self._backoff = max(self._backoff, pause)
        return Delivery.LATER, []

    def _recover(self) -> None:
        if self.error is not None:
            log.info('the app takes events; %d wait', self._queue.waiting)
        self.error = None

    def _gap(self) -> float:
        """Seconds from the start of a request that was answered to the next; none while a backlog is sent."""
        if self._sent_together >= self._most:
            return 0
        return BUSY_GAP_S if self._sent_together > BUSY else GAP_S

    def _pause(self) -> float:
        """Seconds until the next request after one that failed."""
        pause = self._backoff * random.uniform(0.5, 1)  # noqa: S311 (not a secret)
        self._backoff = min(MAX_BACKOFF_S, 2 * self._backoff)
        return pause

    def _count(self, event: QueuedEvent, result: dict[str, Any]) -> None:
        if result.get('result') in STORED:
            self.sent += 1
            return
        if is_problem(event.event):
            return
        cause = shortened(str(result.get('message') or result.get('result')))
        self.not_stored[cause if cause in self.not_stored or len(self.not_stored) < MAX_CAUSES else 'others'] += 1
        self._repeated.warn(cause, f'the app did not store an event of {machine_of(event.event)}: {cause}')


def _results(response: Response) -> list[dict[str, Any]] | None:
    try:
        results = json.loads(response.body)['results']
    except (ValueError, KeyError, TypeError):
        return None
    return results if isinstance(results, list) and all(isinstance(each, dict) for each in results) else None


def _message(response: Response) -> str:
    """The sentence of a problem (RFC 9457), or the start of another body."""
    try:
        problem = json.loads(response.body)
        return shortened(str(problem.get('detail') or problem.get('title')))
    except (ValueError, AttributeError):
        return shortened(response.body.decode(errors='replace')) or _phrase(response.status)


def _proxy(url: str) -> str | None:
    """That of the environment, HTTPS_PROXY and NO_PROXY. aiohttp's trust_env reads ~/.netrc for each request too."""
    address, proxies = urlsplit(url), urllib.request.getproxies()
    if urllib.request.proxy_bypass(address.hostname or ''):
        return None
    return proxies.get(address.scheme) or proxies.get('all')


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in list(HTTPStatus) else ''


def _retry_after(response: Response) -> float:
    try:
        return min(MAX_BACKOFF_S, float(response.headers.get('Retry-After', 0)))
    except ValueError:
        return 0


def _words(error: Exception) -> str:
    return shortened(str(error)) or type(error).__name__


