"""Staying signed in behind a proxy that signs people in, as that of Databricks Apps, and coming back when it is over.

Such a proxy looks at requests; an open WebSocket is none, so a session ends while its page is live. The next time the
socket breaks, every reconnect is redirected to the sign-in, which a socket cannot follow: the page would never recover.
Therefore
in every page, without a script:

- a hidden frame that asks for a plain answer of ours every few minutes, which keeps a session that slides;
- another that does so once a minute or so while the connection is lost (the stylesheet shows it then, and only what is
  shown is loaded). Where the sign-in asks nothing, it happens in this frame, and the socket's next try gets through;
- a link, for when that did not help: as an ordinary page the browser can follow to any sign-in and back.

A frame does not recover from a failed load. It is therefore inside another frame, whose document is part of the page
and reloads.
"""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse
from nicegui import app, ui

from .addresses import with_prefix

ADDRESS = '/session'
KEPT_EVERY_S = 240
TRIED_EVERY_S = 30
LINK = 'Reload or sign in again'
FOR_OUR_PAGES_ONLY = "default-src 'none'; frame-ancestors 'self'"


def add_session_frames() -> None:
    """Put the frames and the link into this page."""
    address = with_prefix(ADDRESS)
    ui.add_body_html(frame_that_asks(address, 'session-refresh', every=KEPT_EVERY_S))
    ui.add_body_html(frame_that_asks(address, 'session-retry', every=TRIED_EVERY_S, when_shown=True))
    ui.add_body_html(f'<a class="session-link" href="">{escape(LINK)}</a>')


def serve_session() -> None:
    """Answer what the frames ask."""
    @app.get(ADDRESS, include_in_schema=False)
    async def session() -> HTMLResponse:
        # refreshes itself in browsers that do not reload the outer frame; not needed in Chromium
        return HTMLResponse('<!doctype html><title>Session</title>', headers={
            'Cache-Control': 'no-store', 'Refresh': str(KEPT_EVERY_S), 'Content-Security-Policy': FOR_OUR_PAGES_ONLY})


def frame_that_asks(address: str, name: str, *, every: int, when_shown: bool = False) -> str:
    """The HTML of a frame without a look. every: seconds. when_shown: only while a stylesheet shows it."""
    lazily = ' loading="lazy"' if when_shown else ''
    inner = f'<meta http-equiv="refresh" content="{every}"><iframe title="Session" src="{address}"{lazily}></iframe>'
    return (f'<iframe class="session-frame {name}" title="Session" tabindex="-1" aria-hidden="true" '
            f'srcdoc="{escape(inner)}"></iframe>')
