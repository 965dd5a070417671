"""Every environment variable that this program reads, typed and checked; .env is read too.

A wrong value stops the start with one line that names the variable, the value and what is allowed.
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

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .env_file import ENCODING, ENV_FILE, check_env_file
from .errors import InvalidInput, SettingsError
from .model import Role
from .shifts import parse_shifts
from .visible_text import identity_problem

PLAIN_NAME = 'lower-case letters, digits and _, at most 40'
IDENTIFIER = re.compile(r'[a-z_][a-z0-9_]{0,39}')
HOST_AND_PORT = re.compile(r'([a-z0-9]([a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9_-]*[a-z0-9])?(:[0-9]{1,5})?')
ADDRESS_AND_PORT = re.compile(r'(\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(:[0-9]{1,5})?')
ORIGIN = re.compile(rf'https://{HOST_AND_PORT.pattern}|http://(localhost|127\.0\.0\.1)(:[0-9]{{1,5}})?')
PLACEHOLDER = re.compile(r'<[^<>]*>')
"""What an example has where a value of one's own belongs, as <your-dashboard-embed-url>."""
TOO_LONG_TO_SHOW = 60
LONGEST_NAME = 200
LONGEST_ROLE = 63
"""Bytes of a name in PostgreSQL."""
LAKEBASE_HOST = re.compile(r'.*\.database\..*(databricks\.com|azuredatabricks\.net)', re.IGNORECASE)
YEAR_S = 31_536_000
EVERY_ADDRESS = '0.0.0.0'  # noqa: S104 (only the proxy of Databricks Apps reaches it)


NewFloor = Literal['demo', 'empty']
"""What a new schema becomes: a simulated plant to look at, or nothing yet."""


class Source(Enum):
    """Where the database comes from."""

    URL = 'DATABASE_URL'
    LAKEBASE = 'Lakebase'
    PG_VARIABLES = 'the PG* variables'
    EMBEDDED = 'the embedded PostgreSQL'


