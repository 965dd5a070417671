"""The floor as Prometheus measures, read from the store when it is scraped. Each HELP says what to alert on."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .listener import Counters
from .model import Status
from .store import Connection, Store
from .version import program_version

COUNTERS = {
    'connections': ('connections', 'Connections of the listener that came up. Many an hour: look at the network.'),
    'notifications': ('notifications', 'Notifications received. Flat while the plant works: nothing writes the feed.'),
    'unreadable': ('unreadable_notifications', 'Notifications not of our protocol. Any: a stranger uses our channel.'),
    'snapshots': ('snapshots', 'Times the whole floor was read. Rising fast: the feed keeps asking for a resync.'),
    'heartbeats': ('heartbeats', 'Own notifications that came back. Flat for a minute: nothing is delivered.'),
    'audits_with_difference': ('audit_differences', 'Audits that found an unannounced change. Any: a trigger is off.'),
}


class FloorCollector(Collector):
    """What the store and the listener know now."""

    def __init__(self, store: Store, counters: Counters, browsers: Callable[[], int]) -> None:
        self.notification_queue_usage: float | None = None
        """0 to 1, asked of the database just before a scrape; None: it did not answer."""
        self._store = store
        self._counters = counters
        self._browsers = browsers
        self._version = program_version()

    def collect(self) -> Iterator[Metric]:
        """Everything, once."""
        yield self._build()
        yield self._machines()
        yield from self._trust()
        yield from self._listener()
        yield GaugeMetricFamily('floor_browsers_connected', 'Pages that are open and connected now.', self._browsers())

    def _build(self) -> Metric:
        build = GaugeMetricFamily('floor_build_info', 'Always 1; the labels say what runs. Several versions for long: '
                                  'a rollout hangs.', labels=['version', 'python'])
        build.add_metric([self._version, platform.python_version()], 1)
        return build

    def _machines(self) -> Metric:
        machines = GaugeMetricFamily(
            'floor_machines', 'Machines by line and status, as shown. Alert on {status="down"} while '
            'floor_connection_state{state="live"} is 1.', labels=['line', 'status'])
        for line in self._store.lines:
            for status in Status:  # also what no machine is in: a series that comes and goes can't be alerted on
                machines.add_metric([line.name, status.value], line.counts[status])
        return machines

    def _trust(self) -> Iterator[Metric]:
        store = self._store
        state = GaugeMetricFamily('floor_connection_state', '1 for the state that the picture is in. '
                                  'Alert when {state="live"} is 0 for a minute.', labels=['state'])
        for each in Connection:
            state.add_metric([each.value], each is store.connection)
        yield state
        yield GaugeMetricFamily('floor_trouble', '1 while the database answers but does not announce every change. '
                                'Alert on 1; /healthz says which trigger.', store.trouble is not None)
        if store.age is not None:
            yield GaugeMetricFamily('floor_store_age_seconds', 'Since the last proof that everything the database said '
                                    'has arrived. Alert above three heartbeats.', store.age)
        if store.last_lag_ms is not None:
            yield GaugeMetricFamily('floor_notification_lag_seconds', 'From the latest change in the database to the '
                                    'store. Alert when it stays above 1.', store.last_lag_ms / 1000)
        if self.notification_queue_usage is not None:
            yield GaugeMetricFamily('floor_notification_queue_usage_ratio', 'How full the notification queue of the '
                                    'server is. Alert above 0.1: at 1 every writer fails.',
                                    self.notification_queue_usage)

    def _listener(self) -> Iterator[Metric]:
        for field, (name, meaning) in COUNTERS.items():
            yield CounterMetricFamily(f'floor_listener_{name}', meaning, getattr(self._counters, field))
