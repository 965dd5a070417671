"""The log of the app on standard error (LOG_FORMAT); floor/core/log_lines.py has its lines.

Requests are not logged. Text is the default everywhere, since journald, docker logs and the log page of Databricks Apps
show lines unchanged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..core.log_lines import LogCounter, log_to_stderr
from ..core.repeated_log import RateLimitedLog

log = logging.getLogger(__name__)


def set_up_logging(level: str, log_format: str = 'text') -> LogCounter:
    """Configure logging for the whole process. log_format: text or json. Returns the counter of lines, for /metrics."""
    counter = log_to_stderr(level, log_format)
    logging.getLogger('asyncpg.pool').addFilter(_is_not_from_the_pool)
    logging.getLogger('python_multipart').setLevel(logging.ERROR)  # the middleware logs malformed forms
    for name in 'uvicorn.error', 'nicegui':
        logging.getLogger(name).addFilter(RateLimitedMessages())
    for name in 'engineio.server', 'socketio.server':
        logging.getLogger(name).setLevel(logging.ERROR)  # without a level they would add their own handler
    return counter


class RateLimitedMessages(logging.Filter):
    """Limits library messages that clients can trigger at will: one line per kind and minute, with a count."""

    KINDS = (
        ('Invalid HTTP request received.', 'bad request', 'a request that is not HTTP was answered with 400'),
        ('Unsupported upgrade request.', 'bad upgrade', 'a request to upgrade to another protocol than WebSocket was '
                                                        'answered as an ordinary one'),
        (' not found', 'no such page', 'a request for a page that does not exist was answered with 404'),
    )
    """The end of the library's message, a name, and the replacement."""

    def __init__(self) -> None:
        super().__init__()
        self._repeated = RateLimitedLog(log)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is not of one of these kinds."""
        for end, reason, line in self.KINDS if record.levelno == logging.WARNING else ():
            if record.getMessage().endswith(end):
                self._repeated.warn(reason, line)
                return False
        return True


class CancelledAtShutdown(logging.Filter):
    """Logs a request that shutdown cancels without a traceback, since it is not an error."""

    def __init__(self, is_ending: Callable[[], bool]) -> None:
        """is_ending: whether the program is shutting down. Earlier cancellations are bugs and keep the traceback."""
        super().__init__()
        self._is_ending = is_ending

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the message; every record is logged."""
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError) and self._is_ending():
            record.exc_info = record.exc_text = None
            record.msg, record.args = 'a running request was cancelled, because the program is shutting down', ()
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return True


def _is_not_from_the_pool(_record: logging.LogRecord) -> bool:
    """Drop the pool's message, with a traceback each minute, that the database is unreachable: the listener logs it."""
    return False
