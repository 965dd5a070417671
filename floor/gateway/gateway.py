"""The running gateway: sources, queue and sender, and what ends them."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from ..core.formatting import counted
from ..core.tasks import run_together
from ..core.version import program_version
from .clock import Clock
from .config import GatewayConfig
from .errors import QueueError
from .event_queue import EventQueue
from .health_server import HealthServer
from .reporter import Reporter
from .sender import Sender
from .source import Source
from .source_factory import make_source

log = logging.getLogger(__name__)

TICK_S, TRIAL_TICK_S = 1.0, 0.1
RETRY_S = 5.0
CLOSE_S = 3.0
"""So long a gateway that stops tries to send what waits; the rest stays on disk."""


class Gateway:
    """Reads, queues and sends until it is cancelled. Make it in a running event loop."""

    def __init__(self, config: GatewayConfig) -> None:
        """:raises GatewayConfigError: a secret, a certificate or the queue cannot be used"""
        self.config = config
        token, tls = config.app.token.read(), config.app.tls()
        self.sources = [make_source(each, folder=config.queue.folder) for each in config.sources]
        self.queue = EventQueue(config.queue.folder, config.queue.limit)
        self.sender = Sender(self.queue, config.app.url, token, tls, silent_after=config.silent_after)
        self.reporter = Reporter(self.queue, zip(config.sources, (each.state for each in self.sources), strict=True),
                                 Clock())
        self.queue.on_put = self.sender.wake
        self.sender.on_ready = self._read_now
        self.started_at = time.time()
        self._unsynced = 0

    async def run(self) -> None:
        """Run until cancelled; then stop the sources, send what waits and close the queue."""
        health = HealthServer(self.config.health, self) if self.config.health else None
        try:
            if health:
                await health.start()
            log.info('gateway %s: %s, %s wait', program_version(), counted(len(self.sources), 'source'),
                     counted(self.queue.waiting, 'event'))
            await run_together(*(each.run(self.reporter.emit) for each in self.sources),
                               self._tick(), self._sync(), self.sender.run())
        finally:
            if health:
                await health.close()
            await self.sender.close(CLOSE_S)
            self.queue.close()
            log.info('stopped')

    def _read_now(self) -> None:
        for each in self.sources:
            each.read_now()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self.reporter.tick()
            except QueueError as error:
                log.error('%s', error)
                await asyncio.sleep(RETRY_S)

    async def _sync(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if self._unsynced != self.queue.put_count:
                self._unsynced = self.queue.put_count
                try:
                    await asyncio.to_thread(self.queue.sync)
                except QueueError as error:
                    log.error('%s', error)


async def run_until_stopped(run: Callable[[], Awaitable[None]]) -> None:
    """Run until SIGTERM or Ctrl-C."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(run())
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


async def run_trial(config: GatewayConfig, write: Callable[[str], None]) -> None:
    """Read the sources, and write the events that would be sent, until cancelled.

    :raises GatewayConfigError: as Gateway
    """
    sources: Sequence[Source] = [make_source(each, trial=True) for each in config.sources]
    queue = EventQueue(None, config.queue.limit)
    reporter = Reporter(queue, zip(config.sources, (each.state for each in sources), strict=True), Clock())

    async def show() -> None:
        while True:
            await asyncio.sleep(TRIAL_TICK_S)
            reporter.tick()
            for event in queue.first(queue.waiting):
                write(event.event)
                queue.remove(event.number)

    try:
        await run_together(*(each.run(reporter.emit) for each in sources), show())
    finally:
        queue.close()
