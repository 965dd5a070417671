"""Drafts: backups that are being written. The draft of a killed run is removed at the next start.

Only files with a random name of this form and the first part of a backup are removed, and only if no process holds
their lock, which ends with its process.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform != 'win32':
    import fcntl

FIRST = 'about.txt'
ABOUT = 'A backup of Line Monitor. Restore it with: python -m floor.db.restore FILE\n'
"""The first part of each backup, which identifies a draft."""
NAME = re.compile(r'\..+\.line-monitor-[0-9a-f]{32}\.part', re.DOTALL)
BEGINNING = re.compile(rb'PK\x03\x04.{26}' + re.escape(FIRST.encode()), re.DOTALL)
MAX_NAME_LENGTH = 255
"""The most bytes of a file name."""


def new_draft(file: Path) -> tuple[Path, int]:
    """Create a private draft beside the final file. Returns its path and its descriptor, which holds the lock.

    :raises OSError: the folder cannot be written
    """
    while True:
        suffix = f'.line-monitor-{secrets.token_hex(16)}.part'
        name = os.fsdecode(os.fsencode(f'.{file.name}')[:MAX_NAME_LENGTH - len(suffix)])
        draft = file.with_name(f'{name}{suffix}')
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if _lock(descriptor) and os.path.samestat(os.stat(draft), os.fstat(descriptor)):
                return draft, descriptor
        except FileNotFoundError:
            pass  # removed as a leftover before it was locked
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def remove_drafts(folder: Path) -> None:
    """Remove drafts that killed runs left there. Unreadable ones are left alone."""
    with suppress(OSError):
        for path in [path for path in folder.iterdir() if NAME.fullmatch(path.name)]:
            with suppress(OSError):
                _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    if not stat.S_ISREG(path.lstat().st_mode):
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        beginning = os.read(descriptor, 100)
        is_ours = not beginning or BEGINNING.match(beginning)
        if is_ours and os.fstat(descriptor).st_uid == os.geteuid() and _lock(descriptor):
            path.unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether the lock was taken. On a file system without locks it always is."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
