"""Where the database comes from: an address of the settings, or the embedded PostgreSQL, which is started here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .embedded import EmbeddedPostgres
from .errors import SettingsError
from .settings import Settings, Source


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """A database that can be connected to, or at least tried."""

    url: str | None
    """A postgresql:// address; None: the PG* variables say it."""
    psql: str
    """A shell line that opens psql on it."""
    embedded: EmbeddedPostgres | None = None


@contextmanager
def database_source(settings: Settings, report: Callable[[str], None] = lambda _: None) -> Iterator[DatabaseSource]:
    """The database that the settings name, for as long as the block runs. report is told of long steps.

    :raises SettingsError: a source that this version can't use
    :raises EmbeddedDatabaseError: the embedded PostgreSQL can't be started
    """
    match settings.source:
        case Source.URL:
            yield DatabaseSource(settings.database_url, 'psql "$DATABASE_URL"')
        case Source.PG_VARIABLES:
            yield DatabaseSource(None, 'psql')
        case Source.LAKEBASE:
            raise SettingsError('LAKEBASE_INSTANCE_NAME is set, but this version can not sign in to Lakebase by itself '
                                'yet: set DATABASE_URL or PGHOST and PGPASSWORD instead')
        case Source.EMBEDDED:
            embedded = EmbeddedPostgres(settings.data_dir, schema=settings.default_postgres_schema, report=report)
            try:
                embedded.start()
                yield DatabaseSource(embedded.url, embedded.psql, embedded)
            finally:
                embedded.stop()