class Settings(BaseSettings):
    """The configuration. Field names are the variables' names in lower case."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_file_encoding=ENCODING, extra='ignore',
                                      env_ignore_empty=True, hide_input_in_errors=True, allow_inf_nan=False)

    database_url: Annotated[str | None, Field(
        description='postgresql://user:password@host:port/database, with the characters :/?#[]@% of a password '
                    'percent-encoded (/ as %2F)', repr=False)] = None
    pghost: Annotated[str | None, Field(description='a host name; the other PG* variables go with it')] = None
    pgport: Annotated[str | None, Field(pattern=r'^[0-9]{1,5}(,[0-9]{1,5})*$', description='a port')] = None
    pguser: Annotated[str | None, Field(description='a role of the database')] = None
    pgdatabase: Annotated[str | None, Field(description='a database')] = None
    pgpassword: Annotated[str | None, Field(description='the password of PGUSER', repr=False)] = None
    pgsslmode: Annotated[str | None, Field(description='a TLS mode, as verify-full')] = None
    lakebase_endpoint: Annotated[str | None, Field(
        pattern=r'^projects/[A-Za-z0-9_-]+/branches/[A-Za-z0-9_-]+/endpoints/[A-Za-z0-9_-]+$',
        description='projects/PROJECT/branches/BRANCH/endpoints/ENDPOINT')] = None
    lakebase_instance_name: Annotated[str | None, Field(
        pattern=r'^[A-Za-z0-9_-]{1,63}$',
        description='the name of a Lakebase instance: letters, digits, - and _')] = None
    lakebase_database_name: Annotated[str | None, Field(max_length=63, description='a database on it, at most 63 '
                                                                                   'characters')] = None
    databricks_database_port: Annotated[int, Field(ge=1, le=65535, description='a port, 1 to 65535')] = 5432
    default_postgres_schema: Annotated[str, Field(description=PLAIN_NAME)] = 'manufacturing_line'
    default_postgres_table: Annotated[str, Field(description=PLAIN_NAME)] = 'machine_feed_stream'
    legacy_schema: Annotated[str | None, Field(
        max_length=63, description='the schema of the tables of another line monitor, at most 63 characters')] = None
    feed_writers: Annotated[tuple[str, ...] | None, NoDecode, Field(
        description='names of roles of the database with commas between them')] = None
    change_data_feed: Annotated[bool | None, Field(description='true or false')] = None
    dashboard_embed_url: Annotated[str | None, Field(description='an https:// address')] = None
    dashboard_id: Annotated[str | None, Field(
        pattern='^([0-9A-Za-z-]{8,64}|<[^<>]*>)$',
        description='the id in the address of a dashboard: letters, digits and -')] = None

    new_floor: Annotated[NewFloor | None, Field(description='demo or empty')] = None
    enable_simulator: Annotated[bool, Field(description='true or false')] = True
    simulator_interval: Annotated[float, Field(gt=0, le=86400, description='seconds between changes, above 0')] = 5
    backfill_days: Annotated[int, Field(ge=0, le=366, description='days, 0 to 366; 0: off')] = 30

    db_pool_size: Annotated[int, Field(ge=0, le=1000, description='a whole number, 0 to 1000')] = 5
    db_max_overflow: Annotated[int, Field(ge=0, le=1000, description='a whole number, 0 to 1000')] = 10
    db_command_timeout: Annotated[float, Field(gt=0, description='seconds, above 0')] = 30
    db_pool_timeout: Annotated[float, Field(gt=0, description='seconds, above 0')] = 10
    db_pool_recycle_interval: Annotated[float, Field(gt=0, description='seconds, above 0')] = 3600

    listen_heartbeat_seconds: Annotated[float, Field(gt=0, le=60, description='seconds, above 0, at most 60')] = 5
    listen_audit_seconds: Annotated[float, Field(gt=0, le=60, description='seconds, above 0, at most 60')] = 30
    dashboard_refresh_seconds: Annotated[float, Field(gt=0, le=86400, description='seconds, above 0, at most '
                                                                                  '86400')] = 60
    retention_days: Annotated[int | None, Field(ge=1, le=36500, description='whole days, 1 to 36500; empty: history is '
                                                                            'kept for ever')] = None
    machine_silent_after: Annotated[float | None, Field(gt=0, description='seconds, above 0; empty: never')] = None

    local_user: Annotated[str | None, Field(description='a name or an e-mail address, in one line of at most '
                                                        f'{LONGEST_NAME} characters')] = None
    default_role: Annotated[Role | None, Field(description='viewer, operator, technician or supervisor')] = None
    roles: Annotated[dict[str, Role], NoDecode, Field(
        description='e-mail addresses, or the ids of programs, each with viewer, operator, technician or supervisor, '
                    'as jane.doe@example.com=supervisor,5f6e1c9a=operator')] = {}
    allow_anonymous: Annotated[bool, Field(description='true or false')] = False
    auto_work_order_after: Annotated[float | None, Field(
        gt=0, le=YEAR_S, description=f'seconds, above 0, at most {YEAR_S}; empty: off')] = None

    changes_per_minute: Annotated[int, Field(ge=0, le=1_000_000, description='a whole number, 0 to 1000000; 0: no '
                                                                             'limit')] = 300
    host: Annotated[str, Field(min_length=1, description='an address to listen on', default_factory=lambda: (
        EVERY_ADDRESS if on_databricks() else '127.0.0.1'))]
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, Field(
        description='the names under which a proxy serves us, as floor.example.com,floor.example.com:8443')] = ()
    root_path: Annotated[str, Field(pattern=r'^(/[A-Za-z0-9._~-]+)*/?$', description=(
        'the path below which a proxy serves us, as /monitor: letters, digits and ._~- between slashes'))] = ''
    sign_in_origins: Annotated[tuple[str, ...], NoDecode, Field(
        description='the origins that a sign-in leads through, as https://sso.example.com')] = ()
    port: Annotated[int, Field(ge=1, le=65535, description='a port, 1 to 65535', validate_default=True,
                               default_factory=lambda: _port_of_the_app() or 8000)]
    data_dir: Annotated[Path, Field(description='a folder, without a line break in its path')] = Path('.data')
    plant_timezone: Annotated[str, Field(description='a name of the IANA time zone database, '
                                                     'as America/Detroit')] = 'UTC'
    shifts: Annotated[str, Field(description='names and starts, as Early 06:00,Late 14:00,Night 22:00; no two '
                                             'alike')] = 'Early 06:00,Late 14:00,Night 22:00'
    storage_secret: Annotated[str | None, Field(min_length=16, repr=False, description='at least 16 characters')] = None
    log_level: Annotated[str, Field(pattern='(?i)^(debug|info|warning|error)$',
                                    description='debug, info, warning or error')] = 'info'
    log_format: Annotated[Literal['text', 'json'], Field(description='text or json')] = 'text'

    @field_validator('default_postgres_schema', 'default_postgres_table')
    @classmethod
    def _is_identifier(cls, value: str) -> str:
        if not IDENTIFIER.fullmatch(value):
            raise ValueError('not a plain identifier')
        return value

    @field_validator('data_dir')
    @classmethod
    def _is_one_line(cls, value: Path) -> Path:
        if '\n' in str(value):  # PostgreSQL keeps the path as one line of postmaster.pid, and loses itself in two
            raise ValueError('a line break')
        return value

    @field_validator('root_path')
    @classmethod
    def _without_last_slash(cls, value: str) -> str:
        return value.rstrip('/')

    @field_validator('local_user')
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        name = value.strip(' \t') if value is not None else None  # around a setting they belong to the file, not to it
        if name is not None and (len(name) > LONGEST_NAME or identity_problem(name)):
            raise ValueError('not a name')
        return name

    @field_validator('allowed_hosts', 'sign_in_origins', mode='before')
    @classmethod
    def _are_hosts(cls, value: Any, info: ValidationInfo) -> Any:
        form = HOST_AND_PORT if info.field_name == 'allowed_hosts' else ORIGIN
        names = tuple(name for name in re.split(r'[\s,]+', value.lower()) if name) if isinstance(value, str) else value
        if not all(form.fullmatch(name) for name in names):
            raise ValueError('not such names')
        return names

    @field_validator('feed_writers', mode='before')
    @classmethod
    def _are_names(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        names = tuple(name.strip() for name in value.split(','))
        if not all(name.isprintable() and 0 < len(name.encode()) <= LONGEST_ROLE for name in names):
            raise ValueError('not names of roles')
        return names

    @field_validator('roles', mode='before')
    @classmethod
    def _are_roles(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [pair.rpartition('=') for pair in re.split(r'[\s,]+', value.lower()) if pair]
        if not all(who and '=' not in who for who, _, _ in pairs) or len({who for who, _, _ in pairs}) < len(pairs):
            raise ValueError('not pairs')
        return {who: Role(role) for who, _, role in pairs}

    @field_validator('default_role', 'new_floor', mode='before')
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator('plant_timezone')
    @classmethod
    def _is_timezone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError('not a known time zone') from error
        return value

    @field_validator('shifts')
    @classmethod
    def _are_shifts(cls, value: str) -> str:
        try:
            parse_shifts(value)
        except InvalidInput as error:
            raise ValueError('no such plan') from error
        return value

    @field_validator('database_url', 'dashboard_embed_url')
    @classmethod
    def _is_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        schemes = {'database_url': {'postgresql', 'postgres'}, 'dashboard_embed_url': {'https'}}[str(info.field_name)]
        if value is None or (info.field_name == 'dashboard_embed_url' and PLACEHOLDER.fullmatch(value)):
            return value
        if urlsplit(value).scheme not in schemes or not _has_plain_hosts(value):
            raise ValueError('not such an address')
        return value

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """The settings of this process.

        :raises SettingsError: one line for the first wrong value
        """
        check_env_file()
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise SettingsError(_explain(cls, error, overrides)) from None

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The plant's time zone: every time a person reads is in it."""
        return zoneinfo.ZoneInfo(self.plant_timezone)

    @property
    def is_private(self) -> bool:
        """Whether only programs of this very machine can reach us."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == 'localhost'

    @property
    def role_of_strangers(self) -> Role:
        """The role of who is not among the employees: DEFAULT_ROLE, else as much as the place allows."""
        alone = self.is_private and not on_databricks()
        return self.default_role or (Role.SUPERVISOR if alone else Role.VIEWER)

    @property
    def floor_to_make(self) -> NewFloor:
        """What a schema becomes that is made now: NEW_FLOOR, else a demo only in the database of our own."""
        return self.new_floor or ('demo' if self.source is Source.EMBEDDED else 'empty')

    @property
    def is_guest(self) -> bool:
        """Whether this is a developer's computer on the Lakebase database of an app: the app owns the schema,
        plays the simulator and does the upkeep by its own settings; a guest does none of it."""
        host = self.pghost if self.source is Source.PG_VARIABLES else urlsplit(self.database_url or '').hostname
        is_lakebase = self.source is Source.LAKEBASE or LAKEBASE_HOST.fullmatch(host or '') is not None
        return is_lakebase and not on_databricks()

    @property
    def source(self) -> Source:
        """Where the database comes from; the first hit wins."""
        if self.database_url:
            return Source.URL
        if self.lakebase_endpoint or self.lakebase_instance_name:
            return Source.LAKEBASE
        if self.pghost:
            # the database resource of an app comes with a host and a user, but without a password
            return Source.LAKEBASE if on_databricks() and not self.pgpassword else Source.PG_VARIABLES
        return Source.EMBEDDED


def on_databricks(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a Databricks App, where the platform's proxy says who asks.

    Only the process's environment counts: a line of .env must not make us trust what anybody can send.
    """
    return bool(environ.get('DATABRICKS_APP_NAME'))


def _has_plain_hosts(address: str) -> bool:
    """Whether the hosts and ports are that, and not parts of a password: a driver would complain of them aloud."""
    parts = urlsplit(address)
    hosts = parts.netloc.rpartition('@')[2].split(',')
    return all(ADDRESS_AND_PORT.fullmatch(host) for host in hosts) and '@' not in parts.path + parts.fragment


def _port_of_the_app() -> str | None:
    """Where the proxy of Databricks Apps expects us."""
    return os.environ.get('DATABRICKS_APP_PORT') if on_databricks() else None


def _explain(settings: type[Settings], error: ValidationError, overrides: Mapping[str, Any]) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first['loc'][0]) if first['loc'] else ''
    variable = name.upper()
    field = settings.model_fields.get(name)
    secret = field is not None and not field.repr
    given = overrides.get(name) or os.environ.get(variable) or os.environ.get(name) or first.get('input')
    value = '...' if secret else _shown(given)
    allowed = field.description if field is not None else first['msg']
    return f'{variable}={value} cannot be used: it must be {allowed}'


def _shown(value: object) -> str:
    text = ' '.join(str(value).split())
    return text if len(text) <= TOO_LONG_TO_SHOW else f'{text[:TOO_LONG_TO_SHOW]}...'
