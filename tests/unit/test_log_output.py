"""The log: a line per event, for people and for collectors, and nothing in it that only looks like one."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

import pytest

from floor.core.log_lines import JsonLines, LogCounter, TextLines
from floor.operations.log_output import CancelledAtShutdown, RateLimitedMessages


def record(message: str, *arguments: object, level: int = logging.WARNING, error: BaseException | None = None,
           **fields: object) -> logging.LogRecord:
    made = logging.getLogger('floor.feed.listener').makeRecord(
        'floor.feed.listener', level, __file__, 1, message, arguments, sys.exc_info() if error else None, extra=fields)
    made.created = 1_795_600_860.1239
    return made


def test_a_line_is_a_sentence_and_its_fields() -> None:
    line = TextLines().format(record('lost: %s', 'reset', reason='closed', after_s=1.5, orders=['WO-1', 'WO-2']))
    assert line == ('2026-11-25T10:01:00.123Z WARNING floor.feed.listener: lost: reset | reason=closed after_s=1.5 '
                    'orders=WO-1,WO-2')


def test_without_fields_it_is_a_sentence() -> None:
    assert TextLines().format(record('started')).endswith(' floor.feed.listener: started')


def test_json_has_the_same_fields() -> None:
    logged = json.loads(JsonLines().format(record('lost: %s', 'Öl', reason='closed', after_s=1.5)))
    assert logged == {'time': '2026-11-25T10:01:00.123Z', 'level': 'warning', 'logger': 'floor.feed.listener',
                      'message': 'lost: Öl', 'reason': 'closed', 'after_s': 1.5}


def test_where_an_error_came_from_is_kept_and_a_json_line_stays_one_line() -> None:
    try:
        raise ZeroDivisionError('a slip')
    except ZeroDivisionError as error:
        text = TextLines().format(record('failed', error=error))
        line = JsonLines().format(record('failed', error=error))
    assert text.splitlines()[-1] == 'ZeroDivisionError: a slip'
    assert len(line.splitlines()) == 1
    assert 'ZeroDivisionError: a slip' in json.loads(line)['traceback']


@pytest.mark.parametrize('lines', [TextLines(), JsonLines()])
def test_what_a_database_says_cannot_pass_for_a_line_of_the_program(lines: logging.Formatter) -> None:
    forged = 'x\n2026-11-25T10:01:00.123Z ERROR floor.feed.listener: forged\x1b[2J\u2028y'
    line = lines.format(record('ignored %s', forged, who=forged))
    assert len(line.splitlines()) == 1
    assert '\x1b' not in line


def test_a_value_with_spaces_is_quoted() -> None:
    assert TextLines().format(record('moved', who='Mike "M" Johnson')).endswith(r'| who="Mike \"M\" Johnson"')


def test_what_complains_is_counted() -> None:
    counter = LogCounter()
    for level in logging.INFO, logging.WARNING, logging.ERROR, logging.ERROR:
        counter.handle(record('.', level=level))
    assert counter.lines == {'warning': 1, 'error': 2, 'critical': 0}


@pytest.mark.parametrize('is_ending', [False, True])
def test_only_while_the_program_ends_a_cancelled_request_is_no_fault(is_ending: bool) -> None:
    try:
        raise asyncio.CancelledError
    except asyncio.CancelledError as error:
        cancelled = record('Exception in ASGI application', level=logging.ERROR, error=error)
    assert CancelledAtShutdown(lambda: is_ending).filter(cancelled)
    line = TextLines().format(cancelled)
    assert ('Traceback' in line, 'because the program is shutting down' in line) == (not is_ending, is_ending)
    assert cancelled.levelno == (logging.INFO if is_ending else logging.ERROR)


@pytest.mark.parametrize(('logger', 'line'), [
    ('uvicorn.error', 'Invalid HTTP request received.'), ('uvicorn.error', 'Unsupported upgrade request.'),
    ('nicegui', 'http://floor/no/such/page not found')])
async def test_what_strangers_can_make_libraries_log_is_one_line_a_minute(caplog: pytest.LogCaptureFixture, logger: str,
                                                                          line: str) -> None:
    only_once = RateLimitedMessages()
    logging.getLogger(logger).addFilter(only_once)
    try:
        for _ in range(1000):
            logging.getLogger(logger).warning(line)
        logging.getLogger(logger).warning('another warning')
    finally:
        logging.getLogger(logger).removeFilter(only_once)
    assert len(caplog.records) == 2
    assert caplog.messages[1] == 'another warning'
