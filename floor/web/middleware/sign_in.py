"""Where a person is led who has to sign in, when a proxy before us asks for that."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.errors import SettingsError
from ...core.setting_values import ORIGIN
from ...core.settings import Settings, on_databricks
from ...core.text import shortened


def sign_in_origins(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The origins that frame-src has to allow, so that a hidden frame can renew the sign-in.

    On Databricks Apps the workspace does it. environ: the process's environment.

    :raises SettingsError: DATABRICKS_HOST is no address of a server
    """
    host = environ.get('DATABRICKS_HOST') if on_databricks(environ) else None
    if not host:
        return settings.sign_in_origins
    origin = (host if '://' in host else f'https://{host}').lower().removesuffix('/')
    if not ORIGIN.fullmatch(origin):
        raise SettingsError(f'DATABRICKS_HOST={shortened(host, 60)} cannot be used: it must be the https '
                            f'address of a Databricks workspace')
    return origin, *settings.sign_in_origins
