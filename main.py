"""The wiring: settings, database, store, listener, simulator, pages, server. Nobody imports this file.

One status travels: simulator or PLC -> UPDATE -> trigger (sql/migrations) -> NOTIFY -> floor/listener.py
-> floor/store.py -> floor/ui/broadcast.py -> every browser.
"""

import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import app, background_tasks, ui

from auth.identity import check_identity_source, identity_source
from floor import console, history
from floor.analytics import Analytics
from floor.analytics.dashboard_keeper import DashboardKeeper
from floor.analytics.history_keeper import HistoryKeeper
from floor.api import floor_api, work_orders_api
from floor.change_limit import ChangeLimit
from floor.dashboard_link import dashboard_link
from floor.database import Database
from floor.employees import Employees
from floor.errors import FloorError
from floor.gate.front_door import guard
from floor.gate.storage import storage_secret
from floor.listener import Listener, Timing
from floor.migrate import connect_prepared, load_migrations, prepare
from floor.operation import health
from floor.operation.collector import collect_garbage
from floor.operation.connection_watch import ConnectionWatch, once_live
from floor.operation.logs import LogCounter, set_up_logging
from floor.operation.loop_lag import event_loop_lag, measure_event_loop
from floor.operation.vitals import Vitals
from floor.orders.work_order_keeper import WorkOrderKeeper
from floor.orders.work_order_list import WorkOrderList
from floor.orders.work_orders import WorkOrders
from floor.pages import (
    diagnosis_page,
    employees_page,
    floor_page,
    past_page,
    reports_page,
    shift_report_page,
    work_order_page,
    work_orders_page,
)
from floor.settings import Settings
from floor.shifts import Shifts
from floor.source import DatabaseSource, database_source
from floor.store import Store
from floor.ui.assets import ASSETS
from floor.ui.broadcast import Broadcast
from floor.ui.echo import Echoes, browser_lag
from floor.ui.fanout import longest_backlog
from floor.ui.frame import NAME, add_stylesheets
from floor.ui.quick_return import return_quickly
from floor.ui.services import Services
from floor.ui.session import keep_sessions
from simulator.runner import SimulatorRunner

log = logging.getLogger('line-monitor')


def main() -> int:
    """Run the floor until it is stopped; 0, or 1 with one line that says what is wrong."""
    try:
        settings = Settings.load()
        log_lines = set_up_logging(settings.log_level, settings.log_format)
        check_identity_source(settings)
        console.check_port(settings.host, settings.port)
        with console.stop_on_sigterm(), database_source(settings, console.reporter(settings)) as source:
            serve(settings, source, log_lines)
    except FloorError as error:
        print(f'{NAME}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    log.info('stopped')
    return 0


def serve(settings: Settings, source: DatabaseSource, log_lines: LogCounter) -> None:
    """Everything that one process consists of, and how it hangs together."""
    timing = Timing(heartbeat=settings.listen_heartbeat_seconds, audit=settings.listen_audit_seconds)
    database = Database(source.url, settings, source.lakebase)
    store = Store(stale_after=timing.stale_after, silent_after=settings.machine_silent_after)
    listener = Listener(database.connect, database.queries, store, schema=database.schema, timing=timing,
                        prepare=prepare(database),
                        also_wrong=lambda: source.lakebase.problem if source.lakebase else None)
    echoes = Echoes(store, browser := browser_lag())
    broadcast = Broadcast(store, behind_change=echoes.ask)
    watch, loop = ConnectionWatch(store), event_loop_lag()
    limit = ChangeLimit(settings.changes_per_minute) if settings.changes_per_minute else None
    employees = Employees(database, default_role=settings.role_of_strangers, limit=limit)
    orders = WorkOrders(database, employees)
    order_list = WorkOrderList(database, settings.zone)
    order_keeper = WorkOrderKeeper(database, settings.auto_work_order_after)
    history_keeper = HistoryKeeper(database, settings.machine_silent_after)
    dashboard_keeper = DashboardKeeper(database, history_keeper, settings.zone, retention_days=settings.retention_days,
                                       every=settings.dashboard_refresh_seconds)
    services = Services(store=store, broadcast=broadcast, zone=settings.zone, events_of=history.events_of(database),
                        employees=employees, orders=orders, order_list=order_list, identify=identity_source(settings),
                        default_role=settings.role_of_strangers, echoes=echoes,
                        dashboard=dashboard_link(settings, os.environ))

    tasks: list[Callable[[], Awaitable[None]]] = [
        listener.run, broadcast.run, database.recycle, watch.run,
        *(partial(once_live, store, keeper.run) for keeper in (order_keeper, history_keeper, dashboard_keeper)),
        partial(measure_event_loop, loop),
        partial(collect_garbage, lambda: broadcast.pages_gone, lambda: broadcast.pages)]
    if source.lakebase is not None:
        tasks.append(source.lakebase.keep_fresh)
    if source.embedded is not None:
        tasks.append(source.embedded.supervise)
    simulator = None
    if settings.enable_simulator:
        simulator = SimulatorRunner(connect_prepared(database), database.queries, interval=settings.simulator_interval,
                                    instance=f'{socket.gethostname()}:{settings.port}',
                                    backfill_days=settings.backfill_days)
        tasks.append(simulator.run)

    floor_api.register(app, database=database)
    work_orders_api.register(app, database=database, orders=orders, order_list=order_list, employees=employees,
                             identify=services.identify)
    vitals = Vitals(database=database, store=store, listener=listener, watch=watch, pages=broadcast, loop=loop,
                    browser=browser, no_answer=lambda: echoes.unanswered, backlog=longest_backlog,
                    upkeeps=[order_keeper.upkeep, history_keeper.upkeep, dashboard_keeper.upkeep],
                    log_lines=lambda: log_lines.lines, migrations=load_migrations(feed_table=database.feed_table),
                    password=source.lakebase, simulator=simulator)
    health.register(app, vitals)
    diagnosis_page.register(services, vitals, retention_days=settings.retention_days)
    for page in floor_page, work_orders_page, work_order_page, employees_page:
        page.register(services)
    analytics, shifts = Analytics(database, settings.zone), Shifts(settings.shifts, settings.zone)
    for report in reports_page, shift_report_page, past_page:
        report.register(services, analytics, shifts)
    add_stylesheets()
    keep_sessions()
    return_quickly(app)
    app.add_static_files('/assets', ASSETS, max_cache_age=31_536_000)
    app.on_startup(lambda: [background_tasks.create(task()) for task in tasks])
    app.on_startup(lambda: console.welcome(settings, source))
    app.on_shutdown(database.close)
    app.storage.path = settings.data_dir.resolve() / 'ui'
    # reconnect_timeout: without a sign of us for 1.2 of it a browser calls us gone; a picture may be 8 s old
    ui.run(host=settings.host, port=settings.port, title=NAME, favicon=ASSETS / 'icons' / 'favicon.svg', dark=None,
           language='en-US', reload=False, show=False, show_welcome_message=False, tailwind=False,
           binding_refresh_interval=None, reconnect_timeout=6, timeout_graceful_shutdown=3,
           ws_per_message_deflate=False, log_config=None,
           **guard(app, settings, storage_secret(settings), services.dashboard))


if __name__ in {'__main__', '__mp_main__'}:
    sys.exit(main())
