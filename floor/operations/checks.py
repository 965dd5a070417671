"""All checks of the program, the source of /diagnosis, the HELP texts in /metrics, and assets/alerts.yml.

A check with a condition is also an alert rule; one without needs more than a metric, and only /diagnosis reports it.
The remedy is the last sentence of a finding and the description of the alert. Write the rules with
`python -m floor.operations.checks > assets/alerts.yml`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """DOWN: people see wrong data or none. WARNING: they soon will, or they see changes late."""

    DOWN = 'down'
    WARNING = 'warning'

    @property
    def of_alert(self) -> str:
        """The label of its alert."""
        return 'critical' if self is Severity.DOWN else 'warning'


@dataclass(frozen=True, slots=True)
class Finding:
    """A present problem: what happened, and what to do."""

    check: Check
    what: str
    do: str

    @property
    def severity(self) -> Severity:
        """The severity of its check."""
        return self.check.severity


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of problem.

    metric: the metric, whose HELP names the alert. limit: its highest normal value, in its unit.
    condition: the expression for Prometheus, in which {limit} is the limit. lasts: for how long, before it is an alert.
    """

    name: str
    severity: Severity
    summary: str
    remedy: str
    metric: str = ''
    limit: float = 0
    condition: str = ''
    lasts: str = ''

    def found(self, what: str, first: str = '', **values: object) -> Finding:
        """A finding of this check. first: what to do before the remedy. values: for the placeholders of the remedy."""
        return Finding(self, what, ' '.join(filter(None, [first, self.remedy.format(**values)])))

    @property
    def expression(self) -> str:
        """The condition for Prometheus."""
        return self._with_limit(self.condition)

    @property
    def title(self) -> str:
        """The summary of the alert."""
        return self._with_limit(self.summary)

    @property
    def rule(self) -> str:
        """When the alert fires, in a sentence."""
        return f'Alert {self.name}: {self.expression}{f" for {self.lasts}" if self.lasts else ""}.'

    def _with_limit(self, text: str) -> str:
        return text.replace('{limit}', f'{self.limit:g}')


DOWN, WARNING = Severity.DOWN, Severity.WARNING

UNREACHABLE = Check(
    'FloorUnreachable', DOWN, '{{ $labels.instance }} does not answer',
    'Start the program; its log has the reason for its end.',
    condition='up{job="line-monitor"} == 0', lasts='1m')
NOT_LIVE = Check(
    'FloorNotLive', DOWN, 'The floor is stale; /healthz has the reason',
    'It recovers automatically when this is fixed.',
    'floor_connection_state', condition='floor_connection_state{state="live"} == 0', lasts='1m')
NOT_FRESH = Check(
    'FloorNotFresh', DOWN, 'No proof for {{ $value }} s that all changes arrive', 'See /diagnosis.',
    'floor_store_age_seconds', 15, 'floor_store_age_seconds > {limit}', '30s')
QUEUE_FILLS = Check(
    'NotificationQueueFills', DOWN, 'A session listens and does not read; at 1 no writer can commit',
    'A session listens and does not read, or has a transaction open: end it (pg_stat_activity, pg_terminate_backend).',
    'floor_notification_queue_usage_ratio', 0.1, 'floor_notification_queue_usage_ratio > {limit}', '5m')
TROUBLE = Check(
    'FeedInTrouble', WARNING, 'A trigger is off, the disk is full, or the password cannot be renewed',
    '/diagnosis shows which, and what to do.', 'floor_feed_warning', condition='floor_feed_warning == 1', lasts='2m')
NOT_ANNOUNCED = Check(
    'ChangesNotAnnounced', DOWN, 'The database does not announce or record every change',
    'Undo the change: for triggers, ALTER TABLE ... ENABLE TRIGGER ALL.')
NOT_DELIVERED = Check(
    'NotificationLost', DOWN, 'A heartbeat notification did not come back', 'Check again when it is fixed.')
DISK_FULL = Check(
    'DiskFull', DOWN, 'The disk of the database is full',
    'Make room on the disk of the server, or give it a larger one.')
UNANNOUNCED = Check(
    'UnannouncedChanges', WARNING, 'The table was changed without its triggers',
    'A session bypasses the triggers: session_replication_role, or a trigger was disabled.',
    'floor_listener_audit_differences', condition='increase(floor_listener_audit_differences_total[1h]) > 0')
