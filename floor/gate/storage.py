"""The secret that signs the cookie by which a person's choices are remembered."""

from __future__ import annotations

import os
import secrets

from ..errors import SettingsError
from ..settings import Settings


def storage_secret(settings: Settings) -> str:
    """STORAGE_SECRET, or one that is made at the first start and kept in the data folder.

    :raises SettingsError: the data folder can't be written
    """
    if settings.storage_secret:
        return settings.storage_secret
    path = settings.data_dir / 'storage.secret'
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), 'w', encoding='ascii') as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise SettingsError(f'DATA_DIR={settings.data_dir} can not be written ({error.strerror}): '
                            f'choose a folder that belongs to you, or set STORAGE_SECRET') from error
    return path.read_text(encoding='ascii')
