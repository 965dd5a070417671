"""Signing in at the OpenID provider: to it, and back.

What the browser keeps meanwhile is in a signed cookie, one for each attempt, so that several tabs can sign in at once.
A callback without the cookie of its state is refused: nobody can be signed in by somebody else's link, and no address
of a callback works twice. Each sign-in makes a new session and ends the one that the browser had.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import RedirectResponse

from auth.openid_connect import UNKNOWN, Attempt, OpenIdConnect

from ...access.sessions import KIND, Sessions
from ...core.errors import DatabaseUnavailableError, ProviderUnavailableError, SignInError
from ..http.credential_cookie import credential_in, delete_credential, set_credential
from ..http.public_paths import CALLBACK, SIGN_IN
from .plain_page import link, plain_page, problem
from .return_path import local_path

ATTEMPT_S = 600
STATE = re.compile(r'[A-Za-z0-9_-]{43}')
FAILED = 'You are not signed in'
SEE_OTHER = 303


def register(app: FastAPI, client: OpenIdConnect, sessions: Sessions, *, secret: str, life: timedelta) -> None:
    """Serve /sign-in and its callback. secret: signs what the browser keeps. life: of a session."""
    serializer = URLSafeTimedSerializer(secret, salt='line-monitor sign-in')

    @app.get(SIGN_IN, include_in_schema=False)
    async def sign_in(request: Request, next: str | None = None) -> Response:  # noqa: A002 (its name in addresses)
        attempt, path = Attempt.new(), local_path(next)
        try:
            address = await client.address(attempt)
        except SignInError as error:
            return _failed(request, error, path)
        response = RedirectResponse(address, SEE_OTHER, {'Cache-Control': 'no-store'})
        set_credential(response, request, _kind(attempt.state), serializer.dumps([asdict(attempt), path]),
                       seconds=ATTEMPT_S)
        return response

    @app.get(CALLBACK, include_in_schema=False)
    async def callback(request: Request) -> Response:
        state, path = request.query_params.get('state', ''), '/'
        kind = _kind(state)
        try:
            attempt, path = _attempt(credential_in(request, kind), serializer)
            person = await client.signed_in(attempt, request.query_params)
            session = await sessions.start(person, request.headers.get('user-agent', ''),
                                           replaces=credential_in(request, KIND))
        except (SignInError, DatabaseUnavailableError) as error:
            response: Response = _failed(request, error, path)
        else:
            response = RedirectResponse(path, SEE_OTHER, {'Cache-Control': 'no-store'})
            set_credential(response, request, KIND, session, seconds=int(life.total_seconds()))
        if STATE.fullmatch(state):
            delete_credential(response, request, kind)
        return response


def _kind(state: str) -> str:
    return f'sign-in-{state[:8]}' if STATE.fullmatch(state) else 'sign-in'


def _attempt(cookie: str | None, serializer: URLSafeTimedSerializer) -> tuple[Attempt, str]:
    try:
        fields, path = serializer.loads(cookie or '', max_age=ATTEMPT_S)
        return Attempt(**fields), local_path(path)
    except (BadData, TypeError, ValueError) as error:
        raise SignInError(UNKNOWN) from error


def _failed(request: Request, error: SignInError | DatabaseUnavailableError, path: str) -> Response:
    is_down = isinstance(error, ProviderUnavailableError | DatabaseUnavailableError)
    again = link(request, 'Try again', f'{SIGN_IN}?next={quote(path, safe="/")}')
    return plain_page(request, FAILED, problem(str(error)), again, status=503 if is_down else 403)
