"""The OpenID provider over HTTP: what it says about itself, its keys, and its answers. All is fetched when it is
needed, so that the app starts without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from floor.core.errors import ProviderUnavailableError, SignInError
from floor.core.setting_values import is_secure_address
from floor.core.text import shortened

TIMEOUT_S = 10.0
METADATA_FOR_S = 3600.0
KEYS_EVERY_S = 10.0
"""Seconds between two requests for keys that were not found: a made-up key id must not cause a request each time."""
ALGORITHMS = ('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA')
"""The accepted signatures: never none, and none with a secret that the app has too."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says about itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    algorithms: tuple[str, ...]
    secret_in_body: bool
    """Whether the provider takes the secret of the client only in the body."""


class OpenIdProvider:
    """Asks one provider. Every method raises ProviderUnavailableError if it does not answer, and SignInError if its
    answer cannot be used."""

    def __init__(self, issuer: str, *, transport: httpx.AsyncBaseTransport | None = None,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        """issuer: an https address, as OIDC_ISSUER. transport: another one for tests."""
        logging.getLogger('httpx').setLevel(logging.WARNING)  # else each request is a line
        self.issuer = issuer.rstrip('/')
        self.host = urlsplit(issuer).netloc
        self._transport = transport
        self._monotonic = monotonic
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def metadata(self) -> Metadata:
        """The provider's metadata, fetched once an hour."""
        now = self._monotonic()
        if self._metadata is None or now - self._metadata[0] > METADATA_FOR_S:
            answer = await self._fetch('GET', f'{self.issuer}/.well-known/openid-configuration')
            self._metadata = now, self._checked(answer)
        return self._metadata[1]

    async def key_set(self, key_id: str | None) -> KeySet:
        """The keys with this id; all of them without an id. Keys are fetched again if the id is unknown: providers
        replace their keys."""
        now = self._monotonic()
        if self._keys is None or (not _with_id(self._keys[1], key_id) and now - self._keys[0] > KEYS_EVERY_S):
            answer = await self._fetch('GET', (await self.metadata()).jwks_uri)
            self._keys = now, _key_set(answer.get('keys'))
        return KeySet(_with_id(self._keys[1], key_id))

    async def tokens(self, form: Mapping[str, str], client_id: str, client_secret: str | None) -> dict[str, Any]:
        """The tokens for a code. form: the parameters of the request, without the client."""
        metadata = await self.metadata()
        data = {**form, 'client_id': client_id}
        auth = None
        if client_secret and metadata.secret_in_body:
            data['client_secret'] = client_secret
        elif client_secret:
            auth = quote_plus(client_id), quote_plus(client_secret)  # RFC 6749, 2.3.1
        return await self._fetch('POST', metadata.token_endpoint, data=data, auth=auth)

    async def user_info(self, access_token: str) -> dict[str, Any]:
        """Further claims about the person; {} if the provider has none."""
        address = (await self.metadata()).userinfo_endpoint
        headers = {'Authorization': f'Bearer {access_token}'}
        return await self._fetch('GET', address, headers=headers) if address else {}

    async def _fetch(self, method: str, address: str, **request: Any) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, transport=self._transport) as client:
                response = await client.request(method, address, headers={
                    'Accept': 'application/json', **request.pop('headers', {})}, **request)
                answer = response.json()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ProviderUnavailableError(f'{self.host}, where people sign in, does not answer '
                                           f'({type(error).__name__}): try again later') from error
        except ValueError as error:  # also UnicodeDecodeError
            raise ProviderUnavailableError(f'{self.host}, where people sign in, answers {response.status_code} '
                                           f'without JSON: check OIDC_ISSUER') from error
        if not isinstance(answer, dict):
            raise ProviderUnavailableError(f'{self.host}, where people sign in, gives an answer that cannot be read')
        if response.is_success:
            return answer
        code = shortened(str(answer.get('error', '')), 60)
        if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR and code:
            raise SignInError(f'{self.host} refuses the sign-in ({code}): {_REMEDIES.get(code, "sign in again")}')
        raise ProviderUnavailableError(f'{self.host}, where people sign in, answers {response.status_code}: try again '
                                       f'later, or check OIDC_ISSUER')

    def _checked(self, answer: Mapping[str, Any]) -> Metadata:
        issuer = answer.get('issuer')
        if not isinstance(issuer, str) or issuer.rstrip('/') != self.issuer:
            raise SignInError(f'{self.host} calls itself {shortened(str(issuer), 100)}: set OIDC_ISSUER to that, if it '
                              f'is right')

        def endpoint(name: str, *, required: bool = True) -> str | None:
            address = answer.get(name)
            if isinstance(address, str) and is_secure_address(address):
                return address
            if required:
                raise SignInError(f'{self.host} names no {name} with https: check OIDC_ISSUER')
            return None

        offered = answer.get('id_token_signing_alg_values_supported') or ['RS256']
        methods = answer.get('token_endpoint_auth_methods_supported') or ['client_secret_basic']
        return Metadata(
            issuer=issuer, authorization_endpoint=endpoint('authorization_endpoint') or '',
            token_endpoint=endpoint('token_endpoint') or '', jwks_uri=endpoint('jwks_uri') or '',
            userinfo_endpoint=endpoint('userinfo_endpoint', required=False),
            end_session_endpoint=endpoint('end_session_endpoint', required=False),
            algorithms=tuple(name for name in ALGORITHMS if name in offered),
            secret_in_body='client_secret_basic' not in methods and 'client_secret_post' in methods)


_REMEDIES = {'invalid_client': 'check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET',
             'unauthorized_client': 'allow the client the authorization code flow',
             'invalid_grant': 'this sign-in is over or was used before, sign in again'}


def _key_set(keys: Any) -> KeySet:
    """The keys that can check a signature; others, and kinds that are unknown here, are left out."""
    usable = []
    for key in keys if isinstance(keys, list) else []:
        if isinstance(key, dict) and key.get('use', 'sig') == 'sig' and key.get('kty') in {'RSA', 'EC', 'OKP'}:
            try:
                usable.append(JWKRegistry.import_key(key))
            except (JoseError, ValueError, KeyError, TypeError):
                continue
    return KeySet(usable)


def _with_id(keys: KeySet, key_id: str | None) -> list[Any]:
    return [key for key in keys.keys if key_id is None or key.kid == key_id]
