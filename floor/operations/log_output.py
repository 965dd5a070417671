"""The log on standard error: one line per event, as text for people or as JSON for collectors (LOG_FORMAT).

  2026-11-23T09:41:00.123Z WARNING floor.operations.freshness_log: the floor is stale: ... | connection=stale was=live
  {"time": "2026-11-23T09:41:00.123Z", "level": "warning", "logger": "floor.operations.freshness_log", "message": ...}

The fields after the message are the extra of the call. Requests are not logged. Text is the default everywhere, since
journald, docker logs and the log page of Databricks Apps show lines unchanged.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..core.repeated_log import RateLimitedLog
from ..core.text import escaped

log = logging.getLogger(__name__)

NOT_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {'message', 'asctime', 'taskName', 'color_message'}


def set_up_logging(level: str, log_format: str = 'text') -> LogCounter:
    """Configure logging for the whole process. log_format: text or json. Returns the counter of lines, for /metrics."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == 'json' else TextLines())
    counter = LogCounter()
    logging.basicConfig(level=level.upper(), handlers=[handler, counter], force=True)
    logging.getLogger('asyncpg.pool').addFilter(_is_not_from_the_pool)
    logging.getLogger('python_multipart').setLevel(logging.ERROR)  # the middleware logs malformed forms
    for name in 'uvicorn.error', 'nicegui':
        logging.getLogger(name).addFilter(RateLimitedMessages())
    for name in 'engineio.server', 'socketio.server':
        logging.getLogger(name).setLevel(logging.ERROR)  # without a level they would add their own handler
    return counter


class TextLines(logging.Formatter):
    """A message, then key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, followed by the traceback of an error."""
        fields = ' '.join(f'{name}={_plain(value)}' for name, value in _fields(record).items())
        line = f'{_time(record)} {record.levelname} {record.name}: {escaped(record.getMessage())}'
        where = self.formatException(record.exc_info) if record.exc_info else ''
        return f'{line} | {fields}'[:None if fields else len(line)] + (f'\n{where}' if where else '')


class JsonLines(logging.Formatter):
    """A JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; the traceback of an error is one of its fields."""
        entry = {'time': _time(record), 'level': record.levelname.lower(), 'logger': record.name,
                'message': record.getMessage(), **_fields(record)}
        if record.exc_info:
            entry['traceback'] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class LogCounter(logging.Handler):
    """Counts log lines by level."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = {'warning': 0, 'error': 0, 'critical': 0}

    def emit(self, record: logging.LogRecord) -> None:
        """Count it."""
        level = record.levelname.lower()
        if level in self.lines:
            self.lines[level] += 1


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in NOT_FIELDS}


def _plain(value: object) -> str:
    text = ','.join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)
    is_plain = text and text.isprintable() and not set(text) & set(' "=')
    return text if is_plain else escaped(json.dumps(text, ensure_ascii=False))


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


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
