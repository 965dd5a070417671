"""Every environment variable that this program reads, typed and checked; .env is read too.

A wrong value ends the program at startup with one line that names the variable, the value and what is allowed. The
tables in README.md and floor/README.md are generated from the meanings (python -m tests.settings_table).
"""

from __future__ import annotations

import ipaddress
import os
import re
import zoneinfo
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from . import setting_values
from .env_file import ENCODING, ENV_FILE, check_env_file
from .errors import SettingsError
from .people import Role
from .setting_fields import BOOL, COUNT, PLAIN_NAME, SECONDS, UP_TO_A_MINUTE, explain, lower_case, setting, text_of
from .setting_values import HOST_AND_PORT, MAX_NAME_LENGTH, ORIGIN

LAKEBASE_HOST = re.compile(r'.*\.database\..*(databricks\.com|azuredatabricks\.net)', re.IGNORECASE)
YEAR_S = 31_536_000
EVERY_ADDRESS = '0.0.0.0'  # noqa: S104 (only the proxy of Databricks Apps reaches it)


NewFloor = Literal['demo', 'empty']
"""What a new schema contains: a simulated plant, or nothing yet."""


class ConnectionSource(Enum):
    """Where the database comes from."""

    URL = 'DATABASE_URL'
    LAKEBASE = 'Lakebase'
    PG_VARIABLES = 'the PG* variables'
    EMBEDDED = 'the embedded PostgreSQL'


Identifier = Annotated[str, AfterValidator(setting_values.identifier)]


