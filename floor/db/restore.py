"""`python -m floor.db.restore FILE`: restore the embedded database from a backup.

A new cluster is created and filled beside the data, and the checksum of each table compared, before it replaces the
present one: until then nothing changes. An existing database is replaced only with `--replace`, and kept under another
name.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg

from ..core.console import Parser, run_command, say
from ..core.errors import BackupError, EmbeddedDatabaseError
from ..core.formatting import counted
from ..core.session_settings import ADMINISTRATOR
from ..core.settings import Settings
from ..core.version import NAME, program_version
from .connection import UNREACHABLE, describe
from .embedded.backup_file import DUMP, ROLES, Manifest, TableSum, open_backup, require_embedded
from .embedded.data_folder import make_data_dir, unusable
from .embedded.database_url import database_url_of
from .embedded.owner_beat import OwnerBeat
from .embedded.owner_lock import OwnerLock
from .embedded.postgres_programs import copy_in, progress
from .embedded.server import MAJOR, EmbeddedPostgres
from .embedded.sockets import remove_socket_folder, socket_folder_of
from .embedded.workshop import Workshop
from .schema_files import load_schema_files
from .schema_version import applied_migrations, refuse_unknown
from .table_sums import AS_SAVED, table_sums

OURS_BEFORE = ('CREATE ROLE postgres;', 'ALTER ROLE postgres ')
"""Statements of roles.sql about the role that every new cluster has."""


def main(arguments: Sequence[str] | None = None, program: str = 'python -m floor.db.restore') -> int:
    """Returns 0, or 1 after printing one line about the error."""
    parser = Parser(prog=program, description='Restore the embedded database (DATA_DIR) from a backup. Stop the app '
                                              'first.')
    parser.add_argument('file', type=Path)
    parser.add_argument('--replace', action='store_true',
                        help='replace an existing database; it is kept under another name')
    options = parser.parse_args(arguments)
    return run_command('restore', lambda: restore(Settings.load(), options.file, replace=options.replace))


def restore(settings: Settings, file: Path, *, replace: bool = False) -> None:
    """Restore the backup.

    :raises BackupError: the app runs, there is a database already, or the file cannot be restored
    :raises EmbeddedDatabaseError: the data folder cannot be used
    """
    require_embedded(settings)
    with ExitStack() as until_the_end, open_backup(file) as (backup, manifest):
        _require_that_we_know(manifest, settings)
        with _alone_in(settings.data_dir) as data_dir:
            target = EmbeddedPostgres(data_dir, report=say)
            target.tidy_up()
            if os.path.lexists(target.folder) and not replace:
                raise BackupError(f'there is a database in {data_dir} already: choose another DATA_DIR, or add '
                                  f'--replace, which keeps it under another name')
            with _filled_cluster(data_dir, backup, manifest, settings.default_postgres_table) as (workshop, filled):
                until_the_end.enter_context(_not_to_be_stopped())
                kept = workshop.put_in_place(filled, target.folder)
        say(f'Restored {counted(manifest.rows, "row")} of {counted(len(manifest.tables), "table")}, as of '
            f'{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC; all checksums match. Start it with: python main.py')
        if kept is not None:
            say(f'The former database is kept in {kept}; delete it when you no longer need it')


def _require_that_we_know(manifest: Manifest, settings: Settings) -> None:
    newest = load_schema_files(settings.default_postgres_table).migrations[-1].version
    if manifest.migration > newest:
        raise BackupError(f'the backup was made by {NAME} {manifest.program} (schema {manifest.migration}); this is '
                          f'{program_version()}, which knows schemas up to {newest}: restore it with '
                          f'{manifest.program} or newer')
    if int(manifest.postgres.partition('.')[0]) > MAJOR:
        raise BackupError(f'the backup was made by {NAME} {manifest.program} from PostgreSQL {manifest.postgres}; this '
                          f'is {program_version()}, which runs PostgreSQL {MAJOR}: restore it with {manifest.program} '
                          f'or newer')
    if manifest.schema_name != settings.default_postgres_schema:
        raise BackupError(f'the backup is of the schema {manifest.schema_name}: set '
                          f'DEFAULT_POSTGRES_SCHEMA={manifest.schema_name}, for the app too')


@contextmanager
def _alone_in(data_dir: Path) -> Iterator[Path]:
    """The data folder, while no app uses it and none can start."""
    data_dir = Path(os.path.realpath(data_dir.expanduser()))
    make_data_dir(data_dir)
    lock = OwnerLock(data_dir / 'owner.lock')
    beat = OwnerBeat(data_dir)
    try:
        if not lock.take() or not beat.claim_now():
            raise BackupError(f'line monitor runs with this data folder ({data_dir}): stop it, restore, then start it')
        yield data_dir
    except OSError as error:
        raise EmbeddedDatabaseError(unusable(data_dir, error)) from error
    finally:
        beat.stop()
        lock.release()


@contextmanager
def _filled_cluster(data_dir: Path, backup: zipfile.ZipFile, manifest: Manifest,
                    feed_table: str) -> Iterator[tuple[Workshop, Path]]:
    """A stopped cluster with the content of the backup; removed at the end unless it has been moved."""
    workshop = Workshop.make(data_dir)
    try:
        postgres = EmbeddedPostgres(workshop.folder, schema=manifest.schema_name, report=lambda _: None)
        try:
            postgres.start()
            asyncio.run(_fill(postgres.url, backup, manifest, feed_table))
        finally:
            postgres.stop()
            if (url := database_url_of(workshop.folder)) is not None:
                remove_socket_folder(socket_folder_of(url))
        yield workshop, postgres.folder
    finally:
        workshop.remove()  # leftovers are removed at the next start


@contextmanager
def _not_to_be_stopped() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM: the two renames finish and are reported."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _fill(url: str, backup: zipfile.ZipFile, manifest: Manifest, feed_table: str) -> None:
    roles = [line for line in backup.read(ROLES).splitlines(keepends=True)
             if not line.decode().startswith(OURS_BEFORE)]
    copy_in(io.BytesIO(b''.join(roles)), 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url)
    with backup.open(DUMP) as part, progress('Restoring', backup.getinfo(DUMP).file_size) as moved:
        copy_in(part, 'pg_restore', '--single-transaction', '-d', url, moved=moved)
    try:
        connection = await asyncpg.connect(url, server_settings=ADMINISTRATOR | AS_SAVED)
        try:
            await connection.execute('ANALYZE', timeout=None)
            _compare(manifest.tables, await table_sums(connection))
            refuse_unknown(manifest.schema_name, await applied_migrations(connection, manifest.schema_name),
                           load_schema_files(feed_table).migrations)
        finally:
            await connection.close()
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        raise BackupError(f'the restored database could not be compared with the backup: {describe(error)}') from error


def _compare(saved: dict[str, TableSum], found: dict[str, TableSum]) -> None:
    if different := [name for name in {**found, **saved} if found.get(name) != saved.get(name)]:
        raise BackupError(f'{", ".join(sorted(different))} came back different from what was saved. Nothing was '
                          f'changed; use another backup')


if __name__ == '__main__':
    sys.exit(main())
