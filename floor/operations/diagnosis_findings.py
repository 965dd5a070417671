"""What is wrong, the worst first, in a sentence each, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ..core.formatting import Detail, counted, delay, duration, number, percent
from ..core.latency import Lag
from ..core.sentences import full_stop
from ..feed.store import DISK, FEED, Connection, Store
from .diagnosis import DatabaseFacts, Diagnosis
from .runtime_status import Vitals

QUEUE_FILLS = 0.1
LATE_TO_STORE_S, LATE_TO_BROWSER_S, LATE_LOOP_S = 1.0, 2.0, 0.5
ENOUGH = 20
"""Measurements, before a percentile means anything."""
DASHBOARD_OLD_S = 600
SHOW_JUMP_FOR_MS = 24 * 3600 * 1000
PASSWORD_ENDS_S = 300

REMEDIES = {
    'unreachable': 'See that PostgreSQL runs and can be reached from here; DATABASE_URL or PGHOST says where.',
    'timeout': 'See that PostgreSQL is not overloaded, and that no firewall swallows what we send.',
    'login': 'See that user, password and database are right; on Databricks, that the app has it as its resource.',
    'full': 'The server has no connection left: end sessions that nobody needs, or raise max_connections.',
    'starting': 'The server starts or stops. If it stays so, look into its log.',
    'heartbeat': 'PostgreSQL hangs, the network swallows what is sent, or a pooler passes no notifications on.',
    'migration': 'The message says which file or right it is; where it is a file, restart the program then.',
    'read_only': 'Let the address name the primary, or make this server writable (default_transaction_read_only).',
    'closed': 'Look into the log of PostgreSQL for who ended the connection.',
    'refused': 'Look into the log of PostgreSQL.',
    'fault': 'This is a fault of the program: send this page and its log to who maintains it.',
}
BY_ITSELF = 'It comes back by itself when this is mended.'


class Severity(StrEnum):
    """DOWN: people see something wrong or nothing at all. WARNING: they will, or they see it late."""

    DOWN = 'down'
    WARNING = 'warning'


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    severity: Severity
    what: str
    do: str


def findings(diagnosis: Diagnosis) -> list[Finding]:
    """All of them; none: all is well."""
    vitals = diagnosis.vitals
    found = [*_of_connection(vitals), *_of_clock(vitals.store), *_of_answers(diagnosis), *_of_tasks(vitals),
             *_of_delays(vitals), *_of_refusals(vitals), *_of_counters(vitals)]
    return sorted(found, key=lambda finding: finding.severity is not Severity.DOWN)


def _of_connection(vitals: Vitals) -> Iterator[Finding]:
    store = vitals.store
    if store.connection is not Connection.LIVE:
        what = 'The floor has never been live' if store.connection is Connection.CONNECTING else 'The floor is stale'
        remedy = REMEDIES.get(vitals.listener.upkeep.reason or '', 'Look into the log.')
        yield Finding(Severity.DOWN, f'{what}: {full_stop(store.problem or "nothing proves that all changes arrive")}',
                      f'{remedy} {BY_ITSELF}')
    if (trouble := store.troubles.get(FEED)) is not None:
        yield Finding(Severity.DOWN, trouble, 'Whoever changed it has to change it back: for triggers, ALTER '
                                                    'TABLE ... ENABLE TRIGGER ALL.')
    if (trouble := store.troubles.get(DISK)) is not None:
        yield Finding(Severity.DOWN, trouble, 'Make room on the disk of the server, or give it a larger one.')
    if (password := vitals.password) is not None:
        left = password.seconds_left
        if password.problem is not None and password.problem != store.troubles.get(FEED):
            yield Finding(Severity.WARNING, f'Databricks gives no new password: {full_stop(password.problem)}',
                          'The old one serves as long as it lives; deploy/README.md lists causes and remedies.')
        elif left is not None and left < PASSWORD_ENDS_S:
            yield Finding(Severity.WARNING, f'The password for the database ends in {duration(left)} and was not '
                          'renewed.', 'Restart the app if this stays.')


def _of_clock(store: Store) -> Iterator[Finding]:
    clock = store.clock
    if clock.last_jump is not None and clock.now_ms - clock.last_jump.at_ms < SHOW_JUMP_FOR_MS:
        way = 'forward' if clock.last_jump.seconds > 0 else 'back'
        at = datetime.fromtimestamp(clock.last_jump.at_ms / 1000, UTC)
        yield Finding(
            Severity.WARNING, f'The clock of the database was set {way} by {duration(abs(clock.last_jump.seconds))} at '
            f'{at:%Y-%m-%d %H:%M:%S} UTC, or a server was asleep.',
            'Have the servers keep time by NTP. The log of each machine stays in order: reports that lay in the future '
            'by more than an hour are put at the time of the correction (table clock_corrections).')


def _of_answers(diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.database is not None:
        yield from _of_database(diagnosis.vitals, diagnosis.database)
    elif diagnosis.vitals.store.connection is Connection.LIVE:
        yield Finding(Severity.DOWN, 'The floor is live, but pages and commands get no answer: '
                                     f'{full_stop(diagnosis.problem)}',
                      'DB_POOL_SIZE and DB_MAX_OVERFLOW say how many connections they may have.')


def _of_database(vitals: Vitals, facts: DatabaseFacts) -> Iterator[Finding]:
    yield from _of_writers(facts)
    if facts.is_replica:
        yield Finding(Severity.DOWN, 'This server is a replica: nothing can be written, and nothing is announced.',
                      'Let the address name the primary.')
    newest, wanted = max((each.version for each in facts.migrations), default=0), \
        max((each.version for each in vitals.migrations), default=0)
    if newest != wanted:
        yield Finding(Severity.DOWN, f'The schema has migration {newest}, this program wants {wanted}.',
                      'Restart this program.' if newest < wanted else 'Start the newer program that made it.')
    for each in facts.migrations:
        if each.intact is False:
            yield Finding(Severity.DOWN, f'Migration {each.version:04}_{each.name} was changed after it was applied.',
                          'Restore the file, and put the change into a new one.')
    for missing, remedy in facts.missing_rights:
        yield Finding(Severity.DOWN, f'The login {facts.login} lacks {missing}.', f'Its owner has to run: {remedy};')
    off = [f'{each.name} on {each.table}' for each in facts.triggers if not each.is_on]
    if off and FEED not in vitals.store.troubles:
        yield Finding(Severity.WARNING, f'Triggers are switched off: {", ".join(off)}.',
                      'ALTER TABLE ... ENABLE TRIGGER ALL, for each of these tables.')
    if facts.queue_usage > QUEUE_FILLS:
        yield Finding(Severity.DOWN, f'The notification queue of the server is {percent(facts.queue_usage)} full; at '
                      '100 % nobody can write.', 'A session listens and does not read, or has a transaction open: '
                                                 'end it (pg_stat_activity, pg_terminate_backend).')
    if facts.dashboard_at is not None and (facts.now - facts.dashboard_at).total_seconds() > DASHBOARD_OLD_S:
        yield Finding(Severity.WARNING, 'The dashboard tables have not been brought up to date for '
                                        f'{duration((facts.now - facts.dashboard_at).total_seconds(), Detail.BRIEF)}.',
                      'The tasks below say why; reports on these pages are right all the same.')


def _of_writers(facts: DatabaseFacts) -> Iterator[Finding]:
    for each in facts.open_transactions:
        waiting = f'; {counted(each.waiting, "session waits", "sessions wait")} for it' if each.waiting else ''
        yield Finding(Severity.DOWN if each.waiting else Severity.WARNING,
                      f"A transaction of the login {each.login} (process {each.pid}) has held locks on the floor's "
                      f'tables for {duration(each.seconds)}{waiting}.',
                      f'Have its program commit. To end it: SELECT pg_terminate_backend({each.pid});')
    for login, missing, remedy in facts.unlimited_feeds:
        yield Finding(Severity.WARNING, f'The feed login {login} has no {", no ".join(missing)}: a transaction that it '
                      'leaves open can block other feeds.',
                      f'An administrator has to run: {remedy}')


def _of_tasks(vitals: Vitals) -> Iterator[Finding]:
    for task in vitals.upkeeps:
        if task.problem is not None and vitals.store.connection is Connection.LIVE:
            yield Finding(Severity.WARNING, f'The {task.what} cannot be kept up to date: {full_stop(task.problem)}',
                          'It is tried again and again; if this stays, the log has more.')
    for task in vitals.supervised:
        if task.problem is not None:
            yield Finding(Severity.DOWN, f'The {task.what} failed and are started again: {full_stop(task.problem)}',
                          REMEDIES['fault'])


def _of_delays(vitals: Vitals) -> Iterator[Finding]:
    yield from _late(vitals.store.lag, 0.95, LATE_TO_STORE_S, 'One change in twenty takes {} from the database to '
                     'here.', 'Long transactions of the writer, a slow network or a slow database.')
    yield from _late(vitals.browser, 0.95, LATE_TO_BROWSER_S, 'One change in twenty takes {} from the database to a '
                     'screen.', 'If the way to here is quick, it is the network to the browsers, or slow browsers.')
    yield from _late(vitals.loop, 0.99, LATE_LOOP_S, 'This program gets to its work {} late, one time in a hundred.',
                     'It has too little processor: more of it, or a second instance.')
    use = vitals.database.pool_use
    if use.busy >= use.most:
        yield Finding(Severity.WARNING, f'All {use.most} connections of pages and commands are at work.',
                      'If this stays, raise DB_POOL_SIZE or DB_MAX_OVERFLOW.')


def _late(lag: Lag, share: float, most: float, what: str, do: str) -> Iterator[Finding]:
    late = lag.percentile(share)
    if late is not None and late > most and len(lag.lately) >= ENOUGH:
        yield Finding(Severity.WARNING, what.format(delay(late)), do)


def _of_refusals(vitals: Vitals) -> Iterator[Finding]:
    for each in vitals.refused():
        times = 'once' if each.times == 1 else counted(each.times, 'time')
        yield Finding(Severity.WARNING, f'Refused {times} since the start: {each.origin}, because {each.why}.',
                      each.remedy)


def _of_counters(vitals: Vitals) -> Iterator[Finding]:
    counters, complaints = vitals.listener.counters, vitals.log_lines()
    if counters.audits_with_difference:
        audits = counted(counters.audits_with_difference, 'audit')
        yield Finding(Severity.WARNING, f'Since the start {audits} found changes that nobody had announced; they were '
                      'shown then.',
                      'Somebody writes past the triggers: session_replication_role, or a trigger that was off.')
    if counters.unreadable:
        yield Finding(Severity.WARNING, f'Unrecognised notifications since the start: {number(counters.unreadable)}.',
                      'Somebody else uses our channel; the log has what they said.')
    if errors := complaints.get('error', 0) + complaints.get('critical', 0):
        yield Finding(Severity.WARNING, f'Since the start the log has {counted(errors, "error")}.',
                      'Read it; it says where.')
