"""The wiring, in four steps: data, jobs, web, operations. Importing this file imports NiceGUI.

One status travels: simulator or PLC -> UPDATE -> trigger (sql/functions) -> NOTIFY -> floor/feed/listener.py
-> floor/feed/store.py -> floor/web/live/broadcast.py -> every browser.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from nicegui import app, background_tasks, ui

from auth.identity import identity_sources
from auth.source import Source
from simulator.runner import SimulatorRunner

from .access.access import Access, access_to
from .access.credentials import ended_credentials
from .access.sessions import KIND as SESSION
from .access.stations import STATION
from .access.wall_links import WALL
from .analytics import Analytics
from .analytics.dashboard_link import dashboard_link
from .core.latency import LatencyHistogram
from .core.log_lines import LogCounter
from .core.plant_calendar import PlantSettings
from .core.rate_limit import ChangeRateLimit
from .core.settings import Settings
from .core.version import NAME
from .db.connection_source import DatabaseSource
from .db.database import Database
from .db.migrations import connect_prepared, prepare
from .db.schema_files import load_schema_files
from .feed.difference import Difference
from .feed.feed_counters import FeedCounters
from .feed.ingest import FeedIngest
from .feed.listener import Listener
from .feed.recent_events import events_of
from .feed.store import TASKS, Store
from .feed.timing import Timing
from .jobs.dashboard_refresh import DashboardRefresh
from .jobs.day_sums import DaySums
from .jobs.feed_checks import FeedChecks
from .jobs.order_checks import OrderChecks
from .jobs.periodic_job import PeriodicJob
from .jobs.supervisor import Supervisor
from .operations import health
from .operations.event_loop_latency import event_loop_latency, measure_event_loop
from .operations.first_supervisor_link import offer_first_supervisor
from .operations.freshness_log import FreshnessLog, after_first_snapshot
from .operations.gc_schedule import collect_garbage
from .operations.log_output import CancelledAtShutdown
from .operations.refused_origins import RefusedOrigins
from .operations.runtime_status import RuntimeStatus
from .operations.shutdown import Shutdown
from .operations.welcome import welcome
from .orders.employees import Employees
from .orders.work_order_list import WorkOrderList
from .orders.work_orders import WorkOrders
from .plant.demo_removal import Plant
from .plant.feed_commands import FeedCommands
from .plant.plant_commands import PlantCommands
from .plant.report_settings import ReportSettingsCommands
from .plant.sheet_import import SheetImport
from .web.api import feed_api, feeds_api, floor_api, people_api, plant_api, work_orders_api
from .web.api.attachment_responses import AttachmentResponses
from .web.diagnosis import diagnosis_page
from .web.exports import report_files, reports_api
from .web.floor_view import floor_page
from .web.live.broadcast import Broadcast
from .web.live.nicegui_bridge import escape_pages_fast, is_stopping, remember_signatures
from .web.live.ping_times import set_ping_times
from .web.live.render_probe import RenderProbe, browser_latency
from .web.live.socket_fanout import longest_backlog
from .web.middleware.session_secret import storage_secret
from .web.middleware.stack import guard
from .web.orders import work_order_page, work_orders_page
from .web.past import past_page
from .web.people import employees_page
from .web.reports import reports_page, shift_report_page
from .web.setup import changes_page, import_page, lines_page, machines_page, overview, plant_page, types_page
from .web.setup.access import page as access_page
from .web.setup.feeds import page as feeds_page
from .web.shell.alert_hub import AlertHub
from .web.shell.assets import ASSETS, serve_assets
from .web.shell.services import Services
from .web.shell.session import serve_session
from .web.sign_in import link_pages, station_page
from .web.sign_in import routes as sign_in_routes
from .web.sign_in.credential_sources import cookie_source, token_source
from .web.sign_in.ended_pages import CHECK_EVERY_S, EndedPages

RECONNECT_S = 120.0
"""Seconds that the server keeps a page without a connection; after that its browser loads it again, without what was
pressed or typed meanwhile. A slow tablet that draws a large page answers no ping, and loses its connection."""
TASKS_END_WITHIN_S, DATABASE_CLOSES_WITHIN_S = 0.5, 0.3
"""Parts of the time limit to end (floor/operations/shutdown.py); a running request has a second."""


def build_app(settings: Settings, source: DatabaseSource, log_lines: LogCounter,
              shutdown: Shutdown) -> Callable[[], None]:
    """Build everything that one process consists of; returns the function that serves it until the process ends."""
    data = build_data(settings, source)
    jobs = build_jobs(settings, source, data)
    web = build_web(settings, data, jobs)
    build_operations(settings, source, data, jobs, web, log_lines=log_lines, shutdown=shutdown)
    return partial(
        ui.run, host=settings.host, port=settings.port, title=NAME, favicon=ASSETS / 'icons' / 'favicon.svg', dark=None,
        language='en-US', reload=False, show=False, show_welcome_message=False, tailwind=False,
        binding_refresh_interval=None, reconnect_timeout=RECONNECT_S, timeout_graceful_shutdown=1,
        ws_per_message_deflate=False, log_config=None,
        **guard(app, settings, storage_secret(settings), web.services.dashboard,
                sources=identity_sources(settings, credentials=credential_sources(data.access, data.feeds)),
                refused=web.refused))


# 1: data

@dataclass(frozen=True)
class Data:
    """The database, the floor in memory, and the commands that write."""

    database: Database
    store: Store
    listener: Listener
    limit: ChangeRateLimit | None
    employees: Employees
    orders: WorkOrders
    order_list: WorkOrderList
    plant: Plant
    access: Access
    feeds: FeedCounters


def build_data(settings: Settings, source: DatabaseSource) -> Data:
    """From the database to the store and back: what is read, what is listened to, what is written."""
    timing = Timing(heartbeat=settings.listen_heartbeat_seconds, audit=settings.listen_audit_seconds)
    database = Database(source.url, settings, source.lakebase)
    store = Store(stale_after=timing.stale_after, silent_after=settings.machine_silent_after,
                  plant=PlantSettings(zone=settings.zone))
    listener = Listener(database.connect, database.queries, store, timing=timing,
                        prepare=prepare(database),
                        also_wrong=lambda: source.lakebase.problem if source.lakebase else None)
    limit = ChangeRateLimit(settings.changes_per_minute) if settings.changes_per_minute else None
    employees = Employees(database, default_role=settings.role_of_strangers, limit=limit)
    return Data(database, store, listener, limit, employees, WorkOrders(database, employees),
                WorkOrderList(database, lambda: store.plant.zone), Plant(database, employees),
                access_to(database, employees, session_life=timedelta(hours=settings.session_hours),
                          session_idle=timedelta(minutes=settings.session_idle_minutes), roles=settings.roles),
                FeedCounters())


# 2: jobs

@dataclass(frozen=True)
class Jobs:
    """The background tasks. All run while the server does, each restarted when it fails."""

    supervisor: Supervisor
    tasks: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)
    periodic: list[PeriodicJob] = field(default_factory=list)
    """Those that report how they fare."""
    simulator: SimulatorRunner | None = None

    def add(self, name: str, description: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """name: for labels of metrics. description: for sentences, as 'page updates'."""
        self.tasks.append(self.supervisor.supervise(name, description, run))


def build_jobs(settings: Settings, source: DatabaseSource, data: Data) -> Jobs:
    """What runs in the background for the database's sake."""
    database, store = data.database, data.store
    jobs = Jobs(Supervisor(lambda warning: store.set_feed_warning(warning, TASKS)),
                simulator=build_simulator(settings, database))
    jobs.add('listener', 'database listeners', data.listener.run)
    jobs.add('pool_recycling', 'renewals of database connections', PeriodicJob(
        database.expire_connections, settings.db_pool_recycle_interval, pause_first=True).run)
    if not settings.is_guest:  # the app's settings count, not those of a developer's computer
        checks = OrderChecks(database, settings.auto_work_order_after)
        days = DaySums(database, machine_silent_after=settings.machine_silent_after)
        dashboard = DashboardRefresh(database, days, retention_days=settings.retention_days,
                                     every=settings.dashboard_refresh_seconds)
        for job, name, description in ((checks.job, 'work_order_task', 'checks of work orders'),
                                       (FeedChecks(database).job, 'feed_task', 'checks of feeds'),
                                       (days.job, 'history_task', 'updates of the history'),
                                       (dashboard.job, 'dashboard_task', 'updates of the dashboard')):
            jobs.periodic.append(job)
            jobs.add(name, description, partial(after_first_snapshot, store, job.run))

        def wake_jobs(difference: Difference) -> None:
            if difference.history or difference.plant:
                days.job.wake()
                dashboard.job.wake()

        store.subscribe(wake_jobs)
    if source.lakebase is not None:
        jobs.add('password', 'renewals of the password', source.lakebase.keep_fresh)
    if source.embedded is not None:
        jobs.add('embedded_database', 'checks of the embedded database', source.embedded.supervise)
    if jobs.simulator is not None:
        jobs.add('simulator', 'ticks of the simulator', jobs.simulator.run_where_allowed)
    return jobs


