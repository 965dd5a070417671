"""Identities from a header of a proxy that signs people in, such as oauth2-proxy.

Any client can send such a header. It counts only if the TCP connection comes from an address in TRUSTED_PROXIES, which
is that of the proxy, not one that a header names (floor/web/middleware/forwarded_address.py).
"""

from __future__ import annotations

import ipaddress
import logging

from starlette.requests import HTTPConnection

from floor.core.errors import NotAllowedError
from floor.core.people import Identity
from floor.core.repeated_log import RateLimitedLog
from floor.core.setting_values import MAX_NAME_LENGTH
from floor.core.settings import Settings
from floor.core.text import identity_problem

from .groups import role_of_groups

log = logging.getLogger(__name__)

PEER = 'peer'
"""The key of the address of the TCP connection in the state of a request."""
SEPARATORS = frozenset(',;<>"')
"""What may stand between two people in one header."""


class TrustedProxySource:
    """The source of identities for requests of the proxies."""

    def __init__(self, settings: Settings) -> None:
        """settings: with IDENTITY_HEADER and TRUSTED_PROXIES."""
        self._settings = settings
        self._networks = [ipaddress.ip_network(address) for address in settings.trusted_proxies]
        self._log = RateLimitedLog(log)

    async def __call__(self, connection: HTTPConnection) -> Identity | None:
        """The identity in the header; None: there is none.

        :raises NotAllowedError: the header comes from another address, comes twice, or is not a name
        """
        header = self._settings.identity_header or ''
        name = single_header(connection, header)
        if name is None:
            return None
        peer = connection.scope.get('state', {}).get(PEER) or 'an unknown address'
        if not self._is_trusted(peer):
            self._log.warn(peer, f'{peer} sends {header}, but is not one of TRUSTED_PROXIES: the request is refused')
            raise NotAllowedError(f'{header} is accepted from proxies only: use the address of the proxy, or add '
                                  f'{peer} to TRUSTED_PROXIES if it is one')
        return self._identity(connection, name)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, 'ipv4_mapped', None)
        return any((mapped or address) in network for network in self._networks)

    def _identity(self, connection: HTTPConnection, name: str) -> Identity:
        settings = self._settings
        _check_name(settings.identity_header or '', name)
        if SEPARATORS & set(name):
            raise NotAllowedError(f'{settings.identity_header} is not one name')
        email = name.lower() if '@' in name else None
        shown = single_header(connection, settings.identity_name_header) if settings.identity_name_header else None
        if shown:
            _check_name(settings.identity_name_header or '', shown)
        groups = single_header(connection, settings.identity_groups_header) if settings.identity_groups_header else None
        role = settings.roles.get(name.lower()) or role_of_groups(
            [group.strip() for group in (groups or '').split(',')], settings.oidc_groups)
        return Identity(shown or name, email, role)


def single_header(connection: HTTPConnection, header: str) -> str | None:
    """The value of a header as UTF-8; None: there is none, or it is empty.

    :raises NotAllowedError: it comes more than once
    """
    values = connection.headers.getlist(header)
    if len(values) > 1:
        raise NotAllowedError(f'duplicate {header} header')
    value = _as_utf8(values[0].strip(' \t')) if values else ''
    if not value:
        return None
    return value


def _check_name(header: str, value: str) -> None:
    problem = identity_problem(value)
    if problem or len(value) > MAX_NAME_LENGTH:
        raise NotAllowedError(f'{header} is not a name: it {problem or "is too long"}')


def _as_utf8(value: str) -> str:
    # header bytes arrive as Latin-1
    try:
        return value.encode('latin-1').decode()
    except UnicodeError:
        return value
