"""The folder of people's themes and drafts, and the secret that signs the session cookie."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from pathlib import Path

from ...core.errors import SettingsError
from ...core.settings import Settings
from ...db.embedded.data_folder import BrokenSecretError, make_data_folder, read_secret, write_whole

log = logging.getLogger(__name__)


def storage_secret(settings: Settings) -> str:
    """STORAGE_SECRET, or a secret that is created at the first start and stored in the data folder.

    :raises SettingsError: the data folder is not writable, or the stored secret is invalid
    """
    if settings.storage_secret:
        return settings.storage_secret
    path = settings.data_dir / 'storage.secret'
    try:
        make_data_folder(settings.data_dir)
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(32), replace=False)  # another instance may have been faster
        return read_secret(path)
    except BrokenSecretError as error:
        raise SettingsError(f'{error}: delete it and start again (a new one is created; drafts and themes are lost), '
                            f'or set STORAGE_SECRET') from error
    except OSError as error:
        raise SettingsError(f'DATA_DIR={settings.data_dir} cannot be written ({error.strerror}): '
                            f'choose a folder that belongs to you, or set STORAGE_SECRET') from error


def store_choices(settings: Settings) -> None:
    """Make NiceGUI store themes and drafts in DATA_DIR, readable only by this user. Call it before NiceGUI is
    imported."""
    folder = settings.data_dir / 'ui'
    try:
        make_data_folder(settings.data_dir)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        folder = Path(tempfile.mkdtemp(prefix='line-monitor-ui-'))
        log.warning('DATA_DIR=%s cannot be written (%s): themes and drafts are kept in %s, which may be gone after a '
                    'restart', settings.data_dir, error.strerror, folder)
    os.environ['NICEGUI_STORAGE_PATH'] = str(folder.resolve())
