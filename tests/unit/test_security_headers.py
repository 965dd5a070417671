"""The origins that a page may show within it, and what somebody who asks cannot put among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection

from floor.core.people import Identity
from floor.core.settings import Settings
from floor.operations.refused_origins import RefusedOrigins
from floor.web.middleware.security_headers import SecurityHeaders, on_every_answer, own_origins, page_policy
from floor.web.middleware.stack import guard


async def somebody(_connection: HTTPConnection) -> Identity:
    return Identity('somebody', None)


@pytest.mark.parametrize(('headers', 'expected'), [
    ({'host': 'Floor.example.com:8000'}, ['http://floor.example.com:8000']),
    ({'host': '[::1]:8000'}, ['http://[::1]:8000']),
    ({'host': '10.0.0.7:8000', 'x-forwarded-host': 'floor.databricksapps.com, inner'},
     ['http://10.0.0.7:8000', 'http://floor.databricksapps.com']),
    ({'host': '*'}, []),
    ({'host': "floor.example.com; script-src 'unsafe-inline'"}, []),
    ({'host': 'floor.example.com https://evil.example'}, []),
    ({'host': '[::1] https://evil.example'}, []),
    ({'x-forwarded-host': '*.example.com'}, []),
    ({}, []),
])
def test_our_own_origin_is_named(headers: dict[str, str], expected: list[str]) -> None:
    assert own_origins(Headers(headers)) == expected
    assert f"frame-src {' '.join(['self', *expected])};".replace('self', "'self'") in page_policy('x', expected)


def test_so_are_the_names_that_a_proxy_serves(tmp_path: Path) -> None:
    app = FastAPI()
    settings = Settings.load(_env_file=None, data_dir=tmp_path, allowed_hosts='floor.example.com, other.example:8443')
    guard(app, settings, 'secret', None, sources=[somebody],
          refused=RefusedOrigins())
    [frames] = [layer.kwargs['frames'] for layer in app.user_middleware if layer.cls is SecurityHeaders]
    assert frames == ['http://floor.example.com:*', 'http://other.example:8443']


def test_only_where_https_is_certain_browsers_are_held_to_it() -> None:
    assert 'Strict-Transport-Security' not in dict(on_every_answer(https=False))
    assert dict(on_every_answer(https=True))['Strict-Transport-Security'] == 'max-age=31536000'


def test_every_answer_forbids_plug_ins_and_forms_to_other_sites() -> None:
    assert dict(on_every_answer(https=False))['Content-Security-Policy'] == \
        "base-uri 'none'; object-src 'none'; form-action 'self'"


@pytest.mark.parametrize('on_apps', [False, True])
def test_the_cookie_of_the_session_is_for_https_alone_on_databricks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *,
                                                                    on_apps: bool) -> None:
    monkeypatch.setenv('DATABRICKS_APP_NAME', 'line-monitor' if on_apps else '')
    app = FastAPI()
    guard(app, Settings.load(_env_file=None, data_dir=tmp_path), 'secret', None,
          sources=[somebody], refused=RefusedOrigins())
    [session] = [layer.kwargs for layer in app.user_middleware if layer.cls is SessionMiddleware]
    assert (session['https_only'], session['same_site']) == (on_apps, 'lax')
