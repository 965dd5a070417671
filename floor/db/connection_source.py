"""Selects the database: an address from the settings, Lakebase, or the embedded PostgreSQL, which it starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.errors import SettingsError
from ..core.settings import ConnectionSource, Settings, on_databricks
from .connection_string import connection_url
from .embedded.server import EmbeddedPostgres

if TYPE_CHECKING:
    from auth.lakebase import Lakebase

LAKEBASE_DATABASE = 'databricks_postgres'
"""The default database of each Lakebase project and instance."""
VERIFYING = {'verify-ca', 'verify-full'}
"""The TLS modes that are stricter than the default for Lakebase; weaker ones could reveal the password."""


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """How to connect to the database."""

    url: str | None = field(repr=False)
    """A postgresql:// address with its password; None: from the PG* variables or lakebase."""
    psql: str
    """A shell command that opens psql, or where else SQL can be run."""
    embedded: EmbeddedPostgres | None = None
    lakebase: Lakebase | None = None
    """The credentials for a Database; run its keep_fresh in the background."""


@contextmanager
def database_source(settings: Settings, report: Callable[[str], None] = lambda _: None,
                    time_left: Callable[[], float | None] = lambda: None) -> Iterator[DatabaseSource]:
    """The database that the settings name, while the block runs. report is called with long steps.

    time_left: seconds that stopping the embedded PostgreSQL may take; None: no limit.

    :raises SettingsError: a Databricks App has no database
    :raises EmbeddedDatabaseError: the embedded PostgreSQL cannot be started
    """
    match settings.source:
        case ConnectionSource.URL:
            yield DatabaseSource(connection_url(settings.database_url), 'psql "$DATABASE_URL"')
        case ConnectionSource.PG_VARIABLES:
            yield DatabaseSource(connection_url(None, _only_in_env_file(settings)), 'psql')
        case ConnectionSource.LAKEBASE:
            lakebase = _lakebase(settings)
            yield DatabaseSource(None, _sql_prompt(settings), lakebase=lakebase)
        case ConnectionSource.EMBEDDED if on_databricks():
            raise SettingsError('this app has no database: give it a database resource (databricks.yml does), or set '
                                'LAKEBASE_ENDPOINT, LAKEBASE_INSTANCE_NAME or DATABASE_URL; the embedded '
                                'database would be lost at each start of the app')
        case ConnectionSource.EMBEDDED:
            embedded = EmbeddedPostgres(settings.data_dir, schema=settings.default_postgres_schema, report=report)
            try:
                embedded.start()
                yield DatabaseSource(embedded.url, embedded.psql, embedded)
            finally:
                embedded.stop(time_left())


def _lakebase(settings: Settings) -> Lakebase:
    # the Databricks SDK takes a second to import
    from auth.lakebase import Address, Lakebase  # noqa: PLC0415
    from auth.workspace import LakebaseResource  # noqa: PLC0415

    resource = LakebaseResource(endpoint=settings.lakebase_endpoint,
                                instance=None if settings.lakebase_endpoint else settings.lakebase_instance_name,
                                host=settings.pghost, user=settings.pguser)
    address = Address(port=settings.databricks_database_port,
                      database=settings.lakebase_database_name or settings.pgdatabase or LAKEBASE_DATABASE,
                      sslmode=settings.pgsslmode if settings.pgsslmode in VERIFYING else 'require')
    return Lakebase(resource, address, patience=settings.db_pool_timeout * 0.8)


def _only_in_env_file(settings: Settings) -> dict[str, str]:
    """The PG* variables in .env: asyncpg reads only the process's environment."""
    given = {'host': settings.pghost, 'port': settings.pgport, 'dbname': settings.pgdatabase, 'user': settings.pguser,
            'password': settings.pgpassword, 'sslmode': settings.pgsslmode}
    variable = {'dbname': 'PGDATABASE'}
    return {name: value for name, value in given.items()
            if value and variable.get(name, f'PG{name.upper()}') not in os.environ}


def _sql_prompt(settings: Settings) -> str:
    if settings.lakebase_instance_name and not settings.lakebase_endpoint:
        return f'databricks psql {settings.lakebase_instance_name}'
    return 'the SQL editor of the Lakebase project, in Databricks'
