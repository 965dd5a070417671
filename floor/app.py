"""The wiring: database, store, listener, simulator, pages, server. Importing this file imports NiceGUI.

One status travels: simulator or PLC -> UPDATE -> trigger (sql/functions) -> NOTIFY -> floor/feed/listener.py
-> floor/feed/store.py -> floor/web/live/broadcast.py -> every browser.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from nicegui import app, background_tasks, ui

from auth.identity import identity_source
from simulator.runner import SimulatorRunner

from .analytics import Analytics
from .analytics.dashboard_link import dashboard_link
from .core.rate_limit import ChangeRateLimit
from .core.settings import Settings
from .core.shifts import Shifts
from .core.version import NAME
from .db.connection_source import DatabaseSource
from .db.database import Database
from .db.migrations import connect_prepared, prepare
from .db.schema_files import load_schema_files
from .feed.listener import Listener, Timing
from .feed.recent_events import events_of
from .feed.store import TASKS, Difference, Store
from .jobs.dashboard_refresh import DashboardRefresh
from .jobs.history_refresh import HistoryRefresh
from .jobs.order_checks import OrderChecks
from .jobs.periodic_job import PeriodicJob
from .jobs.supervisor import Supervisor
from .operations import health
from .operations.event_loop_latency import event_loop_lag, measure_event_loop
from .operations.freshness_log import ConnectionWatch, once_live
from .operations.gc_schedule import collect_garbage
from .operations.log_output import CutOffAtTheEnd, LogCounter
from .operations.refused_origins import RefusedOrigins
from .operations.runtime_status import Vitals
from .operations.shutdown import Shutdown
from .operations.welcome import welcome
from .orders.employees import Employees
from .orders.work_order_list import WorkOrderList
from .orders.work_orders import WorkOrders
from .plant.demo_removal import Plant
from .web.api import floor_api, work_orders_api
from .web.api.attachment_responses import AttachmentResponses
from .web.diagnosis import diagnosis_page
from .web.floor_view import floor_page
from .web.live.broadcast import Broadcast
from .web.live.nicegui_bridge import is_stopping
from .web.live.ping_times import set_ping_times
from .web.live.render_probe import Echoes, browser_lag
from .web.live.socket_fanout import longest_backlog
from .web.middleware.session_secret import storage_secret
from .web.middleware.stack import guard
from .web.orders import work_order_page, work_orders_page
from .web.past import past_page
from .web.people import employees_page
from .web.reports import reports_page, shift_report_page
from .web.shell.alert_hub import AlertHub
from .web.shell.assets import ASSETS
from .web.shell.services import Services
from .web.shell.session import serve_session

TASKS_END_WITHIN_S, DATABASE_CLOSES_WITHIN_S = 0.5, 0.3
"""Parts of the time that a process has to end (floor/operations/shutdown.py); a request under way has a second."""


def serve(settings: Settings, source: DatabaseSource, log_lines: LogCounter, shutdown: Shutdown) -> None:
    """Everything that one process consists of, and how it hangs together."""
    timing = Timing(heartbeat=settings.listen_heartbeat_seconds, audit=settings.listen_audit_seconds)
    database = Database(source.url, settings, source.lakebase)
    store = Store(stale_after=timing.stale_after, silent_after=settings.machine_silent_after)
    listener = Listener(database.connect, database.queries, store, schema=database.schema, timing=timing,
                        prepare=prepare(database),
                        also_wrong=lambda: source.lakebase.problem if source.lakebase else None)
    echoes = Echoes(store, browser := browser_lag())
    broadcast = Broadcast(store, after_change=echoes.ask)
    watch, loop = ConnectionWatch(store, disk_full=lambda: database.disk_full), event_loop_lag()
    limit = ChangeRateLimit(settings.changes_per_minute) if settings.changes_per_minute else None
    employees = Employees(database, default_role=settings.role_of_strangers, limit=limit)
    orders = WorkOrders(database, employees)
    order_list = WorkOrderList(database, settings.zone)
    order_checks = OrderChecks(database, settings.auto_work_order_after)
    history = HistoryRefresh(database, settings.machine_silent_after)
    dashboard = DashboardRefresh(database, history, settings.zone, retention_days=settings.retention_days,
                                 every=settings.dashboard_refresh_seconds)
    services = Services(store=store, broadcast=broadcast, zone=settings.zone, events_of=events_of(database),
                        employees=employees, orders=orders, plant=Plant(database, employees), order_list=order_list,
                        identify=identity_source(settings),
                        default_role=settings.role_of_strangers, echoes=echoes, alerts=AlertHub(store),
                        database_now=database.now, dashboard=dashboard_link(settings, os.environ))

    def bring_up_to_date(difference: Difference) -> None:
        if difference.history:
            history.job.wake()
            dashboard.job.wake()

    store.subscribe(bring_up_to_date)
    supervisor = Supervisor(lambda trouble: store.set_trouble(trouble, TASKS))
    supervise = supervisor.supervise
    jobs = [] if settings.is_guest else [  # the app's settings count, not those of a developer's computer
        (order_checks.job, 'work_order_task', 'checks of work orders'),
        (history.job, 'history_task', 'updates of the history'),
        (dashboard.job, 'dashboard_task', 'updates of the dashboard')]
    tasks = [
        supervise('listener', 'database listeners', listener.run),
        supervise(health.PAGE_UPDATES, 'page updates', broadcast.run),
        supervise('pool_recycling', 'renewals of database connections', PeriodicJob(
            database.expire_connections, settings.db_pool_recycle_interval, pause_first=True).run),
        supervise('connection_watch', 'records of the connection', watch.job.run),
        *(supervise(name, what, partial(once_live, store, job.run)) for job, name, what in jobs),
        supervise('event_loop', 'measurements of the event loop', partial(measure_event_loop, loop)),
        supervise('garbage', 'collections of garbage',
                  partial(collect_garbage, lambda: broadcast.pages_gone, lambda: broadcast.pages))]
    if source.lakebase is not None:
        tasks.append(supervise('password', 'renewals of the password', source.lakebase.keep_fresh))
    if source.embedded is not None:
        tasks.append(supervise('embedded_database', 'checks of the embedded database', source.embedded.supervise))
    simulator = None
    if settings.enable_simulator and not settings.is_guest:
        simulator = SimulatorRunner(connect_prepared(database), database.queries, interval=settings.simulator_interval,
                                    instance=f'{socket.gethostname()}:{settings.port}',
                                    backfill_days=settings.backfill_days)
        tasks.append(supervise('simulator', 'ticks of the simulator', simulator.run_where_allowed))

    refused = RefusedOrigins()
    floor_api.register(app, database=database)
    work_orders_api.register(app, database=database, orders=orders, order_list=order_list, employees=employees,
                             identify=services.identify, limit=limit, uploads=services.uploads,
                             attachments=AttachmentResponses(orders, services.downloads))
    vitals = Vitals(database=database, store=store, listener=listener, watch=watch, pages=broadcast, loop=loop,
                    browser=browser, no_answer=lambda: echoes.unanswered, backlog=longest_backlog,
                    jobs=[job.status for job, *_ in jobs if job.status], supervised=supervisor.statuses,
                    log_lines=lambda: log_lines.lines, migrations=load_schema_files(database.feed_table).migrations,
                    password=source.lakebase, simulator=simulator, refused=lambda: refused.refusals)
    health.register(app, vitals)
    diagnosis_page.register(services, vitals, retention_days=settings.retention_days)
    for page in floor_page, work_orders_page, work_order_page, employees_page:
        page.register(services)
    analytics, shifts = Analytics(database, settings.zone), Shifts(settings.shifts, settings.zone)
    for report in reports_page, shift_report_page, past_page:
        report.register(services, analytics, shifts)
    serve_session()
    app.add_static_files('/assets', ASSETS, max_cache_age=31_536_000)
    app.on_startup(shutdown.watch_server)
    _run_while_serving(tasks, database)
    app.on_startup(lambda: welcome(settings, source))
    logging.getLogger('uvicorn.error').addFilter(CutOffAtTheEnd(is_stopping))
    ui.run(host=settings.host, port=settings.port, title=NAME, favicon=ASSETS / 'icons' / 'favicon.svg', dark=None,
           language='en-US', reload=False, show=False, show_welcome_message=False, tailwind=False,
           binding_refresh_interval=None, reconnect_timeout=6, timeout_graceful_shutdown=1,
           ws_per_message_deflate=False, log_config=None,
           **guard(app, settings, storage_secret(settings), services.dashboard,
                   identify=services.identify, refused=refused))


def _run_while_serving(tasks: Sequence[Callable[[], Coroutine[Any, Any, None]]], database: Database) -> None:
    running: list[asyncio.Task[None]] = []

    async def close() -> None:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=TASKS_END_WITHIN_S)  # what they do in the database ends with them
        await database.close(within=DATABASE_CLOSES_WITHIN_S)

    app.on_startup(set_ping_times)
    app.on_startup(lambda: running.extend(background_tasks.create(task()) for task in tasks))
    app.on_shutdown(close)
