"""Settings of each database session, so that defaults of a role, database or server do not change the meaning of SQL.

A setting given at the start of a session overrides ALTER ROLE ... SET and ALTER DATABASE ... SET. Settings that need a
privilege are set if the login has it. default_transaction_read_only is left alone: managed services use it to make a
database read-only, which the floor has to show.
"""

from __future__ import annotations

import asyncio

import asyncpg

from .errors import DatabaseMisconfiguredError

PLAIN = {
    'standard_conforming_strings': 'on', 'backslash_quote': 'safe_encoding', 'transform_null_equals': 'off',
    'array_nulls': 'on', 'quote_all_identifiers': 'off', 'gin_fuzzy_search_limit': '0', 'row_security': 'on',
    'default_transaction_isolation': 'read committed', 'default_transaction_deferrable': 'off', 'exit_on_error': 'off',
    'statement_timeout': '0', 'lock_timeout': '0', 'idle_in_transaction_session_timeout': '0',
    'idle_session_timeout': '0',  # time limits come from DB_COMMAND_TIMEOUT and the migrations
    'DateStyle': 'ISO, MDY', 'IntervalStyle': 'postgres', 'bytea_output': 'hex', 'extra_float_digits': '1',
    'lc_numeric': 'C', 'lc_time': 'C', 'client_min_messages': 'notice', 'check_function_bodies': 'on'}
"""Settings that need no privilege and exist since PostgreSQL 14."""
LATER = {'transaction_timeout': '0', 'restrict_nonsystem_relation_kind': ''}
"""The same, since PostgreSQL 17; the second also in newer releases of earlier versions."""
PRIVILEGED = {'session_replication_role': 'origin', 'lc_messages': 'C'}
"""Settings that need a privilege: triggers run, and messages are in English."""
ADMINISTRATOR = PLAIN | PRIVILEGED
"""For a login that may set all of them, such as postgres of the embedded database."""


KNOWN_SINCE_17 = 17
OPTIONS = ' '.join(f'-c {name}={value}'.replace(', ', ',').replace('read committed', r'read\ committed')
                   for name, value in ADMINISTRATOR.items())
"""The same for psql, pg_dump and pg_restore: PGOPTIONS."""


class Session(asyncpg.Connection):
    """A connection that returns to its pool without a reset, which would be another round trip for every question and
    undo apply_settings. What its users set, they set for one transaction."""

    def get_reset_query(self) -> str:
        """The statements that a pool runs when the connection is released: none."""
        return ''

    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 (asyncpg has it)
        """End the transaction of a user who was cancelled again during COMMIT or ROLLBACK, as anyio does to a request
        whose browser has left. asyncpg would end it too, but log an error."""
        async with asyncio.timeout(timeout):
            if self.is_in_transaction():
                await self.execute('ROLLBACK')
            await super().reset()


def supported_settings(session: Session) -> dict[str, str]:
    """The settings that sessions of this server may start with."""
    return PLAIN | LATER if session.get_server_version().major >= KNOWN_SINCE_17 else PLAIN


async def apply_settings(session: Session, given: dict[str, str]) -> None:
    """Ensure that each setting holds: poolers drop unknown ones, and some need a privilege. given: at the start.

    :raises DatabaseMisconfiguredError: triggers do not run in sessions of this login, or the database is not UTF8
    """
    encoding = str(getattr(session.get_settings(), 'server_encoding', 'UTF8'))
    if encoding.upper() not in {'UTF8', 'UTF-8'}:
        raise DatabaseMisconfiguredError(
            f'the database has the encoding {encoding}, which cannot hold every text: it must be UTF8. Create another '
            f"with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and set its address")
    wanted = given | LATER | PRIVILEGED
    for row in await session.fetch('SELECT name, current_setting(name, true) AS value FROM unnest($1::text[]) AS name',
                                   list(wanted)):
        if row['value'] is not None and row['value'] != wanted[row['name']]:
            await _set_if_allowed(session, row['name'], wanted[row['name']], row['value'])


async def _set_if_allowed(session: Session, name: str, value: str, found: str) -> None:
    try:
        await session.execute(f"SELECT set_config('{name}', '{value}', false)")
    except asyncpg.InsufficientPrivilegeError as error:
        if found == 'replica':
            raise DatabaseMisconfiguredError(
                'sessions of this login have session_replication_role = replica, so no trigger runs and no change '
                'would be announced or recorded. An administrator must run ALTER ROLE ... RESET '
                'session_replication_role (or ALTER DATABASE ... RESET)') from error
