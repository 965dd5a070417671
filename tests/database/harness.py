"""The REST interface without the rest of the app, for programs that act for a person; the state of a floor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from pictures import encoded, motif

from auth.identity import identity_sources
from floor.access.api_tokens import ApiTokens
from floor.core.floor_snapshot import FloorSnapshot
from floor.core.people import Role
from floor.core.rate_limit import ChangeRateLimit
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.schema_files import load_schema_files
from floor.feed.feed_counters import FeedCounters
from floor.feed.ingest import FeedIngest
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.operations.event_loop_latency import event_loop_latency
from floor.operations.freshness_log import FreshnessLog
from floor.operations.runtime_status import RuntimeStatus
from floor.orders.employees import Employees
from floor.orders.upload_queue import UploadQueue
from floor.orders.work_order_list import WorkOrderList
from floor.orders.work_orders import WorkOrders
from floor.plant.feed_commands import FeedCommands
from floor.plant.plant_commands import PlantCommands
from floor.plant.sheet_import import SheetImport
from floor.web.api import feed_api, feeds_api, floor_api, people_api, plant_api, work_orders_api
from floor.web.api.attachment_responses import AttachmentResponses
from floor.web.api.docs import describe_api
from floor.web.http.downloads import Downloads
from floor.web.live.render_probe import browser_latency
from floor.web.middleware.credential_limits import CredentialLimits
from floor.web.middleware.identity_required import IdentityRequired
from floor.web.middleware.request_limits import RequestLimits
from floor.web.sign_in.credential_sources import token_source

Client = httpx.AsyncClient
SUPERVISOR = 'mike.johnson@example.com'
TECHNICIAN = 'lisa.garcia@example.com'
OPERATOR = 'carlos.mendez@example.com'
PNG = encoded(motif(), 'PNG')
PATH = '/api/work-orders'
LEAK = {'machine_id': 'Injection_Molder_02_01', 'issue_description': 'Hydraulic leak', 'priority': 'high'}


def app_of(database: Database, settings: Settings, patience: float = 60, limit: ChangeRateLimit | None = None,
           uploads: UploadQueue | None = None) -> FastAPI:
    """A floor which consists of the REST interface only."""
    app = FastAPI(docs_url=None, openapi_url=None)
    app.add_middleware(RequestLimits)
    employees = Employees(database, default_role=Role.VIEWER, limit=limit)
    floor_api.register(app, database=database)
    orders = WorkOrders(database, employees)
    work_orders_api.register(
        app, database=database, employees=employees, orders=orders, timeout=patience, limit=limit,
        uploads=uploads or UploadQueue(), attachments=AttachmentResponses(orders, Downloads()),
        order_list=WorkOrderList(database, lambda: settings.zone))
    people_api.register(app, employees=employees, timeout=patience, limit=limit)
    plant_api.register(app, plant=PlantCommands(database, employees), sheets=SheetImport(database, employees),
                       timeout=patience, limit=limit)
    counters = FeedCounters()
    feed_api.register(app, ingest=FeedIngest(database), counters=counters, timeout=patience)
    feeds_api.register(app, feeds=FeedCommands(database, employees), timeout=patience)
    app.add_middleware(CredentialLimits, described=app)
    app.add_middleware(IdentityRequired, sources=[
        token_source(ApiTokens(database, employees), counters),
        *identity_sources(settings, {'DATABRICKS_APP_NAME': 'floor'})])
    app.state.feed_counters = counters
    return app


@cache
def described_paths() -> dict[str, Any]:
    """The paths of the OpenAPI description; it is the same for every database, and takes longer than most tests."""
    settings = Settings.load(_env_file=None)
    app = app_of(Database('postgresql://nobody@127.0.0.1:1/nothing', settings), settings)
    paths: dict[str, Any] = describe_api(app)['paths']
    return paths


def asking(app: FastAPI, email: str | None) -> Client:
    """A program that acts for somebody; None: for nobody."""
    headers = {} if email is None else {'X-Forwarded-Email': email}
    return Client(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url='http://floor',
                  headers=headers)


async def set_clock(connection: asyncpg.Connection, now: datetime) -> None:
    """The server's clock stands at this time from now on."""
    await connection.execute('CREATE OR REPLACE FUNCTION floor_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS '
                             f"$$ SELECT timestamptz '{now}' $$")


async def start_without_past(connection: asyncpg.Connection, machines: Iterable[str], now: datetime) -> None:
    """A floor of these machines, of which none has reported; they were added 30 days before now, where the clock
    stands."""
    await set_clock(connection, now - timedelta(days=30))
    await connection.execute('SET session_replication_role = replica')
    await connection.execute('TRUNCATE machine_feed_stream, machine_status_history, status_intervals, machine_stops, '
                             'data_gaps, changed_days')
    await connection.execute('SET session_replication_role = origin')
    await connection.execute('INSERT INTO machine_feed_stream (machine_name) SELECT unnest($1::text[])', list(machines))
    await set_clock(connection, now)


async def reported(client: Client, **values: Any) -> dict[str, Any]:
    """A new work order, as the answer has it."""
    answer = await client.post(PATH, json={**LEAK, **values})
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


def problem_in(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details of an answer that has to be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers['content-type'] == 'application/problem+json'
    assert answer.headers['cache-control'] == 'no-store'
    problem: dict[str, Any] = answer.json()
    assert (problem['type'], problem['status']) == ('about:blank', status)
    return problem


def runtime_of(database: Database) -> RuntimeStatus:
    store = Store()
    store.replace(FloorSnapshot((), (), now_ms=0))
    store.prove()
    listener = Listener(database.connect, database.queries, store)
    return RuntimeStatus(database=database, store=store, listener=listener, watch=FreshnessLog(store), pages=Pages(),
                  loop=event_loop_latency(), browser=browser_latency(), migrations=load_schema_files().migrations)


class Pages:
    pages, pages_gone = 1, 0
