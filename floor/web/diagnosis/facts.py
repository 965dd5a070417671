"""A diagnosis as panels of facts and tables: the same for the page and for the text that goes into a mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ...core.formatting import NOTHING, Detail, counted, delay, duration, file_size, number, percent
from ...core.latency import Lag
from ...feed.store import Connection
from ...operations.diagnosis import DatabaseFacts, Diagnosis
from ...operations.runtime_status import Vitals
from ..shell.times import date_and_time

UNKNOWN = 'not known: the database does not answer'


@dataclass(frozen=True, slots=True)
class Panel:
    """Facts under a heading, and a table where several things have the same columns. All of it is text."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def panels(diagnosis: Diagnosis, zone: tzinfo, *, retention_days: int | None) -> list[Panel]:
    """Everything there is to know, what people ask first at first."""
    vitals, facts = diagnosis.vitals, diagnosis.database
    says = Words(diagnosis.now, zone)
    return [
        Panel('Connection', tuple(_connection(vitals, says))),
        Panel('Delays of the last 15 minutes', tuple(_delays(vitals)), ('Delay', 'median', 'p95', 'longest', 'of'),
              tuple(_lag_rows(vitals))),
        Panel('Database', tuple(_database(vitals, facts, says))),
        Panel('Tasks', tuple(_derived(facts, says, retention_days)), ('Task', 'last done', 'took', 'failures', 'now'),
              tuple(_tasks(vitals, says))),
        Panel('Schema', tuple(_schema(vitals, facts)), ('Migration', 'applied', 'file'),
              tuple(_migrations(facts, says))),
        Panel('Instances', tuple(_instances(vitals, facts, says)), ('Connected', 'login', 'from', 'sessions'),
              tuple(_sessions(facts))),
        Panel('Since the start', tuple(_counters(vitals))),
        Panel('This program', tuple(_program(vitals, says))),
    ]


class Words:
    """Times as people read them."""

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


def _connection(vitals: Vitals, says: Words) -> Iterable[tuple[str, str]]:
    store, listener = vitals.store, vitals.listener
    yield 'The floor is', store.connection.value
    yield 'Since', says.at(vitals.watch.since)
    age = 'never' if store.age is None else f'{delay(store.age)} ago'
    yield 'Last heartbeat that came back', age
    if store.connection is not Connection.LIVE and store.problem:
        yield 'Because', store.problem
    yield 'Machines never reported', f'{store.never_reported} of {len(store.machines)}'
    yield 'Machines that stop reporting', _silent_machines(store.silent_after)
    yield 'Lost since the start', _counted(listener.losses)
    yield 'Attempts that failed', _counted(listener.refusals)
    if listener.status.last_problem is not None:
        at, problem = listener.status.last_problem
        yield 'Last problem', f'{says.at(at)}: {problem}'


def _silent_machines(silent_after: float | None) -> str:
    if silent_after is None:
        return 'keep their last status: MACHINE_SILENT_AFTER is not set'
    return f'show "No data" after {duration(silent_after)}'


def _delays(vitals: Vitals) -> Iterable[tuple[str, str]]:
    error = vitals.store.clock_error
    yield "The database's clock is known to", NOTHING if error is None else f'± {number(error * 1000, 1)} ms'
    yield 'That clock was set', f'{counted(vitals.store.clock.jumps, "time")} since the start'
    yield 'Waits for the slowest browser', counted(vitals.backlog(), 'message')
    yield 'Pages that did not answer in time', f'{vitals.no_answer()}, as tabs in the background do not'


def _lag_rows(vitals: Vitals) -> Iterable[tuple[str, ...]]:
    yield _lag_row('from a change to this program', vitals.store.lag)
    yield _lag_row("from a change to a browser's frame, and back", vitals.browser)
    yield _lag_row('this program late for its own work', vitals.loop)
    yield _lag_row('waiting for a database connection', vitals.database.wait)


def _lag_row(name: str, lag: Lag) -> tuple[str, ...]:
    median, p95, longest = (unbroken(delay(lag.percentile(share))) for share in (0.5, 0.95, 1))
    return name, median, p95, longest, number(len(lag.lately))


def _database(vitals: Vitals, facts: DatabaseFacts | None, says: Words) -> Iterable[tuple[str, str]]:
    use = vitals.database.pool_use
    if facts is None:
        yield 'Server', UNKNOWN
    else:
        yield 'Server', f'PostgreSQL {facts.server}{", a replica" if facts.is_replica else ""}'
        yield 'Runs since', says.at(facts.server_since)
        yield 'Database', f'{facts.name}, {file_size(facts.size)}'
        yield 'Notification queue', f'{percent(facts.queue_usage)} full'
        yield 'Sessions on the server', f'{facts.sessions} of at most {facts.most_sessions}'
    yield 'Our pool', f'{use.busy} at work, {use.idle} idle, at most {use.most}'
    yield 'Password', _password(vitals)


