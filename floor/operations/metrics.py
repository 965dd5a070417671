"""Prometheus metrics, read from the state of this process at each scrape. Each HELP says what is measured; checks.py
adds the alert that uses it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ..core.machines import Status
from ..feed.feed_counters import RequestFault
from ..feed.freshness import Freshness
from .checks import help_of
from .runtime_status import RuntimeStatus

COUNTERS = {
    'connections': ('connections', 'Connections that the listener opened. Many an hour: check the network.'),
    'notifications': ('notifications', 'Notifications received. Flat while the plant works: nothing writes the feed.'),
    'unreadable': ('unreadable_notifications', 'Unrecognised notifications.'),
    'snapshots': ('snapshots', 'Snapshots of the whole floor. Rising fast: the feed keeps requesting a resync.'),
    'heartbeats': ('heartbeats', 'Heartbeats that came back. Flat for a minute: nothing is delivered.'),
    'audits_with_difference': ('audit_differences', 'Audits that found a change without a notification.'),
}


@dataclass(frozen=True, slots=True)
class Measures:
    """Values that the database returned just before a scrape. Ages in seconds; None: never."""

    queue_usage: float
    migration: int | None
    dashboard_age: float | None
    history_age: float | None
    simulator_age: float | None


class FloorCollector(Collector):
    """Collects all metrics of the process."""

    def __init__(self, runtime: RuntimeStatus) -> None:
        self.measures: Measures | None = None
        """None if the database did not answer at once."""
        self._runtime = runtime
        self._newest = runtime.migrations[-1].version if runtime.migrations else 0

    def collect(self) -> Iterator[Metric]:
        """Everything, once."""
        for family in self._families():
            family.documentation = help_of(family.name, family.documentation)
            yield family

    def _families(self) -> Iterator[Metric]:
        yield self._build()
        yield from self._machines()
        yield from self._trust()
        yield from self._lags()
        yield from self._listener()
        yield from self._feeds()
        yield from self._database()
        yield from self._pages()
        yield from self._tasks()
        yield from self._password()

    def _build(self) -> Metric:
        build = GaugeMetricFamily('floor_build_info', 'Always 1; the labels are the running version. Several versions '
                                  'for long: a rollout hangs.', labels=['version', 'python'])
        build.add_metric([self._runtime.version, self._runtime.python], 1)
        return build

    def _machines(self) -> Iterator[Metric]:
        machines = GaugeMetricFamily(
            'floor_machines', 'Machines by line and status, as shown. Valid only while '
            'floor_connection_state{state="live"} is 1.', labels=['line', 'status'])
        for line in self._runtime.store.lines:
            for status in Status:  # also those without machines: alerts need permanent series
                machines.add_metric([line.name, status.value], line.counts[status])
        yield machines
        yield GaugeMetricFamily('floor_machines_never_reported', 'Machines that have not reported yet; they count as '
                                '{status="unknown"} in floor_machines. Above 0 for long: their feed is not connected.',
                                self._runtime.store.never_reported)

    def _trust(self) -> Iterator[Metric]:
        store, watch = self._runtime.store, self._runtime.watch
        state = GaugeMetricFamily('floor_connection_state', '1 for the present state of the floor.',
                                  labels=['state'])
        changes = CounterMetricFamily('floor_connection_changes', 'How often the floor became live, stale or '
                                      'connecting. {state="stale"} rising: unstable.', labels=['state'])
        for each in Freshness:
            state.add_metric([each.value], each is store.connection)
            changes.add_metric([each.value], watch.changes[each])
        yield state
        yield changes
        yield GaugeMetricFamily('floor_feed_warning', '1 while the database answers but does not announce every '
                                'change, its disk is full, a task fails or its password cannot be renewed; /healthz '
                                'says what it is.',
                                store.feed_warning is not None)
        if store.age is not None:
            yield GaugeMetricFamily('floor_store_age_seconds', 'Freshness: time since the last proof that all changes '
                                    'of the database have arrived.', store.age)

    def _lags(self) -> Iterator[Metric]:
        store = self._runtime.store
        if store.last_lag_ms is not None:
            yield GaugeMetricFamily('floor_notification_lag_seconds', 'From the latest change in the database to the '
                                    'store.', store.last_lag_ms / 1000)
        if store.clock_error is not None:
            yield GaugeMetricFamily('floor_database_clock_error_seconds', 'The possible error of the estimated '
                                    'database clock, and so of each latency.', store.clock_error)
        for lag in store.lag, self._runtime.browser, self._runtime.loop, self._runtime.database.wait:
            yield from lag.collect()

    def _listener(self) -> Iterator[Metric]:
        listener = self._runtime.listener
        for field, (name, meaning) in COUNTERS.items():
            yield CounterMetricFamily(f'floor_listener_{name}', meaning, getattr(listener.counters, field))
        for name, meaning, reasons in (
                ('reconnects', 'Connections that were lost after they worked, by reason.',
                 listener.losses),
                ('refusals', 'Attempts to connect that failed, by reason. Rising: fix the reason.',
                 listener.refusals)):
            family = CounterMetricFamily(f'floor_listener_{name}', meaning, labels=['reason'])
            for reason, number in reasons.items():
                family.add_metric([reason], number)
            yield family

    def _feeds(self) -> Iterator[Metric]:
        feeds = self._runtime.feeds
        events = CounterMetricFamily(
            'floor_feed_events', 'Events that feeds sent over HTTP, by feed (after a hundred: others) and result: '
            'accepted, late, duplicate, unknown_machine, or refused, with the reason: unreadable (also a problem that '
            'the feed reports), not_allowed (of its token), time, conflict (another status of the same moment). '
            '/setup/feeds has examples.', labels=['feed', 'result', 'reason'])
        for labels, number in feeds.events.items():
            events.add_metric(labels, number)
        requests = CounterMetricFamily(
            'floor_feed_requests_refused', 'Requests to /api/feed that were refused for their token, by reason: '
            'unknown_token, ended_token (revoked or expired), other_token (not for reporting), no_token.',
            labels=['reason'])
        for fault in RequestFault:
            requests.add_metric([fault.value], feeds.requests[fault])
        yield from (events, requests)

    def _database(self) -> Iterator[Metric]:
        use = self._runtime.database.pool_use
        pool = GaugeMetricFamily('floor_database_pool_connections', 'Connections of pages and commands.',
                                 labels=['state'])
        pool.add_metric(['busy'], use.busy)
        pool.add_metric(['idle'], use.idle)
        yield pool
        yield GaugeMetricFamily('floor_database_pool_connections_max', 'The most connections of pages and commands.',
                                use.most)
        yield GaugeMetricFamily('floor_migration_wanted', 'The newest migration that this program has.', self._newest)
        if (measures := self.measures) is None:
            return
        yield GaugeMetricFamily('floor_notification_queue_usage_ratio', 'How full the notification queue of the '
                                'server is: at 1 every writer fails.', measures.queue_usage)
        yield GaugeMetricFamily('floor_migration_applied', 'The newest migration in the database.',
                                measures.migration or 0)
        for name, meaning, age in (
                ('dashboard_age', 'Time since the last refresh of the dashboard tables, by any instance.',
                 measures.dashboard_age),
                ('history_age', 'Time since the last update of the totals of reports, by any instance. Above 600: '
                                'reports are correct, but slower.', measures.history_age),
                ('simulator_age', 'Time since the last step of the simulator, in any instance. Above 60 with a '
                                  'demo: it does not run.', measures.simulator_age)):
            if age is not None:
                yield GaugeMetricFamily(f'floor_{name}_seconds', meaning, max(0.0, age))

    def _pages(self) -> Iterator[Metric]:
        pages = self._runtime.pages
        yield GaugeMetricFamily('floor_browsers_connected', 'Pages that are open and connected now.', pages.pages)
        yield CounterMetricFamily('floor_pages_closed', 'Pages that were closed, or did not reconnect in time. '
                                  'Rising fast with few people: browsers lose the connection.',
                                  pages.pages_gone)
        yield GaugeMetricFamily('floor_browser_backlog_messages', 'Messages that wait for the slowest browser; '
                                'at 16 it gets no more changes, but the whole floor when it has read them. '
                                'One that answers no ping is disconnected after ten seconds.', self._runtime.backlog())
        yield CounterMetricFamily('floor_browser_no_answer', 'Pages that did not confirm a change in time: '
                                  'tabs in the background, or browsers that hang.', self._runtime.no_answer())

    def _tasks(self) -> Iterator[Metric]:
        failing = GaugeMetricFamily('floor_task_failing', '1 while a background task fails; /diagnosis says '
                                    'why.', labels=['task'])
        failures = CounterMetricFamily('floor_task_failures', 'Failures of a background task.', labels=['task'])
        done = GaugeMetricFamily('floor_task_last_success_timestamp_seconds', 'Time of the last success; 0: never.',
                                 labels=['task'])
        error = GaugeMetricFamily('floor_task_last_error_timestamp_seconds', 'Time of the last failure; 0: never.',
                                  labels=['task'])
        took = GaugeMetricFamily('floor_task_duration_seconds', 'Duration of the last success.',
                                 labels=['task'])
        for task in self._runtime.all_tasks:
            failing.add_metric([task.name], task.problem is not None)
            failures.add_metric([task.name], task.failures)
            done.add_metric([task.name], task.done_at or 0)
            error.add_metric([task.name], task.last_problem[0] if task.last_problem else 0)
            if task.took is not None:
                took.add_metric([task.name], task.took)
        yield from (failing, failures, done, error, took)
        lines = CounterMetricFamily('floor_log_lines', 'Log lines of level warning and above.', labels=['level'])
        for level, number in self._runtime.log_lines().items():
            lines.add_metric([level], number)
        yield lines
        if (is_demo := self._runtime.store.is_demo) is not None:
            yield GaugeMetricFamily('floor_demo', '1 if the floor is a demo: its data is simulated.', is_demo)
        playing = self._runtime.simulator is not None and self._runtime.simulator.playing
        yield GaugeMetricFamily('floor_simulator_playing', '1 if this instance simulates the plant. The sum over all '
                                'instances is 1, or 0 with a real feed.', playing)

    def _password(self) -> Iterator[Metric]:
        password = self._runtime.password
        requests, given, problem = (password.requests, password.given, password.problem) if password else (0, 0, None)
        yield CounterMetricFamily('floor_password_requests', 'Requests to Databricks for a password.', requests)
        yield CounterMetricFamily('floor_password_renewals', 'Passwords from Databricks. Flat for two hours on '
                                  'Lakebase: see floor_password_failing.', given)
        yield GaugeMetricFamily('floor_password_failing', '1 while the last request failed: connections fail when the '
                                'old password expires.', problem is not None)
        left = math.inf if password is None else password.seconds_left or 0
        yield GaugeMetricFamily('floor_password_seconds_left', 'Seconds until the present password expires; +Inf: it '
                                'does not expire.', left)
