"""The configuration: what may be set, and the one line that a wrong value is answered with."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from floor.core.env_file import unread_names
from floor.core.errors import SettingsError
from floor.core.people import Role
from floor.core.settings import ConnectionSource, Settings, allowed_values
from floor.db.connection_source import database_source


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder, and an environment that says nothing about us."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ('DATABRICKS_APP_NAME', 'DATABRICKS_APP_PORT'):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_nothing_has_to_be_set() -> None:
    settings = Settings.load()
    assert settings.source is ConnectionSource.EMBEDDED
    assert (settings.host, settings.port) == ('127.0.0.1', 8000)
    assert settings.default_postgres_schema == 'manufacturing_line'
    assert settings.enable_simulator is True
    assert settings.zone.key == 'UTC'


ROLES = ('e-mail addresses, or the ids of programs, each with viewer, operator, technician or supervisor, as '
         'jane.doe@example.com=supervisor,5f6e1c9a=operator')
ORIGINS = 'the origins that a sign-in leads through, as https://sso.example.com'


@pytest.mark.parametrize(('variable', 'value', 'allowed'), [
    ('PORT', '0', 'a port, 1 to 65535'),
    ('PORT', '65536', 'a port, 1 to 65535'),
    ('PORT', 'http', 'a port, 1 to 65535'),
    ('DATABRICKS_DATABASE_PORT', '-1', 'a port, 1 to 65535'),
    ('DEFAULT_POSTGRES_SCHEMA', 'public; DROP TABLE x', 'lower-case letters, digits and _, at most 40'),
    ('DEFAULT_POSTGRES_SCHEMA', 'Plant', 'lower-case letters, digits and _, at most 40'),
    ('DEFAULT_POSTGRES_SCHEMA', 'x' * 41, 'lower-case letters, digits and _, at most 40'),
    ('DEFAULT_POSTGRES_TABLE', '7feeds', 'lower-case letters, digits and _, at most 40'),
    ('DASHBOARD_EMBED_URL', 'javascript:alert(1)', 'an https:// address'),
    ('DASHBOARD_EMBED_URL', 'http://plant', 'an https:// address'),
    ('DASHBOARD_ID', 'x/../../y', 'the id in the address of a dashboard: letters, digits and -'),
    ('SIGN_IN_ORIGINS', 'https://sso.example.com;script-src', ORIGINS),
    ('SIGN_IN_ORIGINS', 'http://sso.example.com', ORIGINS),
    ('PUBLIC_URL', 'floor.example.com', allowed_values('public_url')),
    ('PUBLIC_URL', 'https://floor.example.com/?next=x', allowed_values('public_url')),
    ('PUBLIC_URL', 'https://jane@floor.example.com', allowed_values('public_url')),
    ('OIDC_ISSUER', 'http://sso.example.com', allowed_values('oidc_issuer')),
    ('OIDC_ISSUER', 'https://sso.example.com/#x', allowed_values('oidc_issuer')),
    ('OIDC_SCOPES', 'email profile', allowed_values('oidc_scopes')),
    ('OIDC_GROUPS', 'supervisor', allowed_values('oidc_groups')),
    ('OIDC_GROUPS', 'staff=boss', allowed_values('oidc_groups')),
    ('OIDC_GROUPS', 'staff=viewer,staff=supervisor', allowed_values('oidc_groups')),
    ('TRUSTED_PROXIES', '10.0.0.0/8,proxy', allowed_values('trusted_proxies')),
    ('TRUSTED_PROXIES', '10.0.0.1/8', allowed_values('trusted_proxies')),
    ('IDENTITY_HEADER', 'X-User: x', allowed_values('identity_header')),
    ('SESSION_HOURS', '0', allowed_values('session_hours')),
    ('SESSION_IDLE_MINUTES', '5', allowed_values('session_idle_minutes')),
    ('ROLES', 'jane.doe@example.com', ROLES),
    ('ROLES', 'jane.doe@example.com=boss', ROLES),
    ('ROLES', '=supervisor', ROLES),
    ('ROLES', '5f6e=viewer,5F6E=supervisor', ROLES),
    ('FEED_WRITERS', 'gateway_1,,', 'names of roles of the database with commas between them'),
    ('CHANGE_DATA_FEED', 'maybe', 'true or false'),
    ('ENABLE_SIMULATOR', 'perhaps', 'true or false'),
    ('SIMULATOR_INTERVAL', '0', 'seconds, above 0'),
    ('SIMULATOR_INTERVAL', 'soon', 'seconds, above 0'),
    ('BACKFILL_DAYS', '-1', 'days, 0 to 366; 0: off'),
    ('DB_POOL_SIZE', '-1', 'a whole number, 0 to 1000'),
    ('DB_POOL_SIZE', '1.5', 'a whole number, 0 to 1000'),
    ('DB_MAX_OVERFLOW', '1001', 'a whole number, 0 to 1000'),
    ('DB_COMMAND_TIMEOUT', '0', 'seconds, above 0'),
    ('DB_POOL_TIMEOUT', '-3', 'seconds, above 0'),
    ('DB_POOL_RECYCLE_INTERVAL', '0', 'seconds, above 0'),
    ('LISTEN_HEARTBEAT_SECONDS', '61', 'seconds, above 0, at most 60'),
    ('LISTEN_AUDIT_SECONDS', '0', 'seconds, above 0, at most 60'),
    ('MACHINE_SILENT_AFTER', '-1', 'seconds, above 0; empty: never'),
    ('PLANT_TIMEZONE', 'Mars/Olympus', 'a name of the IANA time zone database, as America/Detroit'),
    ('PLANT_TIMEZONE', '../../etc/passwd', 'a name of the IANA time zone database, as America/Detroit'),
    ('LOCAL_USER', 'li\x1bsa', 'a name or an e-mail address, in one line of at most 200 characters'),
    ('DEFAULT_ROLE', 'boss', 'viewer, operator, technician or supervisor'),
    ('ALLOW_ANONYMOUS', 'perhaps', 'true or false'),
    ('AUTO_WORK_ORDER_AFTER', '0', 'seconds, above 0, at most 31536000; empty: off'),
    ('AUTO_WORK_ORDER_AFTER', '1e300', 'seconds, above 0, at most 31536000; empty: off'),
    ('LOG_LEVEL', 'loud', 'debug, info, warning or error'),
])
@pytest.mark.parametrize('place', ['environment', '.env'])
def test_a_wrong_value_is_one_line_that_names_it_and_what_is_allowed(  # noqa: PLR0917
        monkeypatch: pytest.MonkeyPatch, folder: Path, place: str, variable: str, value: str, allowed: str) -> None:
    if place == '.env':
        (folder / '.env').write_text(f'{variable}="{value}"\n')
    else:
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert str(refused.value) == f'{variable}={value} cannot be used: it must be {allowed}'


@pytest.mark.parametrize('value', ['nan', 'inf', '-inf'])
@pytest.mark.parametrize('variable', ['SIMULATOR_INTERVAL', 'DB_COMMAND_TIMEOUT', 'DB_POOL_TIMEOUT',
                                      'DB_POOL_RECYCLE_INTERVAL', 'LISTEN_HEARTBEAT_SECONDS', 'LISTEN_AUDIT_SECONDS',
                                      'MACHINE_SILENT_AFTER'])
def test_seconds_are_a_number_that_passes(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f'^{variable}={value} cannot be used: it must be seconds'):
        Settings.load()


def test_a_long_or_many_lined_value_is_shown_as_one_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('LOG_LEVEL', 'very\nloud ' * 100)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert '\n' not in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize('place', ['environment', '.env', 'lower case'])
@pytest.mark.parametrize(('variable', 'value'), [
    ('DATABASE_URL', 'mysql://root:hunter2-hunter2@plant/floor'),
    ('DATABASE_URL', 'hunter2'),
    ('DATABASE_URL', 'postgresql+psycopg://root:hunter2@plant/floor'),
    ('STORAGE_SECRET', 'hunter2'),
])
def test_a_secret_is_never_shown(
        monkeypatch: pytest.MonkeyPatch, folder: Path, place: str, variable: str, value: str) -> None:
    match place:
        case '.env':
            (folder / '.env').write_text(f'{variable}={value}\n')
        case 'environment':
            monkeypatch.setenv(variable, value)
        case _:
            monkeypatch.setenv(variable.lower(), value)
    with pytest.raises(SettingsError, match=f'^{variable}=... cannot be used') as refused:
        Settings.load()
    assert 'hunter2' not in ''.join(traceback.format_exception(refused.value))


def test_secrets_are_not_in_the_text_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('DATABASE_URL', 'postgresql://root:hunter2@plant/floor')
    monkeypatch.setenv('STORAGE_SECRET', 'hunter2-hunter2-hunter2')
    settings = Settings.load()
    assert settings.database_url == 'postgresql://root:hunter2@plant/floor'
    assert 'hunter2' not in f'{settings} {settings!r}'


def test_an_address_that_cannot_be_read_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('DATABASE_URL', 'postgresql://root:hunter2@[plant/floor')
    with pytest.raises(SettingsError, match=r'^DATABASE_URL=\.\.\. cannot be used: it must be postgresql://'):
        Settings.load()


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / '.env').write_text('# the plant\nPORT=8001\nPLANT_TIMEZONE=America/Detroit\nSOMETHING_ELSE=1\n')
    assert Settings.load().port == 8001
    assert Settings.load().zone.key == 'America/Detroit'
    monkeypatch.setenv('PORT', '8002')
    assert Settings.load().port == 8002
    assert Settings.load(port=8003).port == 8003


@pytest.mark.parametrize(('encoding', 'reason'), [
    ('utf-16', 'it looks like UTF-16, as "Unicode" is on Windows'),
    ('utf-16-le', 'it looks like UTF-16, as "Unicode" is on Windows'),
    ('latin-1', 'line 2 is in another encoding'),
    ('cp1252', 'line 2 is in another encoding'),
])
def test_an_env_file_in_another_encoding_is_refused_in_one_line(folder: Path, encoding: str, reason: str) -> None:
    (folder / '.env').write_bytes('PORT=8001\nLOCAL_USER=Jürgen Müller\n'.encode(encoding))
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert str(refused.value) == f'{folder / ".env"} is not text in UTF-8 ({reason}): save it as UTF-8'


def test_the_mark_that_windows_puts_before_utf_8_hides_no_setting(folder: Path) -> None:
    (folder / '.env').write_bytes('PORT=8001\r\nLOCAL_USER=Jürgen Müller\r\n'.encode('utf-8-sig'))
    assert (Settings.load().port, Settings.load().local_user) == (8001, 'Jürgen Müller')


def test_an_env_that_is_a_folder_or_closed_is_named(folder: Path) -> None:
    (folder / '.env').mkdir()
    with pytest.raises(SettingsError, match=r'\.env cannot be read \(Is a directory\)'):
        Settings.load()


@pytest.mark.parametrize(('name', 'meant'), [
    ('PLANT_TIMEZON', 'PLANT_TIMEZONE'), ('DB_POOLSIZE', 'DB_POOL_SIZE'), ('ENABLE_SIMULATER', 'ENABLE_SIMULATOR'),
    ('simulator_intervall', 'SIMULATOR_INTERVAL'), ('ALLOWED_HOST', 'ALLOWED_HOSTS'),
])
def test_a_misspelled_name_in_env_is_reported_with_the_nearest(folder: Path, name: str, meant: str) -> None:
    (folder / '.env').write_text(f'PORT=8001\nSOMETHING_ELSE=1\nexport {name}=1\n')
    assert unread_names(Settings.model_fields) == [
        f'.env: {name} is not a setting, so it changes nothing; did you mean {meant}?']


def test_a_variable_of_libpq_that_only_the_environment_can_set_is_reported(folder: Path) -> None:
    (folder / '.env').write_text('PGHOST=plant\nPGOPTIONS=-c work_mem=9MB\n')
    assert unread_names(Settings.model_fields) == ['.env: PGOPTIONS is read from the environment only; set it there']


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ('PORT', 'DATABASE_URL', 'MACHINE_SILENT_AFTER', 'STORAGE_SECRET', 'PLANT_TIMEZONE',
                     'LOCAL_USER', 'DEFAULT_ROLE', 'ALLOW_ANONYMOUS', 'AUTO_WORK_ORDER_AFTER'):
        monkeypatch.setenv(variable, '')
    settings = Settings.load()
    assert (settings.local_user, settings.default_role, settings.allow_anonymous) == (None, None, False)
    assert settings.auto_work_order_after is None
    assert (settings.port, settings.database_url, settings.machine_silent_after) == (8000, None, None)
    assert settings.source is ConnectionSource.EMBEDDED


def test_a_local_user_has_at_most_200_characters() -> None:
    assert Settings.load(local_user=f' {"x" * 200} ').local_user == 'x' * 200
    with pytest.raises(SettingsError, match=r'^LOCAL_USER=x+\.\.\. cannot be used'):
        Settings.load(local_user='x' * 201)


def test_a_role_is_known_case_insensitively(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('DEFAULT_ROLE', ' Technician')
    assert Settings.load().default_role is Role.TECHNICIAN


def test_the_first_source_that_is_named_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PGHOST', 'plant')
    assert Settings.load().source is ConnectionSource.PG_VARIABLES
    monkeypatch.setenv('LAKEBASE_INSTANCE_NAME', 'lake')
    assert Settings.load().source is ConnectionSource.LAKEBASE
    monkeypatch.setenv('DATABASE_URL', 'postgres://plant/floor')
    assert Settings.load().source is ConnectionSource.URL


def test_on_databricks_apps_we_are_where_its_proxy_expects_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('DATABRICKS_APP_PORT', '8123')
    assert (Settings.load().host, Settings.load().port) == ('127.0.0.1', 8000), 'this is no app'
    monkeypatch.setenv('DATABRICKS_APP_NAME', 'line-monitor')
    assert (Settings.load().host, Settings.load().port) == ('0.0.0.0', 8123)
    monkeypatch.delenv('DATABRICKS_APP_PORT')
    assert (Settings.load().host, Settings.load().port) == ('0.0.0.0', 8000)
    monkeypatch.setenv('PORT', '8456')
    assert Settings.load().port == 8456


def test_a_port_that_the_platform_gives_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('DATABRICKS_APP_NAME', 'line-monitor')
    monkeypatch.setenv('DATABRICKS_APP_PORT', 'http')
    with pytest.raises(SettingsError, match=r'^PORT=http cannot be used: it must be a port, 1 to 65535$'):
        Settings.load()


def test_an_app_without_a_database_gets_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('DATABRICKS_APP_NAME', 'line-monitor')
    with pytest.raises(SettingsError, match='this app has no database: give it'), database_source(Settings.load()):
        pass


@pytest.mark.parametrize('field', Settings.model_fields)
def test_every_variable_says_what_is_allowed(field: str) -> None:
    assert Settings.model_fields[field].description and allowed_values(field)


def test_roles_are_given_to_addresses_and_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROLES', 'Jane.Doe@Example.com=Supervisor, 5f6e1c9a=operator')
    assert Settings.load().roles == {'jane.doe@example.com': Role.SUPERVISOR, '5f6e1c9a': Role.OPERATOR}


def test_the_roles_of_feeds_are_named_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('FEED_WRITERS', 'gateway_1, jane.doe@example.com,5f6e1c9a-0000')
    assert Settings.load().feed_writers == ('gateway_1', 'jane.doe@example.com', '5f6e1c9a-0000')


LAKEBASE = 'ep-misty-sun-a1b2.database.eu-west-1.cloud.databricks.com'


@pytest.mark.parametrize('variables', [
    {'LAKEBASE_ENDPOINT': 'projects/p/branches/b/endpoints/e'},
    {'LAKEBASE_INSTANCE_NAME': 'plant'},
    {'DATABASE_URL': f'postgresql://me@{LAKEBASE}/databricks_postgres?sslmode=require'},
    {'DATABASE_URL': f'postgresql://me@{LAKEBASE.upper()}:5432/databricks_postgres'},
    {'DATABASE_URL': 'postgresql://me@instance-1.database.azuredatabricks.net/databricks_postgres'},
    {'PGHOST': LAKEBASE}])
def test_a_laptop_on_lakebase_is_a_guest_however_it_is_named_and_the_app_never(
        monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Settings.load().is_guest
    assert Settings.load().floor_to_make == 'empty'
    monkeypatch.setenv('DATABRICKS_APP_NAME', 'floor')
    assert not Settings.load().is_guest


@pytest.mark.parametrize('variables', [
    {}, {'DATABASE_URL': 'postgresql://me@db.example.com/floor'}, {'PGHOST': 'localhost'},
    {'DATABASE_URL': 'postgresql://me@databricks.com.example.com/floor'}])
def test_on_any_other_database_nobody_is_a_guest(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert not Settings.load().is_guest