class Settings(BaseSettings):
    """The configuration. Field names are the variables' names in lower case; their order is that of the tables."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_file_encoding=ENCODING, extra='ignore',
                                      env_ignore_empty=True, hide_input_in_errors=True, allow_inf_nan=False)

    host: Annotated[str, setting(
        'an address to listen on',
        'The address to listen on. From other machines, people get in by `OIDC_ISSUER`, `IDENTITY_HEADER`, an '
        'invitation, or `ALLOW_ANONYMOUS`',
        shown_default='`127.0.0.1`; on Databricks Apps `0.0.0.0`', min_length=1,
        default_factory=lambda: EVERY_ADDRESS if on_databricks() else '127.0.0.1')]
    port: Annotated[int, setting(
        'a port, 1 to 65535', 'The port to listen on',
        shown_default='`8000`; on Databricks Apps `DATABRICKS_APP_PORT`', ge=1, le=65535, validate_default=True,
        default_factory=lambda: _port_of_the_app() or 8000)]
    allowed_hosts: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(lambda value: setting_values.words(value, HOST_AND_PORT)), setting(
            'the host names that a proxy serves, as floor.example.com,floor.example.com:8443',
            'The host names that a proxy serves: `floor.example.com` (any port) or `floor.example.com:8443`. With it, '
            'or with `HOST=127.0.0.1`, requests for any other host name are refused')] = ()
    root_path: Annotated[str, AfterValidator(lambda value: value.rstrip('/')), setting(
        'the path below which a proxy serves the app, as /monitor: letters, digits and ._~- between slashes',
        'The path below which a proxy serves the app, such as `/monitor`, if the proxy does not send '
        '`X-Forwarded-Prefix`', pattern=r'^(/[A-Za-z0-9._~-]+)*/?$')] = ''
    sign_in_origins: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(lambda value: setting_values.words(value, ORIGIN)), setting(
            'the origins that a sign-in leads through, as https://sso.example.com',
            'The origins where a proxy in front of the app has people sign in, such as `https://sso.example.com`',
            shown_default='on Databricks Apps the workspace')] = ()
    data_dir: Annotated[Path, AfterValidator(lambda path: Path(setting_values.one_line(str(path)))), setting(
        'a folder, without a line break in its path',
        'The folder of the embedded database, its address (`database.url`), and what people chose and typed. One '
        'instance owns it: two machines cannot share it')] = Path('.data')
    storage_secret: Annotated[str | None, setting(
        'at least 16 characters', "Signs the cookie that remembers a person's theme and drafts",
        shown_default='created at the first start', min_length=16, repr=False)] = None
    log_level: Annotated[str, setting(
        'debug, info, warning or error', 'The least severe log lines to write: `debug`, `info`, `warning` or `error`',
        pattern='(?i)^(debug|info|warning|error)$')] = 'info'
    log_format: Annotated[Literal['text', 'json'], setting(
        'text or json', 'The format of log lines: `text` or `json`')] = 'text'

    plant_timezone: Annotated[str, AfterValidator(setting_values.time_zone), setting(
        'a name of the IANA time zone database, as America/Detroit',
        "The first value of the plant's time zone, such as `America/Detroit`: for every time on a page, and for times "
        'in addresses without an offset. A supervisor changes it on `/setup/plant`')] = 'UTC'
    shifts: Annotated[str, AfterValidator(setting_values.shift_plan), setting(
        'names and starts, as Early 06:00,Late 14:00,Night 22:00; no two alike',
        "Names and starting times of the plant's shifts")] = 'Early 06:00,Late 14:00,Night 22:00'
    machine_silent_after: Annotated[float | None, setting(
        'seconds, above 0; empty: never',
        'Seconds without a report after which a machine shows "No signal", for feeds that repeat themselves. Empty: a '
        'machine keeps its last status, unless its feed promises to repeat it, as gateways do',
        gt=0)] = None
    auto_work_order_after: Annotated[float | None, setting(
        f'seconds, above 0, at most {YEAR_S}; empty: off',
        'Seconds that a machine is down before a work order is opened automatically. Empty: off',
        gt=0, le=YEAR_S)] = None
    retention_days: Annotated[int | None, setting(
        'whole days, 1 to 36500; empty: history is never deleted',
        'Days after which status changes are deleted, once they are in the daily sums. Empty: never',
        ge=1, le=36500)] = None
    new_floor: Annotated[NewFloor | None, BeforeValidator(lower_case), setting(
        'demo or empty',
        'What a new schema becomes: a simulated `demo`, or an `empty` plant. It does not change an existing schema',
        shown_default='`demo` in the embedded database, else `empty`')] = None
    enable_simulator: Annotated[bool, setting(
        BOOL, 'Simulate the machines of a demo. A plant is never simulated')] = True
    simulator_interval: Annotated[float, setting(
        'seconds, above 0', 'Seconds in which the demo lives 5 seconds: 5 is real time, 1 is five times as fast',
        gt=0, le=86400)] = 5
    backfill_days: Annotated[int, setting(
        'days, 0 to 366; 0: off', 'Days of simulated history and work orders that a new demo gets. 0: none',
        ge=0, le=366)] = 60
    dashboard_refresh_seconds: Annotated[float, setting(
        'seconds, above 0, at most 86400', 'Seconds between two refreshes of the eight dashboard tables',
        gt=0, le=86400)] = 60

    local_user: Annotated[str | None, AfterValidator(setting_values.person), setting(
        f'a name or an e-mail address, in one line of at most {MAX_NAME_LENGTH} characters',
        'Who uses the app on their own machine: a name, or the e-mail address of an employee',
        shown_default="the operating system's user")] = None
    default_role: Annotated[Role | None, BeforeValidator(lower_case), setting(
        'viewer, operator, technician or supervisor',
        'The role of people who are not employees: `viewer`, `operator`, `technician` or `supervisor`',
        shown_default='`supervisor` where only this machine can connect and nobody signs in, else `viewer`')] = None
    roles: Annotated[dict[str, Role], NoDecode, BeforeValidator(setting_values.roles_of_people), setting(
        'e-mail addresses, or the ids of programs, each with viewer, operator, technician or supervisor, '
        'as jane.doe@example.com=supervisor,5f6e1c9a=operator',
        'The roles of people and programs that sign in and are not employees, such as '
        '`jane.doe@example.com=supervisor,5f6e1c9a=operator`')] = {}
    allow_anonymous: Annotated[bool, setting(
        BOOL, 'Let everybody in as Anonymous on an address that other machines reach, without any sign-in')] = False
    public_url: Annotated[str | None, AfterValidator(setting_values.public_url), setting(
        'the address at which people open the app, as https://floor.example.com or https://example.com/monitor',
        'The address at which people open the app, such as `https://floor.example.com`. Needed for `OIDC_ISSUER`; with '
        'https, cookies are sent over https only')] = None
    oidc_issuer: Annotated[str | None, AfterValidator(setting_values.issuer), setting(
        'the https address of an OpenID provider (http for localhost only)',
        'The OpenID provider where people sign in, such as `https://sso.example.com/realms/plant`')] = None
    oidc_client_id: Annotated[str | None, setting(
        'the id of the client at the provider', 'The id of this app at the provider')] = None
    oidc_client_secret: Annotated[str | None, setting(
        'the secret of the client at the provider', 'Its secret. Empty: a public client, with PKCE alone',
        repr=False)] = None
    oidc_scopes: Annotated[str, setting(
        'scopes with spaces between them, openid among them', 'What the app asks the provider for',
        pattern=r'^(.* )?openid( .*)?$')] = 'openid email profile'
    oidc_groups: Annotated[dict[str, Role], NoDecode, BeforeValidator(setting_values.roles_of_groups), setting(
        'groups, each with viewer, operator, technician or supervisor, as line-supervisors=supervisor,Staff=operator',
        'The roles of groups, such as `line-supervisors=supervisor,Staff=operator`, for people who are not '
        'employees')] = {}
    oidc_groups_claim: Annotated[str, setting(
        'the name of a claim, with dots to the inside', 'The claim that lists the groups, such as `realm_access.roles`',
        min_length=1)] = 'groups'
    trusted_proxies: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(setting_values.networks), setting(
            'IP addresses and networks, as 10.0.0.5,10.1.0.0/16',
            'The addresses of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `IDENTITY_HEADER` count, such '
            'as `10.0.0.5,10.1.0.0/16`', shown_default='this machine, and no `IDENTITY_HEADER`')] = ()
    identity_header: Annotated[str | None, AfterValidator(setting_values.header_name), setting(
        'the name of a header: letters, digits and -',
        'The header in which these proxies name who has signed in: an e-mail address or a user name')] = None
    identity_name_header: Annotated[str | None, AfterValidator(setting_values.header_name), setting(
        'the name of a header: letters, digits and -', 'The header with the name to show')] = None
    identity_groups_header: Annotated[str | None, AfterValidator(setting_values.header_name), setting(
        'the name of a header: letters, digits and -',
        'The header with the groups, separated by commas, for `OIDC_GROUPS`')] = None
    session_hours: Annotated[float, setting(
        'hours, above 0, at most 8760', 'Hours after which people who signed in have to sign in again',
        gt=0, le=8760)] = 12
    session_idle_minutes: Annotated[float, setting(
        'minutes, at least 10, at most 525600',
        'Minutes after which they have to sign in again if no page was open meanwhile', ge=10, le=525_600)] = 60
    changes_per_minute: Annotated[int, setting(
        'a whole number, 0 to 1000000; 0: no limit',
        'The most changes that one person or program may make per minute, by pages and REST. 0: no limit',
        ge=0, le=1_000_000)] = 300

    database_url: Annotated[
        str | None, AfterValidator(setting_values.database_url), setting(
            'postgresql://user:password@host:port/database, with the characters :/?#[]@% of a password '
            'percent-encoded (/ as %2F)',
            'A `postgresql://` address, its password percent-encoded (`/` as `%2F`). A connection pooler in '
            'transaction mode cannot work and is refused. Without it: Lakebase if it is named, else `PGHOST`, '
            'else the embedded PostgreSQL', repr=False)] = None
    pghost: Annotated[str | None, setting(
        'a host name; the other PG* variables go with it',
        'The database server; this and the other `PG*` variables mean what they mean to psql. On Databricks Apps, '
        'without `PGPASSWORD`, it is Lakebase')] = None
    pgport: Annotated[str | None, setting(
        'a port', 'Its port', pattern=r'^[0-9]{1,5}(,[0-9]{1,5})*$')] = None
    pguser: Annotated[str | None, setting('a role of the database', 'The role to connect as')] = None
    pgdatabase: Annotated[str | None, setting('a database', 'The database to connect to')] = None
    pgpassword: Annotated[str | None, setting('the password of PGUSER', 'The password of `PGUSER`', repr=False)] = None
    pgsslmode: Annotated[str | None, setting(
        'a TLS mode, as verify-full', 'The TLS mode, such as `verify-full`. Lakebase always uses TLS')] = None
    default_postgres_schema: Annotated[Identifier, setting(
        PLAIN_NAME, 'The schema of all tables')] = 'manufacturing_line'
    default_postgres_table: Annotated[Identifier, setting(
        PLAIN_NAME, 'The name of the table that feeds write to')] = 'machine_feed_stream'
    legacy_schema: Annotated[str | None, setting(
        'the schema of the tables of another line monitor, at most 63 characters',
        'The schema of another line monitor, whose tables are copied when the schema is created', max_length=63)] = None
    feed_writers: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(setting_values.role_names), setting(
        'names of roles of the database with commas between them',
        'Database roles, separated by commas, that may write statuses. The app grants the rights at startup if it '
        'owns the tables')] = None
    change_data_feed: Annotated[bool | None, setting(
        BOOL, 'Set replica identity FULL on the tables that Lakebase can feed to Unity Catalog (`true`), or undo that '
              '(`false`). Empty: leave them as they are')] = None
    db_pool_size: Annotated[int, setting(COUNT, 'Database connections that are kept open', ge=0, le=1000)] = 5
    db_max_overflow: Annotated[int, setting(COUNT, 'More connections under load', ge=0, le=1000)] = 10
    db_command_timeout: Annotated[float, setting(SECONDS, 'The most seconds that one statement may take', gt=0)] = 30
    db_pool_timeout: Annotated[float, setting(SECONDS, 'The most seconds to wait for a connection', gt=0)] = 10
    db_pool_recycle_interval: Annotated[float, setting(
        SECONDS, 'Seconds after which a connection is replaced', gt=0)] = 3600
    listen_heartbeat_seconds: Annotated[float, setting(
        UP_TO_A_MINUTE, 'Seconds between two checks that notifications are delivered', gt=0, le=60)] = 5
    listen_audit_seconds: Annotated[float, setting(
        UP_TO_A_MINUTE, 'Seconds between two comparisons of what is shown with the table', gt=0, le=60)] = 30

    lakebase_endpoint: Annotated[str | None, setting(
        'projects/PROJECT/branches/BRANCH/endpoints/ENDPOINT',
        'A Lakebase Autoscaling endpoint, `projects/P/branches/B/endpoints/E`. Host, user and password come from '
        'Databricks',
        pattern=r'^projects/[A-Za-z0-9_-]+/branches/[A-Za-z0-9_-]+/endpoints/[A-Za-z0-9_-]+$')] = None
    lakebase_instance_name: Annotated[str | None, setting(
        'the name of a Lakebase instance: letters, digits, - and _', 'A Lakebase instance by its name',
        pattern=r'^[A-Za-z0-9_-]{1,63}$')] = None
    lakebase_database_name: Annotated[str | None, setting(
        'a database on it, at most 63 characters', 'The database of the endpoint or instance',
        shown_default='`databricks_postgres`', max_length=63)] = None
    databricks_database_port: Annotated[int, setting(
        'a port, 1 to 65535', 'The port of the endpoint or instance', ge=1, le=65535)] = 5432
    dashboard_id: Annotated[str | None, setting(
        'the id in the address of a dashboard: letters, digits and -',
        'The Databricks dashboard to show; the bundle sets it', pattern='^([0-9A-Za-z-]{8,64}|<[^<>]*>)$')] = None
    dashboard_embed_url: Annotated[str | None, AfterValidator(setting_values.embed_url), setting(
        'an https:// address',
        'The https address of another dashboard to show instead. A placeholder such as '
        '`<your-dashboard-embed-url>` is ignored with a warning')] = None

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """The settings of this process.

        :raises SettingsError: one line for the first wrong value
        """
        check_env_file()
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise SettingsError(explain(cls, error, overrides)) from None

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The first value of the plant's time zone."""
        return zoneinfo.ZoneInfo(self.plant_timezone)

    @property
    def is_private(self) -> bool:
        """Whether only programs on this machine can reach the app."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == 'localhost'

    @property
    def has_sign_in(self) -> bool:
        """Whether people sign in at an OpenID provider. On Databricks Apps, the platform has signed them in."""
        return self.oidc_issuer is not None and not on_databricks()

    @property
    def is_https(self) -> bool:
        """Whether people open the app by https only, as PUBLIC_URL says; on Databricks Apps always."""
        return on_databricks() or (self.public_url or '').lower().startswith('https:')

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """The hosts of this app behind proxies: ALLOWED_HOSTS, and that of PUBLIC_URL."""
        public = urlsplit(self.public_url or '').netloc.lower()
        return (*self.allowed_hosts, *([public] if public and public not in self.allowed_hosts else []))

    @property
    def signs_people_in(self) -> bool:
        """Whether people sign in: at an OpenID provider, or at a proxy that names them."""
        return self.oidc_issuer is not None or self.identity_header is not None

    @property
    def role_of_strangers(self) -> Role:
        """The role of people who are not employees: DEFAULT_ROLE, else supervisor on a private address without a
        sign-in, else viewer."""
        alone = self.is_private and not on_databricks() and not self.signs_people_in
        return self.default_role or (Role.SUPERVISOR if alone else Role.VIEWER)

    @property
    def floor_to_make(self) -> NewFloor:
        """What a new schema becomes: NEW_FLOOR, else a demo only in the embedded database."""
        return self.new_floor or ('demo' if self.source is ConnectionSource.EMBEDDED else 'empty')

    @property
    def is_guest(self) -> bool:
        """Whether this is a developer's computer that uses the Lakebase database of a deployed app. The app owns the
        schema and runs the simulator and the periodic jobs with its own settings; a guest runs none of them."""
        source = self.source
        host = self.pghost if source is ConnectionSource.PG_VARIABLES else urlsplit(self.database_url or '').hostname
        is_lakebase = source is ConnectionSource.LAKEBASE or LAKEBASE_HOST.fullmatch(host or '') is not None
        return is_lakebase and not on_databricks()

    @property
    def source(self) -> ConnectionSource:
        """Where the database comes from; the first match wins."""
        if self.database_url:
            return ConnectionSource.URL
        if self.lakebase_endpoint or self.lakebase_instance_name:
            return ConnectionSource.LAKEBASE
        if self.pghost:
            # the database resource of an app comes with a host and a user, but without a password
            is_resource = on_databricks() and not self.pgpassword
            return ConnectionSource.LAKEBASE if is_resource else ConnectionSource.PG_VARIABLES
        return ConnectionSource.EMBEDDED


def on_databricks(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a Databricks App, where the platform's proxy authenticates requests.

    Only the process's environment counts: a line in .env must not make the app trust headers that anybody can send.
    """
    return bool(environ.get('DATABRICKS_APP_NAME'))


def _port_of_the_app() -> str | None:
    """The port that the proxy of Databricks Apps connects to."""
    return os.environ.get('DATABRICKS_APP_PORT') if on_databricks() else None


def allowed_values(name: str) -> str:
    """The allowed values of this field."""
    return text_of(Settings.model_fields[name], 'allowed')


def shown_default(name: str) -> str:
    """The default of this field in the tables if it depends on the environment, else ''."""
    return text_of(Settings.model_fields[name], 'shown_default')
