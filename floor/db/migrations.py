"""Brings the schema up to date: the files of sql/migrations in order, each in a transaction of its own, once.

Tables of the same names that another line monitor left in the schema are taken over on the way: sql/adoption.

Several instances may start at once: a lock on schema_migrations makes them take turns. It is a lock on a table because
any login of the database may take any advisory lock, a feed's too. A file that was changed after it was applied, or a
schema newer than this program, stops the start with a sentence that says so.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql
import asyncpg

from ..core.errors import MigrationError
from ..core.sentences import full_stop
from ..core.settings import NewFloor
from .database import SQL, Connect, Connection, Database, read_sql
from .owner_settings import carry_out

log = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 60.0
FIRST_STARTS = 3
"""Tries to make the schema and its first table: whoever is second there is refused once for each."""
MADE_MEANWHILE = asyncpg.UniqueViolationError, asyncpg.DuplicateSchemaError, asyncpg.DuplicateTableError
PATIENCE_S = 3600  # a file may move many rows, for longer than DB_COMMAND_TIMEOUT
REMEDY = ('Its owner can do it: psql DATABASE -f sql/install.sql, and then sql/grants.sql. To take over copies of '
          'tables of another line monitor instead, name their schema in LEGACY_SCHEMA and a new one in '
          'DEFAULT_POSTGRES_SCHEMA')


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: int
    name: str
    text: str
    adoption: str = ''
    """Runs after it, once: takes over what another line monitor left in the schema."""
    new_floor: str = ''
    """Only of 0000: runs after all others, once: makes a demo or an empty plant of the schema."""

    @property
    def sha256(self) -> str:
        """The checksum that schema_migrations keeps."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_migrations(folder: Path = SQL / 'migrations', feed_table: str = 'machine_feed_stream') -> list[Migration]:
    """The files in order; 0000 only makes the table that remembers the others."""
    found = []
    for path in sorted(folder.glob('*.sql')):
        number, name = re.fullmatch(r'([0-9]{4})_([a-z0-9_]+)', path.stem).groups()  # type: ignore[union-attr]
        adoption = folder.parent / 'adoption' / path.name
        found.append(Migration(int(number), name, read_sql(path, feed_table),
                               read_sql(adoption, feed_table) if adoption.exists() else '',
                               read_sql(folder.parent / 'new_floor.sql', feed_table) if int(number) == 0 else ''))
    return found


async def migrate(connection: Connection, schema: str, migrations: Sequence[Migration],
                  new_floor: NewFloor = 'empty', legacy_schema: str | None = None) -> list[Migration]:
    """Apply what is missing; returns what was applied. new_floor: what a schema becomes that is new. legacy_schema: a
    schema of another line monitor, whose tables a new schema takes over as copies.

    :raises MigrationError: a right is missing, a file was changed after it was applied, or the schema is newer than us
    """
    bookkeeping, *wanted = migrations
    try:
        # without a right on the schema everything would be made in pg_temp, and be gone with the connection
        await check_rights(connection, schema)
        applied = []
        if not await is_current(connection, schema, wanted):
            await _make_schema(connection, schema, bookkeeping, legacy_schema)
            applied = [each for each in wanted if await _apply(connection, schema, each, wanted[-1].version)]
        await _make_floor(connection, schema, new_floor, bookkeeping.new_floor)
        return applied
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(f'the schema "{schema}" cannot be brought up to date: {full_stop(error)} '
                             f'{REMEDY}') from error
    except asyncpg.LockNotAvailableError as error:
        holders = ', '.join([f'{row["login"]} (process {row["pid"]}, {row["activity"]})' async for row in
                             _queries().who_locks(connection, schema=schema)]) or 'a session that has ended since'
        raise MigrationError(f'the schema "{schema}" cannot be brought up to date: its tables were locked for '
                             f'{LOCK_TIMEOUT_S:g} s by {holders}. Wait until it is done, or end it with '
                             f'SELECT pg_terminate_backend(process)') from error
    except asyncpg.SyntaxOrAccessError as error:
        raise MigrationError(f'the schema "{schema}" cannot be brought up to date: {error}') from error


async def is_current(connection: Connection, schema: str, wanted: Sequence[Migration]) -> bool:
    """Whether exactly these files were applied. Takes no lock that anybody could hold up."""
    async with connection.transaction():
        await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
        if await connection.fetchval("SELECT to_regclass('schema_migrations') IS NULL"):
            return False
        rows = await connection.fetch('SELECT version, sha256 FROM schema_migrations')
    return {row['version']: row['sha256'] for row in rows} == {each.version: each.sha256 for each in wanted}


async def _make_schema(connection: Connection, schema: str, bookkeeping: Migration,
                       legacy_schema: str | None) -> None:
    """The schema, with the table that remembers what was applied."""
    for left in reversed(range(FIRST_STARTS)):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
                if not await connection.fetchval('SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)', schema):
                    await connection.execute(f'CREATE SCHEMA "{schema}"')
                await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
                if await connection.fetchval("SELECT to_regclass('schema_migrations') IS NULL"):
                    await connection.execute("SELECT set_config('floor.legacy_schema', $1, true)", legacy_schema or '')
                    await connection.execute(bookkeeping.text + bookkeeping.adoption, timeout=PATIENCE_S)
            return
        except MADE_MEANWHILE:  # another instance was faster: it is there now
            if not left:
                raise


