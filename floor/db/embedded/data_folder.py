"""Files under DATA_DIR: private, and written atomically.

A crash between creating a file and writing it would leave it empty, and an empty secret is easy to guess.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from ...core.errors import EmbeddedDatabaseError

MIN_SECRET_LENGTH = 32
"""Characters. Generated secrets are longer; a shorter one is truncated or was written by hand."""


class BrokenSecretError(Exception):
    """The file exists, but has no valid secret; the message says which file and why."""


def make_data_folder(folder: Path) -> None:
    """Create the data folder, closed to other users; root's can be traversed by the database server's user.

    :raises OSError: it cannot be created
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    is_root = sys.platform != 'win32' and os.geteuid() == 0
    folder.mkdir(mode=0o711 if is_root else 0o700, exist_ok=True)


def make_data_dir(data_dir: Path) -> None:
    """Like make_data_folder, for people.

    :raises EmbeddedDatabaseError: it cannot be created; the message says what to do
    """
    try:
        make_data_folder(data_dir)
    except OSError as error:
        raise EmbeddedDatabaseError(unusable(data_dir, error)) from error


def unusable(data_dir: Path, error: OSError) -> str:
    """What a person reads if the data folder cannot be used."""
    reason = f'{error.strerror}: {error.filename}'
    return f'The data folder {data_dir} cannot be used ({reason}): fix that, or set DATA_DIR to another.'


def write_whole(path: Path, text: str, *, replace: bool = True) -> bool:
    """Write a file atomically, with mode 0600: it gets its name when all of it is on disk.

    replace: replace an existing file. Returns whether the file was written.

    :raises OSError: the folder cannot be written
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
    """Give a finished file its name unless the name is taken: unlike a rename, a link fails then.

    :raises OSError: the folder cannot be written
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

    :raises BrokenSecretError: it is too short, or has characters that are not printable
    :raises OSError: it cannot be read
    """
    secret = path.read_bytes().strip()
    if len(secret) < MIN_SECRET_LENGTH:
        raise BrokenSecretError(f'{path} has only {len(secret)} characters, so it is not a secret')
    if not (secret.isascii() and secret.decode('ascii').isprintable()):
        raise BrokenSecretError(f'{path} is not text, so it is not a secret')
    return secret.decode('ascii')


def make_durable(folder: Path) -> None:
    """Flush a folder's entries to disk."""
    if sys.platform == 'win32':
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot fsync a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
