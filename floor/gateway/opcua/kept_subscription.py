"""What has to be remembered of a subscription so that another connection, or another process, goes on with it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

PROGRESS_SIZE = 512
"""Bytes: no more than disks write whole or not at all."""


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
    is_complete: bool = True
    """Whether the server has answered for all nodes; until then it may know only some."""


class KeptSubscriptionFile:
    """Keeps one in a file, and beside it how far its messages are stored, and the session, which the library writes.

    folder: None: in memory, for trials.
    """

    def __init__(self, folder: Path | None, source: str) -> None:
        self.session = folder and folder / f'opcua-{source}.session'
        self._file = folder and folder / f'opcua-{source}.json'
        self._progress = folder and folder / f'opcua-{source}.progress'

    def read(self, url: str) -> KeptSubscription | None:
        """None if there is none that can be read. One of another server is given, but not its session."""
        if self._file is None:
            return None
        try:
            kept = KeptSubscription(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        kept = self._with_progress(kept)
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
            assert self._progress is not None  # noqa: S101
            self._progress.unlink(missing_ok=True)  # a server that has restarted may give the same id and token again

    def write_progress(self, subscription: int, token: str, sequence: int, heard_at: float) -> None:
        """Overwrite in its place what has changed with a message.

        :raises OSError: the disk is full, or the folder has gone
        """
        if self._progress is not None:
            text = json.dumps({'id': subscription, 'token': token, 'sequence': sequence, 'heard_at': heard_at})
            number = os.open(self._progress, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(number, text.ljust(PROGRESS_SIZE).encode())
            finally:
                os.close(number)

    def _with_progress(self, kept: KeptSubscription) -> KeptSubscription:
        """Without what was written last: what came after the subscription was kept is asked for again."""
        assert self._progress is not None  # noqa: S101
        try:
            progress = json.loads(self._progress.read_text())
            if (progress['id'], progress['token']) == (kept.id, kept.token):
                return replace(kept, sequence=int(progress['sequence']), heard_at=float(progress['heard_at']))
        except (OSError, ValueError, TypeError, LookupError):
            pass
        return kept

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
