"""Keys: what lets programs and shared screens in, and links that work once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .scopes import TokenScope


class KeyKind(StrEnum):
    """What a key is for."""

    TOKEN = 'token'  # noqa: S105 (no secret)
    FIRST_SUPERVISOR = 'first_supervisor'
    INVITATION = 'invitation'
    STATION = 'station'
    WALL = 'wall'


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One key, without its secret. line_ids and machine_ids: what a token may report, the line of a station; None:
    any. view: the query of a wall screen's address. employee_id: of an invitation. used_at: when a link that works once
    was used, when a station was paired. is_unnoted: its last use was long ago."""

    id: int
    kind: KeyKind
    name: str
    made_by: str
    made_at: datetime
    scopes: tuple[TokenScope, ...] = ()
    line_ids: tuple[int, ...] | None = None
    machine_ids: tuple[int, ...] | None = None
    view: str = ''
    employee_id: int | None = None
    expires_at: datetime | None = None
    used_at: datetime | None = None
    last_used_at: datetime | None = None
    is_expired: bool = False
    is_unnoted: bool = False


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. secret: shown once, never stored or logged."""

    key: AccessKey
    secret: str = field(repr=False)
