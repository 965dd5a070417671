"""A diagnosis as panels of facts and tables, for the page and for the text for support."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ...core.formatting import NOTHING, Detail, counted, delay, duration, file_size, number, percent
from ...core.latency import LatencyHistogram
from ...feed.freshness import Freshness
from ...operations.diagnosis import DatabaseFacts, Diagnosis
from ...operations.runtime_status import RuntimeStatus
from ..shell.times import date_and_time

UNKNOWN = 'unknown: the database does not respond'


@dataclass(frozen=True, slots=True)
class DiagnosisPanel:
    """A heading, facts as pairs of name and value, and an optional table. All values are text."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def panels(diagnosis: Diagnosis, zone: tzinfo, *, retention_days: int | None) -> list[DiagnosisPanel]:
    """All panels, the most important first."""
    runtime, facts = diagnosis.runtime, diagnosis.database
    times = TimeFormatter(diagnosis.now, zone)
    return [
        DiagnosisPanel('Connection', tuple(_connection(runtime, times))),
        DiagnosisPanel('Latency in the last 15 minutes', tuple(_delays(runtime)),
                       ('Latency', 'median', 'p95', 'maximum', 'samples'), tuple(_lag_rows(runtime))),
        DiagnosisPanel('Database', tuple(_database(runtime, facts, times))),
        DiagnosisPanel('Tasks', tuple(_derived(facts, times, retention_days)),
                       ('Task', 'last run', 'duration', 'failures', 'status'), tuple(_tasks(runtime, times))),
        DiagnosisPanel('Schema', tuple(_schema(runtime, facts)), ('Migration', 'applied', 'by', 'file'),
                       tuple(_migrations(facts, times))),
        DiagnosisPanel('Instances', tuple(_instances(runtime, facts, times)),
                       ('Connected', 'login', 'from', 'sessions'), tuple(_sessions(facts))),
        DiagnosisPanel('Since startup', tuple(_counters(runtime))),
        DiagnosisPanel('This program', tuple(_program(runtime, times))),
    ]


class TimeFormatter:
    """Formats times with their age."""

    def __init__(self, now: float, zone: tzinfo) -> None:
        self._now, self._zone = now, zone

    def at(self, moment: float | datetime | None) -> str:
        """'2026-11-23 10:42:07 (14 min ago)'; seconds since 1970, or with a time zone."""
        if moment is None:
            return 'never'
        seconds = moment.timestamp() if isinstance(moment, datetime) else moment
        return f'{date_and_time(int(seconds * 1000), self._zone)} ({self.ago(seconds)})'

    def ago(self, seconds: float | None) -> str:
        """'14 min ago'; seconds since 1970."""
        return 'never' if seconds is None else f'{duration(self._now - seconds, Detail.MINUTES)} ago'


def unbroken(text: str) -> str:
    """The text on one line, also in a narrow column."""
    return text.replace(' ', '\u00a0')


def _connection(runtime: RuntimeStatus, times: TimeFormatter) -> Iterable[tuple[str, str]]:
    store, listener = runtime.store, runtime.listener
    yield 'Status', store.connection.value
    yield 'Since', times.at(runtime.watch.since)
    age = 'never' if store.age is None else f'{delay(store.age)} ago'
    yield 'Last heartbeat', age
    if store.connection is not Freshness.LIVE and store.connection_error:
        yield 'Reason', store.connection_error
    yield 'Machines without any report', f'{store.never_reported} of {len(store.machines)}'
    yield 'Machines that stop reporting', _silent_machines(store.silent_after)
    yield 'Connections lost since startup', _counted(listener.losses)
    yield 'Failed connection attempts', _counted(listener.refusals)
    if listener.status.last_problem is not None:
        at, problem = listener.status.last_problem
        yield 'Last error', f'{times.at(at)}: {problem}'


def _silent_machines(silent_after: float | None) -> str:
    if silent_after is None:
        return 'keep their last status, unless their feed promises to repeat it: MACHINE_SILENT_AFTER is not set'
    return f'show "No signal" after {duration(silent_after)}'


def _delays(runtime: RuntimeStatus) -> Iterable[tuple[str, str]]:
    error = runtime.store.clock_error
    yield 'Accuracy of the database clock', NOTHING if error is None else f'± {number(error * 1000, 1)} ms'
    yield 'Database clock changes', f'{number(runtime.store.clock.jumps)} since startup'
    yield 'Queued for the slowest browser', counted(runtime.backlog(), 'message')
    yield 'Pages that did not respond', f'{runtime.no_answer()}, such as tabs in the background'


def _lag_rows(runtime: RuntimeStatus) -> Iterable[tuple[str, ...]]:
    yield _lag_row('from a change to this instance', runtime.store.lag)
    yield _lag_row('from a change to a browser and back', runtime.browser)
    yield _lag_row('event loop delay', runtime.loop)
    yield _lag_row('wait for a database connection', runtime.database.wait)


def _lag_row(name: str, lag: LatencyHistogram) -> tuple[str, ...]:
    median, p95, longest = (unbroken(delay(lag.percentile(share))) for share in (0.5, 0.95, 1))
    return name, median, p95, longest, number(len(lag.recent))


