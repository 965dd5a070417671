"""An OpenID provider for tests: honest by default, and it lies where a test says so. It signs everybody in at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = 'line-monitor', 'secret of the client: 100%'
LISA = {'sub': '4711', 'name': 'Lisa at the provider', 'email': 'Lisa.Garcia@Example.com', 'email_verified': True}
Claims = dict[str, Any]


@cache
def key_of(owner: str, name: str) -> RSAKey:
    """Owners share no key. Each is made once: that takes longer than most tests."""
    return RSAKey.generate_key(2048, {'kid': name, 'use': 'sig', 'alg': 'RS256'}, auto_kid=False)


def unsigned(claims: Claims) -> str:
    """A token with the algorithm none."""
    return f'{_encoded({"alg": "none", "typ": "JWT"})}.{_encoded(claims)}.'


@dataclass
class TestProvider:
    """One provider. issuer: its address."""

    __test__ = False

    issuer: str
    person: Claims = field(default_factory=lambda: dict(LISA))
    key: RSAKey = field(default_factory=lambda: key_of('provider', 'first'))
    published: list[RSAKey] = field(default_factory=list)
    lie: Callable[[Claims], Claims] = lambda claims: claims
    """Changes the claims of the next ID tokens."""
    sign: Callable[[Claims], str] | None = None
    """Signs ID tokens in another way."""
    metadata: Claims = field(default_factory=dict)
    """Replaces parts of the metadata."""
    user_info: Claims | None = None
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    """The paths of all requests."""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        routes = [Route('/.well-known/openid-configuration', self._configuration), Route('/jwks', self._jwks),
                  Route('/authorize', self._authorize), Route('/token', self._token, methods=['POST']),
                  Route('/user-info', self._user_info), Route('/sign-out', self._sign_out)]
        return Starlette(routes=routes)

    def answer(self, address: str) -> str:
        """The query with which a browser comes back from this address of /authorize."""
        query = {name: values[0] for name, values in parse_qs(address.partition('?')[2]).items()}
        assert query['response_type'] == 'code' and query['code_challenge_method'] == 'S256', query
        code = f'code-{len(self._codes)}'
        self._codes[code] = query
        return urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})

    async def _configuration(self, request: Request) -> Response:
        return self._seen(request) or JSONResponse({
            'issuer': self.issuer, 'authorization_endpoint': f'{self.issuer}/authorize',
            'token_endpoint': f'{self.issuer}/token', 'jwks_uri': f'{self.issuer}/jwks',
            'userinfo_endpoint': f'{self.issuer}/user-info', 'end_session_endpoint': f'{self.issuer}/sign-out',
            'id_token_signing_alg_values_supported': ['RS256', 'HS256', 'none'], **self.metadata})

    async def _jwks(self, request: Request) -> Response:
        keys = [key.as_dict(private=False) for key in self.published or [self.key]]
        unusable = [{'kty': 'future'}, {'kty': 'oct', 'k': 'c2VjcmV0'}]
        return self._seen(request) or JSONResponse({'keys': [*keys, *unusable]})

    async def _authorize(self, request: Request) -> Response:
        return RedirectResponse(f'{request.query_params["redirect_uri"]}?{self.answer(str(request.url))}', 303)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        secret = base64.b64decode(request.headers['authorization'].removeprefix('Basic ')).decode()
        if [unquote_plus(part) for part in secret.split(':')] != [CLIENT_ID, CLIENT_SECRET]:
            return JSONResponse({'error': 'invalid_client'}, 401)
        asked = self._codes.pop(str(form['code']), None)
        digest = hashlib.sha256(str(form['code_verifier']).encode()).digest()
        if asked is None or asked['code_challenge'] != _base64(digest) or asked['redirect_uri'] != form['redirect_uri']:
            return JSONResponse({'error': 'invalid_grant'}, 400)
        now = int(time.time())
        claims = self.lie({'iss': self.issuer, 'aud': CLIENT_ID, 'iat': now, 'exp': now + 300,
                           'nonce': asked['nonce'], **self.person})
        return self._seen(request) or JSONResponse({
            'access_token': 'access', 'token_type': 'Bearer', 'id_token': (self.sign or self.signed)(claims)})

    def signed(self, claims: Claims) -> str:
        """An ID token with the key of the provider."""
        return jwt.encode({'alg': 'RS256', 'kid': self.key.kid}, claims, self.key)

    async def _user_info(self, request: Request) -> Response:
        assert request.headers['authorization'] == 'Bearer access'
        return self._seen(request) or JSONResponse(self.user_info or {'sub': self.person['sub']})

    async def _sign_out(self, request: Request) -> Response:
        back = request.query_params['post_logout_redirect_uri']
        return self._seen(request) or RedirectResponse(back, 303)

    def _seen(self, request: Request) -> Response | None:
        self.asked.append(request.url.path.rpartition('/')[2])
        return Response('<html>502 Bad Gateway</html>', 502) if self.is_down else None


def signed_with_public_key(provider: TestProvider) -> Callable[[Claims], str]:
    """Signs with HS256, where the public key, which everybody knows, is the secret."""
    def sign(claims: Claims) -> str:
        text = '.'.join(_encoded(part) for part in ({'alg': 'HS256', 'kid': provider.key.kid}, claims))
        secret = provider.key.as_pem(private=False)
        return f'{text}.{_base64(hmac.digest(secret, text.encode(), "sha256"))}'
    return sign


def _encoded(part: Claims) -> str:
    return _base64(json.dumps(part).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b'=').decode()
