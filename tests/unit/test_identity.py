"""Who asks: on Databricks Apps, on one's own machine, and where nobody can say."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from auth.identity import NAMELESS, check_identity_source, forwarded_identity, identity_sources
from floor.core.errors import NotAllowedError
from floor.core.people import Credential, Identity, Role
from floor.core.settings import Settings

APP = {'DATABRICKS_APP_NAME': 'line-monitor'}
FORWARDED = {'X-Forwarded-Email': 'Lisa.Garcia@Example.com', 'X-Forwarded-Preferred-Username': 'Lisa Garcia',
             'X-Forwarded-User': '4711@1234567890'}


@pytest.fixture(autouse=True)
def machine_of_ada(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program belongs to the login ada, on a machine whose environment says nothing about us."""
    monkeypatch.delenv('DATABRICKS_APP_NAME', raising=False)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(getpass, 'getuser', lambda: 'ada')


def settings_with(**values: Any) -> Settings:
    return Settings.load(_env_file=None, **values)


def request_with(headers: Mapping[str, str]) -> HTTPConnection:
    return HTTPConnection({'type': 'http', 'headers': headers.raw if isinstance(headers, Headers) else [
        (name.lower().encode(), value.encode()) for name, value in headers.items()]})


def identify_by(settings: Settings, environ: Mapping[str, str] = os.environ) -> Callable[[Mapping[str, str]], Identity]:
    """Asks the only source that there is without a database."""
    [source] = identity_sources(settings, environ)

    def identify(headers: Mapping[str, str]) -> Identity:
        async def ask() -> Identity:
            identity = await source(request_with(headers))
            assert identity is not None
            return identity
        return asyncio.run(ask())
    return identify



# on Databricks Apps

def test_on_databricks_the_forwarded_headers_say_who_asks() -> None:
    identify = identify_by(settings_with(host='0.0.0.0'), APP)
    assert identify(FORWARDED) == Identity('Lisa Garcia', 'lisa.garcia@example.com')
    assert identify(Headers(FORWARDED)) == Identity('Lisa Garcia', 'lisa.garcia@example.com')


def test_without_a_username_the_email_is_the_name_too() -> None:
    identify = identify_by(settings_with(host='0.0.0.0'), APP)
    assert identify({'x-forwarded-email': ' Lisa.Garcia@example.com '}) == Identity('lisa.garcia@example.com',
                                                                                    'lisa.garcia@example.com')


def test_only_the_email_header_is_an_email() -> None:
    identify = identify_by(settings_with(host='0.0.0.0'), APP)
    assert identify({'x-forwarded-preferred-username': 'mike.johnson@example.com'}).email is None
    assert identify({'x-forwarded-user': '4711@1234567890'}) == Identity('4711@1234567890', None)


def test_the_role_of_a_person_goes_by_their_email_and_not_by_their_id() -> None:
    identify = identify_by(settings_with(host='0.0.0.0', roles='4711@1234567890=supervisor'), APP)
    assert identify(FORWARDED).role is None


@pytest.mark.parametrize('account', ['5f6e1c9a', '5F6E1C9A@1234567890'])
def test_a_program_without_an_email_has_the_role_of_its_id(account: str) -> None:
    identify = identify_by(settings_with(host='0.0.0.0', roles='5f6e1c9a=operator'), APP)
    assert identify({'x-forwarded-user': account}) == Identity(account, None, Role.OPERATOR)
    assert identify({'x-forwarded-user': '4711@1234567890'}).role is None


def test_the_name_that_a_program_calls_itself_gives_it_nothing() -> None:
    identify = identify_by(settings_with(host='0.0.0.0', roles='5f6e1c9a=supervisor'), APP)
    assert identify({'x-forwarded-preferred-username': '5f6e1c9a', 'x-forwarded-user': '4711'}).role is None
    assert identify({'x-forwarded-preferred-username': '5f6e1c9a'}).role is None


def test_what_a_program_does_stands_under_its_id_too() -> None:
    identify = identify_by(settings_with(host='0.0.0.0'), APP)
    program = {'x-forwarded-preferred-username': 'MES', 'x-forwarded-user': '5f6e1c9a@77'}
    assert identify(program).name == 'MES (5f6e1c9a@77)'
    assert identify(FORWARDED).name == 'Lisa Garcia'


