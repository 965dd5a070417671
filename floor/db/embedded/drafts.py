"""Backups that are being written: files with names of their own; that of a killed run is there until the next start.

Only a file of such a name, which nobody can have by accident, that begins as ours begin, is ever removed; and only
while nobody writes it: a lock says so, which ends with its process.
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
ABOUT = 'A backup of Line Monitor. Bring it back with: python -m floor.db.restore FILE\n'
"""The first part of each backup, by which a draft is known."""
NAME = re.compile(r'\..+\.line-monitor-[0-9a-f]{32}\.part', re.DOTALL)
BEGINNING = re.compile(rb'PK\x03\x04.{26}' + re.escape(FIRST.encode()), re.DOTALL)
LONGEST_NAME = 255
"""Bytes, of a name in a folder."""


def new_draft(file: Path) -> tuple[Path, int]:
    """A new file beside the one that it shall become, for our eyes only, and its descriptor, which holds the lock.

    :raises OSError: the folder cannot be written
    """
    while True:
        suffix = f'.line-monitor-{secrets.token_hex(16)}.part'
        name = os.fsdecode(os.fsencode(f'.{file.name}')[:LONGEST_NAME - len(suffix)])
        draft = file.with_name(f'{name}{suffix}')
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if _lock(descriptor) and os.path.samestat(os.stat(draft), os.fstat(descriptor)):
                return draft, descriptor
        except FileNotFoundError:
            pass  # taken for one that was left, before it had its lock
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def remove_drafts(folder: Path) -> None:
    """Those that killed runs left there. What cannot be looked at is left alone."""
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
    """False: another process has it. A file system without locks has them all free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
