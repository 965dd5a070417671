"""DATA_DIR/database.url: the address of the server, for joiners and for people."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ...core.errors import EmbeddedDatabaseError
from .data_folder import write_whole
from .sockets import SOCKET_NAME, socket_folder_of

FILE = 'database.url'


def write_database_url(data_dir: Path, url: str) -> None:
    """Write the address atomically.

    :raises OSError: the folder cannot be written
    """
    write_whole(data_dir / FILE, f'{url}\n')


def database_url_of(data_dir: Path) -> str | None:
    """The last address of the server in that data folder; None before its first start.

    :raises EmbeddedDatabaseError: the file cannot be read
    """
    path = data_dir / FILE
    try:
        url = path.read_text(encoding='ascii').removesuffix('\n')
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise EmbeddedDatabaseError(f'{path} cannot be read ({error}): delete it and start again.') from error
    if not url.startswith('postgresql://') or 'host' not in parse_qs(urlsplit(url).query):
        raise EmbeddedDatabaseError(f'{path} does not hold the address of a database: delete it and start again.')
    return url


def accepts(url: str) -> bool:
    """Whether the server accepts a login at once: the first step of the protocol, without a driver."""
    database = urlsplit(url).path.removeprefix('/')
    login = f'user\0postgres\0database\0{database}\0\0'.encode()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(socket_folder_of(url) / SOCKET_NAME))
            connection.sendall(struct.pack('!II', len(login) + 8, 3 << 16) + login)   # protocol 3.0
            return connection.recv(1) == b'R'   # authentication; E is a refusal, as during startup
    except (OSError, TimeoutError):
        return False
