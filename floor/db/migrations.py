"""Brings the schema up to date: sql/migrations once each, and sql/functions whenever they have changed.

One transaction applies all: the functions that tables use, the tables, then the other functions, triggers and views. In
a new schema, tables of the same names from another line monitor are imported: sql/legacy_import.

Several instances may start at once: a lock on schema_migrations serializes them. It is a table lock because every
login of the database, such as a feed, may take any advisory lock. A schema that this program cannot open is refused:
schema_version.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg

from ..core.errors import MigrationError
from ..core.sentences import full_stop
from ..core.settings import NewFloor
from ..core.version import program_version
from .connection import Connection
from .database import Connect, Database
from .owner_settings import apply_owner_settings
from .query_files import load_queries
from .schema_files import FunctionFile, Migration, SchemaFiles, load_schema_files
from .schema_version import AppliedMigration, applied_migrations, refuse_unknown

log = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 60.0
FIRST_STARTS = 3
"""Attempts to create the schema and its first table: with two instances, one is refused once for each."""
DEADLOCKS = 3
"""Attempts if writers of the floor lock the same tables in another order."""
MADE_MEANWHILE = (asyncpg.UniqueViolationError, asyncpg.DuplicateSchemaError, asyncpg.DuplicateTableError,
                  asyncpg.DuplicateObjectError)  # the type of a table
PATIENCE_S = 3600  # a migration of many rows may take longer than DB_COMMAND_TIMEOUT
REMEDY = ('Its owner can do this: psql DATABASE -f sql/admin/install.sql, and then sql/admin/grants.sql. To import '
          'the tables of another line monitor instead, set LEGACY_SCHEMA to their schema and a new one in '
          'DEFAULT_POSTGRES_SCHEMA')


@dataclass(frozen=True, slots=True)
class Applied:
    """What is applied to a schema: the checksum of each migration and function file (None: psql applied it)."""

    migrations: list[AppliedMigration]
    functions: dict[str, str | None]

    def has(self, files: SchemaFiles) -> bool:
        """Whether exactly these migrations are applied."""
        return [(each.version, each.sha256) for each in self.migrations] == [
            (each.version, each.sha256) for each in files.migrations]

    def runs(self, files: SchemaFiles) -> bool:
        """Whether exactly these functions are applied."""
        return self.functions == {each.name: each.sha256 for each in files.functions}


async def migrate(connection: Connection, schema: str, files: SchemaFiles, new_floor: NewFloor = 'empty',
                  legacy_schema: str | None = None, *, functions_too: bool = True) -> list[Migration]:
    """Apply what is missing or has changed; returns the applied migrations. new_floor: what a new schema becomes.
    legacy_schema: a schema of another line monitor, whose tables are copied into a new schema. functions_too: also if
    only functions have changed.

    :raises MigrationError: a right is missing, or another version wrote the schema (SchemaVersionError)
    """
    try:
        # without a right on the schema everything would be created in pg_temp and lost with the connection
        await check_rights(connection, schema)
        applied = await _read_applied(connection, schema)
        refuse_unknown(schema, applied.migrations, files.migrations)
        new: list[Migration] = []
        if not applied.has(files) or (functions_too and not applied.runs(files)):
            await _make_schema(connection, schema, files, legacy_schema)
            new = await _upgrade_without_deadlock(connection, schema, files)
        await _make_floor(connection, schema, new_floor, files.new_floor)
        return new
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(f'the schema "{schema}" cannot be brought up to date: {full_stop(error)} '
                             f'{REMEDY}') from error
    except asyncpg.LockNotAvailableError as error:
        holders = ', '.join([f'{row["login"]} (process {row["pid"]}, {row["activity"]})' async for row in
                             load_queries().who_locks(connection, schema=schema)]) or 'a session that has ended since'
        raise MigrationError(f'the schema "{schema}" cannot be brought up to date: its tables were locked for '
                             f'{LOCK_TIMEOUT_S:g} s by {holders}. Wait until it is done, or end it with '
                             f'SELECT pg_terminate_backend(process)') from error
    except asyncpg.SyntaxOrAccessError as error:
        raise MigrationError(f'the schema "{schema}" cannot be brought up to date: {error}') from error


async def _read_applied(connection: Connection, schema: str) -> Applied:
    """What is applied; nothing to a schema without tables. Waits for no lock."""
    migrations = await applied_migrations(connection, schema)
    async with connection.transaction():
        await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
        if await connection.fetchval("SELECT to_regclass('schema_functions') IS NULL"):
            return Applied(migrations, {})
        functions = await connection.fetch('SELECT file, sha256 FROM schema_functions')
    return Applied(migrations, {row['file']: row['sha256'] for row in functions})


async def _make_schema(connection: Connection, schema: str, files: SchemaFiles, legacy_schema: str | None) -> None:
    """Create the schema and the tables that record what is applied."""
    for left in reversed(range(FIRST_STARTS)):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
                if not await connection.fetchval('SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)', schema):
                    await connection.execute(f'CREATE SCHEMA "{schema}"')
                await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
                if await connection.fetchval("SELECT to_regclass('schema_functions') IS NULL"):
                    await connection.execute("SELECT set_config('floor.legacy_schema', $1, true)", legacy_schema or '')
                    await connection.execute(files.bookkeeping + files.set_aside, timeout=PATIENCE_S)
            return
        except MADE_MEANWHILE:  # another instance was faster
            if not left:
                raise


async def _upgrade_without_deadlock(connection: Connection, schema: str, files: SchemaFiles) -> list[Migration]:
    for left in reversed(range(DEADLOCKS)):
        try:
            return await _upgrade(connection, schema, files)
        except asyncpg.DeadlockDetectedError as error:
            if not left:
                raise MigrationError(f'the schema "{schema}" cannot be brought up to date while others write to it: '
                                     f'{full_stop(error)} This is retried with the next connection') from error
    raise AssertionError  # the last attempt returns or raises


async def _upgrade(connection: Connection, schema: str, files: SchemaFiles) -> list[Migration]:
    """Apply what is missing or has changed in one transaction, unless another instance has done so."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
        await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
        await connection.execute('LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE')
        applied = await applied_migrations(connection, schema)
        refuse_unknown(schema, applied, files.migrations)
        await _fill_in_checksums(connection, files, applied)
        missing = [each for each in files.migrations if each.version not in {row.version for row in applied}]
        changed = await _changed_functions(connection, files)
        gone = await connection.fetchval('SELECT EXISTS (SELECT FROM schema_functions WHERE file <> ALL ($1))',
                                         [each.name for each in files.functions])
        if not missing and not changed and not gone:
            return []
        await check_rights(connection, schema, upgrading=True)
        await _apply_functions(connection, [each for each in changed if each.used_by_tables])
        for migration in missing:
            await _apply_migration(connection, schema, migration)
        if applied and missing:  # they may have dropped functions to create them with other arguments
            incomplete = {row['file'] for row in await connection.fetch('SELECT incomplete_function_files() AS file')}
            changed = [each for each in files.functions if each in changed or each.name in incomplete]
        await _apply_functions(connection, [each for each in changed if not each.used_by_tables])
        await connection.execute('CALL drop_removed_functions($1)', [each.name for each in files.functions])
        if not applied:
            await _run(connection, 'what was set aside could not be imported', files.legacy_import)
        return missing


