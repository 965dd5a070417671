"""Logins to the database: credentials, and the settings that each session starts with."""

from __future__ import annotations

from typing import Any, Protocol

import asyncpg

from ..core.errors import DatabaseMisconfiguredError, DatabaseUnavailableError
from ..core.sentences import full_stop
from ..core.session_settings import LATER, PLAIN, Session, apply_settings, supported_settings
from ..core.settings import Settings
from .connection import describe, permanent_problem

SERVER_GIVES_UP = {'tcp_user_timeout': '15000', 'tcp_keepalives_idle': '15', 'tcp_keepalives_interval': '5',
                   'tcp_keepalives_count': '3'}
"""When the server ends the session of a client that has vanished: after 15 s (in ms) if it has data to send, else
after 30 s. A listener whose client is gone keeps the notification queue growing; a full queue makes writers fail."""


class Credentials(Protocol):
    """Host, user and password for each new connection, if neither an address nor the PG* variables give them."""

    given: int
    """The number of passwords so far."""

    async def arguments(self) -> dict[str, Any]:
        """Further arguments for asyncpg.connect.

        :raises DatabaseUnavailableError: there is no password; the message says why
        """

    def refuse(self, given: int) -> None:
        """The database refused a login that was started when generation was given."""


class DatabaseLogin:
    """Opens sessions with the same settings, whatever the defaults of the server are."""

    def __init__(self, settings: Settings, credentials: Credentials | None) -> None:
        self._settings = settings
        self._schema = settings.default_postgres_schema
        self._credentials = credentials
        self._given: dict[str, str] = PLAIN | LATER
        """The settings at the start of a session; empty if a pooler refuses them: they are then set afterwards."""

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of open, and of asyncpg.create_pool."""
        return {'command_timeout': self._settings.db_command_timeout,
                'server_settings': {'search_path': f'"{self._schema}", pg_temp', 'application_name': 'line-monitor',
                                    'timezone': self._settings.plant_timezone,  # refused at startup if it is unknown
                                    **SERVER_GIVES_UP}}

    async def open(self, dsn: str | None = None, **options: Any) -> asyncpg.Connection:
        """asyncpg.connect with the credentials, also for the pool.

        :raises DatabaseMisconfiguredError: retrying cannot help
        :raises DatabaseUnavailableError: the database refuses the password
        """
        try:
            return await self._log_in(dsn, **options)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if (reason := permanent_problem(error, self._settings.plant_timezone)) is not None:
                raise DatabaseMisconfiguredError(reason) from error
            raise

    async def _log_in(self, dsn: str | None, **options: Any) -> asyncpg.Connection:
        if self._credentials is None:
            return await self._begin_session(dsn, **options)
        arguments = await self._credentials.arguments()
        given = self._credentials.given
        try:
            return await self._begin_session(dsn, **options, **arguments)
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            self._credentials.refuse(given)
            raise DatabaseUnavailableError(
                f'the database refuses the login: {full_stop(describe(error))} Asking for a new password; if this '
                f'continues, give the app the database as its resource, or its service principal a role') from error

    async def _begin_session(self, dsn: str | None, server_settings: dict[str, str], **options: Any) -> Session:
        options['connection_class'] = Session
        given = self._given
        try:
            session: Session = await asyncpg.connect(dsn, server_settings=server_settings | given, **options)
        except (asyncpg.ProtocolViolationError, asyncpg.UndefinedObjectError) as error:
            if not given:
                raise
            if given == PLAIN | LATER and isinstance(error, asyncpg.UndefinedObjectError):
                self._given = PLAIN  # for a server before PostgreSQL 17
                return await self._begin_session(dsn, server_settings, **options)
            # a pooler, or a server that does not know one of them: they are set one by one afterwards
            session = await asyncpg.connect(dsn, server_settings=server_settings, **options)
            self._given = {}
        try:
            await apply_settings(session, {name: value for name, value in (server_settings | PLAIN).items()
                                           if name not in SERVER_GIVES_UP})
        except BaseException:
            session.terminate()
            raise
        if self._given:
            self._given = supported_settings(session)
        return session
