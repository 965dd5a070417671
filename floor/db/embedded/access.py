"""Authentication rules of the embedded database, for everybody who can reach its socket.

The operating system user who runs the app, or owns its data folder, is `postgres` without a password (peer
authentication). Every other role needs its password.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from floor.core.errors import EmbeddedDatabaseError

if sys.platform != 'win32':
    import pwd

MAP = 'line_monitor'
RULES = f"""# TYPE  DATABASE     USER      METHOD
local   all          postgres  peer map={MAP}
local   replication  postgres  peer map={MAP}
local   all          all       scram-sha-256
"""


def write_access_files(cluster: Path, own: Callable[[Path], None]) -> None:
    """Write pg_hba.conf and pg_ident.conf of a stopped cluster; own gives a file to the server's user.

    :raises EmbeddedDatabaseError: this user has no name, so PostgreSQL could not authenticate them
    """
    owners = {os.geteuid(), cluster.parent.stat().st_uid, 0}
    names = [name for uid in sorted(owners) if (name := _name_of(uid))]
    users = ''.join(f'{MAP} "{name}" postgres\n' for name in names)
    for file, text in ('pg_hba.conf', RULES), ('pg_ident.conf', users):
        path = cluster / file
        path.write_text(f'# Written by Line Monitor at each start: changes are lost.\n{text}')
        own(path)


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        if uid != os.geteuid():
            return None
        raise EmbeddedDatabaseError(
            f'The user id {uid} has no name on this machine, which PostgreSQL requires: add it to /etc/passwd, run as '
            'a named user, or set DATABASE_URL.'
        ) from None