def build_simulator(settings: Settings, database: Database) -> SimulatorRunner | None:
    """The simulator of a demo; it writes to no other floor."""
    if not settings.enable_simulator or settings.is_guest:
        return None
    return SimulatorRunner(connect_prepared(database), database.queries, interval=settings.simulator_interval,
                           instance=f'{socket.gethostname()}:{settings.port}', backfill_days=settings.backfill_days)


# 3: web

@dataclass(frozen=True)
class Web:
    """Pages and the REST interface."""

    services: Services
    broadcast: Broadcast
    browser_latency: LatencyHistogram
    refused: RefusedOrigins


def build_web(settings: Settings, data: Data, jobs: Jobs) -> Web:
    """Register every page and every path of the REST interface, and keep pages up to date."""
    remember_signatures()
    escape_pages_fast()
    store, latency = data.store, browser_latency()
    render_probe = RenderProbe(store, latency)
    broadcast = Broadcast(store, after_change=render_probe.send)
    jobs.add(health.PAGE_UPDATES, 'page updates', broadcast.run)
    setup, sheets = PlantCommands(data.database, data.employees), SheetImport(data.database, data.employees)
    services = Services(store=store, broadcast=broadcast, shifts=settings.shifts,
                        events_of=events_of(data.database, store.clock),
                        employees=data.employees, access=data.access, orders=data.orders, plant=data.plant,
                        setup=setup, sheets=sheets, feeds=FeedCommands(data.database, data.employees),
                        feed_counters=data.feeds,
                        order_list=data.order_list, has_sign_in=settings.has_sign_in,
                        default_role=settings.role_of_strangers, render_probe=render_probe,
                        alerts=AlertHub(store), database_now=data.database.now,
                        dashboard=dashboard_link(settings, os.environ),
                        report_settings=ReportSettingsCommands(data.database, data.employees))
    floor_api.register(app, database=data.database)
    feed_api.register(app, ingest=FeedIngest(data.database), counters=data.feeds)
    work_orders_api.register(app, database=data.database, orders=data.orders, order_list=data.order_list,
                             employees=data.employees, limit=data.limit,
                             uploads=services.uploads,
                             attachments=AttachmentResponses(data.orders, services.downloads))
    people_api.register(app, employees=data.employees, limit=data.limit)
    plant_api.register(app, plant=setup, sheets=sheets, limit=data.limit)
    feeds_api.register(app, feeds=services.feeds)
    for page in (floor_page, work_orders_page, work_order_page, employees_page,
                 overview, plant_page, lines_page, types_page, machines_page, import_page, changes_page,
                 feeds_page, access_page):
        page.register(services)
    analytics = Analytics(data.database, services.read_calendar)
    for report in reports_page, report_files, shift_report_page, past_page:
        report.register(services, analytics)
    reports_api.register(app, analytics=analytics, calendar=services.read_calendar, database_now=data.database.now,
                         downloads=services.downloads)
    link_pages.register(app, data.access, store, has_sign_in=settings.signs_people_in)
    station_page.register(app, data.access.stations)
    serve_session()
    sign_in_routes.register(app, settings, data.access.sessions, secret=storage_secret(settings))
    close_ended_pages(data, jobs)
    serve_assets()
    app.on_startup(set_ping_times)
    return Web(services, broadcast, latency, RefusedOrigins())


