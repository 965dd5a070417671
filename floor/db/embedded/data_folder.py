"""What is kept under DATA_DIR: for our eyes only, and never half written.

A crash between making a file and writing it leaves it empty, and an empty secret can be guessed by everybody.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

SHORTEST_SECRET = 32
"""Characters. Ours are longer, so what is shorter was cut off or made by hand."""


class BrokenSecretError(Exception):
    """The file is there, and what is in it is no secret; the message says which file and why."""


def make_data_folder(folder: Path) -> None:
    """Root's lets the database server's user pass, and nobody look; an ordinary user's is closed to others.

    :raises OSError: it can't be made
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    is_root = sys.platform != 'win32' and os.geteuid() == 0
    folder.mkdir(mode=0o711 if is_root else 0o700, exist_ok=True)


def write_whole(path: Path, text: str, *, replace: bool = True) -> bool:
    """Write a file with mode 0600 that appears under its name when all of it is on the disk.

    replace: whether a file of that name is replaced; returns whether the file is ours now.

    :raises OSError: the folder can't be written
    """
    descriptor, draft = tempfile.mkstemp(prefix=f'.{path.name}.', dir=path.parent)  # mkstemp gives it 0600
    try:
        with open(descriptor, 'w', encoding='utf-8') as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(draft, path)
        elif not give_name(Path(draft), path):
            return False
    finally:
        Path(draft).unlink(missing_ok=True)
    make_durable(path.parent)
    return True


def give_name(draft: Path, path: Path) -> bool:
    """Give a finished file its name, unless another has that name: unlike a rename, a link fails then.

    :raises OSError: the folder can't be written
    """
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        if path.exists():
            return False
        os.replace(draft, path)
    return True


def read_secret(path: Path) -> str:
    """The secret in that file.

    :raises BrokenSecretError: it is too short, or not made of printable characters
    :raises OSError: it can't be read
    """
    secret = path.read_bytes().strip()
    if len(secret) < SHORTEST_SECRET:
        raise BrokenSecretError(f'{path} has only {len(secret)} characters, so it is no secret')
    if not (secret.isascii() and secret.decode('ascii').isprintable()):
        raise BrokenSecretError(f'{path} is not text, so it is no secret')
    return secret.decode('ascii')


def make_durable(folder: Path) -> None:
    """Write a folder's names to the disk."""
    if sys.platform == 'win32':
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems know no fsync of a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
