"""What has to be remembered of a subscription so that another connection, or another process, goes on with it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class KeptSubscription:
    """A subscription on a server, and how far its messages are stored."""

    url: str
    interval: float
    """As in the file, in seconds."""
    token: str
    """Of the session that has it."""
    id: int
    nodes: list[str]
    """By the numbers that the server calls them by."""
    missing: dict[str, str]
    """Those that the server does not have, and what it answers."""
    unqueued: list[str]
    """Those of which the server keeps the last change only, and cannot say that it discarded others."""
    sequence: int
    """The number of the last message that is stored."""
    heard_at: float
    """When the server was heard last, in seconds since 1970."""


class KeptSubscriptionFile:
    """Keeps one in a file, and beside it the session, which the library writes. folder: None: in memory, for trials."""

    def __init__(self, folder: Path | None, source: str) -> None:
        self.session = folder and folder / f'opcua-{source}.session'
        self._file = folder and folder / f'opcua-{source}.json'

    def read(self, url: str) -> KeptSubscription | None:
        """None if there is none that can be read. One of another server is given, but not its session."""
        if self._file is None:
            return None
        try:
            kept = KeptSubscription(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        if kept.url == url:
            self._renew_session(kept.heard_at)
        elif self.session is not None:
            self.session.unlink(missing_ok=True)
        return kept

    def write(self, kept: KeptSubscription) -> None:
        """Replace it.

        :raises OSError: the disk is full, or the folder has gone
        """
        if self._file is not None:
            _replace(self._file, json.dumps(asdict(kept)))

    def _renew_session(self, heard_at: float) -> None:
        """The library takes a session for old that was opened long ago, however long it was used."""
        assert self.session is not None  # noqa: S101
        try:
            state = json.loads(self.session.read_text())
            _replace(self.session, json.dumps(state | {'saved_at': heard_at}))
        except (OSError, ValueError, TypeError):
            return


def _replace(file: Path, text: str) -> None:
    """All or nothing, and only for this user: a session's token is as good as its login."""
    new = file.with_suffix(f'{file.suffix}.new')
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as stream:
        stream.write(text)
    new.replace(file)
