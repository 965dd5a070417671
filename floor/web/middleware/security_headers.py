"""Security headers: which scripts and sources a page may use, no framing by others, no guessing of types.

NiceGUI sends the scripts of a page inline, compiles templates in the browser and evaluates what it is sent over its
socket. So 'unsafe-eval' has to stay, and inline style; inline scripts run by a nonce only, another for every answer. It
is written into NiceGUI's template before any data is filled in: a script that came with data can never carry it.

Our own origin is in frame-src by name as well: in a frame whose document is in the page (srcdoc), as in
floor/web/shell/session.py, Firefox takes 'self' for nobody.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from jinja2.ext import Extension
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.setting_values import HOST_AND_PORT
from ..live.nicegui_bridge import extend_page_template

IS_A_PAGE = 'x-nicegui-content'
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
NOT_NEEDED = ('accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid',
              'magnetometer', 'microphone', 'midi', 'payment', 'serial', 'usb', 'xr-spatial-tracking')
"""What no page of ours ever asks for: a photo comes from the camera by the browser's own file dialog."""
A_YEAR_S = 31_536_000
IPV6_AND_PORT = re.compile(r'\[[0-9a-f:.]+\](:[0-9]{1,5})?')


def on_every_answer(*, https: bool) -> list[tuple[str, str]]:
    """For the server itself, which so puts them also on answers that no code of ours sees.

    https: whether the app is only reachable by https, as behind the proxy of Databricks Apps.
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
    """Where a page that is asked for with these headers will be, as sources of a policy. http also stands for https.

    A proxy's X-Forwarded-Host counts, whoever sends it: no page can make a browser do that. Anything but a host is
    left out.
    """
    names = {headers.get('host', '').lower(), headers.get('x-forwarded-host', '').partition(',')[0].strip().lower()}
    return sorted(f'http://{name}' for name in names
                  if HOST_AND_PORT.fullmatch(name) or IPV6_AND_PORT.fullmatch(name))


def page_policy(nonce: str, frames: Sequence[str]) -> str:
    """The Content-Security-Policy of a page. frames: the origins that may be shown within it."""
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
    """Gives every answer its Content-Security-Policy, where it has none of its own, and takes the cookie off whatever
    is not a page. Sockets pass untouched, and so does every byte of a body."""

    def __init__(self, app: ASGIApp, *, frames: Sequence[str] = ()) -> None:
        """frames: the origins that may be shown within pages, besides the one that a page is asked for at."""
        self._app = app
        self._frames = frames
        extend_page_template(_ScriptNonce)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault('state', {})['script_nonce'] = nonce

        async def send_with_policy(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                is_page = IS_A_PAGE in headers
                frames = [*own_origins(Headers(scope=scope)), *self._frames]
                policy = page_policy(nonce, frames) if is_page else NO_PAGE
                headers.setdefault('Content-Security-Policy', policy)
                if not is_page:
                    del headers['set-cookie']  # only pages remember what a person has chosen
            await send(message)

        await self._app(scope, receive, send_with_policy)


class _ScriptNonce(Extension):
    """Marks the scripts of a template, as it is loaded, with the nonce of the answer that it will be filled in for."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source.replace('<script', '<script nonce="{{ request.state.script_nonce }}"')
