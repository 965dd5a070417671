"""The log on standard error: one line per change of state, as text for people or as JSON for collectors (LOG_FORMAT).

  2026-11-23T09:41:00.123Z WARNING floor.operations.freshness_log: the floor is stale: ... | connection=stale was=live
  {"time": "2026-11-23T09:41:00.123Z", "level": "warning", "logger": "floor.operations.freshness_log", "message": ...}

The fields after the sentence are those that a call gave as extra. There is no line per request. Text is the default
also where nobody looks: journald, docker logs and the log page of Databricks Apps show lines as they are.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..core.repeated_log import RepeatedLog
from ..core.text import escaped

log = logging.getLogger(__name__)

NOT_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {'message', 'asctime', 'taskName', 'color_message'}


def set_up_logging(level: str, log_format: str = 'text') -> LogCounter:
    """For the whole process. format: text or json. Returns the counter of what is logged, for /metrics."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == 'json' else TextLines())
    counter = LogCounter()
    logging.basicConfig(level=level.upper(), handlers=[handler, counter], force=True)
    logging.getLogger('asyncpg.pool').addFilter(_says_only_what_the_listener_says)
    logging.getLogger('python_multipart').setLevel(logging.ERROR)  # who refuses a form that is none logs it
    for name in 'uvicorn.error', 'nicegui':
        logging.getLogger(name).addFilter(OncePerMinute())
    for name in 'engineio.server', 'socketio.server':
        logging.getLogger(name).setLevel(logging.ERROR)  # without a level they would add an output of their own
    return counter


class TextLines(logging.Formatter):
    """A sentence, then key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; below it where an error came from."""
        said = ' '.join(f'{name}={_plain(value)}' for name, value in _fields(record).items())
        line = f'{_time(record)} {record.levelname} {record.name}: {escaped(record.getMessage())}'
        where = self.formatException(record.exc_info) if record.exc_info else ''
        return f'{line} | {said}'[:None if said else len(line)] + (f'\n{where}' if where else '')


class JsonLines(logging.Formatter):
    """An object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; where an error came from is a field of it."""
        said = {'time': _time(record), 'level': record.levelname.lower(), 'logger': record.name,
                'message': record.getMessage(), **_fields(record)}
        if record.exc_info:
            said['traceback'] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


class LogCounter(logging.Handler):
    """How many lines of each level there were."""

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


class OncePerMinute(logging.Filter):
    """What anybody can make the libraries log as often as they like: one line a minute for each kind, with a count."""

    KINDS = (
        ('Invalid HTTP request received.', 'bad request', 'a request that is not HTTP was answered with 400'),
        ('Unsupported upgrade request.', 'bad upgrade', 'a request to go on in another protocol than WebSocket was '
                                                        'answered as an ordinary one'),
        (' not found', 'no such page', 'a page was asked for that does not exist and answered with 404'),
    )
    """How the library's line ends, a name, and our line."""

    def __init__(self) -> None:
        super().__init__()
        self._repeated = RepeatedLog(log)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is none of these kinds."""
        for end, reason, line in self.KINDS if record.levelno == logging.WARNING else ():
            if record.getMessage().endswith(end):
                self._repeated.warn(reason, line)
                return False
        return True


class CutOffAtTheEnd(logging.Filter):
    """A request that is still under way when the program ends is no error of an application: it gets no traceback."""

    def __init__(self, is_ending: Callable[[], bool]) -> None:
        """is_ending: whether the program ends. What is cancelled before that is a fault and keeps its traceback."""
        super().__init__()
        self._is_ending = is_ending

    def filter(self, record: logging.LogRecord) -> bool:
        """Reword it; every record is logged."""
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError) and self._is_ending():
            record.exc_info = record.exc_text = None
            record.msg, record.args = 'a request that was under way was cut off, because the program ends', ()
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return True


def _says_only_what_the_listener_says(_record: logging.LogRecord) -> bool:
    """The pool complains each minute, with a traceback, that the database is away; that it is, the listener says."""
    return False