UNRECOGNISED = Check(
    'UnrecognisedNotifications', WARNING, "Another program uses the app's channel",
    "Another program uses the app's channel; the log has its payloads.",
    'floor_listener_unreadable_notifications',
    condition='increase(floor_listener_unreadable_notifications_total[1h]) > 0')
FLAPS = Check(
    'ConnectionFlaps', WARNING, 'The connection to the database is lost repeatedly ({{ $labels.reason }})',
    'Check the network or the log of PostgreSQL, depending on the reason.', 'floor_listener_reconnects', 5,
    'sum by (instance, reason) (increase(floor_listener_reconnects_total[1h])) > {limit}')
NOTHING_REPORTED = Check(
    'NothingIsReported', WARNING, 'No machine has reported for 15 minutes',
    'Check that the feed runs and may write machine_feed_stream.', 'floor_listener_notifications',
    condition='increase(floor_listener_notifications_total[15m]) == 0')
LATE_TO_STORE = Check(
    'ChangesComeLate', WARNING, 'One change in twenty takes longer than {limit} s to arrive',
    'Causes: long transactions of the writer, a slow network or a slow database.', 'floor_commit_to_store_seconds', 1,
    'histogram_quantile(0.95, sum by (le, instance) (rate(floor_commit_to_store_seconds_bucket[5m]))) > {limit}', '5m')
LATE_TO_BROWSER = Check(
    'BrowsersShowLate', WARNING, 'One change in twenty takes longer than {limit} s to a screen',
    'If changes arrive quickly here, the network to the browsers or the browsers are slow.',
    'floor_commit_to_browser_seconds', 2,
    'histogram_quantile(0.95, sum by (le, instance) (rate(floor_commit_to_browser_seconds_bucket[15m]))) > {limit}',
    '15m')
LOOP_LATE = Check(
    'ProgramIsBlocked', WARNING, 'The program is late: too little processor time, or a bug',
    'Give it more processor time, or start a second instance.', 'floor_event_loop_lag_seconds', 0.5,
    'histogram_quantile(0.99, sum by (le, instance) (rate(floor_event_loop_lag_seconds_bucket[5m]))) > {limit}', '5m')
POOL_BUSY = Check(
    'PoolExhausted', WARNING, 'All connections to the database are in use: DB_POOL_SIZE, DB_MAX_OVERFLOW',
    'If this continues, raise DB_POOL_SIZE or DB_MAX_OVERFLOW.', 'floor_database_pool_connections',
    condition='floor_database_pool_connections{state="busy"} >= ignoring (state) floor_database_pool_connections_max',
    lasts='2m')
POOL_WAIT = Check(
    'PoolIsSlow', WARNING, 'One page or command in a hundred waits longer than {limit} s for a database connection',
    'DB_POOL_SIZE is too small, or the database is slow.', 'floor_database_pool_wait_seconds', 1,
    'histogram_quantile(0.99, sum by (le, instance) (rate(floor_database_pool_wait_seconds_bucket[5m]))) > {limit}',
    '5m')
NO_ANSWER = Check(
    'PagesGetNoAnswer', DOWN, 'The floor is live, but pages and commands get no answer',
    'DB_POOL_SIZE and DB_MAX_OVERFLOW limit the number of their connections.')
TASK_FAILS = Check(
    'TaskFails', WARNING, '{{ $labels.task }} has failed for ten minutes; /diagnosis has the reason',
    'It is retried automatically; if this continues, see the log.', 'floor_task_failing',
    condition='floor_task_failing{task!="connection"} == 1', lasts='10m')
TASK_RESTARTS = Check(
    'TaskRestarts', DOWN, 'A background task failed and is restarted',
    'This is a bug: send this page and the log to the maintainers.')
DASHBOARD_OLD = Check(
    'DashboardTablesOld', WARNING, 'The dashboard is {{ $value }} s old',
    'The tasks on /diagnosis have the reason; reports are still correct.', 'floor_dashboard_age_seconds', 600,
    'floor_dashboard_age_seconds > {limit}', '5m')
SCHEMA_OLD = Check(
    'UpgradeHangs', DOWN, 'The schema is older than the program', 'Restart this program.', 'floor_migration_applied',
    condition='floor_migration_applied < floor_migration_wanted', lasts='5m')
SCHEMA_NEWER = Check(
    'ProgramTooOld', DOWN, 'The schema is newer than the program', 'Start Line Monitor {version} or newer.')
CHANGED_MIGRATION = Check(
    'MigrationChanged', DOWN, 'A migration was applied with another text',
    'Start Line Monitor {version} or newer, as it was released.')
