"""Requests to the Databricks workspace about a Lakebase database: host, user and password.

Everything here blocks, because the Databricks SDK does: auth/lakebase.py calls it in a thread. Each call signs in
again, so it ends with one result or one error, and does not reuse an old token of the workspace.
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
MAX_REASON_LENGTH = 200

CREDENTIALS = ('check DATABRICKS_HOST, DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET (Databricks Apps sets them '
               'itself), or run: databricks auth login')
EXPLANATIONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str], ...] = (
    (Unauthenticated, '', f'Databricks refuses the credentials ({{why}}): {CREDENTIALS}'),
    (PermissionDenied, '', 'Databricks denies access to {place} ({why}): allow the service principal of the app '
                           '(or you) to connect to it'),
    (NotFound, '', '{place} is not in this workspace ({why}): check {variable} and DATABRICKS_HOST'),
    ((TooManyRequests, ResourceExhausted), '', 'Databricks limits the rate of requests ({why}): retrying later'),
    (SSLError, '', 'the TLS certificate of the Databricks workspace is refused ({why}): check DATABRICKS_HOST, the '
                   'clock of this machine, and REQUESTS_CA_BUNDLE if there is a proxy'),
    (JSONDecodeError, '', 'DATABRICKS_HOST is not a Databricks workspace, or a proxy answered for it'),
    ((NoConnection, Timeout), '', 'the Databricks workspace does not answer ({why}): check DATABRICKS_HOST and the '
                                  'network; retrying'),
    (DatabricksError, '', 'Databricks has an internal error ({why}): retrying'),
    (ValueError, 'invalid_client', f'Databricks refuses the client id and secret ({{why}}): {CREDENTIALS}'),
    (ValueError, 'cannot configure default credentials', f'{{place}} needs a sign-in to Databricks: {CREDENTIALS}'),
    (ValueError, 'OAuth tokens are not available', '{place} cannot be entered with a personal access token: set '
                                                   'LAKEBASE_ENDPOINT too'),
)
"""Type of error, a part of its text, and the message; the first match counts. SDK errors are OSErrors, too."""


@dataclass(frozen=True, slots=True)
class LakebaseResource:
    """The settings of a Lakebase database. The workspace provides what they omit."""

    endpoint: str | None = None
    """projects/PROJECT/branches/BRANCH/endpoints/ENDPOINT, of Lakebase Autoscaling."""
    instance: str | None = None
    """The name of a database instance, the former kind of Lakebase."""
    host: str | None = None
    user: str | None = None

    def __str__(self) -> str:
        if self.endpoint:
            return f'the Lakebase endpoint {self.endpoint}'
        return f'the Lakebase instance {self.instance}' if self.instance else f'the Lakebase database on {self.host}'

    @property
    def variable(self) -> str:
        """The setting that names the database."""
        return 'LAKEBASE_ENDPOINT' if self.endpoint else 'LAKEBASE_INSTANCE_NAME' if self.instance else 'PGHOST'


@dataclass(frozen=True, slots=True)
class Login:
    """Host, user and password of a new connection."""

    host: str
    user: str
    token: str = field(repr=False)
    seconds: float
    """Seconds that the token is valid, from the time of the request."""


class LoginError(Exception):
    """The workspace gave no password; the message has the cause and the remedy.

    retry_after: seconds to wait before a retry, as requested by the workspace; 0: none.
    """

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def ask_for_login(place: LakebaseResource) -> Login:
    """Sign in to the workspace and get all that a connection needs.

    :raises LoginError: the message has the cause and the remedy
    """
    logging.getLogger('databricks.sdk').setLevel(logging.ERROR)  # at debug it logs responses with their tokens
    try:
        client = WorkspaceClient(config=Config(product='line-monitor', http_timeout_seconds=HTTP_TIMEOUT_S,
                                               retry_timeout_seconds=1, disable_async_token_refresh=True,
                                               clock=_NoWaiting()))
        host = place.host or _find_host(client, place)
        user = place.user or client.current_user.me().user_name
        token, seconds = _fetch_token(client, place)
    except Exception as error:  # the SDK does not catch what its parsers raise for malformed responses
        cause = error.__cause__ if isinstance(error, TimeoutError) and error.__cause__ else error
        raise LoginError(_explain(cause, place), float(getattr(cause, 'retry_after_secs', None) or 0)) from None
    if not token or not host or not user:
        missing = 'password' if not token else 'host' if not host else 'user name'
        raise LoginError(f'Databricks answered without a {missing} for {place}: check in the workspace that it runs')
    return Login(host, user, token, seconds)


class _NoWaiting(RealClock):
    """A clock for the SDK whose pauses end at once: auth/lakebase.py waits instead, and reports why."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def time(self) -> float:
        return time.time() + self._skipped

    def sleep(self, seconds: float) -> None:
        self._skipped += seconds


def _find_host(client: WorkspaceClient, place: LakebaseResource) -> str | None:
    if place.endpoint:
        status = client.postgres.get_endpoint(place.endpoint).status
        return status.hosts.host if status and status.hosts else None
    return client.database.get_database_instance(str(place.instance)).read_write_dns


def _fetch_token(client: WorkspaceClient, place: LakebaseResource) -> tuple[str | None, float]:
    """The password and its lifetime in seconds."""
    if place.endpoint:
        credential = client.postgres.generate_database_credential(place.endpoint)
        ends = credential.expire_time.ToDatetime(UTC) if credential.expire_time else None
        return credential.token, _life(ends)
    if place.instance:
        given = client.database.generate_database_credential(instance_names=[place.instance])
        return given.token, _life(datetime.fromisoformat(given.expiration_time) if given.expiration_time else None)
    token = client.config.oauth_token()  # an app's database also accepts the workspace's token
    return token.access_token, _life(token.expiry.astimezone(UTC) if token.expiry else None)


def _life(ends: datetime | None) -> float:
    """Seconds until then. Passwords are valid for an hour, so an implausible value means that this clock is wrong."""
    seconds = (ends - datetime.now(UTC)).total_seconds() if ends else PASSWORD_LIFE_S
    if seconds > PASSWORD_LIFE_S + CLOCK_SLACK_S or seconds <= 0:
        log.warning("this machine's clock is wrong by about %.0f minutes: set it; the password of the database is "
                    'still renewed in time', abs(PASSWORD_LIFE_S - seconds) / 60)
        return PASSWORD_LIFE_S
    return seconds


def _explain(error: BaseException, place: LakebaseResource) -> str:
    for kind, words, explanation in EXPLANATIONS:
        if isinstance(error, kind) and words in str(error):
            return explanation.format(place=place, variable=place.variable, why=_reason(error))
    return _unreachable(place) or f'Databricks gave an answer that cannot be used ({_reason(error)})'


def _unreachable(place: LakebaseResource) -> str | None:
    """Check whether the workspace answers: without an answer the SDK continues and fails with a misleading error."""
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
    """One short line of an error's text, without the settings and requests that the SDK quotes."""
    text = re.split(r'\. Config: |This is likely a bug|Request log', ' '.join(str(error).split()))[0].strip(' .`')
    if 'Caused by' in text:  # the last of the nested errors is the cause
        text = text.rpartition(': ')[2].strip('\'")>')
    return (text if len(text) <= MAX_REASON_LENGTH else f'{text[:MAX_REASON_LENGTH]}...') or type(error).__name__
