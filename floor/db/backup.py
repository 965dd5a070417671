"""`python -m floor.db.backup FILE`: save the embedded database in one file, whether or not the app runs.

The backup is consistent: pg_dump uses the snapshot in which the tables were summed up, and does not block writers.
`python -m floor.db.restore FILE` restores it. Only the owner can read the file (0600).
"""

from __future__ import annotations

import asyncio
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from ..core.console import Parser, run_command, say
from ..core.errors import BackupError
from ..core.formatting import counted, file_size
from ..core.session_settings import ADMINISTRATOR
from ..core.settings import Settings
from ..core.version import program_version
from .connection import UNREACHABLE, describe
from .connection_source import database_source
from .embedded.backup_file import DUMP, MANIFEST, ROLES, Manifest, new_backup, require_embedded
from .embedded.postgres_programs import copy_out, progress
from .embedded.server import EmbeddedPostgres
from .embedded.workshop import is_interrupted
from .query_files import load_queries
from .schema_files import Migration, load_schema_files
from .schema_version import applied_migrations, refuse_unknown
from .table_sums import AS_SAVED, table_sums


def main(arguments: Sequence[str] | None = None, program: str = 'python -m floor.db.backup') -> int:
    """Returns 0, or 1 after printing one line about the error."""
    parser = Parser(prog=program, description='Save the embedded database (DATA_DIR) in a file. The app may run.')
    parser.add_argument('file', type=Path)
    parser.add_argument('--replace', action='store_true', help='overwrite an existing file')
    options = parser.parse_args(arguments)
    return run_command('backup', lambda: save(Settings.load(), options.file, replace=options.replace))


def save(settings: Settings, file: Path, *, replace: bool = False) -> None:
    """Write the backup. The file gets its name when it is complete.

    :raises BackupError: there is nothing to save, the file exists, or reading or writing failed
    :raises EmbeddedDatabaseError: the database cannot be started
    :raises SchemaVersionError: another version wrote it
    """
    require_embedded(settings)
    embedded = EmbeddedPostgres(settings.data_dir)
    folder = embedded.folder
    if not os.path.exists(folder) and not is_interrupted(folder.parent):
        embedded.refuse_other_majors()
        raise BackupError(f'there is no database in {settings.data_dir} yet, so there is nothing to save: set DATA_DIR '
                          f'to the folder of another')
    with new_backup(file, replace=replace) as backup, database_source(settings, say) as source:
        assert source.url is not None  # noqa: S101 (the embedded one always has an address)
        known = load_schema_files(settings.default_postgres_table).migrations
        manifest = asyncio.run(_save(source.url, settings.default_postgres_schema, known, backup))
    say(f'Saved {counted(manifest.rows, "row")} of {counted(len(manifest.tables), "table")}, as of '
        f'{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, in {file} '
        f'({file_size(file.stat().st_size)}). Restore it with: python -m floor.db.restore {file}')


async def _save(url: str, schema: str, known: Sequence[Migration], backup: zipfile.ZipFile) -> Manifest:
    queries = load_queries()
    try:
        connection = await asyncpg.connect(
            url, server_settings=ADMINISTRATOR | AS_SAVED | {'search_path': f'"{schema}", pg_temp'})
        try:
            async with connection.transaction(isolation='repeatable_read', readonly=True):
                moment = await queries.export_snapshot(connection)
                applied = await applied_migrations(connection, schema)
                if not applied:
                    raise BackupError(f'the schema {schema} of this database has no floor: start the app once, or set '
                                      f'DEFAULT_POSTGRES_SCHEMA to the schema that has')
                refuse_unknown(schema, applied, known)
                manifest = Manifest(
                    program=program_version(), made_at=moment['made_at'], postgres=moment['postgres'],
                    schema_name=schema, migration=applied[-1].version,
                    tables=await table_sums(connection))
                backup.writestr(MANIFEST, manifest.model_dump_json(indent=2))
                with backup.open(ROLES, 'w') as part:
                    copy_out(part, 'pg_dumpall', '--roles-only', '-d', url)
                with backup.open(DUMP, 'w', force_zip64=True) as part, progress('Saving') as moved:
                    copy_out(part, 'pg_dump', '--format=custom', f'--snapshot={moment["snapshot"]}', '-d', url,
                             moved=moved)
        finally:
            connection.terminate()
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        raise BackupError(f'the database could not be read: {describe(error)}') from error
    return manifest


if __name__ == '__main__':
    sys.exit(main())
