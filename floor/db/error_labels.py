"""A word for why a connection failed: a label that alert rules can be written on, where the sentence is for people."""

from __future__ import annotations

from collections import Counter

import asyncpg

from ..core.errors import DatabaseError, DatabaseReadOnly, FeedNotDelivered, MigrationError

KINDS: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ('heartbeat', (FeedNotDelivered,)),
    ('migration', (MigrationError,)),
    ('read_only', (DatabaseReadOnly, asyncpg.ReadOnlySQLTransactionError)),
    ('login', (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)),
    ('full', (asyncpg.TooManyConnectionsError,)),
    ('starting', (asyncpg.CannotConnectNowError,)),
    ('closed', (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError,
                asyncpg.InternalClientError, ConnectionResetError, BrokenPipeError)),
    ('timeout', (TimeoutError,)),
    ('unreachable', (OSError,)),
    ('refused', (asyncpg.PostgresError,)),
)
"""The first that fits. refused: the database answers, and does not do what was asked."""
FAULT = 'fault'
"""This program's own."""


def reason_of(error: BaseException) -> str:
    """The word for this error, or for what it was raised from."""
    for word, kinds in KINDS:
        if isinstance(error, kinds):
            return word
    if error.__cause__ is not None:
        return reason_of(error.__cause__)
    return 'unreachable' if isinstance(error, DatabaseError) else FAULT


def no_reasons() -> Counter[str]:
    """Each reason, none of them met yet: a series that comes into being with its first event can't be alerted on."""
    return Counter({word: 0 for word in (*(word for word, _ in KINDS), FAULT)})
