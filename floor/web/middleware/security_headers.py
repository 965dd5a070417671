"""Security headers: the Content-Security-Policy of pages, no framing by other sites, no type sniffing.

NiceGUI sends the scripts of a page inline, compiles templates in the browser and evaluates messages of its socket, so
'unsafe-eval' and inline styles must be allowed. Inline scripts need a nonce, which is different for every response. It
is added to NiceGUI's template before data is filled in, so that no script in data can have it.

The app's own origin is also in frame-src by name: within frames with srcdoc, as in floor/web/shell/session.py, 'self'
matches nothing in Firefox.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from jinja2.ext import Extension
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.setting_values import HOST_AND_PORT
from ..http.credential_cookie import is_credential_cookie
from ..live.nicegui_bridge import extend_page_template

PAGE_HEADER = 'x-nicegui-content'
"""The response header of pages."""
NO_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'"
NOT_NEEDED = ('accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid',
              'magnetometer', 'microphone', 'midi', 'payment', 'serial', 'usb', 'xr-spatial-tracking')
"""Browser features that no page uses: photos are taken with the file dialog of the browser."""
A_YEAR_S = 31_536_000
IPV6_AND_PORT = re.compile(r'\[[0-9a-f:.]+\](:[0-9]{1,5})?')


def on_every_answer(*, https: bool) -> list[tuple[str, str]]:
    """Headers that the server adds to every response, including those of libraries.

    https: whether the app is only reachable by https, as on Databricks Apps.
    """
    headers = [
        ('Content-Security-Policy', "base-uri 'none'; object-src 'none'; form-action 'self'"),
        ('X-Content-Type-Options', 'nosniff'),
        ('Referrer-Policy', 'strict-origin-when-cross-origin'),
        ('Permissions-Policy', ', '.join(f'{feature}=()' for feature in NOT_NEEDED)),
        ('Cross-Origin-Opener-Policy', 'same-origin'),
        ('Cross-Origin-Resource-Policy', 'same-origin'),
    ]
    return [*headers, ('Strict-Transport-Security', f'max-age={A_YEAR_S}')] if https else headers


def own_origins(headers: Headers) -> list[str]:
    """The possible origins of a page requested with these headers, as sources of a policy. http includes https.

    X-Forwarded-Host is trusted, because a page cannot make a browser send it. Values that are not a host are ignored.
    """
    names = {headers.get('host', '').lower(), headers.get('x-forwarded-host', '').partition(',')[0].strip().lower()}
    return sorted(f'http://{name}' for name in names
                  if HOST_AND_PORT.fullmatch(name) or IPV6_AND_PORT.fullmatch(name))


def page_policy(nonce: str, frames: Sequence[str]) -> str:
    """The Content-Security-Policy of a page. frames: the origins that it may embed."""
    return '; '.join([
        "default-src 'none'",
        f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        ' '.join(["frame-src 'self'", *frames]),
        "frame-ancestors 'none'",
    ])


class SecurityHeaders:
    """Adds a Content-Security-Policy to responses that have none, and removes the cookie of the theme from
    responses that are not pages."""

    def __init__(self, app: ASGIApp, *, frames: Sequence[str] = ()) -> None:
        """frames: the origins that pages may embed, besides their own."""
        self._app = app
        self._frames = frames
        extend_page_template(_ScriptNonce)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault('state', {})['script_nonce'] = nonce

        async def send_with_policy(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                is_page = PAGE_HEADER in headers
                if is_page:
                    frames = [*own_origins(Headers(scope=scope)), *self._frames]
                    headers.setdefault('Content-Security-Policy', page_policy(nonce, frames))
                else:  # only pages need the session of NiceGUI
                    headers.setdefault('Content-Security-Policy', NO_PAGE_POLICY)
                    kept = [cookie for cookie in headers.getlist('set-cookie') if is_credential_cookie(cookie)]
                    del headers['set-cookie']
                    for cookie in kept:
                        headers.append('set-cookie', cookie)
            await send(message)

        await self._app(scope, receive, send_with_policy)


class _ScriptNonce(Extension):
    """Adds the nonce of the response to the scripts of a template when the template is loaded."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source.replace('<script', '<script nonce="{{ request.state.script_nonce }}"')
