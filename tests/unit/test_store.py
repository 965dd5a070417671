"""The one truth in memory: pure, and on a clock that the test holds."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from unit.clock import Clock

from floor.core.floor_snapshot import FloorSnapshot
from floor.core.machines import DisplayNames, MachineChange, MachineName, MachineRecord, Status, StatusEvent
from floor.core.orders import OrderBrief, OrderId, Priority, WorkOrderStatus
from floor.core.people import Employee, Identity, Person, Role
from floor.feed import active_orders
from floor.feed.active_orders import ENDED_KEPT, ActiveOrderChange
from floor.feed.difference import Difference
from floor.feed.freshness import Freshness
from floor.feed.machine import NOT_ON_A_LINE
from floor.feed.machine_states import EVENTS_KEPT
from floor.feed.store import Store

NOON = 1_800_000_000_000
"""The database's clock in ms when the tests begin."""

PRESS, OVEN, SAW = MachineName('Press_01_01'), MachineName('Oven_01_01'), MachineName('Saw_02_01')


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(stale_after=8, monotonic=clock)


@pytest.fixture
def ready(store: Store) -> Store:
    """A store that has read the floor."""
    store.replace(snapshot())
    store.prove()
    return store


def record(name: MachineName, line: str | None, status: Status = Status.OPERATIONAL, *, version: int = 1,
           reason: str | None = None, ago: int = 0) -> MachineRecord:
    """A machine that came into its status so many seconds before noon."""
    return MachineRecord(len(name), name, 'press', line, status, reason, version, NOON - ago * 1000,
                         NOON - ago * 1000)


def order(number: int, event: int, machine: MachineName = PRESS, state: str = 'open', *, priority: str = 'high',
          due_in: int = 60) -> OrderBrief:
    """A work order that is due so many minutes after noon."""
    return OrderBrief(OrderId(f'WO-20261123-{number:08}'), event, event, machine, WorkOrderStatus(state),
                      Priority(priority), None, None, NOON + due_in * 60_000, 'Leak')


def employee(employee_id: int, email: str, role: Role = Role.TECHNICIAN, *, active: bool = True) -> Employee:
    return Employee(employee_id, 'Lisa', f'Garcia {employee_id}', email, 'Maintenance', active,
                    datetime(2026, 1, 1, tzinfo=UTC), role)


def snapshot(*machines: MachineRecord, events: tuple[StatusEvent, ...] = (), now_ms: int = NOON,
             orders: tuple[OrderBrief, ...] = (), people: tuple[Employee, ...] = ()) -> FloorSnapshot:
    delivered = (record(PRESS, 'Forming'), record(OVEN, 'Forming'), record(SAW, 'Cutting'))
    return FloorSnapshot(machines or delivered, events, now_ms, orders, people)


def change(name: MachineName, status: Status, version: int, reason: str | None = None,
           *, at_ms: int = NOON, ago: int = 0) -> MachineChange:
    return MachineChange(name, status, reason, version, at_ms - ago * 1000, at_ms - ago * 1000, at_ms)


def statuses(store: Store) -> list[str]:
    return [machine.status.value for machine in store.machines.values()]


# how far the picture can be trusted

def test_a_store_that_received_nothing_is_connecting(store: Store) -> None:
    assert store.connection is Freshness.CONNECTING
    assert store.age is None


def test_a_floor_that_was_read_is_not_live_before_delivery_is_proven(store: Store) -> None:
    store.replace(snapshot())
    assert store.connection is Freshness.CONNECTING
    store.prove()
    assert store.connection is Freshness.LIVE


def test_a_picture_without_a_new_proof_goes_stale_automatically(ready: Store, clock: Clock) -> None:
    clock.now += 8
    assert ready.connection is Freshness.LIVE
    clock.now += 0.1
    assert ready.connection is Freshness.STALE
    assert ready.age == pytest.approx(8.1)
    ready.prove()
    assert ready.connection is Freshness.LIVE
    assert ready.age == 0


def test_changes_that_arrive_are_no_proof(ready: Store, clock: Clock) -> None:
    clock.now += 9
    ready.apply([change(PRESS, Status.DOWN, 2)])
    assert ready.connection is Freshness.STALE


