"""The files that create the schema: sql/migrations, sql/functions and scripts that run once in a new schema."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from .query_files import DEFAULT_FEED_TABLE, SQL, read_sql

USED_BY_TABLES = '09'
"""Function files up to this number are applied before the tables, whose checks and defaults use them."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of sql/migrations: tables, indexes and rows; applied once."""

    version: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The checksum in schema_migrations."""
        return checksum(self.text)


@dataclass(frozen=True, slots=True)
class FunctionFile:
    """One file of sql/functions: the current text of functions, triggers and views; applied whenever it has changed."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The checksum in schema_functions."""
        return checksum(self.text)

    @property
    def used_by_tables(self) -> bool:
        """Whether it must be applied before the tables are created."""
        return self.name[:2] <= USED_BY_TABLES


@dataclass(frozen=True, slots=True)
class SchemaFiles:
    """All files, in the order in which they are applied."""

    bookkeeping: str
    """Creates the two tables that record what is applied."""
    set_aside: str
    """Renames or copies tables of another line monitor that have the same names: once, before anything else."""
    migrations: tuple[Migration, ...]
    functions: tuple[FunctionFile, ...]
    legacy_import: str
    """Fills a new schema from the tables that were set aside."""
    new_floor: str
    """Turns a new schema into a demo or an empty plant."""


def load_schema_files(feed_table: str = DEFAULT_FEED_TABLE, folder: Path = SQL) -> SchemaFiles:
    """Read the files; feed_table is the name of the feed table (DEFAULT_POSTGRES_TABLE)."""
    bookkeeping, *migrations = sorted((folder / 'migrations').glob('*.sql'))
    set_aside, *legacy_import = sorted((folder / 'legacy_import').glob('*.sql'))
    return SchemaFiles(
        bookkeeping=read_sql(bookkeeping, feed_table),
        set_aside=read_sql(set_aside, feed_table),
        migrations=tuple(_migration(path, feed_table) for path in migrations),
        functions=tuple(FunctionFile(path.name, read_sql(path, feed_table))
                        for path in sorted((folder / 'functions').glob('*.sql'))),
        legacy_import='\n'.join(read_sql(path, feed_table) for path in legacy_import),
        new_floor=read_sql(folder / 'admin' / 'new_floor.sql', feed_table))


def checksum(text: str) -> str:
    """The SHA-256 of a file's text as it is applied."""
    return hashlib.sha256(text.encode()).hexdigest()


def _migration(path: Path, feed_table: str) -> Migration:
    number, name = re.fullmatch(r'([0-9]{4})_([a-z0-9_]+)', path.stem).groups()  # type: ignore[union-attr]
    return Migration(int(number), name, read_sql(path, feed_table))
