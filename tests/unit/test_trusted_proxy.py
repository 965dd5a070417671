"""A header that names a person counts from trusted proxies alone."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from auth.identity import check_identity_source, identity_sources
from auth.trusted_proxy import PEER, TrustedProxySource
from floor.core.errors import NotAllowedError, SettingsError
from floor.core.people import Identity, Role
from floor.core.settings import Settings

SETTINGS = {'host': '0.0.0.0', 'trusted_proxies': '10.0.0.5, 10.1.0.0/16, fd00::/8',
            'identity_header': 'X-Forwarded-Email', 'identity_name_header': 'X-Name',
            'identity_groups_header': 'X-Groups', 'roles': 'jane@example.com=operator',
            'oidc_groups': 'Plant Staff=technician,bosses=supervisor'}
LISA = ('x-forwarded-email', 'Lisa.Garcia@Example.com')


def request(peer: str | None, *headers: tuple[str, str]) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return HTTPConnection({'type': 'http', 'headers': raw, 'state': {PEER: peer}, 'client': ('10.0.0.5', 1)})


@pytest.fixture
def source() -> TrustedProxySource:
    return TrustedProxySource(Settings.load(_env_file=None, **SETTINGS))


@pytest.mark.parametrize('peer', ['10.0.0.5', '10.1.255.1', '::ffff:10.0.0.5', 'fd00::7'])
async def test_it_counts_from_these_addresses(source: TrustedProxySource, peer: str) -> None:
    assert await source(request(peer, LISA)) == Identity('Lisa.Garcia@Example.com', 'lisa.garcia@example.com')


@pytest.mark.parametrize('peer', ['10.0.0.6', '10.2.0.1', '::ffff:10.0.0.6', 'fe80::1', '127.0.0.1', '', None, 'proxy'])
async def test_it_is_refused_from_others(source: TrustedProxySource, peer: str | None) -> None:
    with pytest.raises(NotAllowedError, match='accepted from proxies only'):
        await source(request(peer, LISA))
    assert await source(request(peer)) is None


@pytest.mark.parametrize('headers', [
    [LISA, LISA], [LISA, ('X-Forwarded-Email'.lower(), 'mike@example.com')],
    [('x-forwarded-email', 'mike@example.com, lisa@example.com')], [('x-forwarded-email', 'mike\u200b@example.com')],
    [('x-forwarded-email', 'x' * 3000)], [LISA, ('x-name', 'Lisa'), ('x-name', 'Lisa')],
    [LISA, ('x-name', 'Li\u202esa')],
    [LISA, ('x-groups', 'a'), ('x-groups', 'bosses')]])
async def test_what_may_name_two_people_names_nobody(
        source: TrustedProxySource, headers: list[tuple[str, str]]) -> None:
    with pytest.raises(NotAllowedError):
        await source(request('10.0.0.5', *headers))


async def test_names_groups_and_roles(source: TrustedProxySource) -> None:
    assert await source(request('10.0.0.5', ('x-forwarded-email', 'lgarcia'), ('x-name', 'Lisa García'),
                                ('x-groups', 'others, Plant Staff'))) == Identity('Lisa García', None, Role.TECHNICIAN)
    jane = await source(request('10.0.0.5', ('x-forwarded-email', 'Jane@example.com'), ('x-groups', 'bosses')))
    assert jane is not None and jane.role is Role.OPERATOR   # ROLES names her


def test_people_who_sign_in_are_viewers_and_nobody_is_the_local_user() -> None:
    settings = Settings.load(_env_file=None, **SETTINGS | {'host': '127.0.0.1'})
    assert settings.role_of_strangers is Role.VIEWER
    [source] = identity_sources(settings, {})
    assert isinstance(source, TrustedProxySource)


async def test_anonymous_people_beside_a_sign_in_only_read() -> None:
    settings = Settings.load(_env_file=None, **SETTINGS, allow_anonymous=True, default_role='supervisor')
    _, last = identity_sources(settings, {})
    anonymous = await last(request('10.9.9.9'))
    assert anonymous is not None and anonymous.at_most is Role.VIEWER


@pytest.mark.parametrize(('values', 'message'), [
    ({'identity_header': 'X-User'}, 'IDENTITY_HEADER needs TRUSTED_PROXIES'),
    ({'oidc_issuer': 'https://sso.example.com', 'public_url': 'https://floor.example.com'},
     'OIDC_ISSUER needs OIDC_CLIENT_ID'),
    ({'oidc_issuer': 'https://sso.example.com', 'oidc_client_id': 'floor'}, 'OIDC_ISSUER needs PUBLIC_URL')])
def test_settings_that_are_missing_stop_the_start(values: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check_identity_source(Settings.load(_env_file=None, **values), {})
