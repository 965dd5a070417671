"""Cursors for keyset pagination of work orders: the page after or before an order, as the first page saw the list."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = 253_402_300_799_999_999  # the end of the year 9999
_XID = r'[0-9]{1,19}'
_CURSOR = re.compile(
    rf'([ab])~(WO-[0-9]{{8}}-[0-9a-z]{{4,32}})~([0-9]{{1,18}})~({_XID}:{_XID}:(?:{_XID}(?:,{_XID})*)?)')
MAX_CURSOR_LENGTH = 8_000


@dataclass(frozen=True, slots=True)
class OrderCursor:
    """The page after the order with this id, or before it if `back` is true.

    at: when the first page was read; decides what counts as overdue. snapshot: the transactions visible to the first
    page, as text of the type pg_snapshot. `str` encodes a cursor for a URL, as opaque text.
    """

    id: str
    at: datetime
    snapshot: str
    back: bool = False

    @classmethod
    def parse(cls, text: str) -> OrderCursor:
        """:raises ValueError: the text is not a cursor that `str` has encoded"""
        if len(text) > MAX_CURSOR_LENGTH or not text.isascii():
            raise ValueError('not a cursor')
        try:
            found = _CURSOR.fullmatch(urlsafe_b64decode(text + '=' * (-len(text) % 4)).decode('ascii'))
        except ValueError:
            found = None
        if not found or int(found[3]) > _LAST_US or not _is_snapshot(found[4]):
            raise ValueError('not a cursor')
        return cls(found[2], _EPOCH + timedelta(microseconds=int(found[3])), found[4], found[1] == 'b')

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        text = f'{"b" if self.back else "a"}~{self.id}~{microseconds}~{self.snapshot}'
        return urlsafe_b64encode(text.encode()).decode().rstrip('=')


def _is_snapshot(text: str) -> bool:
    """Whether it is a valid pg_snapshot: 0 < xmin <= xmax, and between them the running transactions, sorted."""
    xmin, xmax, running = text.split(':')
    numbers = [int(number) for number in running.split(',') if number]
    return 0 < int(xmin) <= int(xmax) < 2**63 and numbers == sorted(set(numbers)) and all(
        int(xmin) <= number < int(xmax) for number in numbers)
