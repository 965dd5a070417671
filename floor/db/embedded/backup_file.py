"""What a backup is: a zip that ordinary tools read too.

    about.txt           what this file is, for people
    line-monitor.json   who made it, when, of what: Manifest
    roles.sql           the logins and roles that the rights in the dump name; with hashed passwords
    database.dump       what pg_restore reads; attachments, sequences and rights are in it

A zip carries a checksum of each part, so a backup that was cut off or has rotted is found before anything is touched.
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
from ...core.settings import Settings, Source
from .data_folder import give_name, make_durable
from .drafts import ABOUT, FIRST, new_draft, remove_drafts

MANIFEST, ROLES, DUMP = 'line-monitor.json', 'roles.sql', 'database.dump'
LAYOUT = 1


class Manifest(BaseModel):
    """What a restore has to know before it begins, and what it compares at the end."""

    layout: Annotated[int, Field(description='Of the file; a program reads those it knows.')] = LAYOUT
    made_at: Annotated[datetime, Field(description="The moment whose picture it is, by the database's clock.")]
    program: Annotated[str, Field(description='The version of the program that made it.')]
    postgres: Annotated[str, Field(description='The version of the server.')]
    schema_name: Annotated[str, Field(description='Where the tables are: DEFAULT_POSTGRES_SCHEMA.')]
    migration: Annotated[int, Field(description='The newest that had been applied.')]
    rows: Annotated[dict[str, int], Field(description='Of each table, by its quoted name with its schema.')]


def require_embedded(settings: Settings) -> None:
    """:raises BackupError: the settings name a database that isn't ours to save or to replace"""
    if settings.source is not Source.EMBEDDED:
        raise BackupError(f'the database is not the embedded one, but comes from {settings.source.value}: use pg_dump '
                          f'and pg_restore, as floor/operations/README.md says under "Backup and restore"')


@contextmanager
def new_backup(file: Path, *, replace: bool) -> Iterator[zipfile.ZipFile]:
    """A backup to be written in the block: it gets its name when it is whole and on the disk, never if the block fails.

    :raises BackupError: the file is there and must not be replaced, or the folder can't be written
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
                _give_name(draft, file, replace=replace)  # while it is locked
        finally:
            draft.unlink(missing_ok=True)
        make_durable(file.parent)
    except OSError as error:
        raise BackupError(f'{file} cannot be written ({error.strerror or error}): choose another place') from error


@contextmanager
def open_backup(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A backup whose parts are all there and as they were written.

    :raises BackupError: it is not a backup, not whole, or of a layout that this program does not know
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
            raise BackupError(f'{file} is damaged: {damaged} in it is not what was written. Take another backup')
        manifest = Manifest.model_validate_json(backup.read(MANIFEST))
        backup.getinfo(ROLES), backup.getinfo(DUMP)
    except OSError as error:
        raise _unreadable(file, error) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError, ValidationError) as error:
        raise _no_backup(file) from error
    if manifest.layout > LAYOUT:
        raise BackupError(f'{file} was made by line monitor {manifest.program}, which this one is too old to '
                          f'read: restore it with that program')
    return manifest


def _unreadable(file: Path, error: OSError) -> BackupError:
    return BackupError(f'{file} cannot be read: {error.strerror or error}')


def _no_backup(file: Path) -> BackupError:
    return BackupError(f'{file} is not a backup of line monitor, or only a part of one')


def already_there(file: Path) -> BackupError:
    """The refusal to overwrite."""
    return BackupError(f'{file} is there already: choose another name, or add --replace')


def _give_name(draft: Path, file: Path, *, replace: bool) -> None:
    if replace:
        os.replace(draft, file)
    elif not give_name(draft, file):
        raise already_there(file)
