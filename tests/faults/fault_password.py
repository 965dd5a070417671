"""Databricks gives no password for a while, and the one we have is no longer taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from database.postgres import SCHEMA, until
from database.tls import ROLE, TlsDatabase, tls_server
from database.workspace import CLIENT_SECRET, CREDENTIALS, ENDPOINT, Workspace

from floor.db.query_files import SQL

from .history import History
from .scene import running
from .stage import Fault, Stage

OUTAGE_S = 300
MAX_REQUESTS = 40
"""In an outage of five minutes: pauses grow from 1 to 30 s."""


async def no_password(stage: Stage) -> History:
    """The token ends, Databricks refuses to give another, and the sessions are cut."""
    async with _lakebase() as (lake, workspace):
        program = stage.program(
            LAKEBASE_ENDPOINT=ENDPOINT, PGUSER=ROLE, DATABRICKS_DATABASE_PORT=str(lake.port),
            LAKEBASE_DATABASE_NAME=lake.name, DATABRICKS_CONFIG_FILE=str(stage.folder / 'none'),
            **workspace.environment)
        async with running(stage, program, lambda: f'{lake.url}&search_path={SCHEMA}') as floor:
            await floor.shown(await floor.change())
            workspace.refuse(CREDENTIALS, 503, 'TEMPORARILY_UNAVAILABLE', 'the service is away')
            lake.set_password('of the next token')
            asked, given = workspace.token_requests, len(workspace.tokens)
            await asyncio.to_thread(lake.kill_connections)
            await floor.change()
            await asyncio.sleep(stage.patience + 2 if stage.quick else OUTAGE_S)
            requests = workspace.token_requests - asked
            workspace.answers.clear()
            with suppress(TimeoutError):   # the broken one never asks again
                await until(lambda: len(workspace.tokens) > given, 20 if stage.quick else 60)
            floor.history.heal()
            history = await floor.settle()
        history.figures['requests for a password meanwhile'] = str(requests)
        if requests > MAX_REQUESTS or workspace.at_once > 1:
            history.broken.append(f'{requests} requests for a password, {workspace.at_once} at once')
        if secrets := [secret for secret in (CLIENT_SECRET, *workspace.tokens) if secret in program.log]:
            history.broken.append(f'{len(secrets)} secrets are in the log')
    return history


@asynccontextmanager
async def _lakebase() -> AsyncIterator[tuple[TlsDatabase, Workspace]]:
    """A server as Lakebase is one, with an empty database, and the workspace whose tokens are its passwords."""
    (server, port), workspace = tls_server(), Workspace()
    try:
        url = server.new_database(migrated=False)
        lake = TlsDatabase(server, url, port)
        # the program is a guest here, as on a developer's computer: the schema is made by somebody else
        server.psql(url, '-v', f'schema={SCHEMA}', '-v', 'new_floor=demo', '-v', f'app={ROLE}',
                    '-f', str(SQL / 'admin' / 'install.sql'), '-f', str(SQL / 'admin' / 'grants.sql'))
        workspace.give = lake.set_password
        yield lake, workspace
    finally:
        workspace.stop()
        server.stop()


FAULTS = [
    Fault('no_password', 'Databricks gives no password for 5 minutes, the old one is refused, the sessions are cut',
          'keeps_its_first_password', 'I2', no_password, short=False),
]
