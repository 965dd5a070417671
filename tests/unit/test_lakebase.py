"""The password of a Lakebase database: fetched by the real Databricks SDK from a stand-in of a workspace."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from database.postgres import until
from database.tls import certificate
from database.workspace import (
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    ENDPOINT,
    INSTANCE,
    INSTANCE_CREDENTIALS,
    ME,
    OAUTH,
    Workspace,
)
from databricks.sdk import _base_client
from databricks.sdk.clock import RealClock

from auth import lakebase as lakebase_module
from auth import workspace as workspace_module
from auth.lakebase import MAX_BACKOFF_S, Address, Lakebase
from auth.workspace import LakebaseResource, Login, LoginError, ask_for_login
from floor.core.errors import DatabaseUnavailableError, SettingsError
from floor.core.settings import ConnectionSource, Settings
from floor.db.connection_source import database_source

BY_ENDPOINT, BY_INSTANCE = LakebaseResource(endpoint=ENDPOINT), LakebaseResource(instance=INSTANCE)
BY_PG_VARIABLES = LakebaseResource(host='lake.example.com', user=CLIENT_ID)
SECRETS = (CLIENT_SECRET, 'nobody-may-see')
HTML = 200, {'Content-Type': 'text/html'}, b'<html>Please sign in</html>'


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace, and the environment of a program that it knows; the developer's own sign-in stays out of it."""
    for name in [name for name in os.environ if name.startswith(('DATABRICKS_', 'PG', 'LAKEBASE_'))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv('DATABRICKS_CONFIG_FILE', str(tmp_path / 'no-config'))
    workspace = Workspace()
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    yield workspace
    workspace.stop()


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK asks about the host with another clock than ours, and pauses for a second or two if that fails."""
    monkeypatch.setattr(_base_client, 'RealClock', workspace_module._NoWaiting, raising=False)


def refusal() -> str:
    """The error, as text: pytest would print the error of each attempt of the SDK, of which there may be hundreds."""
    try:
        ask_for_login(BY_ENDPOINT)
    except Exception as error:
        return f'{type(error).__name__}: {error}'
    return 'no error'


# what the SDK says

@pytest.mark.parametrize('place', [BY_ENDPOINT, BY_INSTANCE])
def test_the_workspace_tells_host_user_and_password(workspace: Workspace, place: LakebaseResource) -> None:
    login = ask_for_login(place)
    assert (login.host, login.user, login.token) == ('127.0.0.1', CLIENT_ID, workspace.tokens[0])
    assert login.seconds == pytest.approx(3600, abs=5)


def test_what_is_given_is_not_asked_for(workspace: Workspace) -> None:
    login = ask_for_login(LakebaseResource(endpoint=ENDPOINT, host='lake.example.com', user='somebody'))
    assert (login.host, login.user) == ('lake.example.com', 'somebody')
    assert workspace.asked[ME] == workspace.asked[f'/api/2.0/postgres/{ENDPOINT}'] == 0


def test_with_the_variables_of_an_app_alone_its_own_token_is_the_password(workspace: Workspace) -> None:
    login = ask_for_login(BY_PG_VARIABLES)
    assert (login.host, login.user) == ('lake.example.com', CLIENT_ID)
    assert login.token
    assert workspace.token_requests == 0


@pytest.mark.parametrize(('status', 'code', 'explanation'), [
    (401, 'UNAUTHENTICATED', r'^Databricks refuses the credentials \(no way\): check DATABRICKS_HOST, .*auth login$'),
    (403, 'PERMISSION_DENIED', rf'^Databricks denies access to the Lakebase endpoint {ENDPOINT} \(no way\): allow'),
    (404, 'NOT_FOUND', rf'^the Lakebase endpoint {ENDPOINT} is not in this workspace \(no way\): check LAKEBASE_END'),
    (429, 'RESOURCE_EXHAUSTED', r'^Databricks limits the rate of requests \(no way\): retrying later$'),
    (500, 'INTERNAL_ERROR', r'^Databricks has an internal error \(no way\): retrying$'),
    (503, 'TEMPORARILY_UNAVAILABLE', r'^Databricks has an internal error \(no way\): retrying$'),
])
def test_a_refusal_is_one_line_with_cause_and_remedy(
        workspace: Workspace, status: int, code: str, explanation: str) -> None:
    workspace.refuse(CREDENTIALS, status, code, 'no\nway')
    with pytest.raises(LoginError, match=explanation) as refused:
        ask_for_login(BY_ENDPOINT)
    assert '\n' not in str(refused.value)


def test_an_instance_that_does_not_exist_is_named(workspace: Workspace) -> None:
    with pytest.raises(LoginError, match=r'the Lakebase instance of_last_year is not in this workspace .*: check '
                                      'LAKEBASE_INSTANCE_NAME and DATABRICKS_HOST'):
        ask_for_login(LakebaseResource(instance='of_last_year'))


def test_asking_too_often_says_for_how_long_to_wait_and_does_not_wait_itself(
        workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(RealClock, 'sleep', lambda _, seconds: waited.append(seconds))
    workspace.refuse(INSTANCE_CREDENTIALS, 429, 'RESOURCE_EXHAUSTED', 'slow down', **{'Retry-After': '1200'})
    with pytest.raises(LoginError) as refused:
        ask_for_login(BY_INSTANCE)
    assert refused.value.retry_after == 1200
    assert waited == []


def test_a_wrong_client_secret_is_explained_and_not_shown(
        workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('DATABRICKS_CLIENT_SECRET', 'last-years-s3cret')
    with pytest.raises(LoginError, match=r'refuses the client id and secret .*authentication failed') as error:
        ask_for_login(BY_ENDPOINT)
    assert 's3cret' not in str(error.value)


def test_without_any_sign_in_the_variables_are_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in workspace.environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv('PATH', '')  # no Databricks CLI that could help out
    with pytest.raises(LoginError, match='needs a sign-in to Databricks: check DATABRICKS_HOST, DATABRICKS_CLIENT_ID'):
        ask_for_login(BY_ENDPOINT)


@pytest.mark.parametrize(('path', 'answer', 'explanation'), [
    (CREDENTIALS, HTML, 'is not a Databricks workspace, or a proxy answered for it'),
    (CREDENTIALS, (200, {'Content-Type': 'application/json'}, b'{}'), 'answered without a password'),
    (CREDENTIALS, (200, {'Content-Type': 'application/json'}, b'[1]'), 'an answer that cannot be used'),
    (CREDENTIALS, (200, {'Content-Type': 'application/json'}, b'{"token": "x", "expire_time": "soon"}'),
     'an answer that cannot be used'),
    (CREDENTIALS, (500, {'Content-Type': 'text/html'}, b'<html>\n' * 5000), 'has an internal error'),
    (f'/api/2.0/postgres/{ENDPOINT}', (200, {'Content-Type': 'application/json'}, b'{"name": "x"}'),
     'answered without a host'),
    (OAUTH, HTML, 'an answer that cannot be used'),
    (OAUTH, (502, {}, b''), 'an answer that cannot be used'),
    ('/.well-known/databricks-config', HTML, 'DATABRICKS_HOST=.* is not the address of a workspace'),
])
def test_nonsense_is_one_short_line_too(
        workspace: Workspace, path: str, answer: tuple[int, dict[str, str], bytes], explanation: str) -> None:
    workspace.answers[path] = answer
    with pytest.raises(LoginError, match=explanation) as refused:
        ask_for_login(BY_ENDPOINT)
    assert '\n' not in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.usefixtures('no_pauses')
def test_nobody_at_the_address_is_explained(workspace: Workspace) -> None:
    workspace.stop()
    assert re.match(r'LoginError: the Databricks workspace does not answer \(.*Connection refused\): check', refusal())


@pytest.mark.usefixtures('no_pauses')
def test_a_certificate_that_nobody_vouches_for_is_explained(
        workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    workspace.wrap(context)
    monkeypatch.setenv('DATABRICKS_HOST', workspace.url.replace('http:', 'https:'))
    assert re.match(r'LoginError: .*TLS certificate of the Databricks workspace is refused .*self-signed.*clock',
                    refusal())


@pytest.mark.parametrize('minutes', [-120, -61, 59, 120])
def test_a_wrong_clock_changes_no_life_of_a_password_and_is_named(
        workspace: Workspace, caplog: pytest.LogCaptureFixture, minutes: int) -> None:
    workspace.clock_offset = timedelta(minutes=minutes)
    assert ask_for_login(BY_ENDPOINT).seconds == 3600
    assert f"this machine's clock is wrong by about {abs(minutes)} minutes: set it" in caplog.text


def test_no_secret_is_in_any_log_error_or_text(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger('databricks.sdk').setLevel(logging.DEBUG)
    login = ask_for_login(BY_ENDPOINT)
    workspace.refuse(CREDENTIALS, 403, 'PERMISSION_DENIED', 'no')
    with pytest.raises(LoginError) as refused:
        ask_for_login(BY_ENDPOINT)
    output = f'{caplog.text} {login!r} {refused.value!r} {refused.getrepr(showlocals=False)}'
    assert CLIENT_ID in output, 'the log is that of the program'
    assert [secret for secret in SECRETS if secret in output] == []


# when it is asked

class Clock:
    """A monotonic clock that only we move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Databricks:
    """Gives 'password 1', 'password 2' and so on; refuses while `refuses` says why, stalls while `answers` is unset."""

    def __init__(self) -> None:
        self.asked = 0
        self.refuses: LoginError | Exception | None = None
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self, place: LakebaseResource) -> Login:
        self.asked += 1
        number = self.asked
        self.answers.wait()
        if self.refuses is not None:
            raise self.refuses
        return Login('lake.example.com', 'me', f'password {number}', 3600)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def databricks() -> Iterator[Databricks]:
    databricks = Databricks()
    yield databricks
    databricks.answers.set()