def _password(vitals: Vitals) -> str:
    if (password := vitals.password) is None:
        return 'does not end'
    left = password.seconds_left
    valid = 'none yet' if left is None else f'valid for {duration(left, Detail.MINUTES)}'
    problem = f'; {password.problem}' if password.problem else ''
    return f'{valid}, given {password.given} times in {password.requests} requests{problem}'


def _derived(facts: DatabaseFacts | None, says: Words, retention_days: int | None) -> Iterable[tuple[str, str]]:
    if facts is not None:
        yield 'Dashboard tables are of', says.at(facts.dashboard_at)
        yield 'Sums for reports are of', says.at(facts.history_at)
        yield 'History', f'about {number(facts.history_rows)} changes, the oldest of {says.at(facts.history_from)}'
    kept = 'for ever' if retention_days is None else f'{retention_days} days; what they add up to stays'
    yield 'Changes are kept', kept


def _tasks(vitals: Vitals, says: Words) -> Iterable[tuple[str, ...]]:
    for task in [each for each in vitals.all_tasks if each.failures or each not in vitals.supervised]:
        yield (task.what, says.ago(task.done_at), unbroken(delay(task.took)), number(task.failures),
               'works' if task.problem is None else f'fails: {task.problem}')


def _schema(vitals: Vitals, facts: DatabaseFacts | None) -> Iterable[tuple[str, str]]:
    yield 'Schema', vitals.database.schema
    if facts is None:
        yield 'Triggers', UNKNOWN
        return
    off = [each.name for each in facts.triggers if not each.is_on]
    missing = [name for name in facts.missing_triggers if name not in off]
    on = f'{len(facts.triggers) - len(off)} of {len(facts.triggers)} are on'
    yield 'Triggers', '; '.join([on, *([f'off: {", ".join(off)}'] if off else []),
                                 *([f'gone: {", ".join(missing)}'] if missing else [])])
    yield 'Our login', facts.login
    yield 'Its owner', facts.owner or 'not known'
    rights = ', '.join(missing for missing, _ in facts.missing_rights)
    yield 'Rights', f'lacks {rights}' if rights else 'all that the app needs'
    yield 'Logins of feeds', facts.feeds or 'none'


def _migrations(facts: DatabaseFacts | None, says: Words) -> Iterable[tuple[str, ...]]:
    words = {True: 'as it was applied', False: 'CHANGED since', None: 'not compared'}
    for each in facts.migrations if facts else ():
        yield f'{each.version:04}_{each.name}', says.at(each.applied_at), words[each.intact]


def _instances(vitals: Vitals, facts: DatabaseFacts | None, says: Words) -> Iterable[tuple[str, str]]:
    yield 'This one', vitals.instance
    is_demo = vitals.store.is_demo
    yield 'This floor', UNKNOWN if is_demo is None else 'a demo: its data is simulated' if is_demo else 'a plant'
    if vitals.simulator is None:
        yield 'Simulator here', 'switched off (ENABLE_SIMULATOR)'
    elif is_demo is False:
        yield 'Simulator here', 'does not play: this floor is a plant'
    else:
        yield 'Simulator here', 'plays the plant' if vitals.simulator.playing else 'stands by'
    if facts is not None and facts.simulator_at is not None:
        yield 'Played last', f'{facts.simulator or "nobody"}, {says.at(facts.simulator_at)}'
    yield 'Pages open here', f'{number(vitals.pages.pages)}; closed since the start: {number(vitals.pages.pages_gone)}'


def _sessions(facts: DatabaseFacts | None) -> Iterable[tuple[str, ...]]:
    for each in facts.connected if facts else ():
        yield each.program, each.login, each.place, number(each.number)


def _counters(vitals: Vitals) -> Iterable[tuple[str, str]]:
    counters = vitals.listener.counters
    yield 'Notifications', number(counters.notifications)
    yield 'Unrecognised notifications', number(counters.unreadable)
    yield 'Whole readings of the floor', number(counters.snapshots)
    yield 'Heartbeats that came back', number(counters.heartbeats)
    yield 'Audits that found a difference', number(counters.audits_with_difference)
    lines = vitals.log_lines()
    yield 'Log', f'{counted(lines.get("warning", 0), "warning")}, ' \
                 f'{counted(lines.get("error", 0) + lines.get("critical", 0), "error")}'


def _program(vitals: Vitals, says: Words) -> Iterable[tuple[str, str]]:
    yield 'Line Monitor', vitals.version
    yield 'Python', vitals.python
    yield 'Runs since', says.at(vitals.started_at)
    yield 'Machines shown', number(len(vitals.store.machines))


def _counted(reasons: dict[str, int]) -> str:
    met = {reason: times for reason, times in reasons.items() if times}
    return ', '.join(f'{reason} {number(times)}' for reason, times in met.items()) or 'none'
