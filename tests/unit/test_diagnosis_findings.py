"""What is wrong is shown, with what to do; nothing is shown that isn't wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit.clock import Clock

from floor.core.errors import DatabaseUnavailableError
from floor.core.floor_snapshot import FloorSnapshot
from floor.core.latency import LatencyHistogram
from floor.core.settings import Settings
from floor.db.connection import Connection
from floor.db.database import Database
from floor.db.error_labels import no_reasons
from floor.db.schema_files import Migration
from floor.feed.feed_counters import RequestFault
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.jobs.order_checks import OrderChecks
from floor.operations.checks import DASHBOARD_OLD, Severity
from floor.operations.diagnosis import AppliedFile, DatabaseFacts, Diagnosis, OpenTransaction, Trigger
from floor.operations.diagnosis_findings import ENOUGH, REMEDIES, _of_clock, findings
from floor.operations.event_loop_latency import event_loop_latency
from floor.operations.freshness_log import FreshnessLog
from floor.operations.refused_origins import RefusedOrigins
from floor.operations.runtime_status import RuntimeStatus
from floor.web.diagnosis.facts import panels
from floor.web.diagnosis.plain_text import as_text
from floor.web.live.render_probe import browser_latency

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WELL = DatabaseFacts(
    server='18.4', name='line_monitor', login='app', owner='app', feeds=None, size=21_000_000, server_since=NOW,
    now=NOW, is_replica=False, queue_usage=0.0, sessions=6, most_sessions=100,
    migrations=(AppliedFile(1, 'floor', NOW, True),),
    triggers=(Trigger('machine_feed_updated', 'machine_feed_stream', True),), missing_triggers=(), missing_rights=(),
    connected=(), dashboard_at=NOW, history_at=NOW, summed_until=NOW, history_from=NOW, history_rows=5, sums_from=NOW,
    simulator=None, simulator_at=None)


class Pages:
    pages, pages_gone = 1, 0


class Password:
    """Of Lakebase, as far as it can be looked at."""

    problem: str | None = None
    requests = given = 3
    seconds_left: float | None = 1800.0
    token = 'never-to-be-shown'


@pytest.fixture
def runtime() -> RuntimeStatus:
    async def nobody() -> Connection:
        raise ConnectionRefusedError

    settings = Settings.load(_env_file=None)
    database, store = Database('postgresql://app:never-to-be-shown@127.0.0.1:1/nothing', settings), Store()
    store.replace(FloorSnapshot((), (), now_ms=0))
    store.prove()
    return RuntimeStatus(database=database, store=store, listener=Listener(nobody, None, store),
                         watch=FreshnessLog(store), pages=Pages(), loop=event_loop_latency(), browser=browser_latency(),
                         jobs=[OrderChecks(database, None).job.status], migrations=[Migration(1, 'floor', '')],
                         log_lines=lambda: {'warning': 4, 'error': 0, 'critical': 0}, password=Password())


def findings_of(runtime: RuntimeStatus, **different: Any) -> list[tuple[str, str, str]]:
    facts = replace(WELL, **different)
    return [(each.severity.value, each.what, each.do) for each in findings(Diagnosis(runtime, facts, None))]


def slow(lag: LatencyHistogram, seconds: float, times: int = ENOUGH) -> None:
    for _ in range(times):
        lag.observe(seconds)


def test_of_what_is_well_nothing_is_shown(runtime: RuntimeStatus) -> None:
    assert findings_of(runtime) == []


@pytest.mark.parametrize(('different', 'words', 'remedy'), [
    ({'is_replica': True}, 'replica', 'primary'),
    ({'migrations': ()}, 'migration 0, this program needs 1', 'Restart'),
    ({'migrations': (AppliedFile(1, 'floor', NOW, True), AppliedFile(2, 'more', NOW, None, '0.9.0'))},
     'has migration 2', 'Start Line Monitor 0.9.0 or newer'),
    ({'migrations': (AppliedFile(1, 'floor', NOW, False, '0.2.0'),)}, '0001_floor was applied with another text',
     'Start Line Monitor 0.2.0 or newer, as it was released'),
    ({'missing_rights': (('USAGE on the schema x', 'GRANT USAGE ON SCHEMA x TO app'),)}, 'lacks USAGE',
     'GRANT USAGE ON SCHEMA x TO app'),
    ({'triggers': (Trigger('some_trigger', 'machines', False),)}, 'some_trigger on machines', 'ENABLE TRIGGER'),
    ({'queue_usage': 0.4}, '40.0 % full', 'pg_terminate_backend'),
    ({'dashboard_at': NOW - timedelta(seconds=DASHBOARD_OLD.limit + 60)}, 'for 11 min', 'tasks'),
])
def test_what_the_database_says(runtime: RuntimeStatus, different: dict[str, Any], words: str, remedy: str) -> None:
    (_, what, do), = findings_of(runtime, **different)
    assert words in what
    assert remedy in do


def test_a_lost_connection_comes_with_what_to_do_about_this_very_reason(runtime: RuntimeStatus) -> None:
    runtime.listener.status.failed(DatabaseUnavailableError('no route'), reason='unreachable')
    runtime.store.lose('no route')
    found = findings(Diagnosis(runtime, None, 'no route'))
    assert [each.severity for each in found] == [Severity.DOWN]
    assert found[0].what == 'The floor is stale: no route.'
    assert REMEDIES['unreachable'] in found[0].do
    assert set(REMEDIES) == set(no_reasons()), 'every reason has a remedy'


@pytest.mark.parametrize(('by_ms', 'words'), [(3_600_000, 'set forward by 1 h 00 min'),
                                              (-7_200_000, 'set back by 2 h 00 min')])
def test_a_clock_that_was_set_is_shown_for_a_day(by_ms: int, words: str) -> None:
    clock = Clock()
    store = Store(monotonic=clock)
    store.set_clock(1_800_000_000_000, clock.now, clock.now)
    store.set_clock(1_800_000_000_000 + by_ms, clock.now, clock.now)
    found = [each.what for each in _of_clock(store)]
    assert [words in what for what in found] == [True]
    clock.now += 24 * 3600 - 1
    assert [each.what for each in _of_clock(store)] == found
    clock.now += 2
    assert list(_of_clock(store)) == []


def test_a_live_floor_whose_pool_gets_no_answer_is_wrong_too(runtime: RuntimeStatus) -> None:
    found, = findings(Diagnosis(runtime, None, 'it has not answered for 3 s'))
    assert 'pages and commands get no answer: it has not answered' in found.what


def test_delays_count_when_there_are_enough_of_them(runtime: RuntimeStatus) -> None:
    slow(runtime.store.lag, 1.5, ENOUGH - 1)
    assert findings_of(runtime) == []
    slow(runtime.store.lag, 1.5, 1)
    slow(runtime.browser, 2.5)
    slow(runtime.loop, 0.7)
    assert [what for _, what, _ in findings_of(runtime)] == [
        'One change in twenty takes 1.5 s from the database to this program.',
        'One change in twenty takes 2.5 s from the database to a screen.',
        'One time in a hundred, this program is 700 ms late.']


def test_refused_origins_are_shown_with_what_to_do(runtime: RuntimeStatus) -> None:
    refused = RefusedOrigins()
    for _ in range(2):
        refused.note('http://floor.example:8080', 'it is a page of another port', 'Set ALLOWED_HOSTS=floor.example.')

    found, = findings(Diagnosis(replace(runtime, refused=lambda: refused.refusals), WELL, None))

    assert found.severity is Severity.WARNING
    assert found.what == ('Refused 2 times since the start: http://floor.example:8080, because it is a page of another '
                          'port.')
    assert found.do == 'Set ALLOWED_HOSTS=floor.example.'


def test_refused_requests_of_feeds_are_shown_with_where_they_come_from(runtime: RuntimeStatus) -> None:
    clock = [NOW]
    runtime.feeds._now = lambda: clock[0]
    runtime.feeds.refuse(RequestFault.MISSING, '192.168.4.19')
    assert findings_of(runtime) == [], 'a scanner is no feed'
    for address in '192.168.4.18', '192.168.4.17':
        runtime.feeds.refuse(RequestFault.UNKNOWN, address)
    runtime.feeds.refuse(RequestFault.MISSING, '192.168.4.19')
    (severity, what, do), = findings_of(runtime)
    assert (severity, what) == (
        'warning', 'In the last 15 minutes, requests of feeds were refused, the last from 192.168.4.17: '
        'there is no such token.')
    assert '/setup/feeds' in do
    clock[0] += timedelta(minutes=15)
    assert findings_of(runtime) == []


def test_what_was_counted_and_what_fails(runtime: RuntimeStatus) -> None:
    runtime.listener.counters.audits_with_difference = 2
    runtime.listener.counters.unreadable = 1
    runtime.jobs[0].failed(DatabaseUnavailableError('full'))
    runtime.store.set_feed_warning('The database does not announce every change.')
    broken = replace(runtime, log_lines=lambda: {'warning': 0, 'error': 1, 'critical': 0})
    severities, whats, _ = zip(*findings_of(broken), strict=True)
    assert severities == ('down', *['warning'] * 4)
    assert whats == (
        'The database does not announce every change.', 'The work orders cannot be updated: full.',
        'Since the start 2 audits found changes without a notification; they were shown then.',
        'Unrecognised notifications since the start: 1.', 'Since the start the log has 1 error.')


def test_a_password_that_is_not_renewed(runtime: RuntimeStatus) -> None:
    assert isinstance(runtime.password, Password)
    runtime.password.seconds_left = 120
    assert 'expires in 2 min 00 s' in findings_of(runtime)[0][1]
    runtime.password.problem = 'Databricks does not answer'
    assert 'Databricks gives no new password: Databricks does not answer.' in findings_of(runtime)[0][1]


def test_the_text_says_what_is_wrong_first_and_no_secret(runtime: RuntimeStatus) -> None:
    facts = replace(WELL, queue_usage=0.4)
    diagnosis = Diagnosis(runtime, facts, None, now=NOW.timestamp())
    shown = panels(diagnosis, UTC, retention_days=90)
    lines = as_text(diagnosis, findings(diagnosis), shown, UTC).splitlines()
    assert lines[0].endswith('diagnosis of 2026-11-23 10:00:00 (UTC)')
    assert lines[2].startswith('DOWN: The notification queue of the server is 40.0 % full')
    assert lines[3].startswith('   A session listens')
    assert 'Changes are kept: 90 days; totals are kept permanently' in lines
    assert 'Password: valid for 30 min, used 3 times, requested 3 times' in lines
    assert 'never-to-be-shown' not in '\n'.join(lines)


def test_without_a_database_what_the_program_knows_is_shown(runtime: RuntimeStatus) -> None:
    shown = {panel.title: panel for panel in panels(Diagnosis(runtime, None, 'gone'), UTC, retention_days=None)}
    assert dict(shown['Database'].facts)['Server'] == 'unknown: the database does not respond'
    assert dict(shown['Connection'].facts)['Status'] == 'live'
    assert shown['Instances'].rows == ()


@pytest.mark.parametrize(('waiting', 'ending'), [
    (0, 'for 1 min 30 s.'), (1, 'for 1 min 30 s; 1 session waits for it.'),
    (2, 'for 1 min 30 s; 2 sessions wait for it.')])
def test_who_waits_for_an_open_transaction_is_counted(runtime: RuntimeStatus, waiting: int, ending: str) -> None:
    facts = replace(WELL, open_transactions=(OpenTransaction(7, 'plc', 90.0, waiting),))
    found, = (each for each in findings(Diagnosis(runtime, facts, None)) if '(process 7)' in each.what)
    assert found.what.endswith(ending)
