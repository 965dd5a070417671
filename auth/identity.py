"""The sources of the identity of a request. floor/web/middleware/identity_required.py asks them in their order.

where                        identity                                 role if not an employee
Databricks Apps              X-Forwarded-Email, -Preferred-Username   ROLES, DEFAULT_ROLE, else viewer
                             a program: X-Forwarded-User              the same
OIDC_ISSUER                  the session of somebody who signed in    ROLES, OIDC_GROUPS, DEFAULT_ROLE, else viewer
TRUSTED_PROXIES              IDENTITY_HEADER                          the same
else ALLOW_ANONYMOUS         Anonymous                                where people sign in viewer, else DEFAULT_ROLE
else loopback                LOCAL_USER, else the system's user       DEFAULT_ROLE, else supervisor
elsewhere                    the session of somebody who opened a link   DEFAULT_ROLE, else viewer
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from starlette.requests import HTTPConnection

from floor.core.errors import NotAllowedError, SettingsError
from floor.core.people import Identity, Role
from floor.core.setting_values import MAX_NAME_LENGTH
from floor.core.settings import Settings, on_databricks
from floor.core.text import identity_problem

from .source import Source
from .trusted_proxy import TrustedProxySource

ANONYMOUS = Identity('Anonymous', None)
NO_ROLES: Mapping[str, Role] = MappingProxyType({})
NAMELESS = 'Local user'
"""The local user if the operating system has no name for them, as in some containers."""


def check_identity_source(settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse settings of a sign-in that do not fit together.

    :raises SettingsError: a setting is missing
    """
    if on_databricks(environ):
        return
    for given, needed, missing in (
            ('OIDC_ISSUER', 'OIDC_CLIENT_ID', settings.oidc_issuer and not settings.oidc_client_id),
            ('OIDC_ISSUER', 'PUBLIC_URL', settings.oidc_issuer and not settings.public_url),
            ('IDENTITY_HEADER', 'TRUSTED_PROXIES', settings.identity_header and not settings.trusted_proxies)):
        if missing:
            raise SettingsError(f'{given} needs {needed}: set it too')


def identity_sources(settings: Settings, environ: Mapping[str, str] = os.environ, *,
                     credentials: Sequence[Source] = ()) -> tuple[Source, ...]:
    """The sources of identities, in the order in which they are asked. credentials: those that ask the database.

    On Databricks Apps only the headers of its proxy count. Where people sign in, nobody is the local user. Where other
    machines connect and there is no sign-in, only credentials count: tokens, stations, and what links have opened.

    :raises SettingsError: as check_identity_source
    """
    check_identity_source(settings, environ)
    if on_databricks(environ):
        return (_forwarded_source(settings.roles),)
    sources: list[Source] = [*credentials]
    if settings.identity_header:
        sources.append(TrustedProxySource(settings))
    if settings.allow_anonymous and not (settings.is_private and not settings.signs_people_in):
        sources.append(_always(replace(ANONYMOUS, at_most=Role.VIEWER) if settings.signs_people_in else ANONYMOUS))
    elif settings.is_private and not settings.signs_people_in:
        sources.append(_always(local_identity(settings.local_user)))
    return tuple(sources)


def _forwarded_source(roles: Mapping[str, Role]) -> Source:
    async def identify(connection: HTTPConnection) -> Identity:
        return forwarded_identity(connection.headers, roles)
    return identify


def _always(person: Identity) -> Source:
    async def identify(_connection: HTTPConnection) -> Identity:
        return person
    return identify


def forwarded_identity(headers: Mapping[str, str], roles: Mapping[str, Role] = NO_ROLES) -> Identity:
    """The identity in the headers of the proxy of Databricks Apps.

    A program that signs in with an OAuth token has no e-mail address. Its role depends on X-Forwarded-User, with
    or without the workspace after the @; the name that it chooses has no effect.

    roles: by e-mail address or program, in lower case.
    :raises NotAllowedError: nobody is signed in, or a header is not valid
    """
    email = _forwarded(headers, 'x-forwarded-email').lower()
    account = _forwarded(headers, 'x-forwarded-user')
    preferred = _forwarded(headers, 'x-forwarded-preferred-username')
    # for a program also its id, which ROLES uses, since the name proves nothing
    name = f'{preferred} ({account})' if preferred and account and not email else preferred or email or account
    if not name:
        raise NotAllowedError('nobody is signed in: open the address that Databricks Apps shows for this app')
    known_as = [email] if email else [account.lower(), account.lower().partition('@')[0]]
    return Identity(name, email or None, next((roles[key] for key in known_as if key and key in roles), None))


def local_identity(local_user: str | None) -> Identity:
    """local_user: LOCAL_USER, a name or an e-mail address; None: the operating system's user."""
    name = local_user or _system_user()
    return Identity(name, name.lower() if '@' in name else None)


def _forwarded(headers: Mapping[str, str], name: str) -> str:
    values = {value.strip(' \t') for key, value in headers.items() if key.lower() == name} - {''}
    if len(values) > 1:
        raise NotAllowedError(f'the request has {len(values)} different {name} headers: only one is allowed')
    value = _as_utf8(values.pop()) if values else ''
    if value and (problem := identity_problem(value)):
        raise NotAllowedError(f'{name} is not a name: it {problem}')
    if len(value) > MAX_NAME_LENGTH or not value.isprintable():
        raise NotAllowedError(f'{name} is not a name: it is longer than {MAX_NAME_LENGTH} characters or holds odd ones')
    return value


def _as_utf8(value: str) -> str:
    # header bytes arrive as Latin-1
    try:
        return value.encode('latin-1').decode()
    except UnicodeError:
        return value


def _system_user() -> str:
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):  # depends on Python's version
        return NAMELESS
    return name if not identity_problem(name) and len(name) <= MAX_NAME_LENGTH else NAMELESS
