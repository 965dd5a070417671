"""Whether this program can open a schema that is there, by what its migrations recorded.

A schema is opened by the version that wrote it and by later ones. Each refusal is one sentence that names the version
that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.errors import SchemaVersionError
from ..core.version import FIRST_RELEASE, NAME, program_version
from .connection import Connection
from .query_files import load_queries
from .schema_files import Migration


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """A row of schema_migrations. sha256 is None where psql applied it; app_version before the first release."""

    version: int
    name: str
    sha256: str | None
    app_version: str | None


async def applied_migrations(connection: Connection, schema: str) -> list[AppliedMigration]:
    """The migrations of a schema in their order; none for a schema without tables. Waits for no lock."""
    async with connection.transaction():
        await connection.execute(f'SET LOCAL search_path = "{schema}", pg_temp')
        if await connection.fetchval("SELECT to_regclass('schema_migrations') IS NULL"):
            return []
        return [AppliedMigration(**row) async for row in load_queries().applied_migrations(connection)]


def refuse_unknown(schema: str, applied: Sequence[AppliedMigration], known: Sequence[Migration]) -> None:
    """Refuse a schema that this program, with the known migrations, cannot open.

    :raises SchemaVersionError: the message names the version that can
    """
    if not applied:
        return
    if applied[0].app_version is None:
        raise SchemaVersionError(
            f'the schema "{schema}" was written before {NAME} {FIRST_RELEASE}, the first release, and no release can '
            f'open it: set DATA_DIR to a new folder, or DEFAULT_POSTGRES_SCHEMA to a new schema and '
            f'LEGACY_SCHEMA={schema} to copy its machines, people and work orders')
    newest, ours = applied[-1], known[-1].version
    if newest.version > ours:
        writer = newest.app_version or 'of a later version'
        raise SchemaVersionError(
            f'the schema "{schema}" was written by {NAME} {writer} (schema {newest.version}); this is '
            f'{program_version()}, which knows schemas up to {ours}: start {_or_newer(newest.app_version)}, or restore '
            f'a backup made by {program_version()}')
    checksums = {each.version: each.sha256 for each in known}
    for each in applied:
        if each.sha256 is not None and each.sha256 != checksums.get(each.version):
            raise SchemaVersionError(
                f'the schema "{schema}" has another text of migration {each.version:04}_{each.name} than this program, '
                f'{program_version()}: it was applied by {NAME} {each.app_version}, so start '
                f'{_or_newer(each.app_version)} as it was released')


def _or_newer(version: str | None) -> str:
    return f'{version} or newer' if version else 'that version'
