"""The socket folder of the embedded database: in the data folder if possible, else a private temporary folder."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SOCKET_NAME = '.s.PGSQL.5432'
SOCKET_FILES = SOCKET_NAME, f'{SOCKET_NAME}.lock'
TEMPORARY = 'line-monitor-'
MAX_SOCKET_PATH = 103 if sys.platform == 'darwin' else 107
"""The kernel's limit in bytes."""


def make_temporary_folder() -> Path:
    """Create a folder that is private to this user.

    :raises OSError: it cannot be created
    """
    base = None if fits(Path(tempfile.gettempdir(), f'{TEMPORARY}12345678')) else '/tmp'  # noqa: S108
    return Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=base))


def address(sockets: Path, database: str) -> str:
    """The address. Reserved characters are encoded; the port is given so that PGPORT is not used."""
    return f'postgresql://postgres@/{quote(database, safe="")}?host={quote(os.fsencode(sockets), safe="")}&port=5432'


def socket_folder_of(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)['host'][0])


def remove_socket_folder(folder: Path) -> None:
    """Remove a temporary socket folder that this program created, unless it contains anything else."""
    if folder.name.startswith(TEMPORARY) and not folder.is_symlink():
        with suppress(OSError):
            for name in SOCKET_FILES:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


def fits(folder: Path) -> bool:
    """Whether a socket there can have an address: libpq reads a comma as the start of another host, and an address
    cannot contain bytes that are not text."""
    path = os.fsencode(folder / SOCKET_NAME)
    try:
        return ',' not in path.decode() and len(path) <= MAX_SOCKET_PATH
    except UnicodeDecodeError:
        return False


def is_for_sockets(folder: Path) -> bool:
    """Whether it contains only sockets of this program; other files and folders are left alone."""
    try:
        return not folder.is_symlink() and {path.name for path in folder.iterdir()} <= set(SOCKET_FILES)
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        return False


def is_private(folder: Path, uid: int) -> bool:
    """Whether it is a real folder of that user that nobody else may enter."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return folder.is_dir() and not folder.is_symlink() and found.st_uid == uid and not found.st_mode & 0o077


def listens(path: Path) -> bool:
    """Whether a process accepts connections at that Unix socket, which a leftover file does not."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
        except TimeoutError:
            return True  # overloaded, but running
        except OSError:
            return False
    return True
