"""Parameters of libpq that this program can't do: what is asked for safety is refused, and each has a sentence."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from floor.core.errors import SettingsError
from floor.db.connection_string import connection_url, ignore_closed_home

HOST = 'postgresql://floor@db.example.com/floor'


@pytest.mark.parametrize(('parameters', 'sentence'), [
    ('channel_binding=require', 'DATABASE_URL cannot be used: channel_binding=require is not possible here. Write '
                                'sslmode=verify-full and sslrootcert=system (or a file) instead, which '
                                'authenticate the server'),
    ('sslmode=require&channel_binding=require', 'DATABASE_URL cannot be used: channel_binding=require is not'),
    ('gssencmode=require', 'DATABASE_URL cannot be used: gssencmode=require is not possible here. Write '
                           'sslmode=require instead'),
    ('require_auth=scram-sha-256', 'DATABASE_URL cannot be used: require_auth is not possible here'),
    ('requirepeer=postgres', 'DATABASE_URL cannot be used: requirepeer is not possible here'),
    ('hostaddr=10.0.0.7', 'DATABASE_URL cannot be used: hostaddr is not possible here. Write host instead'),
    ('sslmode=verified', 'this sslmode cannot be used: it must be disable, allow, prefer, require, verify-ca or '
                         'verify-full'),
    ('password=a&b=c', 'DATABASE_URL has the parameter NAME, which PostgreSQL does not know'),
    ('sslmode=require&sslrootcert=system', 'sslrootcert=system cannot be used with sslmode=require'),
    ('passwd=se&cret=1', 'DATABASE_URL has the parameter NAME, which PostgreSQL does not know'),
    ('cret=1&PASSWORD=se', 'DATABASE_URL has the parameter NAME, which PostgreSQL does not know'),
    ('client_secret=se&cret=1', 'DATABASE_URL has the parameter NAME, which PostgreSQL does not know'),
    ('statement_timeout=5', 'DATABASE_URL has the parameter statement_timeout, which PostgreSQL does not know; a '
                            'setting of the server is written options=-c%20statement_timeout%3D...'),
    ('sslmode', 'DATABASE_URL cannot be used: after its ? it takes parameters as name=value'),
    ('service=plant', 'the service plant is not known: /nowhere/.pg_service.conf cannot be read (No such file or '
                      'directory)'),
])
def test_what_cannot_be_done_is_refused_in_one_sentence(parameters: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        connection_url(f'{HOST}?{parameters}', environ={'HOME': '/nowhere'})
    assert str(refused.value).startswith(sentence)
    assert '\n' not in str(refused.value)


def test_a_variable_asks_for_the_same_as_a_parameter() -> None:
    with pytest.raises(SettingsError, match=r'channel_binding=require is not possible here'):
        connection_url(HOST, environ={'PGCHANNELBINDING': 'require'})
    with pytest.raises(SettingsError, match=r'^the PG. variables cannot be used: require_auth'):
        connection_url(None, environ={'PGREQUIREAUTH': 'scram-sha-256'})


def test_a_server_that_has_proved_who_it_is_needs_no_channel_binding() -> None:
    assert connection_url(f'{HOST}?sslmode=verify-full&channel_binding=require',
                          environ={}) == f'{HOST}?sslmode=verify-full'


def test_what_is_ignored_is_named_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        url = connection_url(f'{HOST}?sslmode=require&connect_timeout=10&keepalives_idle=30',
                             environ={'PGGSSENCMODE': 'prefer'})
    assert url == f'{HOST}?sslmode=require'
    line, = caplog.messages
    assert line.startswith('DATABASE_URL: ignoring connect_timeout, keepalives_idle, gssencmode: ')


def test_an_address_that_asks_for_nothing_special_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    for url in (HOST, 'postgresql://u:p%2Fw@a:5432,b:5433/floor?target_session_attrs=read-write', None):
        assert connection_url(url, environ={'PGHOST': 'plant', 'PGSSLMODE': 'require'}) == url
    assert caplog.messages == []


def test_what_only_env_says_is_in_the_address() -> None:
    url = connection_url(None, {'host': 'db.example.com', 'password': 'p&w'}, environ={})
    assert url == 'postgresql://?host=db.example.com&password=p%26w'


def test_a_user_without_a_name_has_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is run as a number without a line in /etc/passwd."""
    def nobody() -> str:
        raise KeyError('getpwuid(): uid not found: 12345')

    monkeypatch.setattr('getpass.getuser', nobody)
    with pytest.raises(SettingsError, match=r'^DATABASE_URL cannot be used: it names no user, and the user of'):
        connection_url('postgresql://db.example.com/floor', environ={})
    for url in (HOST, 'postgresql://db.example.com/floor?user=floor'):
        assert connection_url(url, environ={}) == url
    assert connection_url('postgresql://db.example.com/floor', environ={'PGUSER': 'floor'})


@pytest.mark.parametrize('within', ['', '/deeper'])
def test_the_home_of_another_user_is_left_alone(monkeypatch: pytest.MonkeyPatch, within: str) -> None:
    def stat(path: Path) -> None:
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(os, 'access', lambda path, mode: False)
    monkeypatch.setattr(os, 'stat', stat)
    environ = {'HOME': f'/root{within}'}
    ignore_closed_home(environ)
    assert environ == {'HOME': '/nonexistent'}


def test_a_home_that_can_be_read_or_is_not_there_stays(tmp_path: Path) -> None:
    for home in (str(tmp_path), '/nowhere'):
        environ = {'HOME': home}
        ignore_closed_home(environ)
        assert environ == {'HOME': home}


def test_a_password_with_a_question_mark_in_it_is_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        connection_url('postgresql://floor:se?cret=1@db.example.com/floor', environ={'HOME': '/nowhere'})
    assert 'cret' not in str(refused.value)