Make = Callable[..., Lakebase]


@pytest.fixture
def lakebase(databricks: Databricks, clock: Clock) -> Lakebase:
    return Lakebase(BY_ENDPOINT, Address(5432, 'floor'), ask=databricks, monotonic=clock, patience=5)


async def test_a_crowd_of_new_connections_asks_once(lakebase: Lakebase, databricks: Databricks) -> None:
    databricks.answers.clear()
    crowd = [asyncio.create_task(lakebase.password()) for _ in range(100)]
    await until(lambda: databricks.asked == 1)
    databricks.answers.set()
    assert set(await asyncio.gather(*crowd)) == {'password 1'}
    assert databricks.asked == lakebase.requests == 1


async def test_a_connection_receives_everything_and_its_password_last(lakebase: Lakebase) -> None:
    arguments = await lakebase.arguments()
    password = arguments.pop('password')
    assert arguments == {'host': 'lake.example.com', 'port': 5432, 'user': 'me', 'database': 'floor', 'ssl': 'require'}
    assert await password() == 'password 1'
    assert 'password 1' not in f'{arguments} {password} {lakebase} {lakebase!r}'


async def test_it_is_renewed_after_fifty_minutes_and_not_before(
        lakebase: Lakebase, clock: Clock, databricks: Databricks, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    awake = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        awake.clear()
        await awake.wait()

    monkeypatch.setattr(lakebase_module.asyncio, 'sleep', sleep)  # type: ignore[attr-defined]
    job = asyncio.create_task(lakebase.keep_fresh())
    await event(lambda: len(slept) == 1)
    assert slept == [pytest.approx(50 * 60)]
    clock.now += 50 * 60
    awake.set()
    await event(lambda: len(slept) == 2)
    assert (databricks.asked, await lakebase.password()) == (2, 'password 2')
    job.cancel()


async def test_while_it_lives_nobody_waits_for_another(lakebase: Lakebase, clock: Clock) -> None:
    await lakebase.password()
    clock.now += 3599
    assert (await lakebase.password(), lakebase.requests) == ('password 1', 1)
    clock.now += 1
    assert (await lakebase.password(), lakebase.requests) == ('password 2', 2)


async def test_a_failed_renewal_is_reported_and_the_old_password_serves_while_it_lives(
        lakebase: Lakebase, clock: Clock, databricks: Databricks) -> None:
    await lakebase.password()
    clock.now += 3100
    databricks.refuses = LoginError('Databricks is closed today')
    await lakebase._one_request()
    assert lakebase.problem == 'Databricks is closed today'
    assert lakebase.seconds_left == 500
    assert await lakebase.password() == 'password 1'
    clock.now += 500
    with pytest.raises(DatabaseUnavailableError, match=r'^Databricks is closed today$'):
        await lakebase.password()
    databricks.refuses = None
    clock.now += MAX_BACKOFF_S
    assert (await lakebase.password()).startswith('password')
    assert lakebase.problem is None


async def test_while_it_fails_it_is_asked_less_and_less_often(
        lakebase: Lakebase, clock: Clock, databricks: Databricks) -> None:
    databricks.refuses = LoginError('no')
    for _ in range(600):  # somebody tries to connect each second for ten minutes
        with pytest.raises(DatabaseUnavailableError, match=r'^no$'):
            await lakebase.password()
        clock.now += 1
    assert 600 / MAX_BACKOFF_S < databricks.asked < 40


async def test_it_is_left_alone_for_as_long_as_it_wants(
        lakebase: Lakebase, clock: Clock, databricks: Databricks) -> None:
    databricks.refuses = LoginError('slow down', retry_after=25)
    for seconds, asked in ((0, 1), (24, 1), (2, 2)):
        clock.now += seconds
        with pytest.raises(DatabaseUnavailableError, match='slow down'):
            await lakebase.password()
        assert databricks.asked == asked


async def test_a_refused_password_is_replaced_but_not_repeatedly(
        lakebase: Lakebase, clock: Clock, databricks: Databricks) -> None:
    await lakebase.password()
    clock.now += 60
    for _ in range(600):  # the role is missing, so that no password helps, and a connection is tried each second
        await lakebase.password()
        lakebase.refuse(lakebase.given)
        clock.now += 1
    assert 600 / MAX_BACKOFF_S < databricks.asked < 40


async def test_a_connection_that_began_with_an_older_password_refuses_nothing(
        lakebase: Lakebase, clock: Clock, databricks: Databricks) -> None:
    await lakebase.password()
    given = lakebase.given
    clock.now += 3600
    await lakebase.password()
    lakebase.refuse(given)
    clock.now += 60
    assert (await lakebase.password(), databricks.asked) == ('password 2', 2)


async def test_a_slow_answer_is_waited_for_a_while_and_used_when_it_comes(databricks: Databricks) -> None:
    lakebase = Lakebase(BY_ENDPOINT, Address(5432, 'floor'), ask=databricks, patience=0.05)
    databricks.answers.clear()
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError,
                           match=r'^Databricks has not yet given a password for the Lakebase end'):
            await lakebase.password()
    databricks.answers.set()
    await until(lambda: lakebase.seconds_left is not None)
    assert (await lakebase.password(), databricks.asked) == ('password 1', 1)