def test_who_subscribes_is_notified_that_the_picture_has_gone_stale_automatically(ready: Store, clock: Clock) -> None:
    notified: list[Difference] = []
    ready.subscribe(notified.append)
    ready.tick()
    clock.now += 9
    ready.tick()
    ready.tick()
    assert notified == [Difference(connection=True)]


def test_a_lost_link_is_stale_at_once_and_says_why(ready: Store) -> None:
    ready.lose('the database does not answer')
    assert ready.connection is Freshness.STALE
    assert ready.connection_error == 'the database does not answer'
    assert statuses(ready) == ['operational'] * 3
    ready.prove()
    assert ready.connection is Freshness.LIVE
    assert ready.connection_error is None


def test_a_link_that_never_was_is_connecting_still(store: Store) -> None:
    store.lose('refused')
    assert store.connection is Freshness.CONNECTING
    assert store.connection_error == 'refused'


def test_the_state_of_the_link_is_reported_once(ready: Store) -> None:
    notified: list[Difference] = []
    ready.subscribe(notified.append)
    for _ in range(3):
        ready.lose('refused')
    for _ in range(3):
        ready.prove()
    for _ in range(3):
        ready.set_feed_warning('a trigger is off')
    assert notified == [Difference(connection=True)] * 3


# ages

def test_ages_are_measured_with_the_clock_of_the_database(store: Store, clock: Clock) -> None:
    """This machine's own clock, years away from NOON, has no say."""
    store.replace(snapshot(record(PRESS, 'Forming', Status.DOWN, ago=60)))
    assert store.seconds_in_status(store.machines[PRESS]) == 60
    clock.now += 30
    assert store.seconds_in_status(store.machines[PRESS]) == 90
    store.set_clock(NOON + 40_000)
    assert store.seconds_in_status(store.machines[PRESS]) == 100


def test_an_age_is_never_negative(store: Store) -> None:
    store.replace(snapshot(record(PRESS, 'Forming', ago=-5)))
    assert store.seconds_in_status(store.machines[PRESS]) == 0


def test_the_lag_is_measured_with_the_clock_of_the_database(ready: Store, clock: Clock) -> None:
    clock.now += 0.25
    ready.apply([change(PRESS, Status.DOWN, 2)])
    assert ready.last_lag_ms == 250


def test_what_happened_long_before_it_was_written_has_no_lag(ready: Store, clock: Clock) -> None:
    clock.now += 0.25
    ready.apply([change(PRESS, Status.DOWN, 2, ago=3600)])
    assert (ready.last_lag_ms, ready.written_ms) == (250, NOON)


def test_a_change_from_the_future_has_no_lag_below_zero(ready: Store) -> None:
    ready.apply([change(PRESS, Status.DOWN, 2, at_ms=NOON + 5000)])
    assert ready.last_lag_ms == 0


def test_when_the_latest_changes_were_written_is_kept_while_nothing_changes(ready: Store) -> None:
    ready.apply([change(PRESS, Status.DOWN, 2, at_ms=NOON + 2), change(OVEN, Status.DOWN, 3, at_ms=NOON + 1)])
    assert ready.written_ms == NOON + 1
    ready.apply([change(PRESS, Status.WARNING, 1, at_ms=NOON + 9)])
    assert ready.written_ms == NOON + 1


# what changes

def test_a_change_is_shown_announced_and_remembered(ready: Store) -> None:
    notified: list[Difference] = []
    ready.subscribe(notified.append)
    ready.apply([change(PRESS, Status.DOWN, 2, 'E-stop')])
    press = ready.machines[PRESS]
    assert (press.status, press.reason, press.version) == (Status.DOWN, 'E-stop', 2)
    assert notified == [Difference(frozenset({PRESS}))]
    assert ready.events[0] == StatusEvent(2, PRESS, Status.OPERATIONAL, Status.DOWN, 'E-stop', NOON)


@pytest.mark.parametrize('version', [0, 1])
def test_what_is_known_already_or_newer_is_left_alone(ready: Store, version: int) -> None:
    revision = ready.revision
    ready.apply([change(PRESS, Status.DOWN, version)])
    assert ready.machines[PRESS].status is Status.OPERATIONAL
    assert ready.revision == revision
    assert not ready.events


def test_changes_in_the_wrong_order_end_with_the_newest(ready: Store) -> None:
    ready.apply([change(PRESS, Status.DOWN, 3), change(PRESS, Status.WARNING, 2)])
    assert ready.machines[PRESS].status is Status.DOWN
    assert len(ready.events) == 1