REPLICA = Check(
    'ServerIsReplica', DOWN, 'The server is a read-only replica', 'Set the address of the primary.')
MISSING_RIGHT = Check('RightMissing', DOWN, 'The login lacks a right', 'Its owner must run: {statement};')
TRIGGERS_OFF = Check(
    'TriggersOff', WARNING, 'Triggers are disabled',
    'Run ALTER TABLE ... ENABLE TRIGGER ALL for each of these tables.')
BLOCKED_WRITERS = Check(
    'WritersBlocked', DOWN, 'Sessions wait for a transaction that stays open',
    'Let its program commit. To end it: SELECT pg_terminate_backend({pid});')
LONG_TRANSACTION = Check(
    'TransactionStaysOpen', WARNING, 'A transaction has long held locks on the tables of the floor',
    BLOCKED_WRITERS.remedy)
UNLIMITED_FEED = Check(
    'FeedWithoutLimits', WARNING, 'A feed login can block other feeds', 'An administrator must run: {statement}')
PASSWORD_FAILS = Check(
    'PasswordNotRenewed', WARNING, 'Databricks gives no new password; new connections fail when the old one expires',
    'The old one works until it expires; deploy/README.md lists causes and remedies.', 'floor_password_failing',
    condition='floor_password_failing == 1', lasts='5m')
PASSWORD_ENDS = Check(
    'PasswordEnds', WARNING, 'The password for the database expires in {{ $value }} s and was not renewed',
    'Restart the app if this continues.', 'floor_password_seconds_left', 300,
    'floor_password_seconds_left < {limit}', '1m')
CLOCK_SET = Check(
    'ClockSet', WARNING, 'The clock of the database was set, or a server was suspended',
    'Synchronize the clocks of the servers with NTP. The history of each machine stays in order: reports more than an '
    'hour in the future are moved to the time of the correction.')
REFUSED = Check('RequestsRefused', WARNING, 'Cross-origin requests were refused', '{remedy}')
FEEDS_REFUSED = Check(
    'FeedsRefused', WARNING, 'Requests of feeds are refused ({{ $labels.reason }})',
    '/setup/feeds shows from which addresses they come: give each program a token for feeds, or stop it.',
    'floor_feed_requests_refused',
    condition='sum by (instance, reason) (increase(floor_feed_requests_refused_total{reason!="no_token"}[15m])) > 0')
TWO_SIMULATORS = Check(
    'TwoSimulators', WARNING, 'Two instances simulate one plant', 'Set ENABLE_SIMULATOR=false in all but one.',
    'floor_simulator_playing', 1, 'sum by (job) (floor_simulator_playing) > {limit}', '2m')
ERRORS_LOGGED = Check(
    'ErrorsInTheLog', WARNING, 'The program logged an error', 'Read the log; it has the traceback.',
    'floor_log_lines', condition='increase(floor_log_lines_total{level="error"}[15m]) > 0')
MEMORY_HIGH = Check(
    'MemoryHigh', WARNING, '{{ $labels.instance }} holds {{ $value | humanize1024 }}B',
    'Check how many pages are open; a second instance can share them.', 'process_resident_memory_bytes', 1e9,
    'process_resident_memory_bytes{job="line-monitor"} > {limit}', '15m')

CHECKS = tuple(each for each in tuple(globals().values()) if isinstance(each, Check))
"""All checks, in the order of their definition."""


def help_of(metric: str, meaning: str) -> str:
    """The HELP of a metric: what it measures, and which alert uses it."""
    return ' '.join([meaning, *(check.rule for check in CHECKS if check.metric == metric)])


def alert_rules() -> str:
    """assets/alerts.yml: a rule for each check that has a condition."""
    return HEAD + ''.join(_rule(check) for check in CHECKS if check.condition)


HEAD = """# Alert rules for Prometheus, for a scrape job with the name line-monitor.
# Written by python -m floor.operations.checks: change floor/operations/checks.py, not this file.
# The limits are defaults: adjust them to your floor.
groups:
  - name: line-monitor
    rules:
"""


def _rule(check: Check) -> str:
    lasts = f'        for: {check.lasts}\n' if check.lasts else ''
    return (f'      - alert: {check.name}\n        expr: {check.expression}\n{lasts}'
            f'        labels: {{severity: {check.severity.of_alert}}}\n'
            f'        annotations:\n          summary: {json.dumps(check.title)}\n'
            f'          description: {json.dumps(check.remedy)}\n')


if __name__ == '__main__':
    print(alert_rules(), end='')
