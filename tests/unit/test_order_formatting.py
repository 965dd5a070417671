"""How orders read: honest about time, short where people speak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.core.machines import MachineName
from floor.core.orders import OrderBrief, OrderId, Priority, WorkOrderStatus
from floor.core.people import Role
from floor.web.shell.order_formatting import due_text, order_address, role_needed, short_id, transition_label

NOW = datetime(2026, 11, 23, 10, 42, 7, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
DETROIT = ZoneInfo('America/Detroit')


@pytest.mark.parametrize(('left', 'words'), [
    (timedelta(minutes=18, seconds=59), 'due in 18 min'),
    (timedelta(seconds=59), 'due now'),
    (timedelta(0), 'due now'),
    (timedelta(minutes=1), 'due in 1 min'),
    (timedelta(hours=6, minutes=59), 'due in 6 h'),
    (timedelta(hours=11, minutes=59), 'due in 11 h'),
    (timedelta(hours=24), 'due tomorrow'),
    (timedelta(hours=36), 'due tomorrow'),
    (timedelta(hours=72), 'due in 3 d'),
    (-timedelta(milliseconds=1), 'overdue <1 min'),
    (-timedelta(minutes=59), 'overdue 59 min'),
    (-timedelta(hours=2, minutes=59), 'overdue 2 h'),
    (-timedelta(days=3, hours=23), 'overdue 3 d'),
])
def test_the_time_that_is_left(left: timedelta, words: str) -> None:
    assert due_text(NOW_MS + int(left / timedelta(milliseconds=1)), NOW_MS, UTC) == words


def test_tomorrow_is_the_plants_tomorrow() -> None:
    evening = int(datetime(2026, 11, 24, 2, 0, tzinfo=UTC).timestamp() * 1000)  # 21:00 on the 23rd in Detroit
    in_14_hours = evening + 14 * 3_600_000

    assert due_text(in_14_hours, evening, DETROIT) == 'due tomorrow'
    assert due_text(in_14_hours, evening, UTC) == 'due in 14 h'


@given(st.integers(-10**9, 10**9))
def test_never_nothing_and_never_late_before_it_is(left_ms: int) -> None:
    words = due_text(NOW_MS + left_ms, NOW_MS, DETROIT)

    assert ' 0 ' not in words
    assert words.startswith('overdue') == (left_ms < 0)


@pytest.mark.parametrize(('state', 'words'), [
    (WorkOrderStatus.COMPLETED, 'done'), (WorkOrderStatus.CANCELLED, 'cancelled'),
    (WorkOrderStatus.ON_HOLD, 'overdue 2 h')])
def test_an_order_that_has_ended_is_not_late(state: WorkOrderStatus, words: str) -> None:
    order = OrderBrief(OrderId('WO-1'), 1, 1, MachineName('Valve_01_01'), state, Priority.HIGH, None, None,
                       NOW_MS - 2 * 3_600_000, 'Leak')

    assert due_text(order, NOW_MS, UTC) == words


def test_an_id_is_short_when_spoken_and_whole_in_an_address() -> None:
    assert short_id('WO-20261123-3f2a91bc') == '3f2a91bc'
    assert order_address('WO-20261123-3f2a91bc') == '/work-orders/WO-20261123-3f2a91bc'
    assert order_address('../?x') == '/work-orders/..%2F%3Fx'


def test_a_move_is_called_by_where_it_comes_from() -> None:
    opened, started, held, done = (WorkOrderStatus.OPEN, WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.ON_HOLD,
                                   WorkOrderStatus.COMPLETED)

    pairs = (opened, started), (held, started), (started, opened), (done, opened)
    assert [transition_label(*pair) for pair in pairs] == ['Start', 'Resume', 'Give back', 'Reopen']


def test_a_reason_names_the_role_that_is_needed() -> None:
    assert role_needed(Role.TECHNICIAN, Role.OPERATOR) == 'Requires the role technician; your role is operator.'
    assert role_needed(Role.TECHNICIAN, Role.SUPERVISOR) == ''


@pytest.mark.parametrize('status', WorkOrderStatus)
def test_only_an_active_order_is_overdue(status: WorkOrderStatus) -> None:
    order = OrderBrief(OrderId('WO-1'), 1, 1, MachineName('Valve_01_01'), status, Priority.HIGH, None, None, NOW_MS - 1,
                       'Leak')
    assert order.is_overdue(NOW_MS) == status.is_active
    assert not order.is_overdue(NOW_MS - 1)
