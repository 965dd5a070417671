"""Cursors for lists of reports: a position in the list as it was when its first page was read."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = 7_258_118_400_000_000  # the end of the year 2199
_CURSOR = re.compile(r'([0-9]{1,16})~([0-9]{1,9})', re.ASCII)
_MAX_LENGTH = 60


@dataclass(frozen=True, slots=True)
class ReportCursor:
    """at: when the first page was read; what began later is on no page. skip: rows before this page. `str` encodes a
    cursor for a URL, as opaque text."""

    at: datetime
    skip: int

    @classmethod
    def parse(cls, text: str) -> ReportCursor:
        """:raises ValueError: the text is not a cursor that `str` has encoded"""
        if len(text) > _MAX_LENGTH or not text.isascii():
            raise ValueError('not a cursor')
        try:
            found = _CURSOR.fullmatch(urlsafe_b64decode(text + '=' * (-len(text) % 4)).decode('ascii'))
        except ValueError:
            found = None
        if found is None or int(found[1]) > _LAST_US:
            raise ValueError('not a cursor')
        return cls(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))

    def __str__(self) -> str:
        text = f'{(self.at - _EPOCH) // timedelta(microseconds=1)}~{self.skip}'
        return urlsafe_b64encode(text.encode()).decode().rstrip('=')
