"""The origins that a page may show within it, and what somebody who asks cannot put among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers

from floor.core.people import Identity
from floor.core.settings import Settings
from floor.operations.refused_origins import RefusedOrigins
from floor.web.middleware.security_headers import SecurityHeaders, own_origins, page_policy
from floor.web.middleware.stack import guard


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
    guard(app, settings, 'secret', None, identify=lambda _: Identity('somebody', None),
          refused=RefusedOrigins())
    [frames] = [layer.kwargs['frames'] for layer in app.user_middleware if layer.cls is SecurityHeaders]
    assert frames == ['http://floor.example.com:*', 'http://other.example:8443']
