"""The floor as Prometheus measures, read from what this process knows when it is scraped. Each HELP says what is
measured; checks.py adds the alert that looks at it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ..core.model import Status
from ..feed.store import Connection
from .checks import help_of
from .runtime_status import Vitals

COUNTERS = {
    'connections': ('connections', 'Connections of the listener that came up. Many an hour: look at the network.'),
    'notifications': ('notifications', 'Notifications received. Flat while the plant works: nothing writes the feed.'),
    'unreadable': ('unreadable_notifications', 'Notifications that we do not recognise.'),
    'snapshots': ('snapshots', 'Times the whole floor was read. Rising fast: the feed keeps asking for a resync.'),
    'heartbeats': ('heartbeats', 'Own notifications that came back. Flat for a minute: nothing is delivered.'),
    'audits_with_difference': ('audit_differences', 'Audits that found an unannounced change.'),
}


@dataclass(frozen=True, slots=True)
class Measures:
    """What the database said just before a scrape. Ages in seconds; None: never."""

    queue_usage: float
    migration: int | None
    dashboard_age: float | None
    history_age: float | None
    simulator_age: float | None


class FloorCollector(Collector):
    """What there is to know now."""

    def __init__(self, vitals: Vitals) -> None:
        self.measures: Measures | None = None
        """None: the database did not answer at once."""
        self._vitals = vitals
        self._newest = vitals.migrations[-1].version if vitals.migrations else 0

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
        yield from self._database()
        yield from self._pages()
        yield from self._tasks()
        yield from self._password()

    def _build(self) -> Metric:
        build = GaugeMetricFamily('floor_build_info', 'Always 1; the labels say what runs. Several versions for long: '
                                  'a rollout hangs.', labels=['version', 'python'])
        build.add_metric([self._vitals.version, self._vitals.python], 1)
        return build

    def _machines(self) -> Iterator[Metric]:
        machines = GaugeMetricFamily(
            'floor_machines', 'Machines by line and status, as shown. They mean something while '
            'floor_connection_state{state="live"} is 1.', labels=['line', 'status'])
        for line in self._vitals.store.lines:
            for status in Status:  # also what no machine is in: a series that comes and goes can't be alerted on
                machines.add_metric([line.name, status.value], line.counts[status])
        yield machines
        yield GaugeMetricFamily('floor_machines_never_reported', 'Machines that have not reported yet; they count as '
                                '{status="unknown"} in floor_machines. Above 0 for long: their feed is not connected.',
                                self._vitals.store.never_reported)

    def _trust(self) -> Iterator[Metric]:
        store, watch = self._vitals.store, self._vitals.watch
        state = GaugeMetricFamily('floor_connection_state', '1 for the state that the picture is in.',
                                  labels=['state'])
        changes = CounterMetricFamily('floor_connection_changes', 'How often the picture became live, stale or '
                                      'connecting. {state="stale"} rising: the link flaps.', labels=['state'])
        for each in Connection:
            state.add_metric([each.value], each is store.connection)
            changes.add_metric([each.value], watch.changes[each])
        yield state
        yield changes
        yield GaugeMetricFamily('floor_trouble', '1 while the database answers but does not announce every change, '
                                'its disk is full, a task fails or its password cannot be renewed; /healthz '
                                'says what it is.',
                                store.trouble is not None)
        if store.age is not None:
            yield GaugeMetricFamily('floor_store_age_seconds', 'Freshness: since the last proof that everything the '
                                    'database said has arrived.', store.age)

    def _lags(self) -> Iterator[Metric]:
        store = self._vitals.store
        if store.last_lag_ms is not None:
            yield GaugeMetricFamily('floor_notification_lag_seconds', 'From the latest change in the database to the '
                                    'store.', store.last_lag_ms / 1000)
        if store.clock_error is not None:
            yield GaugeMetricFamily('floor_database_clock_error_seconds', "By how much the database's clock as we "
                                    'carry it on may be wrong: as wrong may each lag be.', store.clock_error)
        for lag in store.lag, self._vitals.browser, self._vitals.loop, self._vitals.database.wait:
            yield from lag.collect()

    def _listener(self) -> Iterator[Metric]:
        listener = self._vitals.listener
        for field, (name, meaning) in COUNTERS.items():
            yield CounterMetricFamily(f'floor_listener_{name}', meaning, getattr(listener.counters, field))
        for name, meaning, reasons in (
                ('reconnects', 'Connections that worked and were lost, by reason.',
                 listener.losses),
                ('refusals', 'Attempts to connect that failed, by reason. Rising: what it says has to be mended.',
                 listener.refusals)):
            family = CounterMetricFamily(f'floor_listener_{name}', meaning, labels=['reason'])
            for reason, number in reasons.items():
                family.add_metric([reason], number)
            yield family

    def _database(self) -> Iterator[Metric]:
        use = self._vitals.database.pool_use
        pool = GaugeMetricFamily('floor_database_pool_connections', 'Connections of pages and commands.',
                                 labels=['state'])
        pool.add_metric(['busy'], use.busy)
        pool.add_metric(['idle'], use.idle)
        yield pool
        yield GaugeMetricFamily('floor_database_pool_connections_max', 'How many of them there may be.', use.most)
        yield GaugeMetricFamily('floor_migration_wanted', 'The newest migration that this program has.', self._newest)
        if (said := self.measures) is None:
            return
        yield GaugeMetricFamily('floor_notification_queue_usage_ratio', 'How full the notification queue of the '
                                'server is: at 1 every writer fails.', said.queue_usage)
        yield GaugeMetricFamily('floor_migration_applied', 'The newest migration that the database has.',
                                said.migration or 0)
        for name, meaning, age in (
                ('dashboard_age', 'Since the dashboard tables were last brought up to date, by whichever instance.',
                 said.dashboard_age),
                ('history_age', 'Since what reports add up was last brought up to date, by whichever instance. Above '
                                '600: reports are right, and slower.', said.history_age),
                ('simulator_age', 'Since the simulator last played, in whichever instance. Above 60 where one '
                                  'should: none does.', said.simulator_age)):
            if age is not None:
                yield GaugeMetricFamily(f'floor_{name}_seconds', meaning, max(0.0, age))

    def _pages(self) -> Iterator[Metric]:
        pages = self._vitals.pages
        yield GaugeMetricFamily('floor_browsers_connected', 'Pages that are open and connected now.', pages.pages)
        yield CounterMetricFamily('floor_pages_closed', 'Pages that have gone: closed, or away for longer than is '
                                  'waited for them. Rising fast with few people about: browsers lose us.',
                                  pages.pages_gone)
        yield GaugeMetricFamily('floor_browser_backlog_messages', 'Messages that wait for the browser that reads '
                                'slowest; at 16 it gets no more changes, but the floor as it is when it has read them. '
                                'One that answers no ping is given up after ten seconds.', self._vitals.backlog())
        yield CounterMetricFamily('floor_browser_no_answer', 'Pages that did not say in time that they show a change: '
                                  'tabs in the background, or browsers that hang.', self._vitals.no_answer())

    def _tasks(self) -> Iterator[Metric]:
        failing = GaugeMetricFamily('floor_task_failing', '1 while a task of the background fails; /diagnosis says '
                                    'why.', labels=['task'])
        failures = CounterMetricFamily('floor_task_failures', 'How often it failed.', labels=['task'])
        done = GaugeMetricFamily('floor_task_last_success_timestamp_seconds', 'When it last succeeded; 0: never.',
                                 labels=['task'])
        error = GaugeMetricFamily('floor_task_last_error_timestamp_seconds', 'When it last failed; 0: never.',
                                  labels=['task'])
        took = GaugeMetricFamily('floor_task_duration_seconds', 'How long it took, the last time it succeeded.',
                                 labels=['task'])
        for task in self._vitals.all_tasks:
            failing.add_metric([task.name], task.problem is not None)
            failures.add_metric([task.name], task.failures)
            done.add_metric([task.name], task.done_at or 0)
            error.add_metric([task.name], task.last_problem[0] if task.last_problem else 0)
            if task.took is not None:
                took.add_metric([task.name], task.took)
        yield from (failing, failures, done, error, took)
        lines = CounterMetricFamily('floor_log_lines', 'Lines of the log that complain.', labels=['level'])
        for level, number in self._vitals.log_lines().items():
            lines.add_metric([level], number)
        yield lines
        if (is_demo := self._vitals.store.is_demo) is not None:
            yield GaugeMetricFamily('floor_demo', '1 where the floor is a demo: its data is simulated.', is_demo)
        playing = self._vitals.simulator is not None and self._vitals.simulator.playing
        yield GaugeMetricFamily('floor_simulator_playing', '1 where this instance plays the plant. The sum over all '
                                'instances is 1, or 0 with a real feed.', playing)

    def _password(self) -> Iterator[Metric]:
        password = self._vitals.password
        requests, given, problem = (password.requests, password.given, password.problem) if password else (0, 0, None)
        yield CounterMetricFamily('floor_password_requests', 'How often Databricks was asked for a password.', requests)
        yield CounterMetricFamily('floor_password_renewals', 'How often it gave one. Flat for two hours on Lakebase: '
                                  'look at floor_password_failing.', given)
        yield GaugeMetricFamily('floor_password_failing', '1 while the last request failed: it hurts when the old '
                                'one ends.', problem is not None)
        left = math.inf if password is None else password.seconds_left or 0
        yield GaugeMetricFamily('floor_password_seconds_left', 'For how long new connections can sign in with the one '
                                'we have; +Inf: it does not end.', left)