def test_a_person_has_the_role_of_the_email_and_of_nothing_else() -> None:
    identify = identify_by(settings_with(host='0.0.0.0', roles='lisa.garcia@example.com=supervisor'), APP)
    assert identify(FORWARDED).role is Role.SUPERVISOR
    identify = identify_by(settings_with(host='0.0.0.0', roles='4711=supervisor'), APP)
    assert identify(FORWARDED).role is None


@pytest.mark.parametrize('headers', [{}, {'x-forwarded-email': ' '}, {'x-real-ip': '10.0.0.1'}])
def test_on_databricks_nobody_without_headers(headers: dict[str, str]) -> None:
    with pytest.raises(NotAllowedError, match=r'^nobody is signed in'):
        identify_by(settings_with(host='0.0.0.0', local_user='mike.johnson@example.com'), APP)(headers)


@pytest.mark.parametrize('value', ['lisa\x00@example.com', 'lisa@example.com\nx-forwarded-email: mike', 'li\x1bsa',
                                   '\u202emike', 'x' * 201])
@pytest.mark.parametrize('name', ['x-forwarded-email', 'x-forwarded-preferred-username'])
def test_a_header_that_is_no_name_is_refused(name: str, value: str) -> None:
    with pytest.raises(NotAllowedError, match=f'^{name} is not a name'):
        identify_by(settings_with(host='0.0.0.0'), APP)({**{'x-forwarded-email': 'lisa@example.com'}, name: value})


def test_two_people_in_one_request_are_nobody() -> None:
    twice = Headers(raw=[(b'x-forwarded-email', b'mike@example.com'), (b'x-forwarded-email', b'lisa@example.com')])
    with pytest.raises(NotAllowedError, match='2 different x-forwarded-email headers'):
        identify_by(settings_with(host='0.0.0.0'), APP)(twice)


def test_a_name_may_have_any_letters() -> None:
    headers = Headers(raw=[(b'x-forwarded-email', b'jose@example.com'),
                           (b'x-forwarded-preferred-username', 'José Łukasz 山田'.encode())])
    assert identify_by(settings_with(host='0.0.0.0'), APP)(headers).name == 'José Łukasz 山田'


# elsewhere

@pytest.mark.parametrize('values', [{}, {'local_user': 'Lisa Garcia'}, {'host': '0.0.0.0', 'allow_anonymous': True}])
@pytest.mark.parametrize('environ', [{}, {'DATABRICKS_APP_NAME': ''}, {'DATABRICKS_HOST': 'https://dbc.example.com'}])
def test_off_databricks_spoofed_headers_change_nothing(values: dict[str, Any], environ: dict[str, str]) -> None:
    identify = identify_by(settings_with(**values), environ)
    assert identify(FORWARDED) == identify({})
    assert identify({'x-forwarded-email': 'mike.johnson@example.com', 'x-forwarded-host': '127.0.0.1'}) == identify({})


def test_a_line_of_the_env_file_does_not_make_it_databricks(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / '.env').write_text('DATABRICKS_APP_NAME=line-monitor\n')
    monkeypatch.chdir(tmp_path)
    assert identify_by(Settings.load())(FORWARDED) == Identity('ada', None)


def test_locally_it_is_the_users_login() -> None:
    assert identify_by(settings_with(), {})({}) == Identity('ada', None)


@pytest.mark.parametrize(('given', 'identity'), [
    ('Lisa Garcia', Identity('Lisa Garcia', None)),
    ('Lisa.Garcia@Example.com', Identity('Lisa.Garcia@Example.com', 'lisa.garcia@example.com'))])
def test_local_user_says_it_differently(given: str, identity: Identity) -> None:
    assert identify_by(settings_with(local_user=given), {})({}) == identity


