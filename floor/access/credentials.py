"""Whether sessions and other credentials are still valid, for the pages that they have opened."""

from __future__ import annotations

from collections.abc import Collection

from ..core.people import Credential
from ..db.database import Database
from ..db.transactions import reading


async def ended_credentials(database: Database, credentials: Collection[Credential]) -> set[Credential]:
    """Those that are no longer valid. Without any, the database is not asked.

    :raises DatabaseUnavailableError: the database does not answer
    """
    if not credentials:
        return set()
    asked = list(credentials)
    async with reading(database) as connection:
        rows = database.queries.ended_credentials(connection, kinds=[credential.kind for credential in asked],
                                                  ids=[credential.id for credential in asked])
        return {Credential(row['kind'], row['id']) async for row in rows}