async def test_the_loop_stays_free_while_it_is_asked(lakebase: Lakebase, databricks: Databricks) -> None:
    databricks.answers.clear()
    waiting = asyncio.create_task(lakebase.password())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done()
    databricks.answers.set()
    assert await waiting == 'password 1'


async def test_an_answer_that_never_comes_is_given_up(
        lakebase: Lakebase, databricks: Databricks, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(lakebase_module, 'GIVEN_UP_AFTER_S', 0.05)
    databricks.answers.clear()
    with pytest.raises(DatabaseUnavailableError, match='has not answered for 0 s: retrying'):
        await lakebase.password()
    databricks.answers.set()
    clock.now += MAX_BACKOFF_S
    assert await lakebase.password() == 'password 2'


async def test_a_fault_of_the_program_does_not_end_the_renewals(
        lakebase: Lakebase, databricks: Databricks, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    databricks.refuses = ZeroDivisionError('division by zero')
    with pytest.raises(DatabaseUnavailableError, match='a fault in this program: ZeroDivisionError'):
        await lakebase.password()
    databricks.refuses = None
    clock.now += MAX_BACKOFF_S
    assert await lakebase.password() == 'password 2'


# which way in

@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without .env, an environment that names no database."""
    monkeypatch.chdir(tmp_path)
    for name in (*(field.upper() for field in Settings.model_fields), 'DATABRICKS_APP_NAME'):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(('environment', 'place'), [
    ({'LAKEBASE_ENDPOINT': ENDPOINT}, BY_ENDPOINT),
    ({'LAKEBASE_INSTANCE_NAME': INSTANCE}, BY_INSTANCE),
    ({'LAKEBASE_ENDPOINT': ENDPOINT, 'LAKEBASE_INSTANCE_NAME': INSTANCE}, BY_ENDPOINT),
    ({'LAKEBASE_ENDPOINT': ENDPOINT, 'PGHOST': 'lake.example.com', 'PGUSER': 'me'},
     LakebaseResource(endpoint=ENDPOINT, host='lake.example.com', user='me')),
    ({'DATABRICKS_APP_NAME': 'line-monitor', 'PGHOST': 'lake.example.com', 'PGUSER': CLIENT_ID}, BY_PG_VARIABLES),
])
@pytest.mark.usefixtures('nowhere')
def test_there_are_three_ways_in(
        monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], place: LakebaseResource) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.source is ConnectionSource.LAKEBASE
    with database_source(settings) as source:
        assert source.lakebase is not None
        assert source.lakebase.resource == place


@pytest.mark.parametrize('environment', [
    {'PGHOST': 'plant'},
    {'PGHOST': 'plant', 'PGPASSWORD': 'hunter2', 'DATABRICKS_APP_NAME': 'line-monitor'},
])
@pytest.mark.usefixtures('nowhere')
def test_a_database_with_its_own_password_needs_no_databricks(
        monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings.load().source is ConnectionSource.PG_VARIABLES


@pytest.mark.parametrize(('environment', 'expected'), [
    ({}, (5432, 'databricks_postgres', 'require')),
    ({'PGDATABASE': 'floor', 'PGSSLMODE': 'prefer'}, (5432, 'floor', 'require')),
    ({'LAKEBASE_DATABASE_NAME': 'mfg', 'PGDATABASE': 'x', 'PGSSLMODE': 'verify-full'}, (5432, 'mfg', 'verify-full')),
    ({'DATABRICKS_DATABASE_PORT': '5433', 'PGSSLMODE': 'disable'}, (5433, 'databricks_postgres', 'require')),
])
@pytest.mark.usefixtures('nowhere')
async def test_a_password_is_only_ever_sent_over_tls(
        monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: tuple[int, str, str],
        workspace: Workspace) -> None:
    for name, value in {'LAKEBASE_INSTANCE_NAME': INSTANCE, **environment}.items():
        monkeypatch.setenv(name, value)
    with database_source(Settings.load()) as source:
        assert source.lakebase is not None
        arguments = await source.lakebase.arguments()
    assert (arguments['port'], arguments['database'], arguments['ssl']) == expected


@pytest.mark.parametrize(('variable', 'value'), [
    ('LAKEBASE_ENDPOINT', 'lake.example.com'),
    ('LAKEBASE_ENDPOINT', 'projects/floor/branches/production'),
    ('LAKEBASE_ENDPOINT', 'projects/a/branches/b/endpoints/../../../x'),
    ('LAKEBASE_INSTANCE_NAME', '../../2.0/tokens'),
    ('LAKEBASE_DATABASE_NAME', 'x' * 64),
])
@pytest.mark.usefixtures('nowhere')
def test_a_wrong_name_stops_the_start_in_one_line(
        monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f'^{variable}=.* cannot be used: it must be '):
        Settings.load()


async def event(condition: Callable[[], bool]) -> None:
    """Until it is so, without asyncio.sleep, which a test may have replaced."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.005)
