"""The format of a backup: a zip that ordinary tools can read.

    about.txt           what this file is, for people
    line-monitor.json   the origin of the backup: Manifest
    roles.sql           the roles that the dump grants rights to, with hashed passwords
    database.dump       the dump for pg_restore, with attachments, sequences and rights

A zip has a checksum of each part, so a truncated or damaged backup is detected before anything is changed.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from ...core.errors import BackupError
from ...core.settings import ConnectionSource, Settings
from ...core.version import FIRST_RELEASE, NAME, program_version
from .data_folder import give_name, make_durable
from .drafts import ABOUT, FIRST, new_draft, remove_drafts

MANIFEST, ROLES, DUMP = 'line-monitor.json', 'roles.sql', 'database.dump'
LAYOUT = 2


class TableSum(BaseModel):
    """What a table holds."""

    rows: int
    checksum: Annotated[str, Field(description='The sum of 60 bits of the MD5 of each row as text: the same in any '
                                               'order.')]


class Origin(BaseModel):
    """What every format says of itself."""

    layout: Annotated[int, Field(description='The version of this format; a program reads those it knows.')] = LAYOUT
    program: Annotated[str, Field(description='The version of the program that wrote it.')]


class Manifest(Origin):
    """What a restore needs to know at the start, and compares at the end."""

    made_at: Annotated[datetime, Field(description="The time of the snapshot, by the database's clock.")]
    postgres: Annotated[str, Field(description='The version of PostgreSQL.')]
    schema_name: Annotated[str, Field(description='The schema of the tables: DEFAULT_POSTGRES_SCHEMA.')]
    migration: Annotated[int, Field(description='The newest migration that was applied.')]
    tables: Annotated[dict[str, TableSum], Field(description='By quoted table name with schema.')]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables.values())


def require_embedded(settings: Settings) -> None:
    """:raises BackupError: the settings name another database than the embedded one"""
    if settings.source is not ConnectionSource.EMBEDDED:
        raise BackupError(f'the database is not the embedded one, but comes from {settings.source.value}: use pg_dump '
                          f'and pg_restore, as floor/operations/README.md says under "Backup and restore"')


@contextmanager
def new_backup(file: Path, *, replace: bool) -> Iterator[zipfile.ZipFile]:
    """A backup that is written in the block; it gets its name when it is complete and on disk, not if the block fails.

    :raises BackupError: the file exists and must not be replaced, or the folder cannot be written
    """
    if os.path.lexists(file) and not replace:
        raise already_there(file)
    if file.is_dir():
        raise BackupError(f'{file} is a folder: name a file, such as {file / "floor.zip"}')
    try:
        remove_drafts(file.parent)
        draft, descriptor = new_draft(file)
        try:
            with open(descriptor, 'w+b') as out:
                with zipfile.ZipFile(out, 'w') as backup:
                    backup.writestr(FIRST, ABOUT)
                    out.flush()
                    yield backup
                out.flush()
                os.fsync(out.fileno())
                _give_name(draft, file, replace=replace)  # while the draft is locked
        finally:
            draft.unlink(missing_ok=True)
        make_durable(file.parent)
    except OSError as error:
        raise BackupError(f'{file} cannot be written ({error.strerror or error}): choose another folder') from error


@contextmanager
def open_backup(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup and verify its parts.

    :raises BackupError: it is not a backup, incomplete, or of a layout that this program does not know
    """
    try:
        backup = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise BackupError(f'there is no file {file}') from None
    except OSError as error:
        raise _unreadable(file, error) from error
    except zipfile.BadZipFile as error:
        raise _no_backup(file) from error
    with backup:
        yield backup, _checked(file, backup)


def _checked(file: Path, backup: zipfile.ZipFile) -> Manifest:
    try:
        if (damaged := backup.testzip()) is not None:
            raise BackupError(f'{file} is damaged: the checksum of {damaged} is wrong. Use another backup')
        text = backup.read(MANIFEST)
        _require_layout(file, Origin.model_validate_json(text))
        manifest = Manifest.model_validate_json(text)
        backup.getinfo(ROLES), backup.getinfo(DUMP)
    except OSError as error:
        raise _unreadable(file, error) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError, ValidationError) as error:
        raise _no_backup(file) from error
    return manifest


def _require_layout(file: Path, origin: Origin) -> None:
    if origin.layout > LAYOUT:
        raise BackupError(f'{file} was made by {NAME} {origin.program} in a format that this one, {program_version()}, '
                          f'does not know: restore it with {origin.program} or newer')
    if origin.layout < LAYOUT:
        raise BackupError(f'{file} was made before {NAME} {FIRST_RELEASE}, the first release, and no release can '
                          f'restore it')


def _unreadable(file: Path, error: OSError) -> BackupError:
    return BackupError(f'{file} cannot be read: {error.strerror or error}')


def _no_backup(file: Path) -> BackupError:
    return BackupError(f'{file} is not a backup of line monitor, or is incomplete')


def already_there(file: Path) -> BackupError:
    """The error of not overwriting a file."""
    return BackupError(f'{file} exists already: choose another name, or add --replace')


def _give_name(draft: Path, file: Path, *, replace: bool) -> None:
    if replace:
        os.replace(draft, file)
    elif not give_name(draft, file):
        raise already_there(file)
