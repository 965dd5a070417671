"""/livez and /healthz for load balancers, /metrics for Prometheus. Plain routes: no page is built for them."""

from __future__ import annotations

import asyncio
from typing import Annotated

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, ConfigDict, Field

from ..core.errors import DatabaseUnavailable
from ..db.database import Database
from ..feed.store import Connection
from .metrics import FloorCollector, Measures
from .runtime_status import Vitals

SCRAPE_PATIENCE_S = 1.0
PAGE_UPDATES = 'page_updates'
"""The background task without which no page changes."""


class ListenerCounters(BaseModel):
    """What the listener has seen since the start; /metrics shows it."""

    model_config = ConfigDict(from_attributes=True, title='Counters')

    connections: Annotated[int, Field(description='Connections that it has opened.', examples=[1])]
    notifications: Annotated[int, Field(description='Notifications that came.', examples=[4711])]
    unreadable: Annotated[int, Field(description='Notifications that could not be read.', examples=[0])]
    snapshots: Annotated[int, Field(description='How often the whole floor was read.', examples=[2])]
    heartbeats: Annotated[int, Field(description='Notifications to itself that came back in time.', examples=[120])]
    audits_with_difference: Annotated[int, Field(description='How often a check found that something was missed.',
                                                 examples=[0])]


class Health(BaseModel):
    """How far the floor that this program shows can be trusted."""

    status: Annotated[Connection, Field(description='Only live means: what is shown is what the database says.',
                                        examples=['live'])]
    database: Annotated[str, Field(description='ok, not known, or unavailable: and why', examples=['ok'])]
    store_age_seconds: Annotated[float | None, Field(
        description='Seconds since it was last proved that everything the database said has arrived; null: never.',
        examples=[1.7])]
    machines: Annotated[int, Field(description='How many machines are known.', examples=[30])]
    demo: Annotated[bool | None, Field(description='Whether the floor is a demo, with simulated data; null: not known '
                                                   'yet.', examples=[False])]
    trouble: Annotated[str | None, Field(
        description='What is wrong although the database answers: the floor is shown, but later than it should.',
        examples=['notifications do not arrive: the floor is read every 2 s'])]
    problem: Annotated[str | None, Field(description='Why there is no connection.', examples=['connection refused'])]
    tasks: Annotated[dict[str, str], Field(description='Background tasks that fail now, and why.', examples=[{}])]
    listener: Annotated[ListenerCounters, Field(description='What the listener has seen since the start.')]


def register(app: FastAPI, vitals: Vitals) -> None:
    """Serve /livez, /healthz and /metrics."""
    store = vitals.store
    collector = FloorCollector(vitals)
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)

    @app.get('/livez', tags=['operation'], summary='Does the program run?', operation_id='get_liveness',
             response_class=PlainTextResponse)
    async def livez() -> Response:
        """200 as long as the process serves, whatever its database does: restart it where this fails, never where
        only /healthz does."""
        return PlainTextResponse('ok', headers={'Cache-Control': 'no-store'})

    @app.get('/healthz', tags=['operation'], summary='Is the floor live?', operation_id='get_health',
             responses={503: {'model': Health, 'description': 'The floor is not live, or not yet.'}})
    async def healthz(response: Response) -> Health:
        """Answers at once from memory, so a database that hangs can't make this program look dead."""
        health = examine(vitals)
        response.status_code = 200 if health.status is Connection.LIVE else 503
        response.headers['Cache-Control'] = 'no-store'
        return health

    @app.get('/metrics', tags=['operation'], summary='Measures for Prometheus', operation_id='get_metrics',
             response_class=PlainTextResponse)
    async def metrics(request: Request) -> Response:
        """Text or OpenMetrics, as the Accept header asks."""
        collector.measures = await _measure(vitals.database) if store.connection is Connection.LIVE else None
        encode, media_type = choose_encoder(request.headers.get('accept', ''))
        return Response(encode(registry), headers={'Content-Type': media_type, 'Cache-Control': 'no-store'})


def examine(vitals: Vitals) -> Health:
    """What this process knows, without asking anybody. Pages that are not updated are not live."""
    store = vitals.store
    live = store.connection is Connection.LIVE
    unavailable = f'unavailable: {store.problem}' if store.problem else 'not known'
    tasks = {task.name: task.problem for task in vitals.all_tasks if task.problem is not None}
    return Health(status=Connection.STALE if live and PAGE_UPDATES in tasks else store.connection,
                  database='ok' if live else unavailable,
                  store_age_seconds=None if store.age is None else round(store.age, 3), machines=len(store.machines),
                  demo=store.is_demo,
                  trouble=store.trouble, problem=store.problem, tasks=tasks,
                  listener=ListenerCounters.model_validate(vitals.listener.counters))


async def _measure(database: Database) -> Measures | None:
    """None if the database doesn't say so at once, because a scrape must not wait for it."""
    try:
        async with asyncio.timeout(SCRAPE_PATIENCE_S), database.acquire() as connection:
            return Measures(**await database.queries.operation_measures(connection))
    except (TimeoutError, DatabaseUnavailable, asyncpg.PostgresError):
        return None
