"""Pages for browsers that are not signed in yet: plain HTML with a form, without a script or a socket."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from ...core.sentences import as_sentence
from ...core.version import NAME
from ..http.path_prefix import prefix_of
from ..shell.assets import address_of

POLICY = ("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
          "frame-ancestors 'none'")
HEADERS = {'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store'}
"""Without another Referrer-Policy: with no-referrer, browsers send a form without its origin, which is refused."""


def plain_page(request: HTTPConnection, title: str, *parts: str, status: int = 200) -> HTMLResponse:
    """A page. parts: HTML made by the functions below."""
    prefix = prefix_of(request.headers)
    sheets = ''.join(f'<link rel="stylesheet" href="{prefix}{address_of(f"css/{name}")}">'
                     for name in ('tokens.css', 'plain.css'))
    return HTMLResponse(
        f'<!doctype html><html lang="en-US"><head><meta charset="utf-8"><title>{escape(title)} · {NAME}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{sheets}</head>'
        f'<body class="plain"><main><p class="plain-name">{NAME}</p><h1>{escape(title)}</h1>{"".join(parts)}</main>'
        f'</body></html>', status, HEADERS)


def text(sentence: str) -> str:
    """A paragraph."""
    return f'<p>{escape(sentence)}</p>'


def problem(sentence: str) -> str:
    """What went wrong; empty: nothing."""
    return f'<p class="plain-problem" role="alert">{escape(as_sentence(sentence))}</p>' if sentence else ''


def link(request: HTTPConnection, label: str, path: str) -> str:
    """A link to a path of this app."""
    return f'<p><a href="{escape(prefix_of(request.headers) + path)}">{escape(label)}</a></p>'


def field(label: str, name: str, value: str = '', *, kind: str = 'text', attributes: str = '') -> str:
    """A field of a form. attributes: more of them, as HTML."""
    return (f'<label>{escape(label)}<input name="{escape(name)}" type="{kind}" value="{escape(value)}" '
            f'{attributes}></label>')


def hidden(name: str, value: str) -> str:
    """A value that a form sends too."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def form(request: HTTPConnection, label: str, *fields: str, path: str | None = None, method: str = 'post',
         style: str = 'primary') -> str:
    """A form with its button. path: where it is sent; None: to the address of the page."""
    action = '' if path is None else f' action="{escape(prefix_of(request.headers) + path)}"'
    return (f'<form method="{method}"{action}>{"".join(fields)}'
            f'<button type="submit" class="{style}">{escape(label)}</button></form>')


def choices(name: str, entries: Sequence[tuple[str, str, str]]) -> str:
    """A form with a button for each entry: its value, its label, and a note beside it."""
    buttons = ''.join(f'<li><button type="submit" name="{escape(name)}" value="{escape(value)}">{escape(label)}'
                      f'<span class="plain-note">{escape(note)}</span></button></li>' for value, label, note in entries)
    return f'<form method="post"><ul class="plain-choices">{buttons}</ul></form>'
