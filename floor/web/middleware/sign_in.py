"""The origins to which a proxy redirects people to sign in."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.errors import SettingsError
from ...core.setting_values import ORIGIN
from ...core.settings import Settings, on_databricks
from ...core.text import shortened


def sign_in_origins(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The origins that frame-src must allow, so that a hidden frame can renew the sign-in.

    On Databricks Apps, people sign in to the workspace. environ: the environment variables.

    :raises SettingsError: DATABRICKS_HOST is not the address of a server
    """
    host = environ.get('DATABRICKS_HOST') if on_databricks(environ) else None
    if not host:
        return settings.sign_in_origins
    origin = (host if '://' in host else f'https://{host}').lower().removesuffix('/')
    if not ORIGIN.fullmatch(origin):
        raise SettingsError(f'DATABRICKS_HOST={shortened(host, 60)} cannot be used: it must be the https '
                            f'address of a Databricks workspace')
    return origin, *settings.sign_in_origins
