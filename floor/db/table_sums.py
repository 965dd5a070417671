"""How many rows each table has, and a checksum of all of them: what a backup says and a restore compares."""

from __future__ import annotations

from .connection import Connection
from .embedded.backup_file import TableSum
from .query_files import load_queries

AS_SAVED = {'TimeZone': 'UTC'}
"""A setting of the session, beside those of an administrator, that the text of a row depends on."""
CHECKSUM = "coalesce(sum(('x' || left(md5(each::text), 15))::bit(60)::bigint), 0)::text"


async def table_sums(connection: Connection) -> dict[str, TableSum]:
    """By quoted name with schema, of all tables of the database. Attached files are rows of a table too."""
    names = [row['name'] async for row in load_queries().tables_to_save(connection)]
    sums = {}
    for name in names:
        row, = await connection.fetch(f'SELECT count(*) AS rows, {CHECKSUM} AS checksum FROM {name} AS each')  # noqa: S608
        sums[name] = TableSum(**row)
    return sums