async def _fill_in_checksums(connection: Connection, files: SchemaFiles, applied: list[AppliedMigration]) -> None:
    """psql applied these: it cannot compute a checksum."""
    unknown = {each.version for each in applied if each.sha256 is None}
    for migration in files.migrations:
        if migration.version in unknown:
            await connection.execute('UPDATE schema_migrations SET sha256 = $2 WHERE version = $1',
                                     migration.version, migration.sha256)


async def _changed_functions(connection: Connection, files: SchemaFiles) -> list[FunctionFile]:
    """The function files that are missing or have changed.

    Files that psql applied have no checksum. The owner of the schema applies them again; another login trusts them if
    they are of the same program version.
    """
    applied = {row['file']: row for row in
               await connection.fetch('SELECT file, sha256, app_version FROM schema_functions')}
    is_owner = await connection.fetchval("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class "
                                         "WHERE oid = 'schema_functions'::regclass")
    changed = []
    for each in files.functions:
        row = applied.get(each.name)
        if row and row['sha256'] is None and not is_owner and row['app_version'] == program_version():
            await connection.execute('UPDATE schema_functions SET sha256 = $2 WHERE file = $1', each.name, each.sha256)
        elif row is None or row['sha256'] != each.sha256:
            changed.append(each)
    return changed


