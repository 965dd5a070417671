"""A flood of the same complaint is one line of the log a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from floor.core.repeated_log import MAX_REASONS, RateLimitedLog


class Windows:
    """The ends of windows, which come when a test says so."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def call_later(self, _seconds: float, call: Callable[[], None]) -> None:
        self.due.append(call)

    def pass_by(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()


def test_a_flood_is_one_line_for_each_reason_and_window_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    windows = Windows()
    repeated = RateLimitedLog(logging.getLogger('floor.flood'), call_later=windows.call_later)
    for number in range(68_000):
        repeated.warn('not JSON', f'ignored: payload {number}')
        if number == 100:
            repeated.warn('no list', 'ignored: a number')
    assert [each.message for each in caplog.records] == ['ignored: payload 0', 'ignored: a number']
    windows.pass_by()
    assert [(each.message, *(vars(each)[name] for name in ('reason', 'count'))) for each in caplog.records[2:]] == [
        ('67,999 more of the same within 60 s', 'not JSON', 67_999)]
    repeated.warn('not JSON', 'ignored: again')
    windows.pass_by()
    assert [each.message for each in caplog.records[3:]] == ['1 more of the same within 60 s']
    windows.pass_by()
    repeated.warn('not JSON', 'ignored: much later')
    assert [each.message for each in caplog.records[4:]] == ['ignored: much later']


def test_reasons_that_are_always_new_do_not_flood_either(caplog: pytest.LogCaptureFixture) -> None:
    windows = Windows()
    repeated = RateLimitedLog(logging.getLogger('floor.flood'), call_later=windows.call_later)
    for number in range(10_000):
        repeated.warn(f'reason {number}', 'ignored')
    assert len(caplog.records) == MAX_REASONS + 1
    assert len(windows.due) == MAX_REASONS + 1
