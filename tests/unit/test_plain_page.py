"""The pages of browsers that are not signed in: their HTML is put together by hand, from what others have written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.requests import Request

from floor.web.sign_in.plain_page import choices, field, form, hidden, link, plain_page, problem, text

HOSTILE = """Press"'><script>alert(1)</script>"""
REQUEST = Request({'type': 'http', 'method': 'GET', 'path': '/station', 'query_string': b'', 'headers': []})


@pytest.mark.parametrize('part', [
    lambda: text(HOSTILE), lambda: problem(HOSTILE), lambda: link(REQUEST, HOSTILE, HOSTILE),
    lambda: field(HOSTILE, HOSTILE, HOSTILE), lambda: hidden(HOSTILE, HOSTILE),
    lambda: form(REQUEST, HOSTILE, path=HOSTILE), lambda: choices(HOSTILE, [(HOSTILE, HOSTILE, HOSTILE)]),
    lambda: bytes(plain_page(REQUEST, HOSTILE).body).decode()],
    ids=['text', 'problem', 'link', 'field', 'hidden', 'form', 'choices', 'title'])
def test_what_people_have_written_is_text_and_never_html(part: Callable[[], str]) -> None:
    html = part()
    assert 'alert(1)' in html
    assert '<script>' not in html
    assert """"'>""" not in html