def test_a_machine_that_is_not_on_the_floor_is_not_invented(ready: Store) -> None:
    ready.apply([change(MachineName('Ghost'), Status.DOWN, 9)])
    assert list(ready.machines) == [PRESS, OVEN, SAW]


def test_a_report_without_a_change_is_no_event(ready: Store) -> None:
    ready.apply([change(PRESS, Status.OPERATIONAL, 2)])
    assert not ready.events
    assert ready.machines[PRESS].version == 2


def test_a_snapshot_tells_only_what_it_changes(ready: Store) -> None:
    moved = (record(PRESS, 'Forming'), record(OVEN, 'Forming', Status.DOWN, version=2), record(SAW, 'Cutting'))
    assert ready.replace(snapshot(*moved)) == Difference(frozenset({OVEN}))
    revision = ready.revision
    assert ready.replace(snapshot(*moved)) == Difference()
    assert ready.revision == revision


def test_a_snapshot_wins_over_newer_versions(ready: Store) -> None:
    ready.apply([change(PRESS, Status.DOWN, 50)])
    ready.replace(snapshot())
    assert ready.machines[PRESS].status is Status.OPERATIONAL
    ready.apply([change(PRESS, Status.WARNING, 2)])
    assert ready.machines[PRESS].status is Status.WARNING


def test_a_snapshot_wins_over_another_truth_of_the_same_version(ready: Store) -> None:
    ready.replace(snapshot(record(PRESS, 'Forming', Status.DOWN), record(OVEN, 'Forming'), record(SAW, 'Cutting')))
    assert ready.machines[PRESS].status is Status.DOWN


@pytest.mark.parametrize('machines', [
    (record(PRESS, 'Forming'), record(OVEN, 'Forming')),
    (record(PRESS, 'Forming'), record(OVEN, 'Forming'), record(SAW, 'Cutting'), record(MachineName('New'), None)),
    (record(OVEN, 'Forming'), record(PRESS, 'Forming'), record(SAW, 'Cutting')),
    (record(PRESS, 'Forming'), record(OVEN, 'Cutting'), record(SAW, 'Cutting')),
    (replace(record(PRESS, 'Forming'), type='hammer'), record(OVEN, 'Forming'), record(SAW, 'Cutting')),
], ids=['one left', 'one came', 'another order', 'another line', 'another type'])
def test_a_changed_layout_is_reported_and_shown(ready: Store, machines: tuple[MachineRecord, ...]) -> None:
    difference = ready.replace(snapshot(*machines))
    assert difference.layout
    assert difference.machines == {machine.name for machine in machines}
    assert list(ready.machines) == [machine.name for machine in machines]
    assert [machine.name for line in ready.lines for machine in line.machines] == [
        machine.name for line in ready.lines for machine in ready.machines.values()
        if (machine.record.line or NOT_ON_A_LINE) == line.name]
    assert [machine.record for machine in ready.machines.values()] == list(machines)


def test_another_display_name_changes_what_every_page_shows(ready: Store) -> None:
    shown = {name: str(machine.display) for name, machine in ready.machines.items()}
    given = replace(snapshot(), names=DisplayNames({PRESS: 'Presse am Tor 12'}))
    assert ready.replace(given).layout
    assert {name: str(machine.display) for name, machine in ready.machines.items()} == {
        **shown, PRESS: 'Presse am Tor 12'}
    assert not ready.replace(given).layout
    assert ready.arrangement == 1
    assert ready.names.sorted(shown) == {**shown, PRESS: f'Presse am Tor 12 ({PRESS})'}


def test_lines_are_in_flow_order_with_their_worst_status(ready: Store) -> None:
    ready.apply([change(OVEN, Status.WARNING, 2)])
    assert [(line.name, line.worst) for line in ready.lines] == [
        ('Forming', Status.WARNING), ('Cutting', Status.OPERATIONAL)]
    assert ready.lines[0].counts == {Status.OPERATIONAL: 1, Status.WARNING: 1}
    assert ready.counts == {Status.OPERATIONAL: 2, Status.WARNING: 1}


