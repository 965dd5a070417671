"""After a sign-in the browser returns to a path of this app, whatever the address asks for."""

from __future__ import annotations

import pytest

from floor.web.sign_in.return_path import local_path


@pytest.mark.parametrize('path', ['/', '/work-orders?status=open&q=https://example.com', '/?machine=Pr%C3%A4gepresse'])
def test_paths_of_the_app_are_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize('address', [
    None, '', 'work-orders', 'https://evil.example/', '//evil.example', '///evil.example', '/\\evil.example',
    '\\\\evil.example', '/\t/evil.example', '/\n/evil.example', ' //evil.example', 'javascript:alert(1)',
    '/a\r\nSet-Cookie: x', '/sign-out', '/sign-in?next=/', '/sign-in/callback?code=x', '/' + 'x' * 2000])
def test_everything_else_is_the_start_page(address: str | None) -> None:
    assert local_path(address) == '/'