def _database(runtime: RuntimeStatus, facts: DatabaseFacts | None, times: TimeFormatter) -> Iterable[tuple[str, str]]:
    use = runtime.database.pool_use
    if facts is None:
        yield 'Server', UNKNOWN
    else:
        yield 'Server', f'PostgreSQL {facts.server}{", a replica" if facts.is_replica else ""}'
        yield 'Started', times.at(facts.server_since)
        yield 'Database', f'{facts.name}, {file_size(facts.size)}'
        yield 'Notification queue', f'{percent(facts.queue_usage)} full'
        yield 'Sessions on the server', f'{facts.sessions} of at most {facts.most_sessions}'
    yield 'Connection pool', f'{use.busy} in use, {use.idle} idle, {use.most} at most'
    yield 'Password', _password(runtime)


def _password(runtime: RuntimeStatus) -> str:
    if (password := runtime.password) is None:
        return 'does not expire'
    left = password.seconds_left
    valid = 'none yet' if left is None else f'valid for {duration(left, Detail.MINUTES)}'
    problem = f'; {password.problem}' if password.problem else ''
    return f'{valid}, used {password.given} times, requested {password.requests} times{problem}'


def _derived(facts: DatabaseFacts | None, times: TimeFormatter, retention_days: int | None
             ) -> Iterable[tuple[str, str]]:
    if facts is not None:
        yield 'Dashboard tables updated', times.at(facts.dashboard_at)
        yield 'Report totals updated', times.at(facts.history_at)
        yield 'History', f'about {number(facts.history_rows)} changes, the oldest from {times.at(facts.history_from)}'
    kept = 'permanently' if retention_days is None else f'{retention_days} days; totals are kept permanently'
    yield 'Changes are kept', kept


def _tasks(runtime: RuntimeStatus, times: TimeFormatter) -> Iterable[tuple[str, ...]]:
    for task in [each for each in runtime.all_tasks if each.failures or each not in runtime.supervised]:
        yield (task.what, times.ago(task.done_at), unbroken(delay(task.took)), number(task.failures),
               'OK' if task.problem is None else f'failed: {task.problem}')


def _schema(runtime: RuntimeStatus, facts: DatabaseFacts | None) -> Iterable[tuple[str, str]]:
    yield 'Schema', runtime.database.schema
    if facts is None:
        yield 'Triggers', UNKNOWN
        return
    off = [each.name for each in facts.triggers if not each.is_on]
    missing = [name for name in facts.missing_triggers if name not in off]
    on = f'{len(facts.triggers) - len(off)} of {len(facts.triggers)} are enabled'
    yield 'Triggers', '; '.join([on, *([f'disabled: {", ".join(off)}'] if off else []),
                                 *([f'missing: {", ".join(missing)}'] if missing else [])])
    yield 'Login of this app', facts.login
    yield 'Schema owner', facts.owner or 'unknown'
    rights = ', '.join(missing for missing, _ in facts.missing_rights)
    yield 'Rights', f'missing: {rights}' if rights else 'complete'
    yield 'Logins of feeds', facts.feeds or 'none'


def _migrations(facts: DatabaseFacts | None, times: TimeFormatter) -> Iterable[tuple[str, ...]]:
    texts = {True: 'unchanged', False: 'CHANGED since', None: 'not compared'}
    for each in facts.migrations if facts else ():
        yield (f'{each.version:04}_{each.name}', times.at(each.applied_at), each.app_version or NOTHING,
               texts[each.intact])


def _instances(runtime: RuntimeStatus, facts: DatabaseFacts | None, times: TimeFormatter) -> Iterable[tuple[str, str]]:
    yield 'This instance', runtime.instance
    is_demo = runtime.store.is_demo
    yield 'This floor', UNKNOWN if is_demo is None else 'a demo: its data is simulated' if is_demo else 'a plant'
    if runtime.simulator is None:
        yield 'Simulator', 'switched off (ENABLE_SIMULATOR)'
    elif is_demo is False:
        yield 'Simulator', 'off: this floor is a plant'
    else:
        yield 'Simulator', 'active' if runtime.simulator.playing else 'standby'
    if facts is not None and facts.simulator_at is not None:
        yield 'Last simulated by', f'{facts.simulator or "unknown"}, {times.at(facts.simulator_at)}'
    yield 'Open pages', f'{number(runtime.pages.pages)}; closed since startup: {number(runtime.pages.pages_gone)}'


def _sessions(facts: DatabaseFacts | None) -> Iterable[tuple[str, ...]]:
    for each in facts.connected if facts else ():
        yield each.program, each.login, each.place, number(each.number)


def _counters(runtime: RuntimeStatus) -> Iterable[tuple[str, str]]:
    counters = runtime.listener.counters
    yield 'Notifications', number(counters.notifications)
    yield 'Unrecognised notifications', number(counters.unreadable)
    yield 'Full reads of the floor', number(counters.snapshots)
    yield 'Heartbeats received', number(counters.heartbeats)
    yield 'Audits that found a difference', number(counters.audits_with_difference)
    lines = runtime.log_lines()
    yield 'Log', f'{counted(lines.get("warning", 0), "warning")}, ' \
                 f'{counted(lines.get("error", 0) + lines.get("critical", 0), "error")}'


def _program(runtime: RuntimeStatus, times: TimeFormatter) -> Iterable[tuple[str, str]]:
    yield 'Line Monitor', runtime.version
    yield 'Python', runtime.python
    yield 'Started', times.at(runtime.started_at)
    yield 'Machines shown', number(len(runtime.store.machines))


def _counted(reasons: dict[str, int]) -> str:
    counted_reasons = {reason: count for reason, count in reasons.items() if count}
    return ', '.join(f'{reason} {number(count)}' for reason, count in counted_reasons.items()) or 'none'
