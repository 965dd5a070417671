"""Where the Databricks dashboard is: the address that a page may embed and the one that opens it in Databricks."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from ..core.errors import SettingsError
from ..core.setting_values import PLACEHOLDER
from ..core.settings import Settings
from ..core.text import shortened

log = logging.getLogger(__name__)

LABEL = r'[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
HOST_NAME = re.compile(rf'(?=.{{1,253}}$)({LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]')
WORKSPACE_ID = re.compile(r'[0-9]{1,20}')
EMBEDDED = '/embed/dashboardsv3/'
PUBLISHED = '/dashboardsv3/'

HOW_TO_SET = ('Deploy with the Databricks bundle, which sets DASHBOARD_ID; or set DASHBOARD_EMBED_URL to the address '
              'under Share, Embed in the dashboard.')
"""For the page that has no dashboard to show."""


@dataclass(frozen=True, slots=True)
class DashboardLink:
    """A published dashboard. Viewers must be signed in to Databricks."""

    embed_url: str
    """For an iframe."""
    open_url: str
    """For a link, where a browser does not let the iframe know who is signed in."""

    @property
    def origin(self) -> str:
        """What Content-Security-Policy's frame-src has to allow, and nothing else."""
        return f'https://{urlsplit(self.embed_url).netloc}'


def dashboard_link(settings: Settings, environ: Mapping[str, str]) -> DashboardLink | None:
    """The dashboard that the settings name: DASHBOARD_EMBED_URL, else DASHBOARD_ID on the workspace that runs us.

    environ: the process's environment, in which Databricks Apps says DATABRICKS_HOST and DATABRICKS_WORKSPACE_ID.
    None: nothing names one.

    :raises SettingsError: an address that can't be embedded, or a workspace that is not named
    """
    embed_url, dashboard_id = (_unless_placeholder(variable, value) for variable, value in (
        ('DASHBOARD_EMBED_URL', settings.dashboard_embed_url), ('DASHBOARD_ID', settings.dashboard_id)))
    if embed_url:
        return link_of_address(embed_url)
    if dashboard_id:
        return link_of_id(dashboard_id, environ.get('DATABRICKS_HOST', ''),
                          environ.get('DATABRICKS_WORKSPACE_ID') or None)
    return None


def _unless_placeholder(variable: str, value: str | None) -> str | None:
    if value is None or not PLACEHOLDER.fullmatch(value):
        return value
    log.warning('%s=%s is a placeholder and counts as not set: replace it, or remove it', variable,
                shortened(value, 60))
    return None


def link_of_id(dashboard_id: str, host: str, workspace_id: str | None = None) -> DashboardLink:
    """host: of the workspace, with or without https://. workspace_id: needed where a host serves more than one.

    :raises SettingsError: names the variable that is missing or wrong
    """
    name = _checked_host(host if '://' in host else f'https://{host}', 'DATABRICKS_HOST')
    if workspace_id is not None and not WORKSPACE_ID.fullmatch(workspace_id):
        raise SettingsError(f'DATABRICKS_WORKSPACE_ID={workspace_id[:60]} cannot be used: it must be a number')
    which = f'?{urlencode({"o": workspace_id})}' if workspace_id else ''
    return _link(name, quote(dashboard_id, safe=''), which)


def link_of_address(embed_url: str) -> DashboardLink:
    """The same for an address as Databricks gives it under Share, Embed.

    :raises SettingsError: it is not https, or holds what an address of a dashboard does not
    """
    name = _checked_host(embed_url, 'DASHBOARD_EMBED_URL')
    if not re.fullmatch(r'[!-~]*', embed_url):
        raise SettingsError('DASHBOARD_EMBED_URL cannot be used: it has blanks or letters that no address has')
    parts = urlsplit(embed_url)
    which = f'?{parts.query}' if parts.query else ''
    if parts.path.startswith(EMBEDDED):
        return _link(name, parts.path.removeprefix(EMBEDDED), which)
    return DashboardLink(f'https://{name}{parts.path}{which}', f'https://{name}{parts.path}{which}')


def _link(host: str, dashboard: str, which: str) -> DashboardLink:
    return DashboardLink(f'https://{host}{EMBEDDED}{dashboard}{which}',
                         f'https://{host}{PUBLISHED}{dashboard}/published{which}')


def _checked_host(url: str, variable: str) -> str:
    try:
        parts = urlsplit(url)
        name, port, stranger = parts.hostname or '', parts.port, '@' in parts.netloc
    except ValueError:
        name, port, stranger = '', None, True
    if stranger or parts.scheme != 'https' or port not in {None, 443} or not HOST_NAME.fullmatch(name):
        shown = '...' if '@' in url else shortened(url, 60)
        raise SettingsError(f'{variable}={shown} cannot be used: it must be the https address of a Databricks '
                            f'workspace, without a user or a port')
    return name
