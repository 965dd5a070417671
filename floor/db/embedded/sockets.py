"""Where the socket of the embedded database is: in the data folder, or where none can be there, in a private one among
the temporary files."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SOCKET_NAME = '.s.PGSQL.5432'
SOCKET_FILES = SOCKET_NAME, f'{SOCKET_NAME}.lock'
TEMPORARY = 'line-monitor-'
LONGEST_SOCKET_PATH = 103 if sys.platform == 'darwin' else 107
"""Bytes; the kernel's limit."""


def make_temporary_folder() -> Path:
    """A new one, private to this user.

    :raises OSError: it cannot be made
    """
    base = None if fits(Path(tempfile.gettempdir(), f'{TEMPORARY}12345678')) else '/tmp'  # noqa: S108
    return Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=base))


def address(sockets: Path, database: str) -> str:
    """Every byte that could mean something in a URL is encoded; the port is given lest PGPORT be asked."""
    return f'postgresql://postgres@/{quote(database, safe="")}?host={quote(os.fsencode(sockets), safe="")}&port=5432'


def socket_folder_of(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)['host'][0])


def remove_socket_folder(folder: Path) -> None:
    """One in the folder for temporary files, where we made it; whatever else is in it stays, and keeps it."""
    if folder.name.startswith(TEMPORARY) and not folder.is_symlink():
        with suppress(OSError):
            for name in SOCKET_FILES:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


def fits(folder: Path) -> bool:
    """Whether a socket there can be named: libpq takes a comma for the start of another host, and what is no text
    cannot stand in the address of a database."""
    path = os.fsencode(folder / SOCKET_NAME)
    try:
        return ',' not in path.decode() and len(path) <= LONGEST_SOCKET_PATH
    except UnicodeDecodeError:
        return False


def is_for_sockets(folder: Path) -> bool:
    """Whether there is nothing in it but sockets of ours; a folder or file of a person is left alone."""
    try:
        return not folder.is_symlink() and {path.name for path in folder.iterdir()} <= set(SOCKET_FILES)
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        return False


def is_private(folder: Path, uid: int) -> bool:
    """Whether it is a real folder of that user's that no one else may enter."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return folder.is_dir() and not folder.is_symlink() and found.st_uid == uid and not found.st_mode & 0o077
