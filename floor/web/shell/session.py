"""Keeps people signed in behind a proxy with a sign-in, such as that of Databricks Apps, and signs in again.

Such a proxy only extends a session by requests, and an open WebSocket is not one: the session may end while the page is
live. When the socket is closed next, reconnects are redirected to the sign-in, which a socket cannot follow, and the
page would never recover. Every page therefore has, without a script:

- a hidden frame that requests a small page of this app every few minutes, which extends a sliding session;
- a second one that does so about twice a minute while the connection is lost (the stylesheet displays it then, and only
  a displayed frame is loaded). If the sign-in needs no input, it completes in this frame, and the socket reconnects;
- a link for other cases: it reloads the page, so that the browser can follow any redirect to a sign-in and back.

A frame does not recover from a failed load. It is therefore inside another frame, whose document is part of the page
and reloads.
"""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse
from nicegui import app, ui

from .addresses import with_prefix

ADDRESS = '/session'
REFRESH_EVERY_S = 240
RETRY_EVERY_S = 30
LINK = 'Reload or sign in again'
POLICY = "default-src 'none'; frame-ancestors 'self'"


def add_session_frames() -> None:
    """Add the frames and the link to this page."""
    address = with_prefix(ADDRESS)
    ui.add_body_html(reloading_frame(address, 'session-refresh', every=REFRESH_EVERY_S))
    ui.add_body_html(reloading_frame(address, 'session-retry', every=RETRY_EVERY_S, when_shown=True))
    ui.add_body_html(f'<a class="session-link" href="">{escape(LINK)}</a>')


def serve_session() -> None:
    """Serve the page that the frames request."""
    @app.get(ADDRESS, include_in_schema=False)
    async def session() -> HTMLResponse:
        # refreshes itself in browsers that do not reload the outer frame; not needed in Chromium
        return HTMLResponse('<!doctype html><title>Session</title>', headers={
            'Cache-Control': 'no-store', 'Refresh': str(REFRESH_EVERY_S), 'Content-Security-Policy': POLICY})


def reloading_frame(address: str, name: str, *, every: int, when_shown: bool = False) -> str:
    """The HTML of an invisible frame. every: seconds between requests. when_shown: only while it is displayed."""
    lazily = ' loading="lazy"' if when_shown else ''
    inner = f'<meta http-equiv="refresh" content="{every}"><iframe title="Session" src="{address}"{lazily}></iframe>'
    return (f'<iframe class="session-frame {name}" title="Session" tabindex="-1" aria-hidden="true" '
            f'srcdoc="{escape(inner)}"></iframe>')
