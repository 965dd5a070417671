"""The routes of the sign-in that the settings ask for."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI

from ...access.sessions import Sessions
from ...core.settings import Settings
from . import sign_out


def register(app: FastAPI, settings: Settings, sessions: Sessions, *, secret: str) -> None:
    """Serve /sign-out always, and /sign-in where there is an OpenID provider. secret: signs what the browser keeps."""
    if not settings.has_sign_in:
        sign_out.register(app, sessions)
        return
    from auth.openid_connect import OpenIdConnect  # noqa: PLC0415 (takes half a second)
    from auth.openid_provider import OpenIdProvider  # noqa: PLC0415

    from . import sign_in  # noqa: PLC0415

    client = OpenIdConnect(settings, OpenIdProvider(settings.oidc_issuer or ''))
    sign_in.register(app, client, sessions, secret=secret, life=timedelta(hours=settings.session_hours))
    sign_out.register(app, sessions, provider=client.sign_out_address)
