"""The present problems, the most severe first, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ..core.formatting import Detail, counted, delay, duration, number, percent
from ..core.latency import LatencyHistogram
from ..core.sentences import full_stop
from ..feed.feed_counters import RequestFault
from ..feed.freshness import Freshness
from ..feed.store import DISK, FEED, Store
from . import checks
from .checks import Finding, Severity
from .diagnosis import DatabaseFacts, Diagnosis
from .runtime_status import RuntimeStatus

ENOUGH = 20
"""The fewest measurements for a meaningful percentile."""
SHOW_JUMP_FOR_MS = 24 * 3600 * 1000

REMEDIES = {
    'unreachable': 'Check that PostgreSQL runs and can be reached from here, at DATABASE_URL or PGHOST.',
    'timeout': 'Check that PostgreSQL is not overloaded, and that no firewall drops packets.',
    'login': 'Check user, password and database; on Databricks, that the app has the database as a resource.',
    'full': 'The server has no connection left: end unused sessions, or raise max_connections.',
    'starting': 'The server is starting or stopping. If this continues, read its log.',
    'heartbeat': 'PostgreSQL hangs, the network drops packets, or a pooler does not pass on notifications.',
    'migration': 'The message names the file or the right; after correcting a file, restart the program.',
    'read_only': 'Set the address of the primary, or make this server writable (default_transaction_read_only).',
    'closed': 'Find who ended the connection in the log of PostgreSQL.',
    'refused': 'Read the log of PostgreSQL.',
    'fault': checks.TASK_RESTARTS.remedy,
}
"""What to do, by the reason of a lost connection."""


def findings(diagnosis: Diagnosis) -> list[Finding]:
    """All present problems; empty if there are none."""
    runtime = diagnosis.runtime
    found = [*_of_connection(runtime), *_of_clock(runtime.store), *_of_answers(diagnosis), *_of_tasks(runtime),
             *_of_delays(runtime), *_of_refusals(runtime), *_of_feeds(runtime), *_of_counters(runtime)]
    return sorted(found, key=lambda finding: finding.severity is not Severity.DOWN)


def _of_connection(runtime: RuntimeStatus) -> Iterator[Finding]:
    store = runtime.store
    if store.connection is not Freshness.LIVE:
        what = 'The floor has never been live' if store.connection is Freshness.CONNECTING else 'The floor is stale'
        remedy = REMEDIES.get(runtime.listener.status.reason or '', 'Read the log.')
        problem = full_stop(store.connection_error or 'nothing proves that all changes arrive')
        yield checks.NOT_LIVE.found(f'{what}: {problem}', remedy)
    if (warning := store.feed_warnings.get(FEED)) is not None:
        yield checks.NOT_ANNOUNCED.found(warning)
    if (warning := store.feed_warnings.get(DISK)) is not None:
        yield checks.DISK_FULL.found(warning)
    if (password := runtime.password) is not None:
        left = password.seconds_left
        if password.problem is not None and password.problem != store.feed_warnings.get(FEED):
            yield checks.PASSWORD_FAILS.found(f'Databricks gives no new password: {full_stop(password.problem)}')
        elif left is not None and left < checks.PASSWORD_ENDS.limit:
            yield checks.PASSWORD_ENDS.found(
                f'The password for the database expires in {duration(left)} and was not renewed.')


def _of_clock(store: Store) -> Iterator[Finding]:
    clock = store.clock
    if clock.last_jump is not None and clock.now_ms - clock.last_jump.at_ms < SHOW_JUMP_FOR_MS:
        direction = 'forward' if clock.last_jump.seconds > 0 else 'back'
        at = datetime.fromtimestamp(clock.last_jump.at_ms / 1000, UTC)
        yield checks.CLOCK_SET.found(
            f'The clock of the database was set {direction} by {duration(abs(clock.last_jump.seconds))} at '
            f'{at:%Y-%m-%d %H:%M:%S} UTC, or a server was suspended.')


def _of_answers(diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.database is not None:
        yield from _of_database(diagnosis.runtime, diagnosis.database)
    elif diagnosis.runtime.store.connection is Freshness.LIVE:
        yield checks.NO_ANSWER.found(
            f'The floor is live, but pages and commands get no answer: {full_stop(diagnosis.problem)}')


def _of_database(runtime: RuntimeStatus, facts: DatabaseFacts) -> Iterator[Finding]:
    yield from _of_writers(facts)
    if facts.is_replica:
        yield checks.REPLICA.found('This server is a read-only replica, which announces no changes.')
    newest, wanted = max((each.version for each in facts.migrations), default=0), \
        max((each.version for each in runtime.migrations), default=0)
    if newest != wanted:
        writer = facts.migrations[-1].app_version if facts.migrations else None
        check = checks.SCHEMA_OLD if newest < wanted else checks.SCHEMA_NEWER
        yield check.found(f'The schema has migration {newest}, this program needs {wanted}.',
                          version=writer or 'of a later version')
    for each in facts.migrations:
        if each.intact is False:
            yield checks.CHANGED_MIGRATION.found(
                f'Migration {each.version:04}_{each.name} was applied with another text.',
                version=each.app_version or 'the version that applied it')
    for missing, remedy in facts.missing_rights:
        yield checks.MISSING_RIGHT.found(f'The login {facts.login} lacks {missing}.', statement=remedy)
    off = [f'{each.name} on {each.table}' for each in facts.triggers if not each.is_on]
    if off and FEED not in runtime.store.feed_warnings:
        yield checks.TRIGGERS_OFF.found(f'Triggers are disabled: {", ".join(off)}.')
    if facts.queue_usage > checks.QUEUE_FILLS.limit:
        yield checks.QUEUE_FILLS.found(f'The notification queue of the server is {percent(facts.queue_usage)} full; at '
                                       '100 % all writers fail.')
    age = None if facts.dashboard_at is None else (facts.now - facts.dashboard_at).total_seconds()
    if age is not None and age > checks.DASHBOARD_OLD.limit:
        yield checks.DASHBOARD_OLD.found(
            f'The dashboard tables have not been refreshed for {duration(age, Detail.BRIEF)}.')


def _of_writers(facts: DatabaseFacts) -> Iterator[Finding]:
    for each in facts.open_transactions:
        waiting = f'; {counted(each.waiting, "session waits", "sessions wait")} for it' if each.waiting else ''
        check = checks.BLOCKED_WRITERS if each.waiting else checks.LONG_TRANSACTION
        yield check.found(f"A transaction of the login {each.login} (process {each.pid}) has held locks on the floor's "
                          f'tables for {duration(each.seconds)}{waiting}.', pid=each.pid)
    for login, missing, remedy in facts.unlimited_feeds:
        yield checks.UNLIMITED_FEED.found(f'The feed login {login} has no {", no ".join(missing)}: a transaction that '
                                          'it leaves open can block other feeds.', statement=remedy)


def _of_tasks(runtime: RuntimeStatus) -> Iterator[Finding]:
    for task in runtime.jobs:
        if task.problem is not None and runtime.store.connection is Freshness.LIVE:
            yield checks.TASK_FAILS.found(f'The {task.what} cannot be updated: {full_stop(task.problem)}')
    for task in runtime.supervised:
        if task.problem is not None:
            yield checks.TASK_RESTARTS.found(f'The {task.what} failed and are restarted: {full_stop(task.problem)}')


def _of_delays(runtime: RuntimeStatus) -> Iterator[Finding]:
    yield from _late(checks.LATE_TO_STORE, runtime.store.lag, 0.95,
                     'One change in twenty takes {} from the database to this program.')
    yield from _late(checks.LATE_TO_BROWSER, runtime.browser, 0.95,
                     'One change in twenty takes {} from the database to a screen.')
    yield from _late(checks.LOOP_LATE, runtime.loop, 0.99,
                     'One time in a hundred, this program is {} late.')
    yield from _late(checks.POOL_WAIT, runtime.database.wait, 0.99,
                     'One page or command in a hundred waits {} for a database connection.')
    use = runtime.database.pool_use
    if use.busy >= use.most:
        yield checks.POOL_BUSY.found(f'All {use.most} connections of pages and commands are in use.')


def _late(check: checks.Check, lag: LatencyHistogram, share: float, what: str) -> Iterator[Finding]:
    late = lag.percentile(share)
    if late is not None and late > check.limit and len(lag.recent) >= ENOUGH:
        yield check.found(what.format(delay(late)))


def _of_refusals(runtime: RuntimeStatus) -> Iterator[Finding]:
    for each in runtime.refused():
        times = 'once' if each.times == 1 else counted(each.times, 'time')
        yield checks.REFUSED.found(f'Refused {times} since the start: {each.origin}, because {each.why}.',
                                   remedy=each.remedy)


def _of_feeds(runtime: RuntimeStatus) -> Iterator[Finding]:
    if recent := runtime.feeds.recent:
        yield checks.FEEDS_REFUSED.found(
            f'In the last 15 minutes, requests of feeds were refused, the last from '
            f'{recent[0].address or "an unknown address"}: {FAULTS[recent[0].fault]}.')


FAULTS = {RequestFault.UNKNOWN: 'there is no such token',
          RequestFault.ENDED: 'the token was revoked or has expired',
          RequestFault.OTHER: 'the token is not for feeds'}


def _of_counters(runtime: RuntimeStatus) -> Iterator[Finding]:
    counters, complaints = runtime.listener.counters, runtime.log_lines()
    if counters.audits_with_difference:
        audits = counted(counters.audits_with_difference, 'audit')
        yield checks.UNANNOUNCED.found(
            f'Since the start {audits} found changes without a notification; they were shown then.')
    if counters.unreadable:
        yield checks.UNRECOGNISED.found(
            f'Unrecognised notifications since the start: {number(counters.unreadable)}.')
    if errors := complaints.get('error', 0) + complaints.get('critical', 0):
        yield checks.ERRORS_LOGGED.found(f'Since the start the log has {counted(errors, "error")}.')
