"""Signing out, and the page that says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

from ...access.sessions import KIND, Sessions
from ...core.errors import DatabaseUnavailableError
from ..http.credential_cookie import credential_in, delete_credential
from ..http.public_paths import SIGN_OUT, SIGNED_OUT
from .plain_page import link, plain_page, problem, text
from .return_path import local_path

TITLE = 'You are signed out'
CLOSE = 'You can close this window.'
KEPT = 'What you typed is kept as a draft, and offered when you are back.'

ProviderAddress = Callable[[str], Awaitable[str | None]]


async def no_provider(_id_token: str) -> str | None:
    """Nobody signs in at a provider."""
    return None


def register(app: FastAPI, sessions: Sessions, *, provider: ProviderAddress = no_provider) -> None:
    """Serve /sign-out and /signed-out.

    provider: returns the address that signs out at the provider too, for the ID token of the session.
    """
    @app.post(SIGN_OUT, include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        secret = credential_in(request, KIND)
        try:
            id_token = await sessions.end(secret) if secret else None
        except DatabaseUnavailableError as error:
            return plain_page(request, 'You are still signed in', problem(f'{error}: try again'),
                              link(request, 'Back to the floor', '/'), status=503)
        address = await provider(id_token) if id_token else None
        response = plain_page(request, TITLE, text(CLOSE), link(request, 'Open the floor', '/'))
        if address:  # not a redirect: the policy of pages refuses one of a form to another site
            response.headers['Refresh'] = f'0; url={address}'
        delete_credential(response, request, KIND)
        return response

    @app.get(SIGNED_OUT, include_in_schema=False)
    async def signed_out(request: Request, next: str | None = None) -> Response:  # noqa: A002 (its name in addresses)
        return plain_page(request, TITLE, text(KEPT if next else CLOSE), link(request, 'Sign in', local_path(next)))
