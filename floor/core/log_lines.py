"""Log lines: one per event, as text for people or as JSON for collectors.

  2026-11-23T09:41:00.123Z WARNING floor.operations.freshness_log: the floor is stale: ... | connection=stale was=live
  {"time": "2026-11-23T09:41:00.123Z", "level": "warning", "logger": "floor.operations.freshness_log", "message": ...}

The fields after the message are the extra of the call.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from .text import escaped

NOT_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {'message', 'asctime', 'taskName', 'color_message'}


def log_to_stderr(level: str, log_format: str) -> LogCounter:
    """Log on standard error. log_format: text or json. Returns the counter of lines, for /metrics."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == 'json' else TextLines())
    counter = LogCounter()
    logging.basicConfig(level=level.upper(), handlers=[handler, counter], force=True)
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
