"""What the Databricks workspace knows about a Lakebase database: where it is, who we are there, and a password.

Everything here blocks, because the Databricks SDK does: auth/lakebase.py calls it in a thread of its own. Each call
signs in anew, so that it ends with one answer or one reason, and hands on no half-expired token of the workspace.
"""

from __future__ import annotations

import logging
import os
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.clock import RealClock
from databricks.sdk.core import Config
from databricks.sdk.errors import NotFound, PermissionDenied, ResourceExhausted, TooManyRequests, Unauthenticated
from databricks.sdk.errors.base import DatabricksError
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import JSONDecodeError, RequestException, SSLError, Timeout

log = logging.getLogger(__name__)

HTTP_TIMEOUT_S = 10
PASSWORD_LIFE_S = 3600.0
CLOCK_SLACK_S = 300.0
PROBE_TIMEOUT_S = 5
LONGEST_REASON = 200

WHO_WE_ARE = ('check DATABRICKS_HOST, DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET (Databricks Apps sets them '
              'itself), or run: databricks auth login')
EXPLANATIONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str], ...] = (
    (Unauthenticated, '', f'Databricks does not know who we are ({{why}}): {WHO_WE_ARE}'),
    (PermissionDenied, '', 'Databricks does not let us use {place} ({why}): allow the service principal of the app '
                           '(or you) to connect to it'),
    (NotFound, '', '{place} is not in this workspace ({why}): check {variable} and DATABRICKS_HOST'),
    ((TooManyRequests, ResourceExhausted), '', 'Databricks wants to be asked less often ({why}): asking again later'),
    (SSLError, '', 'the TLS certificate of the Databricks workspace is refused ({why}): check DATABRICKS_HOST, the '
                   'clock of this machine, and REQUESTS_CA_BUNDLE where a proxy stands between'),
    (JSONDecodeError, '', 'what answers at DATABRICKS_HOST is not a Databricks workspace, or a proxy answers for it'),
    ((NoConnection, Timeout), '', 'the Databricks workspace does not answer ({why}): check DATABRICKS_HOST and the '
                                  'network; asking again'),
    (DatabricksError, '', 'Databricks has a fault of its own ({why}): asking again'),
    (ValueError, 'invalid_client', f'Databricks does not take our client id and secret ({{why}}): {WHO_WE_ARE}'),
    (ValueError, 'cannot configure default credentials', f'{{place}} needs a sign-in to Databricks: {WHO_WE_ARE}'),
    (ValueError, 'OAuth tokens are not available', '{place} cannot be entered with a personal access token: set '
                                                   'LAKEBASE_ENDPOINT too'),
)
"""Kind of error, a part of its text, and what a person reads; the first that fits. SDK errors are OSErrors, too."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the settings say about a Lakebase database. What they leave out, the workspace is asked for."""

    endpoint: str | None = None
    """projects/PROJECT/branches/BRANCH/endpoints/ENDPOINT, of Lakebase Autoscaling."""
    instance: str | None = None
    """The name of a database instance, as Lakebase had them before."""
    host: str | None = None
    user: str | None = None

    def __str__(self) -> str:
        if self.endpoint:
            return f'the Lakebase endpoint {self.endpoint}'
        return f'the Lakebase instance {self.instance}' if self.instance else f'the Lakebase database on {self.host}'

    @property
    def variable(self) -> str:
        """The setting that names it."""
        return 'LAKEBASE_ENDPOINT' if self.endpoint else 'LAKEBASE_INSTANCE_NAME' if self.instance else 'PGHOST'


@dataclass(frozen=True, slots=True)
class Login:
    """What a new connection needs."""

    host: str
    user: str
    token: str = field(repr=False)
    seconds: float
    """How long new connections may use the token, counted from the moment it was asked for."""