def credential_sources(access: Access, feeds: FeedCounters) -> list[Source]:
    """Who may be found in the database, in the order in which they are asked: a limit of the role goes first."""
    return [token_source(access.tokens, feeds), cookie_source(STATION, access.stations.find),
            cookie_source(SESSION, access.sessions.find), cookie_source(WALL, access.walls.find)]


def close_ended_pages(data: Data, jobs: Jobs) -> None:
    """Close pages whose sign-in has ended: at once if it ended here, else at the next check."""
    job = PeriodicJob(EndedPages(partial(ended_credentials, data.database), data.access.forget).check,
                      CHECK_EVERY_S)
    for ending in data.access.sessions, data.access.stations, data.access.walls:
        ending.on_end(job.wake)
    data.store.subscribe(lambda difference: job.wake() if difference.people else None)
    jobs.add('ended_pages', 'checks of open pages', partial(after_first_snapshot, data.store, job.run))


# 4: operations

def build_operations(settings: Settings, source: DatabaseSource, data: Data, jobs: Jobs, web: Web, *,
                     log_lines: LogCounter, shutdown: Shutdown) -> None:
    """What shows and records how all of this fares; start and end of the tasks."""
    database, broadcast, render_probe = data.database, web.broadcast, web.services.render_probe
    watch, loop = FreshnessLog(data.store, disk_full=lambda: database.disk_full), event_loop_latency()
    jobs.add('connection_watch', 'records of the connection', watch.job.run)
    jobs.add('event_loop', 'measurements of the event loop', partial(measure_event_loop, loop))
    jobs.add('garbage', 'collections of garbage',
             partial(collect_garbage, lambda: broadcast.pages_gone, lambda: broadcast.pages))
    runtime = RuntimeStatus(database=database, store=data.store, listener=data.listener, watch=watch, pages=broadcast,
                           loop=loop, browser=web.browser_latency, no_answer=lambda: render_probe.unanswered,
                           backlog=longest_backlog, jobs=[job.status for job in jobs.periodic if job.status],
                           supervised=jobs.supervisor.statuses, log_lines=lambda: log_lines.lines,
                           migrations=load_schema_files(database.feed_table).migrations, password=source.lakebase,
                           simulator=jobs.simulator, refused=lambda: web.refused.refusals, feeds=data.feeds)
    health.register(app, runtime)
    diagnosis_page.register(web.services, runtime, retention_days=settings.retention_days)
    app.on_startup(shutdown.watch_server)
    run_while_serving(jobs, database)
    app.on_startup(lambda: welcome(settings, source))
    if not settings.is_guest:
        app.on_startup(partial(after_first_snapshot, data.store, partial(
            offer_first_supervisor, settings, data.access.first_supervisor)))
    logging.getLogger('uvicorn.error').addFilter(CancelledAtShutdown(is_stopping))


def run_while_serving(jobs: Jobs, database: Database) -> None:
    """Run the tasks from the start of the server to its end, and close the connections of the database then."""
    running: list[asyncio.Task[None]] = []

    async def close() -> None:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=TASKS_END_WITHIN_S)  # their database work ends with them
        await database.close(within=DATABASE_CLOSES_WITHIN_S)

    app.on_startup(lambda: running.extend(background_tasks.create(task()) for task in jobs.tasks))
    app.on_shutdown(close)