def test_machines_without_a_line_stand_together(store: Store) -> None:
    store.replace(snapshot(record(SAW, 'Cutting'), record(PRESS, None), record(OVEN, None)))
    assert [(line.name, len(line.machines)) for line in store.lines] == [('Cutting', 1), (NOT_ON_A_LINE, 2)]


def test_stops_need_attention_first_and_in_each_status_the_longest(store: Store) -> None:
    store.replace(snapshot(
        record(MachineName('running'), None, ago=900), record(MachineName('new warning'), None, Status.WARNING, ago=1),
        record(MachineName('new stop'), None, Status.DOWN, ago=5), record(MachineName('silent'), None, Status.UNKNOWN),
        record(MachineName('old stop'), None, Status.DOWN, ago=60),
        record(MachineName('old warning'), None, Status.WARNING, ago=700)))
    assert [machine.name for machine in store.needing_attention()] == [
        'old stop', 'new stop', 'old warning', 'new warning', 'silent']


# events

def test_events_are_bounded_and_the_newest_stay(ready: Store) -> None:
    for version in range(2, 2 + 3 * EVENTS_KEPT):
        ready.apply([change(PRESS, [Status.DOWN, Status.WARNING][version % 2], version)])
    assert len(ready.events) == EVENTS_KEPT
    assert ready.events[0].version == 1 + 3 * EVENTS_KEPT
    assert ready.events[-1].version == 2 + 2 * EVENTS_KEPT


def test_the_events_of_a_snapshot_are_those_of_the_database(ready: Store) -> None:
    events = tuple(StatusEvent(version, PRESS, None, Status.DOWN, None, NOON + version) for version in (9, 8, 7))
    ready.apply([change(PRESS, Status.DOWN, 2)])
    ready.replace(snapshot(events=events))
    assert tuple(ready.events) == events
    ready.replace(snapshot(events=events * 200))
    assert len(ready.events) == EVENTS_KEPT


def test_of_events_of_one_moment_the_one_with_the_highest_version_is_the_newest(ready: Store) -> None:
    ready.replace(snapshot(events=tuple(StatusEvent(version, PRESS, None, Status.DOWN, None, NOON)
                                        for version in (7, 9, 8))))
    assert [event.version for event in ready.events] == [9, 8, 7]


# silent machines

@pytest.fixture
def watchful(clock: Clock) -> Store:
    """A store that doubts a machine after a minute without a word."""
    store = Store(silent_after=60, monotonic=clock)
    store.replace(snapshot())
    store.prove()
    return store


@pytest.mark.parametrize(('of_plant', 'promised', 'silent'), [
    (None, 90, 90), (None, None, None), (60, 90, 60), (120, 90, 90)])
def test_a_machine_that_its_feed_has_promised_to_repeat_becomes_unknown_without_a_report(
        clock: Clock, of_plant: float | None, promised: int | None, silent: float | None) -> None:
    store = Store(silent_after=of_plant, monotonic=clock)
    store.replace(snapshot(replace(record(PRESS, 'A'), silent_after=promised)))
    for second in range(1, 150):
        clock.now += 1
        store.prove()
        store.tick()
        is_silent = silent is not None and second > silent
        assert statuses(store) == ['unknown' if is_silent else 'operational']


def test_a_machine_that_goes_silent_becomes_unknown(watchful: Store, clock: Clock) -> None:
    notified: list[Difference] = []
    watchful.subscribe(notified.append)
    clock.now += 59
    watchful.apply([change(OVEN, Status.OPERATIONAL, 2, at_ms=NOON + 59_000)])
    clock.now += 2
    watchful.tick()
    assert statuses(watchful) == ['unknown', 'operational', 'unknown']
    assert notified[-1] == Difference(frozenset({PRESS, SAW}), connection=True)  # there was no proof meanwhile
    assert watchful.seconds_in_status(watchful.machines[PRESS]) == 61
    assert {event.name for event in watchful.events if event.new is Status.UNKNOWN} == {PRESS, SAW}
    watchful.tick()
    assert len(watchful.events) == 2


@pytest.mark.parametrize(('milliseconds', 'status'), [(60_000, 'operational'), (60_010, 'unknown')])
def test_the_limit_itself_is_not_yet_too_long(watchful: Store, clock: Clock, milliseconds: int, status: str) -> None:
    """The floor is read once a minute; between two readings the store itself counts."""
    clock.now += milliseconds / 1000
    watchful.tick()
    assert statuses(watchful) == [status] * 3


