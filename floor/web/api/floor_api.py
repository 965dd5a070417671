"""REST routes of the floor and its employees. Responses are read from the database, not from the store of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import APIRouter, Depends, FastAPI, Query, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ...core.errors import DatabaseUnavailableError
from ...core.machines import Status
from ...db.connection import Connection, describe
from ...db.database import Database
from ...db.row_mapping import to_display_names, to_status
from ...orders.employees import all_employees
from .bodies import JsonRoute
from .docs import serve_docs
from .fields import AT, MachineField, MachineId
from .known_parameters import known_parameters
from .people_answers import EmployeeAnswer
from .problems import answer_problems, documented

TIMEOUT_S = 5.0
"""Seconds for the queries of a request. It is shorter than the time-out of statements, so that clients get 503 soon."""

Name = Annotated[str, Field(description='Name of the machine, same as machine_id.',
                            examples=['Injection_Molder_02_01'])]
FeedId = Annotated[int, Field(description='Row number in the feed: machine_id of the table '
                                          'machine_feed_stream.', examples=[10])]
MachineType = Annotated[str, Field(description='Type of the machine.', examples=['injection_molder'])]
KnownStatus = Annotated[Status, BeforeValidator(to_status), Field(
    description='unknown: no signal, or no status was ever reported.', examples=['warning'])]
Reason = Annotated[str | None, Field(description='Why the machine is not running, if reported.',
                                     examples=['Mould temperature high'])]
FeedTime = Annotated[datetime | None, Field(
    description='Time reported by the feed, stored as reported; null outside the years 2 to 9998.',
    examples=['2026-03-02T06:31:04Z'])]
Since = Annotated[datetime, Field(description='Start of the present status, in database time; before the first '
                                              'report, the time at which the machine was added.',
                                  examples=['2026-03-02T06:31:04.120Z'])]
ReportedAt = Annotated[datetime | None, Field(description='Time of the last report, in database time; null: no '
                                                       'report yet.', examples=['2026-03-02T06:35:00.480Z'])]


class MachineAnswer(BaseModel):
    """A machine with its position and status."""

    model_config = ConfigDict(title='Machine')

    machine_id: MachineId
    machine: MachineField
    machine_name: Name
    display_name: Annotated[str, Field(description='Name as pages show it.', examples=['Injection Molder 02·01'])]
    feed_id: FeedId
    type: MachineType
    production_line: Annotated[str | None, Field(description='Null: not on a line.', examples=['Engine Line'])]
    position: Annotated[int, Field(description='Position in the flow of the line.', examples=[1])]
    status: KnownStatus
    reason: Reason
    status_since: Since
    reported_at: ReportedAt
    datetime: FeedTime


class MachineStatus(BaseModel):
    """The status of a machine."""

    machine_id: MachineId
    machine: MachineField
    machine_name: Name
    feed_id: FeedId
    status: KnownStatus
    type: MachineType
    datetime: FeedTime
    reason: Reason
    status_since: Since


class FloorAnswer(BaseModel):
    """Kind and size of the floor."""

    kind: Annotated[Literal['demo', 'plant'], Field(description='demo: all data is simulated.',
                                                    examples=['plant'])]
    since: Annotated[datetime | None, Field(description='Time at which the floor was created, or the demo removed.',
                                            examples=[AT])]
    machines: Annotated[int, Field(description='Number of machines.', examples=[30])]


FLOOR_KIND: dict[int | str, dict[str, Any]] = {200: {'headers': {'X-Floor-Kind': {
    'description': 'demo: the data is simulated; plant: it is real.',
    'schema': {'type': 'string', 'enum': ['demo', 'plant']}}}}}


def register(app: FastAPI, *, database: Database, timeout: float = TIMEOUT_S) -> None:
    """Serve /api, its description at /openapi.json and interactive documentation at /docs.

    timeout: seconds without a response of the database after which a request fails with 503.
    """
    answer_problems(app)
    serve_docs(app)
    router = APIRouter(route_class=JsonRoute, dependencies=[Depends(no_store), Depends(known_parameters)],
                       responses=documented(401, 403, 422, 500, 503))

    @router.get('/api/floor', tags=['floor'], summary='Whether the floor is a demo or a plant',
                operation_id='get_floor')
    async def get_floor() -> FloorAnswer:
        """In a demo, machines, people, history and work orders are simulated."""
        async with database_errors(timeout), database.acquire() as connection:
            return FloorAnswer(**await database.queries.plant(connection))

    @router.get('/api/machines', tags=['floor'], summary='Every machine in flow order', responses=FLOOR_KIND,
                operation_id='list_machines')
    async def list_machines(response: Response) -> list[MachineAnswer]:
        """All machines with line, position and status, in the order of the material flow."""
        async with database_errors(timeout), database.acquire() as connection:
            await _add_kind(response, database, connection)
            return await _machines(database, connection)

    @router.get('/api/machines/current-status', tags=['floor'], summary='Status of each machine',
                responses=FLOOR_KIND, operation_id='list_machine_statuses')
    async def list_machine_statuses(response: Response) -> list[MachineStatus]:
        """A shorter response for clients that only need the statuses."""
        async with database_errors(timeout), database.acquire() as connection:
            await _add_kind(response, database, connection)
            return [MachineStatus(**machine.model_dump()) for machine in await _machines(database, connection)]

    @router.get('/api/employees', tags=['people'], summary='Employees by name',
                operation_id='list_employees')
    async def list_employees(active: Annotated[bool | None, Query(examples=[True], description=(
            'true: only active people; false: only inactive people; omitted: all.'))] = None
                             ) -> list[EmployeeAnswer]:
        """The employees, who report work orders and are assigned to them."""
        async with database_errors(timeout):
            people = await all_employees(database, active=active)
        return [EmployeeAnswer.model_validate(person) for person in people]

    app.include_router(router)


async def _add_kind(response: Response, database: Database, connection: Connection) -> None:
    response.headers['X-Floor-Kind'] = 'demo' if await database.queries.is_demo(connection) else 'plant'


async def _machines(database: Database, connection: Connection) -> list[MachineAnswer]:
    rows = [row async for row in database.queries.machines(connection)]
    names = to_display_names(row for row in rows if row['display_name'] is not None)
    return [MachineAnswer(**{**row, 'machine_id': row['machine_name'], 'machine': row['machine_name'],
                             'display_name': str(names.of(row['machine_name'])), 'feed_id': row['machine_id']})
            for row in rows]


@asynccontextmanager
async def database_errors(seconds: float) -> AsyncIterator[None]:
    """Convert time-outs and errors of the database, such as a missing schema.

    :raises DatabaseUnavailableError: the database is slow or cannot execute the block
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise DatabaseUnavailableError(f'the database did not answer within {seconds:g} s') from error
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error


async def no_store(response: Response) -> None:
    """A dependency that forbids caching of the response. As all dependencies async: a plain function would run in a
    thread."""
    response.headers['Cache-Control'] = 'no-store'