@pytest.mark.parametrize('error', [OSError('no username set in the environment'), KeyError('getpwuid'), ImportError()])
def test_a_container_without_logins_has_a_user_all_the_same(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr(getpass, 'getuser', nobody)
    assert identify_by(settings_with(), {})({}) == Identity(NAMELESS, None)


@pytest.mark.parametrize('name', ['', ' ', 'a\x07b', 'x' * 201])
def test_a_login_that_is_no_name_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(getpass, 'getuser', lambda: name)
    assert identify_by(settings_with(), {})({}) == Identity(NAMELESS, None)


# where nobody can say who asks

@pytest.mark.parametrize('host', ['0.0.0.0', '::', '10.1.2.3', 'plant.example.com', '127.0.0.1.example.com',
                                  '128.0.0.1'])
def test_on_an_open_address_without_a_sign_in_nobody_is_let_in_but_by_a_credential(host: str) -> None:
    check_identity_source(settings_with(host=host), {})
    assert identity_sources(settings_with(host=host), {}) == ()


@pytest.mark.parametrize('host', ['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LocalHost'])
def test_loopback_needs_nothing(host: str) -> None:
    check_identity_source(settings_with(host=host), {})
    assert settings_with(host=host).role_of_strangers is Role.SUPERVISOR


def test_an_open_address_is_fine_on_databricks_and_where_it_is_wanted() -> None:
    check_identity_source(settings_with(host='0.0.0.0'), APP)
    check_identity_source(settings_with(host='0.0.0.0', allow_anonymous=True), {})


def test_where_everybody_may_come_everybody_is_anonymous() -> None:
    identify = identify_by(settings_with(host='0.0.0.0', allow_anonymous=True, local_user='mike@example.com'), {})
    assert identify({}) == Identity('Anonymous', None)


# what strangers may do

@pytest.mark.parametrize('host', ['127.0.0.1', '0.0.0.0'])
def test_strangers_look_on_where_others_come_in(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert settings_with(host='0.0.0.0', allow_anonymous=True).role_of_strangers is Role.VIEWER
    monkeypatch.setenv('DATABRICKS_APP_NAME', 'line-monitor')
    assert settings_with(host=host).role_of_strangers is Role.VIEWER


@pytest.mark.parametrize('host', ['127.0.0.1', '0.0.0.0'])
@pytest.mark.parametrize('role', Role)
def test_default_role_decides_everywhere(host: str, role: Role) -> None:
    assert settings_with(host=host, default_role=role).role_of_strangers is role


@pytest.mark.parametrize('header', ['X-Forwarded-Email', 'X-Forwarded-User', 'X-Forwarded-Preferred-Username'])
@pytest.mark.parametrize('name', ['lisa@example.com\u00a0', 'li\u3164sa@example.com', 'lisa\u2800', 'Garci\u0301a',
                                  'mi\u212ae@example.com', 'lisa\ufe0f', '\u3164'], ids=ascii)
def test_a_name_that_another_could_look_like_signs_nobody_in(header: str, name: str) -> None:
    with pytest.raises(NotAllowedError, match=f'{header.lower()} is not a name: it has |must not be empty'):
        forwarded_identity({header: name.encode().decode('latin-1')})


def test_two_requests_are_of_one_person_by_their_email_and_not_by_their_name() -> None:
    mike = Identity('Mike', 'mike@example.com')
    assert mike.is_same_person(Identity('Michael', 'mike@example.com'))
    assert not mike.is_same_person(Identity('Mike', 'another.mike@example.com'))
    assert not mike.is_same_person(replace(mike, at_most=Role.VIEWER))


def test_people_without_an_email_are_the_same_by_their_credential() -> None:
    one, other = (Identity('Mike', None, credential=Credential('session', number)) for number in (1, 2))
    assert one.is_same_person(replace(one))
    assert not one.is_same_person(other)


@pytest.mark.parametrize(('role', 'at_most', 'allowed'), [
    (Role.SUPERVISOR, Role.OPERATOR, Role.OPERATOR), (Role.VIEWER, Role.OPERATOR, Role.VIEWER),
    (Role.TECHNICIAN, None, Role.TECHNICIAN)])
def test_a_credential_limits_the_role_and_never_raises_it(role: Role, at_most: Role | None, allowed: Role) -> None:
    assert role.limited_to(at_most) is allowed