async def _apply(connection: Connection, schema: str, migration: Migration, newest: int) -> bool:
    """One file in one transaction, unless it is there already."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
        await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
        await connection.execute('LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE')
        applied = {row['version']: row['sha256'] for row in
                   await connection.fetch('SELECT version, sha256 FROM schema_migrations')}
        if max(applied, default=0) > newest:
            raise MigrationError(f'the schema "{schema}" has migration {max(applied)}, this program knows only '
                                 f'{newest}: start the newer program that made it')
        if migration.version not in applied:
            await check_rights(connection, schema, upgrading=True)
            begin = time.monotonic()
            await _run(connection, migration)
            await connection.execute('INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)',
                                     migration.version, migration.name, migration.sha256)
            log.info('migration %04d_%s', migration.version, migration.name,
                     extra={'schema': schema, 'took_s': round(time.monotonic() - begin, 2)})
            return True
        if applied[migration.version] is None:  # psql applied it
            await connection.execute('UPDATE schema_migrations SET sha256 = $2 WHERE version = $1',
                                     migration.version, migration.sha256)
        elif applied[migration.version] != migration.sha256:
            raise MigrationError(f'migration {migration.version:04}_{migration.name} was changed after it was applied: '
                                 f'restore the file and put the change into a new migration')
        return False


async def _check_for_guest(connection: Connection, schema: str, newest: Migration) -> None:
    """For a guest, who uses what the app has made and must not come to own any of it."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                                     "WHERE nspname = $1 AND relname = 'schema_migrations')", schema):
        raise MigrationError(f'the schema "{schema}" is not there: deploy the app first, which makes it')
    await check_rights(connection, schema, looking=True)
    if newest.version > await connection.fetchval('SELECT coalesce(max(version), 0) FROM schema_migrations'):
        raise MigrationError(f'the schema "{schema}" is older than this program: deploy this version of the app, which '
                             f'brings it up to date')


async def _make_floor(connection: Connection, schema: str, new_floor: NewFloor, script: str) -> None:
    """Have a complete schema become a demo or an empty plant, once."""
    async with connection.transaction():
        await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
        if await connection.fetchval('SELECT EXISTS (SELECT FROM plant)'):
            return
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
        await connection.execute('LOCK TABLE plant IN EXCLUSIVE MODE')
        if not await connection.fetchval('SELECT EXISTS (SELECT FROM plant)'):
            await connection.execute("SELECT set_config('floor.new_floor', $1, true)", new_floor)
            await connection.execute(script)
            log.info('the new floor is %s', await connection.fetchval('SELECT kind FROM plant'))


def connect_prepared(database: Database) -> Connect:
    """Connections to a schema that is up to date, for whoever can't wait for the listener to have seen to it."""
    bring_up_to_date = prepare(database)

    async def connect() -> Connection:
        connection = await database.connect()
        try:
            await bring_up_to_date(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    return connect


async def check_rights(connection: Connection, schema: str, *, upgrading: bool = False, looking: bool = False) -> None:
    """looking: only what it takes to show the floor.

    :raises MigrationError: names the rights that this login lacks, and the statements that give them
    """
    missing = [row async for row in
               _queries().missing_rights(connection, schema=schema, upgrading=upgrading, looking=looking)]
    if missing:
        user = await connection.fetchval('SELECT current_user')
        raise MigrationError(
            f'the database user "{user}" may not use the schema "{schema}", it lacks '
            f'{" and ".join(row["missing"] for row in missing)}. The owner or an administrator has to run: '
            f'{" ".join(row["remedy"] + ";" for row in missing)}'
            f'{"" if looking else " (or sql/grants.sql, which has all that is needed)"}')


def _queries() -> Any:
    return aiosql.from_path(SQL / 'queries' / 'rights.sql', 'asyncpg')


async def _run(connection: Connection, migration: Migration) -> None:
    try:
        await connection.execute(migration.text + migration.adoption, timeout=PATIENCE_S)
    except (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InsufficientPrivilegeError,
            asyncpg.LockNotAvailableError):
        raise  # the database's or its administrator's doing, not the file's
    except asyncpg.PostgresError as error:
        raise MigrationError(f'migration {migration.version:04}_{migration.name} failed, nothing of it was kept: '
                             f'{error}') from error


def prepare(database: Database) -> Callable[[Connection], Awaitable[None]]:
    """For the listener: brings the schema up to date on each new connection, before it is listened to."""
    migrations = load_migrations(feed_table=database.feed_table)

    async def run(connection: Connection) -> None:
        if database.is_guest:
            await _check_for_guest(connection, database.schema, migrations[-1])
            return
        if await migrate(connection, database.schema, migrations, database.new_floor, database.legacy_schema):
            await database.expire_connections()  # their cached plans are of the schema before
        await carry_out(connection, database)

    return run