class NoLogin(Exception):
    """The workspace gave no password; the message is one line with the cause and the remedy.

    retry_after: seconds that the workspace wants to be left alone; 0: it named none.
    """

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def ask_for_login(place: Place) -> Login:
    """Sign in to the workspace and come back with everything that a connection needs.

    :raises NoLogin: in one line why not, and what to do
    """
    logging.getLogger('databricks.sdk').setLevel(logging.ERROR)  # at debug it writes answers down, tokens and all
    try:
        client = WorkspaceClient(config=Config(product='line-monitor', http_timeout_seconds=HTTP_TIMEOUT_S,
                                               retry_timeout_seconds=1, disable_async_token_refresh=True,
                                               clock=_NoWaiting()))
        host = place.host or _find_host(client, place)
        user = place.user or client.current_user.me().user_name
        token, seconds = _fetch_token(client, place)
    except Exception as error:  # the SDK lets through whatever a malformed answer makes of its parsers
        said = error.__cause__ if isinstance(error, TimeoutError) and error.__cause__ else error
        raise NoLogin(_explain(said, place), float(getattr(said, 'retry_after_secs', None) or 0)) from None
    if not token or not host or not user:
        missing = 'password' if not token else 'host' if not host else 'user name'
        raise NoLogin(f'Databricks answered without a {missing} for {place}: look in the workspace whether it runs')
    return Login(host, user, token, seconds)


class _NoWaiting(RealClock):
    """The SDK's clock, on which a pause passes at once: waiting is done where people can be told why."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def time(self) -> float:
        return time.time() + self._skipped

    def sleep(self, seconds: float) -> None:
        self._skipped += seconds


def _find_host(client: WorkspaceClient, place: Place) -> str | None:
    if place.endpoint:
        status = client.postgres.get_endpoint(place.endpoint).status
        return status.hosts.host if status and status.hosts else None
    return client.database.get_database_instance(str(place.instance)).read_write_dns


def _fetch_token(client: WorkspaceClient, place: Place) -> tuple[str | None, float]:
    """The password and its life in seconds."""
    if place.endpoint:
        credential = client.postgres.generate_database_credential(place.endpoint)
        ends = credential.expire_time.ToDatetime(UTC) if credential.expire_time else None
        return credential.token, _life(ends)
    if place.instance:
        given = client.database.generate_database_credential(instance_names=[place.instance])
        return given.token, _life(datetime.fromisoformat(given.expiration_time) if given.expiration_time else None)
    token = client.config.oauth_token()  # an app's database takes the workspace's own token as well
    return token.access_token, _life(token.expiry.astimezone(UTC) if token.expiry else None)


def _life(ends: datetime | None) -> float:
    """Seconds until then, where that can be: Databricks gives an hour, so far more or nothing means a wrong clock."""
    seconds = (ends - datetime.now(UTC)).total_seconds() if ends else PASSWORD_LIFE_S
    if seconds > PASSWORD_LIFE_S + CLOCK_SLACK_S or seconds <= 0:
        log.warning("this machine's clock is wrong by about %.0f minutes: set it; the password of the database is "
                    'renewed in time all the same', abs(PASSWORD_LIFE_S - seconds) / 60)
        return PASSWORD_LIFE_S
    return seconds


def _explain(error: BaseException, place: Place) -> str:
    for kind, words, explanation in EXPLANATIONS:
        if isinstance(error, kind) and words in str(error):
            return explanation.format(place=place, variable=place.variable, why=_reason(error))
    return _unreachable(place) or f'Databricks gave an answer that cannot be used ({_reason(error)})'


def _unreachable(place: Place) -> str | None:
    """The SDK goes on without an answer of the workspace and fails later with words about that: ask once ourselves."""
    host = os.environ.get('DATABRICKS_HOST', '')
    url = host if '://' in host else f'https://{host}'
    try:
        requests.get(f'{url.rstrip("/")}/.well-known/databricks-config', timeout=PROBE_TIMEOUT_S).json()
    except NoConnection as error:
        return _explain(error, place)
    except RequestException:
        return f'DATABRICKS_HOST={host[:60]} is not the address of a workspace'
    return None


def _reason(error: BaseException) -> str:
    """One short line of an error's text, without the SDK's own settings and the requests that it quotes."""
    text = re.split(r'\. Config: |This is likely a bug|Request log', ' '.join(str(error).split()))[0].strip(' .`')
    if 'Caused by' in text:  # the last of the nested ones says what happened
        text = text.rpartition(': ')[2].strip('\'")>')
    return (text if len(text) <= LONGEST_REASON else f'{text[:LONGEST_REASON]}...') or type(error).__name__
