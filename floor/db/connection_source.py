"""Where the database comes from: an address of the settings, Lakebase, or the embedded PostgreSQL, started here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.errors import SettingsError
from ..core.settings import Settings, Source, on_databricks
from .connection_string import connection_url
from .embedded.server import EmbeddedPostgres

if TYPE_CHECKING:
    from auth.lakebase import Lakebase

LAKEBASE_DATABASE = 'databricks_postgres'
"""The database that each Lakebase project and instance is made with."""
VERIFYING = {'verify-ca', 'verify-full'}
"""The TLS modes that ask for more than Lakebase itself does; weaker ones would give the password away."""


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """A database that can be connected to, or at least tried."""

    url: str | None = field(repr=False)
    """A postgresql:// address, with its password; None: the PG* variables or lakebase say it."""
    psql: str
    """A shell line that opens psql on it, or where else SQL can be typed."""
    embedded: EmbeddedPostgres | None = None
    lakebase: Lakebase | None = None
    """The credentials for a Database; its keep_fresh is to be kept running."""


@contextmanager
def database_source(settings: Settings, report: Callable[[str], None] = lambda _: None,
                    time_left: Callable[[], float | None] = lambda: None) -> Iterator[DatabaseSource]:
    """The database that the settings name, for as long as the block runs. report is told of long steps.

    time_left: seconds that stopping the embedded PostgreSQL may take; None: as long as it takes.

    :raises SettingsError: an app of Databricks has no database, or its settings name none
    :raises EmbeddedDatabaseError: the embedded PostgreSQL can't be started
    """
    match settings.source:
        case Source.URL:
            yield DatabaseSource(connection_url(settings.database_url), 'psql "$DATABASE_URL"')
        case Source.PG_VARIABLES:
            yield DatabaseSource(connection_url(None, _only_in_env_file(settings)), 'psql')
        case Source.LAKEBASE:
            lakebase = _lakebase(settings)
            yield DatabaseSource(None, _sql_prompt(settings), lakebase=lakebase)
        case Source.EMBEDDED if on_databricks():
            raise SettingsError('this app has no database: give it a database resource (databricks.yml does), or set '
                                'LAKEBASE_ENDPOINT, LAKEBASE_INSTANCE_NAME or DATABASE_URL; one of its own would '
                                'be lost with the disk of the app at each start')
        case Source.EMBEDDED:
            embedded = EmbeddedPostgres(settings.data_dir, schema=settings.default_postgres_schema, report=report)
            try:
                embedded.start()
                yield DatabaseSource(embedded.url, embedded.psql, embedded)
            finally:
                embedded.stop(time_left())


def _lakebase(settings: Settings) -> Lakebase:
    # the Databricks SDK takes a second to import, which nobody else should wait for
    from auth.lakebase import Address, Lakebase  # noqa: PLC0415
    from auth.workspace import Place  # noqa: PLC0415

    place = Place(endpoint=settings.lakebase_endpoint,
                  instance=None if settings.lakebase_endpoint else settings.lakebase_instance_name,
                  host=settings.pghost, user=settings.pguser)
    address = Address(port=settings.databricks_database_port,
                      database=settings.lakebase_database_name or settings.pgdatabase or LAKEBASE_DATABASE,
                      sslmode=settings.pgsslmode if settings.pgsslmode in VERIFYING else 'require')
    return Lakebase(place, address, patience=settings.db_pool_timeout * 0.8)


def _only_in_env_file(settings: Settings) -> dict[str, str]:
    """What .env says of the PG* variables: asyncpg reads the process's environment, and nothing else."""
    said = {'host': settings.pghost, 'port': settings.pgport, 'dbname': settings.pgdatabase, 'user': settings.pguser,
            'password': settings.pgpassword, 'sslmode': settings.pgsslmode}
    variable = {'dbname': 'PGDATABASE'}
    return {name: value for name, value in said.items()
            if value and variable.get(name, f'PG{name.upper()}') not in os.environ}


def _sql_prompt(settings: Settings) -> str:
    if settings.lakebase_instance_name and not settings.lakebase_endpoint:
        return f'databricks psql {settings.lakebase_instance_name}'
    return 'the SQL editor of the Lakebase project, in Databricks'
