"""The lock of a data folder: the process that holds it runs the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ...core.errors import EmbeddedDatabaseError
from .data_folder import unusable

if sys.platform != 'win32':
    import fcntl


class OwnerLock:
    """A lock that one process holds; the kernel releases it when that process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        if sys.platform != 'win32':
            os.register_at_fork(after_in_child=self._forget)   # a fork that outlives this process must not keep it

    @property
    def is_held(self) -> bool:
        """Whether this process holds it."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Try to take the lock; returns whether it is held. Raises EmbeddedDatabaseError if the file cannot be used."""
        if self.is_held:
            return True
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.stat(self.path).st_ino == os.fstat(descriptor).st_ino:   # else it was deleted and created again
                    self._descriptor, descriptor = descriptor, -1
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        except (BlockingIOError, FileNotFoundError):
            return False
        except OSError as error:
            raise EmbeddedDatabaseError(unusable(self.path.parent, error)) from error
        return self.is_held

    def release(self) -> None:
        """Release it, if this process holds it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    _forget = release
