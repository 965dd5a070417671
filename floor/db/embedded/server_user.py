"""The user that PostgreSQL runs as: it refuses to run as root."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from ...core.errors import EmbeddedDatabaseError

if sys.platform != 'win32':
    import pwd


class ServerUser(NamedTuple):
    """The user that PostgreSQL runs as if this process is root."""

    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Make this user the owner of a file or folder."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_user(folder: Path) -> ServerUser | None:
    """None: the present user. For root, the owner of an existing cluster, else `nobody`."""
    if sys.platform == 'win32' or os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return ServerUser(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam('nobody')
    return ServerUser(nobody.pw_uid, nobody.pw_gid)


def require_a_name(uid: int) -> None:
    """:raises EmbeddedDatabaseError: the system has no name for this user"""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedDatabaseError(
            f'User {uid} has no name on this system, and PostgreSQL does not run without one: add a line like '
            f'"floor:x:{uid}:0::/tmp:/sbin/nologin" to /etc/passwd, run as a user that is listed there, or set '
            'DATABASE_URL.'
        ) from None
