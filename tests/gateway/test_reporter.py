"""From readings to events: debounce, least time, repetition, lost sources, clocks, counters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from gateway.harness import FakeClock

from floor.gateway.errors import QueueError
from floor.gateway.event_queue import EventQueue
from floor.gateway.mapping import Reports
from floor.gateway.opcua_config import OpcUaConfig
from floor.gateway.point_config import PointConfig, SourceConfig
from floor.gateway.reading import Point, Reading
from floor.gateway.reporter import Reporter
from floor.gateway.source import SourceState


class Plant:
    """A reporter with one source, and what it put."""

    def __init__(self, config: SourceConfig | None = None, **source: Any) -> None:
        self.clock = FakeClock()
        self.state = SourceState('plant')
        self.state.ignore = self._ignore  # type: ignore[method-assign]
        self.ignored: list[str] = []
        self.queue = EventQueue(None, 1_000)
        self._source = config or SourceConfig(name='plant', **source)
        self.start_again()
        self.connect(True)

    def start_again(self) -> None:
        """As a process that begins: only what is in the queue is known."""
        self.reporter = Reporter(self.queue, [(self._source, self.state)], self.clock)

    def _ignore(self, cause: str, message: str) -> None:
        assert message
        self.ignored.append(cause)

    def connect(self, connected: bool) -> None:
        self.state.connected, self.state.changed_at = connected, self.clock.time.timestamp()
        if connected:
            self.hear()

    def hear(self) -> None:
        self.state.heard_at = self.clock.time.timestamp()

    def point(self, address: str = 'a', **config: Any) -> Point:
        return Point('plant', address, 'CNC', PointConfig.model_validate({'machine': 'CNC', **config}))

    def read(self, value: Any, point: Point | None = None, at: float | None = None, **more: Any) -> None:
        """at: seconds from now."""
        moment = None if at is None else self.clock.time + timedelta(seconds=at)
        self.reporter.emit(Reading(point or self.point(), value, moment, **more))
        self.hear()

    def pass_time(self, seconds: int, *, is_silent: bool = False) -> None:
        """is_silent: the connection carries nothing, and looks alive."""
        for _ in range(seconds):
            self.clock.advance(1)
            if self.state.connected and not is_silent:
                self.hear()
            self.reporter.tick()

    def events(self) -> list[tuple[Any, ...]]:
        """What was put since the last call: seconds since 08:00, and the status with its reason, or the counts."""
        found = []
        for each in self.queue.first(1_000):
            event = json.loads(each.event)
            assert event.pop('machine') == 'CNC'
            assert event.pop('id')
            at = datetime.fromisoformat(event.pop('at')) - datetime.fromisoformat('2026-11-30T08:00:00Z')
            found.append((at.total_seconds(), *event.values()))
            self.queue.remove(each.number)
        return found


@pytest.fixture
def site() -> Iterator[Plant]:
    plant = Plant()
    yield plant
    plant.queue.close()


def test_a_change_is_an_event_and_the_same_status_is_none(site: Plant) -> None:
    for value in ('running', 'running', 'down', 'down'):
        site.clock.advance(1)
        site.read(value)
    assert site.events() == [(1, 'operational'), (3, 'down')]


def test_a_debounced_status_waits_for_its_reason(site: Plant) -> None:
    status, reason = site.point(debounce=0.5), site.point('b', reports='reason')
    site.read('running', status)
    site.clock.advance(10)
    site.read('down', status)
    site.clock.advance(0.1)
    site.read('Oil low', reason)
    site.clock.advance(0.5)
    assert site.events() == [(0, 'operational'), (10, 'down', 'Oil low')]


def test_a_machine_of_the_file_has_no_signal_if_its_source_is_away_from_the_start() -> None:
    """It may have any status on the floor, from before."""
    plant = Plant(grace=30, points=[{'machine': 'CNC'}, {'machine': '{other}'}, {'machine': 'B', 'reports': 'reason'}])
    plant.connect(False)
    plant.pass_time(29)
    assert plant.events() == []
    plant.pass_time(100)
    assert plant.events() == [(0, 'unknown', 'no connection to plant')]
    plant.connect(True)
    plant.pass_time(100)
    assert plant.events() == [], 'not before there is a value'
    plant.read('running')
    assert plant.events() == [(229, 'operational')]
    plant.queue.close()


def test_a_reason_within_the_millisecond_of_its_status_is_an_event_after_it(site: Plant) -> None:
    site.read('down', at=-1.0003)
    site.read('Oil low', site.point('b', reports='reason'), at=-1.0001)
    assert site.events() == [(-1.001, 'down'), (-1.0, 'down', 'Oil low')]


def test_a_status_that_does_not_last_is_not_reported_and_one_that_does_since_it_began(site: Plant) -> None:
    point = site.point(debounce=5)
    site.read('running', point)
    site.clock.advance(10)
    site.read('down', point)
    site.clock.advance(4)
    site.read('running', point)
    site.clock.advance(10)
    assert site.events() == [(0, 'operational')]
    site.read('down', point)
    site.clock.advance(3)
    site.read('down', point)   # a repetition does not begin it again
    site.clock.advance(2)
    assert site.events() == [(24, 'down')]


def test_changes_are_at_least_so_far_apart_and_the_last_one_counts(site: Plant) -> None:
    point = site.point(least_time=10)
    for value in ('running', 'down', 'warning', 'down', 'warning'):
        site.read(value, point)
        site.clock.advance(1)
    assert site.events() == [(0, 'operational')]
    site.clock.advance(5)
    assert site.events() == [(4, 'warning')]


def test_a_status_is_repeated_while_its_source_is_connected(site: Plant) -> None:
    site.read('down')
    site.pass_time(125)
    assert site.events() == [(0, 'down'), (56, 'down'), (112, 'down')]
    site.connect(False)
    site.pass_time(29)
    assert site.events() == []


def test_a_status_is_repeated_only_as_long_as_its_source_was_heard(site: Plant) -> None:
    """The network carries nothing, and neither side knows it yet: what happens meanwhile arrives later."""
    site.read('running')
    site.pass_time(20)
    site.pass_time(50, is_silent=True)
    assert site.events() == [(0, 'operational'), (16, 'operational')], 'it was so when the source was heard last'
    site.pass_time(60, is_silent=True)
    assert site.events() == [], 'nothing more is known'
    site.read('down', at=-105)
    assert site.events() == [(25, 'down')]


def test_nothing_is_repeated_while_changes_of_a_short_loss_arrive(site: Plant) -> None:
    site.read('running', point := site.point('a'))
    site.pass_time(58)
    site.connect(False)
    site.clock.advance(9)
    site.read(0, site.point('b', reports='good'), at=-8)   # the session sends before it is ready
    site.connect(True)
    site.pass_time(1)
    site.read('down', point, at=-7)
    site.pass_time(2)
    assert [each[:2] for each in site.events()] == [(0, 'operational'), (61, 'down')]


def test_quiet_machine_at_a_broker_that_only_answers_pings_is_reported_often_enough(site: Plant) -> None:
    site.read('running')
    reported_at, ages = 0.0, []
    for second in range(1, 1_200):
        site.pass_time(1, is_silent=second % 29 != 0)   # just within the keepalive
        ages.append(second - reported_at)
        reported_at = max([reported_at, *(at for at, _ in site.events())])
    assert max(ages) < SourceConfig(name='plant').least_silent_after == 90


def test_clock_that_is_five_seconds_slow_delays_no_repetition(site: Plant) -> None:
    site.read('running')
    site.connect(False)
    counter = site.point('b', reports='good')
    site.read(0, counter, at=-5)   # the session sends before it is ready
    site.connect(True)
    for total in range(1, 151):
        site.read(total, counter, at=-5)
        site.pass_time(1)
    assert [at for at, value in site.events() if value == 'operational'] == [0, 56, 112]


def test_nothing_is_repeated_before_the_changes_of_a_stall_have_arrived(site: Plant) -> None:
    site.read('running', point := site.point('a'))
    site.pass_time(52)
    site.pass_time(7, is_silent=True)
    site.clock.advance(0.5)
    site.read(0, site.point('b', reports='good'), at=-7)   # the first of what the network held up
    site.pass_time(1)
    site.read('down', point, at=-5)
    assert site.events() == [(0, 'operational'), (55.5, 'down')]


def test_nothing_is_repeated_while_the_last_changes_of_a_loss_are_read(site: Plant) -> None:
    site.read('running', point := site.point('a'))
    site.pass_time(50)
    counter = site.point('b', reports='good')
    site.pass_time(8, is_silent=True)
    for age in (8, 3.9):   # in their order, not all at once
        site.read(0, counter, at=-age)
        site.pass_time(1)
    site.read('down', point, at=-4.2)
    assert site.events() == [(0, 'operational'), (55.8, 'down')]


@pytest.mark.parametrize(('delay', 'seconds'), [('debounce', 30), ('least_time', 75)])
def test_status_is_not_repeated_as_of_a_moment_when_another_one_had_begun(
        site: Plant, delay: str, seconds: float) -> None:
    point = site.point('a', **{delay: seconds})
    site.read('running', point)
    site.pass_time(45)
    site.read('down', point)
    site.pass_time(30)
    assert site.events() == [(0, 'operational'), (44.999, 'operational'), (45, 'down')]


def test_values_of_a_long_interval_are_on_their_way_for_two_of_them() -> None:
    plant = Plant(OpcUaConfig.model_validate({'type': 'opcua', 'name': 'plant', 'url': 'opc.tcp://press:4840',
                                              'interval': 10, 'points': [{'machine': 'CNC', 'node': 'ns=2;s=CNC'}]}))
    plant.read('running')
    plant.pass_time(61)
    plant.read('down', at=-15)
    assert plant.events() == [(0, 'operational'), (40, 'operational'), (46, 'down')]
    plant.queue.close()


def test_a_point_that_is_silent_makes_its_machine_unknown_until_it_reports(site: Plant) -> None:
    """Its last status would be repeated forever: the broker is there, the publisher is not."""
    point = site.point(silent_after=90)
    site.read('down', point)
    site.pass_time(40)
    site.read('down', point)   # says that it is still there
    site.pass_time(300)
    assert site.events() == [(0, 'down'), (56, 'down'), (112, 'down'), (130, 'unknown', 'no message for 90 s')]
    site.read('down', point)
    assert site.events() == [(340, 'down')]
    site.pass_time(10)
    site.connect(False)
    site.pass_time(100)
    site.connect(True)
    site.pass_time(200)
    assert site.events() == [(350, 'unknown', 'no connection to plant')], 'that it says nothing is no news'


def test_a_lost_source_makes_its_machines_unknown_once_since_it_was_lost(site: Plant) -> None:
    site.read('down')
    site.pass_time(10)
    site.connect(False)
    site.pass_time(200)
    assert site.events() == [(0, 'down'), (10, 'unknown', 'no connection to plant')]
    site.connect(True)
    site.pass_time(100)
    assert site.events() == []   # nothing is known before it is heard of
    site.read('down', at=-310)   # retained
    site.pass_time(5)
    assert site.events() == [(307, 'down')]


def test_nothing_is_known_since_a_lost_source_was_heard_last(site: Plant) -> None:
    site.read('down')
    site.pass_time(10)
    site.pass_time(40, is_silent=True)   # until the client notices that no ping is answered
    site.connect(False)
    site.pass_time(30)
    assert site.events() == [(0, 'down'), (10, 'unknown', 'no connection to plant')]


def test_what_was_sent_around_a_loss_keeps_its_time(site: Plant) -> None:
    site.read('running')
    site.pass_time(10)
    site.connect(False)
    site.pass_time(40)
    site.connect(True)
    site.read('running', at=-50)   # retained
    site.read('down', at=-42)   # on its way when the connection was lost
    site.read('warning', at=-20)
    assert site.events() == [(0, 'operational'), (10, 'unknown', 'no connection to plant'), (8, 'down'),
                             (30, 'warning')]


def test_what_was_sent_before_a_loss_and_holds_is_reported_after_it_too(site: Plant) -> None:
    site.read('running')
    site.pass_time(10)
    site.connect(False)
    site.pass_time(40)
    site.connect(True)
    site.read('down', at=-42)
    site.pass_time(12)
    assert site.events()[2:] == [(8, 'down'), (57, 'down')]


def test_a_source_that_sends_before_it_is_ready_is_not_lost(site: Plant) -> None:
    site.connect(False)
    site.clock.advance(29)
    site.state.last_message_at = site.clock.time.timestamp()   # of a session that the broker kept
    site.read('running')
    site.pass_time(5)
    site.connect(True)
    assert site.events() == [(29, 'operational')]


def test_a_short_loss_is_not_reported(site: Plant) -> None:
    site.read('running')
    site.connect(False)
    site.pass_time(20)
    site.connect(True)
    site.read('running')
    site.pass_time(41)
    assert site.events() == [(0, 'operational'), (56, 'operational')]


def test_nothing_is_known_from_the_moment_since_which_changes_were_lost(site: Plant) -> None:
    site.read('running', point := site.point(debounce=5))
    good = site.point('b', reports=Reports.GOOD)
    site.read(10, good)
    site.pass_time(20)
    lost_since = site.clock.time - timedelta(seconds=8)
    site.read(12, good, at=0, lost_since=lost_since)
    site.read('running', point, at=-3, lost_since=lost_since)
    assert site.events() == [(0, 'operational'), (20, 2), (12, 'unknown', 'changes were lost'), (17, 'operational')]
    site.connect(False)
    site.pass_time(40)
    site.connect(True)
    site.read('running', point, at=-1, lost_since=site.clock.time - timedelta(seconds=40))
    assert [each[:2] for each in site.events()] == [(20, 'unknown'), (59, 'operational')], 'no signal once'


def test_gap_begins_no_earlier_than_the_app_takes_events(site: Plant) -> None:
    site.read('running', lost_since=site.clock.time - timedelta(days=9))
    (began, status, _), (_, now) = site.events()
    assert (status, now) == ('unknown', 'operational')
    assert -7 * 86_400 < began < -6 * 86_400


def test_no_signal_of_a_point_is_reported_once(site: Plant) -> None:
    site.read('running')
    site.clock.advance(1)
    site.read(None, detail='bad quality')
    site.pass_time(100)
    assert site.events() == [(0, 'operational'), (1, 'unknown', 'bad quality')]


def test_a_status_that_began_long_ago_holds_now_too(site: Plant) -> None:
    site.read('down', at=-3600)
    site.read('running', at=-1800)
    site.read('down', at=-900)   # kept by the broker
    assert site.events() == [(-3600, 'down'), (-1800, 'operational'), (-900, 'down')]
    site.pass_time(12)
    assert site.events() == [(7, 'down')]


def test_nothing_is_repeated_while_a_source_is_behind(site: Plant) -> None:
    site.read('running', at=-100)
    site.pass_time(1)
    site.read('stopped', at=-99)
    site.clock.advance(5)   # the process gets no time
    site.reporter.tick()
    site.read('running', at=-103)
    site.pass_time(1)
    assert [each[:2] for each in site.events()] == [(-100, 'operational'), (-98, 'down'), (-97, 'operational')]
    site.pass_time(2, is_silent=True)
    assert site.events() == [(3, 'operational')], 'no more comes: it holds'
    for _ in range(181):
        site.read('running', at=-60)
        site.pass_time(1)
    assert site.events() == [(6 + 180, 'operational')], 'a clock that is behind'


def test_the_reason_of_another_point_belongs_to_stops_and_warnings(site: Plant) -> None:
    status = site.point('s', values={1: 'operational', 2: 'down', 3: {'status': 'down', 'reason': 'Lid open'}})
    reason = site.point('r', reports='reason', reasons={47: 'No air'})
    for value, point in ((47, reason), (1, status), (2, status), ('E-9', reason), (0, reason), (3, status)):
        site.clock.advance(1)
        site.read(value, point)
    assert site.events() == [(2, 'operational'), (3, 'down', 'No air'), (4, 'down', 'E-9'), (5, 'down'),
                             (6, 'down', 'Lid open')]


def test_changes_within_a_moment_keep_their_order(site: Plant) -> None:
    for value in ('running', 'down', 'warning'):
        site.read(value, at=0)
    assert site.events() == [(0, 'operational'), (0.001, 'down'), (0.002, 'warning')]


def test_a_change_is_later_than_a_repetition_although_the_clock_is_a_little_behind(site: Plant) -> None:
    site.read('running', at=-5)
    site.pass_time(56)
    site.read('down', at=-5)
    assert site.events()[-2:] == [(51, 'operational'), (51.001, 'down')]
    assert site.ignored == []


@pytest.mark.parametrize(('at', 'fault'), [(3600, 'the clock is ahead'), (-3600, 'the clock is behind')])
def test_a_clock_that_is_an_hour_wrong_does_not_count(site: Plant, at: float, fault: str) -> None:
    site.read('running', at=at)
    site.events()
    site.pass_time(61)
    site.read('down', at=at)
    assert site.events()[-1] == (61, 'down')
    assert fault in site.ignored


def test_a_clock_that_is_set_back_does_not_turn_the_present_into_the_past(site: Plant) -> None:
    site.read('running', at=0)
    site.clock.advance(5)
    site.read('down', at=-3600)
    site.clock.advance(5)
    site.read('running', at=-3600)
    assert [event[1] for event in site.events()] == ['operational', 'down', 'operational']
    assert 'the clock went back' in site.ignored


def test_a_message_that_was_overtaken_belongs_into_the_past(site: Plant) -> None:
    site.read('running', at=-90)
    site.read('running', at=-30)
    site.events()
    site.read('down', at=-60)
    assert site.events() == [(-60, 'down')]
    site.pass_time(60)
    assert site.events() == [(7, 'operational')]


def test_historical_values_do_not_change_the_present(site: Plant) -> None:
    site.read('running')
    site.read('down', at=-600, is_historical=True)
    site.read('warning', at=-8 * 86_400, is_historical=True)
    site.pass_time(60)
    assert site.events() == [(0, 'operational'), (-600, 'down'), (56, 'operational')]
    assert site.ignored == ['not a time of the past']


def test_without_trust_in_its_times_values_count_from_now() -> None:
    plant = Plant(source_time=False)
    plant.read('down', at=-100)
    assert plant.events() == [(0, 'down')]


def test_totals_are_reported_as_increments_and_increments_as_they_are(site: Plant) -> None:
    total, each = site.point('t', reports='good'), site.point('i', reports='reject', counts='increment')
    for value in (100, 103, 103, 2):
        site.read(value, total)
    for value in (1, 0, 2):
        site.read(value, each)
    assert site.events() == [(0, 3), (0, 2), (0, 1), (0, 2)]


def test_two_machines_on_one_signal_are_two(site: Plant) -> None:
    points = [Point('plant', reports, machine, PointConfig.model_validate({'machine': machine, 'reports': reports}))
              for machine in ('A', 'B') for reports in (Reports.STATUS, Reports.GOOD)]
    for values in (('running', 100), ('down', 103)):
        for point, value in zip(points, 2 * values, strict=True):
            site.read(value, point)
    events = [json.loads(each.event) for each in site.queue.first(100)]
    assert [(each['machine'], each.get('status') or each['good']) for each in events] == [
        ('A', 'operational'), ('B', 'operational'), ('A', 'down'), ('A', 3), ('B', 'down'), ('B', 3)]


def test_a_value_without_a_meaning_is_a_problem_once_a_minute_of_its_point(site: Plant) -> None:
    counter = site.point('b', reports='good')
    for _ in range(2):
        for value in ('odd', *range(30)):
            site.read(value)
        site.read(-1, counter)
        site.pass_time(59)
    assert site.events() == [(0, "a: the value 'odd' is not in its mapping"), (0, "b: the value '-1' is not a count")]
    site.pass_time(1)
    for number in range(30):
        site.read('odd', site.point(f'p{number}'))
    assert [problem.split(':')[0] for _, problem in site.events()] == [f'p{number}' for number in range(20)]


def test_a_total_of_the_past_is_no_reset(site: Plant) -> None:
    total = site.point('t', reports='good')
    site.read(100, total, at=0)
    site.read(90, total, at=-60, is_historical=True)
    site.read(95, total, at=-30)
    site.read(101, total, at=1)
    assert site.events() == [(1, 1)]


def test_totals_that_come_again_after_a_start_are_not_counted_again(site: Plant) -> None:
    total = site.point('t', reports='good')
    for number, value in enumerate((100, 103, 106)):
        site.read(value, total, at=number)
    site.start_again()
    for number, value in enumerate((103, 106, 109), 1):   # the broker had not got the acknowledgements
        site.read(value, total, at=number)
    site.read(2, total, at=10)
    assert site.events() == [(1, 3), (2, 3), (3, 3), (10, 2)]


def test_a_value_that_cannot_be_stored_is_reported_when_it_can_be(
        site: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = site.point('slow', debounce=2)
    site.read('running', slow)
    site.events()

    def full(*_arguments: object) -> None:
        raise QueueError('the disk is full')

    with monkeypatch.context() as broken:
        broken.setattr(site.queue, 'put', full)
        site.read('down', slow)
        site.clock.advance(4)
        with pytest.raises(QueueError):
            site.read('warning', site.point('other'))
    site.clock.advance(5)
    assert [event[1] for event in site.events()] == ['down']


@pytest.mark.parametrize('between', [0.5, 1, 2, 2.003, 2.5, 3, 3.9, 4.003, 4.5, 5.003, 10, 30.003])
def test_a_status_is_repeated_however_regularly_its_source_is_heard(site: Plant, between: float) -> None:
    """As a server that says every two seconds that nothing changed, a little late each time."""
    site.read('running')
    began = site.clock.time
    heard = 0.0
    for second in range(1, 901):
        site.clock.advance(1)
        while (heard + 1) * between <= second:
            heard += 1
        site.state.heard_at = (began + timedelta(seconds=heard * between)).timestamp()
        site.reporter.tick()
    times = [at for at, _ in site.events()]
    assert max(after - before for before, after in pairwise([*times, 900])) <= 60 + 30 + between
