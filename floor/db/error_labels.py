"""Labels for connection errors, for alert rules; the messages are for people."""

from __future__ import annotations

from collections import Counter

import asyncpg

from ..core.errors import DatabaseError, DatabaseReadOnlyError, FeedNotDeliveredError, MigrationError

KINDS: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ('heartbeat', (FeedNotDeliveredError,)),
    ('migration', (MigrationError,)),
    ('read_only', (DatabaseReadOnlyError, asyncpg.ReadOnlySQLTransactionError)),
    ('login', (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)),
    ('full', (asyncpg.TooManyConnectionsError,)),
    ('starting', (asyncpg.CannotConnectNowError,)),
    ('closed', (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError,
                asyncpg.InternalClientError, ConnectionResetError, BrokenPipeError)),
    ('timeout', (TimeoutError,)),
    ('unreachable', (OSError,)),
    ('refused', (asyncpg.PostgresError,)),
)
"""The first match counts. refused: the database answers, but refuses the request."""
FAULT = 'fault'
"""A bug in this program."""


def reason_of(error: BaseException) -> str:
    """The label of this error or of its cause."""
    for word, kinds in KINDS:
        if isinstance(error, kinds):
            return word
    if error.__cause__ is not None:
        return reason_of(error.__cause__)
    return 'unreachable' if isinstance(error, DatabaseError) else FAULT


def no_reasons() -> Counter[str]:
    """All labels with a count of 0: alerts need a series to exist before its first event."""
    return Counter({word: 0 for word in (*(word for word, _ in KINDS), FAULT)})
