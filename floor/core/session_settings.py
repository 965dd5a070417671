"""What each of our sessions sets, so that no setting of a role, a database or a server changes what our SQL means.

A setting given at the start of a session wins over ALTER ROLE ... SET and ALTER DATABASE ... SET and outlives RESET
ALL. What only an administrator may set is set where we may. default_transaction_read_only is left as it is: managed
services make a database read-only by it, which the floor has to show.
"""

from __future__ import annotations

import asyncpg

from .errors import DatabaseMisconfigured

PLAIN = {
    'standard_conforming_strings': 'on', 'backslash_quote': 'safe_encoding', 'transform_null_equals': 'off',
    'array_nulls': 'on', 'quote_all_identifiers': 'off', 'gin_fuzzy_search_limit': '0', 'row_security': 'on',
    'default_transaction_isolation': 'read committed', 'default_transaction_deferrable': 'off', 'exit_on_error': 'off',
    'statement_timeout': '0', 'lock_timeout': '0', 'idle_in_transaction_session_timeout': '0',
    'idle_session_timeout': '0',  # time limits are ours: DB_COMMAND_TIMEOUT, and what migrations set
    'DateStyle': 'ISO, MDY', 'IntervalStyle': 'postgres', 'bytea_output': 'hex', 'extra_float_digits': '1',
    'lc_numeric': 'C', 'lc_time': 'C', 'client_min_messages': 'notice', 'check_function_bodies': 'on'}
"""What every login may set, and every server since PostgreSQL 14 knows."""
LATER = {'transaction_timeout': '0', 'restrict_nonsystem_relation_kind': ''}
"""The same, since PostgreSQL 17; the second, which forbids views, also in newer releases of earlier ones."""
PRIVILEGED = {'session_replication_role': 'origin', 'lc_messages': 'C'}
"""What takes a right: triggers run, and messages are in the language of this program."""
ADMINISTRATOR = PLAIN | PRIVILEGED
"""For a login that may set all of it, as postgres of the embedded database may."""


KNOWN_SINCE_17 = 17
OPTIONS = ' '.join(f'-c {name}={value}'.replace(', ', ',').replace('read committed', r'read\ committed')
                   for name, value in ADMINISTRATOR.items())
"""The same for psql, pg_dump and pg_restore: PGOPTIONS."""


class Session(asyncpg.Connection):
    """A connection whose settings hold, also after it was given back to a pool."""

    kept: str = ''
    """Statements that set again what RESET ALL has undone."""

    def get_reset_query(self) -> str:
        """What a pool runs when the connection is given back."""
        return f'{super().get_reset_query()}\n{self.kept}'

    async def keep(self, name: str, value: str) -> None:
        """Set it for the whole session.

        :raises asyncpg.InsufficientPrivilegeError: this login may not
        """
        statement = f"SELECT set_config('{name}', '{value}', false);"
        await self.execute(statement)
        self.kept += statement


def known_by(session: Session) -> dict[str, str]:
    """What sessions of this server may be given at their start."""
    return PLAIN | LATER if session.get_server_version().major >= KNOWN_SINCE_17 else PLAIN


async def make_ours(session: Session, given: dict[str, str]) -> None:
    """See that each setting holds: a pooler drops what it does not know, and some take a right. given: at the start.

    :raises DatabaseMisconfigured: triggers do not run in sessions of this login, or the database is not UTF8
    """
    encoding = str(getattr(session.get_settings(), 'server_encoding', 'UTF8'))
    if encoding.upper() not in {'UTF8', 'UTF-8'}:
        raise DatabaseMisconfigured(
            f'the database has the encoding {encoding}, which cannot hold every text: it must be UTF8. Create another '
            f"with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and set its address")
    wanted = given | LATER | PRIVILEGED
    for row in await session.fetch('SELECT name, current_setting(name, true) AS value FROM unnest($1::text[]) AS name',
                                   list(wanted)):
        if row['value'] is not None and row['value'] != wanted[row['name']]:
            await _set_if_allowed(session, row['name'], wanted[row['name']], row['value'])


async def _set_if_allowed(session: Session, name: str, value: str, found: str) -> None:
    try:
        await session.keep(name, value)
    except asyncpg.InsufficientPrivilegeError as error:
        if found == 'replica':
            raise DatabaseMisconfigured(
                'sessions of this login have session_replication_role = replica, so no trigger runs and no change '
                'would be announced or recorded. An administrator has to run ALTER ROLE ... RESET '
                'session_replication_role (or ALTER DATABASE ... RESET)') from error