def test_a_silent_machine_that_speaks_is_known_again(watchful: Store, clock: Clock) -> None:
    clock.now += 61
    watchful.tick()
    watchful.apply([change(PRESS, Status.OPERATIONAL, 2, at_ms=NOON + 61_000)])
    assert watchful.machines[PRESS].status is Status.OPERATIONAL
    assert (watchful.events[0].old, watchful.events[0].new) == (Status.UNKNOWN, Status.OPERATIONAL)


def test_reading_the_floor_again_does_not_give_a_silent_machine_its_voice_back(watchful: Store, clock: Clock) -> None:
    clock.now += 61
    watchful.tick()
    assert watchful.replace(snapshot(now_ms=NOON + 61_000)) == Difference()
    assert statuses(watchful) == ['unknown'] * 3
    assert len(watchful.events) == 3


def test_a_data_gap_is_one_event_although_the_layout_changes_meanwhile(watchful: Store, clock: Clock) -> None:
    clock.now += 61
    watchful.tick()
    watchful.replace(snapshot(record(SAW, 'Cutting'), record(PRESS, 'Forming'), record(OVEN, 'Forming'),
                              now_ms=NOON + 61_000))
    assert statuses(watchful) == ['unknown'] * 3
    assert len(watchful.events) == 3


def test_a_machine_that_was_silent_before_the_start_is_unknown_from_the_start(clock: Clock) -> None:
    store = Store(silent_after=60, monotonic=clock)
    store.replace(snapshot(record(PRESS, 'Forming', ago=61)))
    assert statuses(store) == ['unknown']


def test_without_a_limit_no_machine_is_ever_silent(ready: Store, clock: Clock) -> None:
    clock.now += 1e9
    ready.tick()
    assert statuses(ready) == ['operational'] * 3


# work orders

def test_an_order_that_is_announced_is_known_and_notified(ready: Store) -> None:
    notified: list[Difference] = []
    ready.subscribe(notified.append)
    opened, started = order(1, 10), order(1, 11, state='in_progress')
    ready.apply_orders([opened])
    ready.apply_orders([started])
    assert dict(ready.orders) == {opened.id: started}
    assert notified == [Difference(orders=(ActiveOrderChange(opened.id, None, opened),)),
                        Difference(orders=(ActiveOrderChange(opened.id, opened, started),))]


@pytest.mark.parametrize('event', [9, 10])
def test_an_older_event_of_an_order_is_left_alone(ready: Store, event: int) -> None:
    ready.apply_orders([order(1, 10, state='on_hold')])
    revision = ready.orders_revision
    assert ready.apply_orders([order(1, event)]) == Difference()
    assert ready.orders[order(1, 10).id].status is WorkOrderStatus.ON_HOLD
    assert ready.orders_revision == revision


@pytest.mark.parametrize('end', ['completed', 'cancelled'])
def test_an_order_that_has_ended_leaves_and_an_older_event_does_not_bring_it_back(ready: Store, end: str) -> None:
    opened, ended = order(1, 10), order(1, 12, state=end)
    ready.apply_orders([opened])
    assert ready.apply_orders([ended]) == Difference(orders=(ActiveOrderChange(opened.id, opened, ended),))
    assert ready.apply_orders([order(1, 11, state='in_progress')]) == Difference()
    assert not ready.orders
    assert ready.orders_of(PRESS) == []
    reopened = order(1, 13)
    ready.apply_orders([reopened])
    assert ready.orders_of(PRESS) == [reopened]


def test_an_order_that_ended_before_others_is_not_brought_back_either(ready: Store) -> None:
    ready.apply_orders([order(1, 12, state='completed'), order(2, 13, state='completed')])
    assert ready.apply_orders([order(1, 11), order(2, 11)]) == Difference()
    assert not ready.orders


def test_what_happens_to_an_order_that_has_ended_is_reported_too(ready: Store) -> None:
    revision = ready.orders_revision
    commented = order(1, 20, state='completed')
    assert ready.apply_orders([commented]).orders == (ActiveOrderChange(commented.id, None, commented),)
    assert ready.orders_revision > revision
    assert not ready.orders


