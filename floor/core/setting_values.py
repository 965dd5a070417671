"""Parsing of environment variables: names, hosts, roles, addresses.

Each check raises ValueError; Settings.load adds the variable's name, its value and what is allowed.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from .errors import InvalidInputError
from .people import Role
from .shifts import parse_shifts
from .text import identity_problem

IDENTIFIER = re.compile(r'[a-z_][a-z0-9_]{0,39}')
HOST_AND_PORT = re.compile(r'([a-z0-9]([a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9_-]*[a-z0-9])?(:[0-9]{1,5})?')
ADDRESS_AND_PORT = re.compile(r'(\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(:[0-9]{1,5})?')
ORIGIN = re.compile(rf'https://{HOST_AND_PORT.pattern}|http://(localhost|127\.0\.0\.1)(:[0-9]{{1,5}})?')
HEADER = re.compile(r'[A-Za-z0-9-]{1,100}')
LOOPBACK = frozenset({'localhost', '127.0.0.1', '::1'})
PLACEHOLDER = re.compile(r'<[^<>]*>')
"""A placeholder in an example, such as <your-dashboard-embed-url>."""
MAX_NAME_LENGTH = 200
MAX_ROLE_LENGTH = 63
"""The most bytes of a name in PostgreSQL."""


def identifier(value: str) -> str:
    """A name that needs no quotes in SQL."""
    if not IDENTIFIER.fullmatch(value):
        raise ValueError('not a plain identifier')
    return value


def one_line(value: str) -> str:
    """A path without a line break: PostgreSQL stores it as one line of postmaster.pid."""
    if '\n' in value:
        raise ValueError('a line break')
    return value


def person(value: str | None) -> str | None:
    """A name or an e-mail address, stripped of surrounding spaces."""
    if value is None:
        return None
    name = value.strip(' \t')
    if len(name) > MAX_NAME_LENGTH or identity_problem(name):
        raise ValueError('not a name')
    return name


def words(value: Any, form: re.Pattern[str]) -> Any:
    """Lower-case words of this form, separated by commas or spaces."""
    names = tuple(name for name in re.split(r'[\s,]+', value.lower()) if name) if isinstance(value, str) else value
    if not all(form.fullmatch(name) for name in names):
        raise ValueError('not such names')
    return names


def role_names(value: Any) -> Any:
    """Names of database roles, separated by commas."""
    if not isinstance(value, str):
        return value
    names = tuple(name.strip() for name in value.split(','))
    if not all(name.isprintable() and 0 < len(name.encode()) <= MAX_ROLE_LENGTH for name in names):
        raise ValueError('not names of roles')
    return names


def roles_of_people(value: Any) -> Any:
    """A role for each address or id, from jane.doe@example.com=supervisor,5f6e1c9a=operator."""
    if not isinstance(value, str):
        return value
    pairs = [pair.rpartition('=') for pair in re.split(r'[\s,]+', value.lower()) if pair]
    if not all(who and '=' not in who for who, _, _ in pairs) or len({who for who, _, _ in pairs}) < len(pairs):
        raise ValueError('not pairs')
    return {who: Role(role) for who, _, role in pairs}


def roles_of_groups(value: Any) -> Any:
    """A role for each group, from line-supervisors=supervisor,Plant staff=operator. Groups are case-sensitive."""
    if not isinstance(value, str):
        return value
    pairs = [pair.strip().rpartition('=') for pair in value.split(',') if pair.strip()]
    if not all(group.strip() for group, _, _ in pairs) or len({group for group, _, _ in pairs}) < len(pairs):
        raise ValueError('not pairs')
    return {group.strip(): Role(role.strip().lower()) for group, _, role in pairs}


def networks(value: Any) -> Any:
    """IP addresses and networks, separated by commas or spaces."""
    addresses = re.split(r'[\s,]+', value.strip(' ,')) if isinstance(value, str) else value
    return tuple(str(ipaddress.ip_network(address)) for address in addresses)


def header_name(value: str | None) -> str | None:
    """The name of a header."""
    if value is not None and not HEADER.fullmatch(value):
        raise ValueError('not a header')
    return value


def issuer(value: str | None) -> str | None:
    """The address of an OpenID provider."""
    if value is not None and not (is_secure_address(value) and not set('?#') & set(value)):
        raise ValueError('not such an address')
    return value


def public_url(value: str | None) -> str | None:
    """The address of this app, without a slash at its end."""
    if value is None:
        return None
    parts = urlsplit(_address(value, {'https', 'http'}))
    if parts.query or parts.fragment or parts.username or not re.fullmatch(r'(/[A-Za-z0-9._~-]+)*/?', parts.path) \
            or not HOST_AND_PORT.fullmatch(parts.netloc.lower()):
        raise ValueError('not such an address')
    return value.rstrip('/')


def is_secure_address(address: str) -> bool:
    """Whether this is an https address, or one of this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == 'https' or (parts.scheme == 'http' and host in LOOPBACK))


def time_zone(value: str) -> str:
    """A name of the IANA time zone database."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError('not a known time zone') from error
    return value


def shift_plan(value: str) -> str:
    """Names and starts of shifts."""
    try:
        parse_shifts(value)
    except InvalidInputError as error:
        raise ValueError('no such plan') from error
    return value


def database_url(value: str | None) -> str | None:
    """A URL of PostgreSQL."""
    return value if value is None else _address(value, {'postgresql', 'postgres'})


def embed_url(value: str | None) -> str | None:
    """An https address, or a placeholder, which counts as none."""
    return value if value is None or PLACEHOLDER.fullmatch(value) else _address(value, {'https'})


def _address(value: str, schemes: Collection[str]) -> str:
    """A URL with one of these schemes and plain hosts and ports."""
    if urlsplit(value).scheme not in schemes or not _has_plain_hosts(value):
        raise ValueError('not such an address')
    return value


def _has_plain_hosts(url: str) -> bool:
    """Whether hosts and ports are plain, and not parts of a password, which a driver's error would reveal."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition('@')[2].split(',')
    return all(ADDRESS_AND_PORT.fullmatch(host) for host in hosts) and '@' not in parts.path + parts.fragment
