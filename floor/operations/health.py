"""/livez and /healthz for load balancers, /metrics for Prometheus. Plain routes without NiceGUI."""

from __future__ import annotations

import asyncio
from typing import Annotated

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, ConfigDict, Field

from ..core.errors import DatabaseUnavailableError
from ..db.database import Database
from ..feed.freshness import Freshness
from .metrics import FloorCollector, Measures
from .runtime_status import RuntimeStatus

SCRAPE_PATIENCE_S = 1.0
PAGE_UPDATES = 'page_updates'
"""The background task that updates all pages."""


class ListenerCounters(BaseModel):
    """Counters of the listener since the start, also in /metrics."""

    model_config = ConfigDict(from_attributes=True, title='Counters')

    connections: Annotated[int, Field(description='Connections opened.', examples=[1])]
    notifications: Annotated[int, Field(description='Notifications received.', examples=[4711])]
    unreadable: Annotated[int, Field(description='Notifications that were not recognised.', examples=[0])]
    snapshots: Annotated[int, Field(description='Snapshots of the whole floor.', examples=[2])]
    heartbeats: Annotated[int, Field(description='Heartbeats that came back in time.', examples=[120])]
    audits_with_difference: Annotated[int, Field(description='Audits that found a missed change.',
                                                 examples=[0])]


class Health(BaseModel):
    """The freshness of the floor, and problems of this program."""

    version: Annotated[str, Field(description='The version of this program.', examples=['0.2.0'])]
    status: Annotated[Freshness, Field(description='live: the floor is equal to the database.',
                                       examples=['live'])]
    database: Annotated[str, Field(description='ok, not known, or unavailable: with the reason', examples=['ok'])]
    store_age_seconds: Annotated[float | None, Field(
        description='Seconds since the last proof that all changes have arrived; null: never.',
        examples=[1.7])]
    machines: Annotated[int, Field(description='The number of machines.', examples=[30])]
    demo: Annotated[bool | None, Field(description='Whether the floor is a demo, with simulated data; null: not known '
                                                   'yet.', examples=[False])]
    feed_warning: Annotated[str | None, Field(
        description='A warning while the database answers: changes may be shown late.',
        examples=['notifications do not arrive: the floor is read every 2 s'])]
    connection_error: Annotated[str | None, Field(description='Why there is no connection.',
                                                  examples=['connection refused'])]
    tasks: Annotated[dict[str, str], Field(description='Failing background tasks, each with its error.', examples=[{}])]
    listener: Annotated[ListenerCounters, Field(description='Counters of the listener since the start.')]


def register(app: FastAPI, runtime: RuntimeStatus) -> None:
    """Serve /livez, /healthz and /metrics."""
    store = runtime.store
    collector = FloorCollector(runtime)
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)

    @app.get('/livez', tags=['operation'], summary='Does the program run?', operation_id='get_liveness',
             response_class=PlainTextResponse)
    async def livez() -> Response:
        """200 while the process runs, whatever the state of its database. Restart the process if this fails, not if
        only /healthz does."""
        return PlainTextResponse('ok', headers={'Cache-Control': 'no-store'})

    @app.get('/healthz', tags=['operation'], summary='Is the floor live?', operation_id='get_health',
             responses={503: {'model': Health, 'description': 'The floor is not live, or not yet.'}})
    async def healthz(response: Response) -> Health:
        """Answers from memory, so a database that hangs does not make this program look dead."""
        health = examine(runtime)
        response.status_code = 200 if health.status is Freshness.LIVE else 503
        response.headers['Cache-Control'] = 'no-store'
        return health

    @app.get('/metrics', tags=['operation'], summary='Measures for Prometheus', operation_id='get_metrics',
             response_class=PlainTextResponse)
    async def metrics(request: Request) -> Response:
        """Text or OpenMetrics, depending on the Accept header."""
        collector.measures = await _measure(runtime.database) if store.connection is Freshness.LIVE else None
        encode, media_type = choose_encoder(request.headers.get('accept', ''))
        return Response(encode(registry), headers={'Content-Type': media_type, 'Cache-Control': 'no-store'})


def examine(runtime: RuntimeStatus) -> Health:
    """The health from memory, without a query. Pages that are not updated are not live."""
    store = runtime.store
    live = store.connection is Freshness.LIVE
    unavailable = f'unavailable: {store.connection_error}' if store.connection_error else 'not known'
    tasks = {task.name: task.problem for task in runtime.all_tasks if task.problem is not None}
    return Health(version=runtime.version,
                  status=Freshness.STALE if live and PAGE_UPDATES in tasks else store.connection,
                  database='ok' if live else unavailable,
                  store_age_seconds=None if store.age is None else round(store.age, 3), machines=len(store.machines),
                  demo=store.is_demo,
                  feed_warning=store.feed_warning, connection_error=store.connection_error, tasks=tasks,
                  listener=ListenerCounters.model_validate(runtime.listener.counters))


async def _measure(database: Database) -> Measures | None:
    """None if the database does not answer at once, because a scrape must not wait for it."""
    try:
        async with asyncio.timeout(SCRAPE_PATIENCE_S), database.acquire() as connection:
            return Measures(**await database.queries.operation_measures(connection))
    except (TimeoutError, DatabaseUnavailableError, asyncpg.PostgresError):
        return None
