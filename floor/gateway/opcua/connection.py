"""A connection to an OPC UA server, and its errors in plain words."""

from __future__ import annotations

import dataclasses
import logging
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography.exceptions import InvalidSignature

from ..errors import QueueError, SourceError
from ..opcua_config import OpcUaConfig, OpcUaSecurity
from .certificates import check_server, file_of, own_certificate

ERRORS = (UaError, OSError, SourceError, QueueError, InvalidSignature,
          ValueError, LookupError, TypeError, AttributeError, struct.error)
"""What a session with a server ends with. OSError includes timeouts; asyncua raises those of the second line for what a
server must not send, and one such server must not end the others."""

REQUEST_TIMEOUT_S = 5.0
WATCHDOG_S = 5.0


class _Client(Client):
    """Can go on with a session: the library learns from the answer to a new one how logins are sent."""

    logins: Sequence[ua.UserTokenPolicy] = ()

    async def _try_resume_persisted_session(self) -> bool:
        """As in the library, but a session of which no answer came is tried again: the server may still have it."""
        if not self._try_load_persisted_session():
            return False
        try:
            await self._activate_with_credentials()
        except ERRORS as error:
            if isinstance(error, OSError):
                raise
            self._clear_persisted_session()
            self.uaclient.session.reset_authentication_token()
            self._server_nonce = None
            return False
        self._save_session_state()
        self._start_renew_loop()
        return True

    def server_policy(self, token_type: ua.UserTokenType) -> ua.UserTokenPolicy:
        """How a login of this type is sent."""
        for each in self.logins:
            if each.TokenType == token_type:
                return dataclasses.replace(each, SecurityPolicyUri=each.SecurityPolicyUri or self.security_policy.URI)
        return super().server_policy(token_type)


@asynccontextmanager
async def connection(config: OpcUaConfig, password: str | None, session: Path | None = None) -> AsyncIterator[Client]:
    """A client that is connected. It notices within seconds when the server no longer answers. session: a file that
    keeps the session for the next connection; it is not closed then.

    :raises SourceError: the certificates do not allow it, or the server does not offer what is wanted
    """
    logging.getLogger('asyncua').setLevel(logging.CRITICAL)  # the source's state says what matters
    client = _Client(config.url, timeout=REQUEST_TIMEOUT_S, watchdog_intervall=WATCHDOG_S)
    client.session_state_path = session
    client.name = client.description = 'Line Monitor gateway'
    if config.login is not None:
        client.set_user(config.login.user)
        client.set_password(password or '')
    await _secure(client, config.security)
    async with client:
        try:
            yield client
        finally:
            if session is not None:  # what is closed without a connection stays open on the server
                client.session_state_path = None
                await client.close_secure_channel()
                client.disconnect_socket()


async def _secure(client: _Client, security: OpcUaSecurity | None) -> None:
    endpoints = await client.connect_and_get_server_endpoints()
    mode = ua.MessageSecurityMode.None_ if security is None else ua.MessageSecurityMode[security.mode]
    policy = getattr(security_policies, f'SecurityPolicy{"None" if security is None else security.policy}')
    endpoint = next((each for each in endpoints
                     if each.SecurityMode == mode and each.SecurityPolicyUri == policy.URI), None)
    if endpoint is None:
        wanted = 'connections without security' if security is None else f'{security.policy} with {security.mode}'
        offered = sorted({f'{each.SecurityPolicyUri.rpartition("#")[2]} {each.SecurityMode.name.rstrip("_")}'
                          for each in endpoints})
        raise SourceError(f'the server does not offer {wanted}, only: {", ".join(offered)}')
    client.logins = endpoint.UserIdentityTokens or ()
    if security is None:
        return
    check_server(endpoint.ServerCertificate, security.server_certificate)
    client.application_uri = own_certificate(security.certificate, security.key)
    await client.set_security(policy, file_of(security.certificate), file_of(security.key),
                              server_certificate=endpoint.ServerCertificate, mode=mode)


def explain(error: Exception, config: OpcUaConfig) -> str:
    """An error in plain words, and what to do."""
    if isinstance(error, SourceError | QueueError):
        return str(error)
    if isinstance(error, UaStatusCodeError):
        name = type(error).__name__
        return _ADVICE.get(name, '{name}').format(
            name=f'the server answers {name}', url=config.url,
            certificate='' if config.security is None else config.security.certificate)
    if isinstance(error, TimeoutError):
        return f'{config.url} does not answer in time'
    if isinstance(error, OSError):
        return f'{config.url} does not answer: {str(error) or type(error).__name__}'
    return f'{config.url} does not answer as OPC UA: {error or type(error).__name__}'


_UNTRUSTED = ("{name}: it probably does not trust the gateway's certificate {certificate}. Add it to the trusted "
              'certificates of the server')
_REFUSED_LOGIN = '{name}: it refuses the user, the password, or a connection without one (login)'
_ADVICE = {
    **dict.fromkeys(('BadSecurityChecksFailed', 'BadCertificateUntrusted', 'BadCertificateInvalid',
                     'BadCertificateChainIncomplete'), _UNTRUSTED),
    **dict.fromkeys(('BadUserAccessDenied', 'BadIdentityTokenRejected', 'BadIdentityTokenInvalid'), _REFUSED_LOGIN),
    'BadCertificateTimeInvalid': "{name}: by its clock, the gateway's certificate {certificate} is not valid",
    'BadTooManySessions': '{name}: close another client, or let the server allow more',
}
