"""Where a person is led who has to sign in, when a proxy before us asks for that."""

from __future__ import annotations

from collections.abc import Mapping

from .dashboard_link import workspace_host
from .settings import Settings, on_databricks


def sign_in_origins(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The origins that frame-src has to allow, so that who is known there is signed in anew in a hidden frame.

    On Databricks Apps the workspace does it. environ: the process's environment.

    :raises SettingsError: DATABRICKS_HOST is no workspace's address
    """
    if on_databricks(environ) and (host := environ.get('DATABRICKS_HOST')):
        return f'https://{workspace_host(host)}', *settings.sign_in_origins
    return settings.sign_in_origins
