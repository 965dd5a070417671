"""/healthz for load balancers and /metrics for Prometheus. Both are plain routes: no page is built to answer them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, Field

from .database import Database
from .errors import DatabaseUnavailable
from .listener import Counters, Listener
from .metrics import FloorCollector
from .store import Connection, Store

SCRAPE_PATIENCE_S = 1.0


class Health(BaseModel):
    """How far the floor that this program shows can be trusted."""

    status: Annotated[Connection, Field(description='Only live means: what is shown is what the database says.')]
    database: Annotated[str, Field(description='ok, not known, or unavailable: and why', examples=['ok'])]
    store_age_seconds: Annotated[float | None, Field(
        description='Seconds since it was last proved that everything the database said has arrived; null: never.',
        examples=[1.7])]
    machines: Annotated[int, Field(description='How many machines are known.', examples=[30])]
    trouble: Annotated[str | None, Field(
        description='What is wrong although the database answers: the floor is shown, but later than it should.')]
    problem: Annotated[str | None, Field(description='Why there is no connection.')]
    listener: Annotated[Counters, Field(description='What the listener has seen since the start.')]


def register(app: FastAPI, *, database: Database, store: Store, listener: Listener,
             browsers: Callable[[], int]) -> None:
    """Serve /healthz and /metrics. browsers: how many pages are connected now."""
    collector = FloorCollector(store, listener.counters, browsers)
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)

    @app.head('/healthz', include_in_schema=False)
    @app.get('/healthz', tags=['operation'], summary='Is the floor live?',
             responses={503: {'model': Health, 'description': 'The floor is not live, or not yet.'}})
    async def healthz(response: Response) -> Health:
        """Answers at once from memory, so a database that hangs can't make this program look dead."""
        health = examine(store, listener.counters)
        response.status_code = 200 if health.status is Connection.LIVE else 503
        response.headers['Cache-Control'] = 'no-store'
        return health

    @app.get('/metrics', tags=['operation'], summary='Measures for Prometheus', response_class=PlainTextResponse)
    async def metrics(request: Request) -> Response:
        """Text or OpenMetrics, as the Accept header asks."""
        usage = await _notification_queue_usage(database) if store.connection is Connection.LIVE else None
        collector.notification_queue_usage = usage
        encode, media_type = choose_encoder(request.headers.get('accept', ''))
        return Response(encode(registry), headers={'Content-Type': media_type, 'Cache-Control': 'no-store'})


def examine(store: Store, counters: Counters) -> Health:
    """What store and listener know, without asking anybody."""
    live = store.connection is Connection.LIVE
    unavailable = f'unavailable: {store.problem}' if store.problem else 'not known'
    return Health(status=store.connection, database='ok' if live else unavailable,
                  store_age_seconds=None if store.age is None else round(store.age, 3), machines=len(store.machines),
                  trouble=store.trouble, problem=store.problem, listener=counters)


async def _notification_queue_usage(database: Database) -> float | None:
    """0 to 1; None if the database doesn't say so at once, because a scrape must not wait for it."""
    try:
        async with asyncio.timeout(SCRAPE_PATIENCE_S), database.acquire() as connection:
            usage: Any = await database.queries.notification_queue_usage(connection)
            return float(usage)
    except (TimeoutError, DatabaseUnavailable, asyncpg.PostgresError):
        return None