def test_the_most_pressing_order_of_a_machine_comes_first(ready: Store, clock: Clock) -> None:
    later, sooner = order(1, 1, due_in=90), order(2, 2, due_in=80)
    critical, low = order(3, 3, priority='critical', due_in=95), order(4, 4, priority='low', due_in=10)
    ready.apply_orders([later, sooner, critical, low, order(5, 5, OVEN)])
    assert ready.orders_of(PRESS) == [critical, sooner, later, low]
    clock.now += 11 * 60
    assert ready.orders_of(PRESS) == [low, critical, sooner, later]


def test_an_order_is_not_overdue_in_the_moment_that_it_is_due(ready: Store, clock: Clock) -> None:
    due_now, critical = order(1, 1, due_in=10, priority='low'), order(2, 2, priority='critical')
    ready.apply_orders([due_now, critical])
    clock.now += 10 * 60
    assert not due_now.is_overdue(ready.now_ms)
    assert ready.orders_of(PRESS) == [critical, due_now]


def test_many_orders_of_one_machine_are_sorted_when_they_are_asked_for_not_at_each_of_them(
        ready: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    urgency = active_orders._urgency
    monkeypatch.setattr(active_orders, '_urgency', lambda each: looked_at.append(each.id) or urgency(each))

    ready.apply_orders([order(number, number, due_in=number + 60) for number in range(300)])
    ready.apply_orders([order(number, 300 + number, due_in=number + 60) for number in range(300)])
    for _ in range(20):
        assert len(ready.orders_of(PRESS)) == 300

    assert len(looked_at) == 300
    clock.now += 61 * 60  # two of them are overdue now
    assert [each.id for each in ready.orders_of(PRESS)[:3]] == [order(number, 0).id for number in range(3)]
    assert len(looked_at) == 600


def test_orders_are_counted_by_priority_as_they_change(ready: Store) -> None:
    ready.apply_orders([order(1, 1), order(2, 2, priority='critical'), order(3, 3, priority='critical')])
    ready.apply_orders([order(2, 4, state='completed', priority='critical')])
    assert {priority: count for priority, count in ready.order_counts.items() if count} == {'high': 1, 'critical': 1}
    ready.replace(snapshot(orders=(order(3, 3, priority='critical'),)))
    assert {priority: count for priority, count in ready.order_counts.items() if count} == {'critical': 1}


def test_a_list_of_orders_that_was_given_away_is_not_the_stores_own(ready: Store) -> None:
    ready.apply_orders([order(1, 1)])
    ready.orders_of(PRESS).clear()
    assert len(ready.orders_of(PRESS)) == 1


def test_an_order_that_moves_leaves_its_old_machine(ready: Store) -> None:
    ready.apply_orders([order(1, 1, PRESS)])
    ready.apply_orders([order(1, 2, OVEN)])
    assert ready.orders_of(PRESS) == []
    assert ready.orders_of(OVEN) == [order(1, 2, OVEN)]


def test_a_reading_wins_and_tells_what_it_changes(ready: Store) -> None:
    same, other, gone, new = order(1, 10), order(2, 50), order(3, 30), order(4, 40)
    ready.apply_orders([same, other, gone])
    restored = replace(other, event=20)  # a restored backup has older events
    difference = ready.replace(snapshot(orders=(same, restored, new)))
    assert set(difference.orders) == {ActiveOrderChange(other.id, other, restored),
                                      ActiveOrderChange(gone.id, gone, None),
                                      ActiveOrderChange(new.id, None, new)}
    assert ready.orders_of(PRESS) == [same, restored, new]
    newest = replace(other, event=21)
    ready.apply_orders([newest])
    assert ready.orders[other.id] == newest


def test_after_a_reading_a_restored_order_is_taken_in_although_it_had_ended(ready: Store) -> None:
    """A restored backup has older events."""
    ready.apply_orders([order(1, 12, state='completed')])
    ready.replace(snapshot())
    ready.apply_orders([order(1, 11)])
    assert ready.orders_of(PRESS) == [order(1, 11)]


def test_every_reading_may_have_changed_an_order_that_has_ended(ready: Store) -> None:
    revision = ready.orders_revision
    assert ready.replace(snapshot()) == Difference()
    assert ready.orders_revision > revision


def test_the_orders_of_a_machine_that_was_removed_are_still_orders(ready: Store) -> None:
    left = order(1, 1, SAW)
    ready.replace(snapshot(record(PRESS, 'Forming'), record(OVEN, 'Forming'), orders=(left,)))
    assert SAW not in ready.machines
    assert ready.orders_of(SAW) == [left]


def test_memory_stays_flat_while_orders_pass(ready: Store) -> None:
    for number in range(3 * ENDED_KEPT):
        ready.apply_orders([order(number, 2 * number)])
        ready.apply_orders([order(number, 2 * number + 1, state='completed')])
    assert not ready.orders
    assert len(ready._active._ended) == ENDED_KEPT
    assert not ready._active._by_machine


# people

def test_a_person_has_the_role_of_the_employee_with_that_address_case_insensitively(store: Store) -> None:
    store.replace(snapshot(people=(employee(7, 'Lisa@Example.com'),)))
    assert store.person(Identity('lisa', 'lisa@example.COM'), Role.VIEWER) == \
        Person('Lisa Garcia 7', 'lisa@example.COM', Role.TECHNICIAN, 7)


def test_who_has_left_may_look(store: Store) -> None:
    store.replace(snapshot(people=(employee(7, 'lisa@example.com', Role.SUPERVISOR, active=False),)))
    assert store.person(Identity('lisa', 'lisa@example.com'), Role.SUPERVISOR).role is Role.VIEWER


@pytest.mark.parametrize('email', ['mike@example.com', None])
def test_who_is_no_employee_has_the_default_role(store: Store, email: str | None) -> None:
    store.replace(snapshot(people=(employee(7, 'lisa@example.com'),)))
    assert store.person(Identity('Mike', email), Role.OPERATOR) == Person('Mike', email, Role.OPERATOR)


def test_a_change_of_people_is_reported_once(ready: Store) -> None:
    people = (employee(7, 'lisa@example.com'),)
    revision = ready.orders_revision
    assert ready.replace(snapshot(people=people)) == Difference(people=True)
    assert ready.people == {7: people[0]}
    assert ready.orders_revision > revision
    assert ready.replace(snapshot(people=people)) == Difference()
    assert ready.replace(snapshot(people=(replace(people[0], active=False),))) == Difference(people=True)


# subscribers

def test_a_failing_subscriber_does_not_stop_the_others(ready: Store, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_difference: Difference) -> None:
        raise ZeroDivisionError('a slip of one page')

    notified: list[Difference] = []
    ready.subscribe(fail)
    ready.subscribe(notified.append)
    with caplog.at_level(logging.ERROR):
        ready.apply([change(PRESS, Status.DOWN, 2)])
    assert len(notified) == 1
    assert 'a subscriber of the store failed' in caplog.text


def test_a_subscriber_may_leave_while_it_is_notified(ready: Store) -> None:
    notified: list[str] = []

    def once(_difference: Difference) -> None:
        notified.append('once')
        leave()

    leave = ready.subscribe(once)
    ready.subscribe(lambda _: notified.append('always'))
    ready.apply([change(PRESS, Status.DOWN, 2)])
    ready.apply([change(PRESS, Status.WARNING, 3)])
    assert notified == ['once', 'always', 'always']


def test_every_write_has_its_own_revision(ready: Store) -> None:
    revisions = [ready.revision]
    ready.subscribe(lambda _: revisions.append(ready.revision))
    ready.apply([change(PRESS, Status.DOWN, 2)])
    ready.lose('refused')
    ready.prove()
    assert revisions == sorted(set(revisions))
    assert len(revisions) == 4


def test_another_reason_of_a_lost_connection_is_announced_and_the_same_is_not(ready: Store) -> None:
    differences: list[Difference] = []
    ready.subscribe(differences.append)
    for problem in 'refused', 'refused', 'the database is starting':
        ready.lose(problem)
    assert differences == [Difference(connection=True)] * 2
    assert ready.connection_error == 'the database is starting'


def test_unknown_machines_have_no_signal_yet_only_if_none_has_ever_reported(clock: Clock) -> None:
    store = Store(silent_after=60, monotonic=clock)
    never = replace(record(PRESS, 'Forming', Status.UNKNOWN), reported_ms=None)
    store.replace(snapshot(never))
    assert store.unknown_label == store.lines[0].unknown_label == 'No signal yet'
    store.replace(snapshot(never, record(OVEN, 'Forming', ago=61)))
    assert store.unknown_label == store.lines[0].unknown_label == 'No signal'
