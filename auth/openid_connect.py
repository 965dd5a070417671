"""Signing in with OpenID Connect: authorization code flow with PKCE, state and nonce.

The app never sees a password. What the provider says about a person counts only in an ID token with a valid signature,
of this issuer, for this client, with the nonce of this attempt.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError

from floor.core.errors import ProviderUnavailableError, SignInError
from floor.core.people import SignedIn
from floor.core.setting_values import MAX_NAME_LENGTH
from floor.core.settings import Settings
from floor.core.text import identity_problem, shortened

from .groups import role_of_groups
from .openid_provider import OpenIdProvider

CLOCK_SKEW_S = 120
"""Seconds by which the clocks of the provider and of this machine may differ."""
CALLBACK, SIGNED_OUT = '/sign-in/callback', '/signed-out'
MAX_EMAIL_LENGTH = 254
UNKNOWN = 'this sign-in was not started in this browser, or is over: sign in again'


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the browser keeps while its person is at the provider."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        """An attempt that nobody can guess."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


class OpenIdConnect:
    """The client of one provider. Methods raise ProviderUnavailableError if it does not answer, and SignInError."""

    def __init__(self, settings: Settings, provider: OpenIdProvider, *, now: Callable[[], float] = time.time) -> None:
        """settings: with issuer, client and public address."""
        self._settings = settings
        self._provider = provider
        self._client_id = settings.oidc_client_id or ''
        self._public_url = settings.public_url or ''
        self._now = now

    async def address(self, attempt: Attempt) -> str:
        """Where the browser goes to sign in."""
        metadata = await self._provider.metadata()
        return str(add_params_to_uri(metadata.authorization_endpoint, [
            ('response_type', 'code'), ('client_id', self._client_id), ('redirect_uri', self._public_url + CALLBACK),
            ('scope', self._settings.oidc_scopes), ('state', attempt.state), ('nonce', attempt.nonce),
            ('code_challenge', create_s256_code_challenge(attempt.verifier)), ('code_challenge_method', 'S256')]))

    async def signed_in(self, attempt: Attempt, query: Mapping[str, str]) -> SignedIn:
        """Who has signed in. query: the parameters with which the provider sends the browser back."""
        if not hmac.compare_digest(attempt.state.encode(), query.get('state', '').encode()):
            raise SignInError(UNKNOWN)
        metadata = await self._provider.metadata()
        if query.get('iss', metadata.issuer) != metadata.issuer:  # RFC 9207
            raise SignInError('the answer comes from another provider than the one that was asked: sign in again')
        if (code := query.get('code')) is None:
            reason = shortened(query.get('error', 'no code'), 60)
            raise SignInError(f'{self._provider.host} did not sign you in ({reason}): sign in again, or ask an '
                              f'administrator of the accounts')
        tokens = await self._provider.tokens({
            'grant_type': 'authorization_code', 'code': code, 'code_verifier': attempt.verifier,
            'redirect_uri': self._public_url + CALLBACK}, self._client_id, self._settings.oidc_client_secret)
        id_token, access_token = tokens.get('id_token'), tokens.get('access_token')
        if not isinstance(id_token, str):
            raise SignInError(f'{self._provider.host} sent no ID token: OIDC_SCOPES must contain openid')
        claims = await self._verified(id_token, attempt.nonce, access_token)
        if isinstance(access_token, str) and 'email' not in claims:
            more = await self._provider.user_info(access_token)
            if more.get('sub') == claims['sub']:  # else it is about somebody else (OpenID Connect Core, 5.3.2)
                claims = {**more, **claims}
        return self._person(claims, f'{metadata.issuer} {claims["sub"]}', id_token)

    async def sign_out_address(self, id_token: str) -> str | None:
        """Where the browser goes to sign out at the provider too; None: the provider offers or answers nothing."""
        try:
            metadata = await self._provider.metadata()
        except (ProviderUnavailableError, SignInError):
            return None
        if metadata.end_session_endpoint is None:
            return None
        return str(add_params_to_uri(metadata.end_session_endpoint, [
            ('id_token_hint', id_token), ('client_id', self._client_id),
            ('post_logout_redirect_uri', self._public_url + SIGNED_OUT)]))

    async def _verified(self, id_token: str, nonce: str, access_token: object) -> dict[str, Any]:
        """The claims of an ID token (OpenID Connect Core, 3.1.3.7)."""
        metadata = await self._provider.metadata()
        try:
            key_id = jws.extract_compact(id_token.encode()).headers().get('kid')
            keys = await self._provider.key_set(key_id if isinstance(key_id, str) else None)
            token = jwt.decode(id_token, keys, algorithms=metadata.algorithms)
            claims = CodeIDToken(token.claims, token.header, options={
                'iss': {'essential': True, 'value': metadata.issuer},
                'aud': {'essential': True, 'value': self._client_id},
            }, params={'nonce': nonce, 'client_id': self._client_id, 'access_token': access_token})
            claims.validate(now=int(self._now()), leeway=CLOCK_SKEW_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInError(f'{self._provider.host} sent an ID token that is not valid ({_reason(error)}): sign in '
                              f"again; if it stays so, check this machine's clock and OIDC_CLIENT_ID") from error
        if not isinstance(claims['sub'], str) or not claims['sub']:
            raise SignInError(f'{self._provider.host} sent an ID token without a subject')
        return dict(claims)

    def _person(self, claims: Mapping[str, Any], subject: str, id_token: str) -> SignedIn:
        email = claims.get('email')
        is_usable = (isinstance(email, str) and '@' in email and len(email) <= MAX_EMAIL_LENGTH
                     and not identity_problem(email) and claims.get('email_verified') not in {False, 'false'})
        known_as = email.lower() if is_usable and isinstance(email, str) else None
        names = claims.get('name'), claims.get('preferred_username'), known_as, claims['sub']
        name = next((name for name in names if isinstance(name, str) and len(name) <= MAX_NAME_LENGTH
                     and not identity_problem(name)), 'Unnamed')
        groups = _groups(claims, self._settings.oidc_groups_claim)
        return SignedIn(subject, known_as, name, role_of_groups(groups, self._settings.oidc_groups), id_token)


def _groups(claims: Mapping[str, Any], path: str) -> list[str]:
    """The texts of a claim: a list or one text; path: with dots to the inside, as realm_access.roles."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for step in path.split('.'):
            found = found.get(step) if isinstance(found, dict) else None
    return [group for group in (found if isinstance(found, list) else [found]) if isinstance(group, str)]


def _reason(error: Exception) -> str:
    return shortened(str(getattr(error, 'description', '') or getattr(error, 'error', '') or type(error).__name__), 80)
