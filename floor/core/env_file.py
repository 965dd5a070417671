"""The file .env: whether it can be read, and names in it that are not settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from dotenv import dotenv_values

from .errors import SettingsError

ENV_FILE = Path('.env')
ENCODING = 'utf-8-sig'
"""UTF-8, with or without the byte order mark that editors on Windows write."""
ALIKE = 0.8


def check_env_file(path: Path = ENV_FILE) -> None:
    """:raises SettingsError: the file exists, but cannot be read or is not UTF-8"""
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise SettingsError(f'{path.absolute()} cannot be read ({error.strerror}): give this user read permission, or '
                            f'start in another folder') from error
    try:
        if b'\0' not in text:
            text.decode(ENCODING)
            return
        reason = 'it looks like UTF-16, as "Unicode" is on Windows'
    except UnicodeDecodeError as error:
        line = text.count(b'\n', 0, error.start) + 1
        reason = f'line {line} is in another encoding'
    raise SettingsError(f'{path.absolute()} is not text in UTF-8 ({reason}): save it as UTF-8')


def unread_names(known: Iterable[str], path: Path = ENV_FILE) -> list[str]:
    """A warning for each name in the file that is not a setting but resembles one, or is not read from files."""
    if not path.is_file():
        return []
    settings = {name.upper() for name in known}
    warnings = []
    for name in dotenv_values(path, encoding=ENCODING, interpolate=False):
        if name.upper() in settings:
            continue
        if near := difflib.get_close_matches(name.upper(), settings, n=1, cutoff=ALIKE):
            warnings.append(f'.env: {name} is not a setting, so it changes nothing; did you mean {near[0]}?')
        elif name.startswith('PG'):
            warnings.append(f'.env: {name} is read from the environment only; set it there')
    return warnings