async def _apply_functions(connection: Connection, files: list[FunctionFile]) -> None:
    for each in files:
        await _run(connection, f'sql/functions/{each.name} failed', each.text)
        await connection.execute('CALL record_function_file($1, $2, $3)', each.name, each.sha256, program_version())
    if files:
        log.info('functions of %d files applied', len(files), extra={'first': files[0].name, 'last': files[-1].name})


async def _apply_migration(connection: Connection, schema: str, migration: Migration) -> None:
    begin = time.monotonic()
    await _run(connection, f'migration {migration.version:04}_{migration.name} failed', migration.text)
    await connection.execute('INSERT INTO schema_migrations (version, name, sha256, app_version) '
                             'VALUES ($1, $2, $3, $4)', migration.version, migration.name, migration.sha256,
                             program_version())
    log.info('migration %04d_%s', migration.version, migration.name,
             extra={'schema': schema, 'took_s': round(time.monotonic() - begin, 2)})


async def _check_for_guest(connection: Connection, schema: str, known: Sequence[Migration]) -> None:
    """For a guest, which uses the app's schema and must not own any part of it."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                                     "WHERE nspname = $1 AND relname = 'schema_migrations')", schema):
        raise MigrationError(f'the schema "{schema}" does not exist: deploy the app first, which creates it')
    await check_rights(connection, schema, looking=True)
    applied = await applied_migrations(connection, schema)
    refuse_unknown(schema, applied, known)
    if not applied or applied[-1].version < known[-1].version:
        raise MigrationError(f'the schema "{schema}" is older than this program: deploy this version of the app, which '
                             f'brings it up to date')


async def _make_floor(connection: Connection, schema: str, new_floor: NewFloor, script: str) -> None:
    """Turn a new schema into a demo or an empty plant, once."""
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
    """Connections to a migrated schema, for tasks that cannot wait for the listener to migrate it."""
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
    """looking: only the rights to show the floor.

    :raises MigrationError: names the rights that this login lacks, and the statements that grant them
    """
    missing = [row async for row in
               load_queries().missing_rights(connection, schema=schema, upgrading=upgrading, looking=looking)]
    if missing:
        user = await connection.fetchval('SELECT current_user')
        raise MigrationError(
            f'the database user "{user}" may not use the schema "{schema}", it lacks '
            f'{" and ".join(row["missing"] for row in missing)}. The owner or an administrator must run: '
            f'{" ".join(row["remedy"] + ";" for row in missing)}'
            f'{"" if looking else " (or sql/admin/grants.sql, which grants all that is needed)"}')


async def _run(connection: Connection, failure: str, text: str) -> None:
    try:
        await connection.execute(text, timeout=PATIENCE_S)
    except (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InsufficientPrivilegeError,
            asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        raise  # caused by the database or its administrator, not by the file
    except asyncpg.PostgresError as error:
        raise MigrationError(f'{failure}, the upgrade was rolled back: {error}') from error


async def _compare_time_zone(connection: Connection, database: Database) -> None:
    time_zone = (await database.queries.plant_settings(connection))['time_zone']
    if time_zone != database.first_time_zone:
        log.warning('PLANT_TIMEZONE=%s has no effect: the time zone of the plant is %s, as set on /setup/plant',
                    database.first_time_zone, time_zone)


def prepare(database: Database) -> Callable[[Connection], Awaitable[None]]:
    """For the listener: migrate the schema on each new connection, before it listens.

    Functions are applied only once: a reconnect must not undo those of a newer instance that started later.
    """
    files = load_schema_files(database.feed_table)

    async def run(connection: Connection) -> None:
        if database.is_guest:
            await _check_for_guest(connection, database.schema, files.migrations)
            return
        if await migrate(connection, database.schema, files, database.new_floor, database.legacy_schema,
                         functions_too=not database.has_our_functions):
            await database.expire_connections()  # their cached plans are for the former schema
        await database.queries.write_first_plant_settings(connection, time_zone=database.first_time_zone)
        if database.is_time_zone_given:
            database.is_time_zone_given = False  # logged once
            await _compare_time_zone(connection, database)
        database.has_our_functions = True
        await apply_owner_settings(connection, database)

    return run
