"""Signing in with OpenID Connect against a provider that is honest, and against one that is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from openid_provider import CLIENT_ID, CLIENT_SECRET, TestProvider, key_of, signed_with_public_key, unsigned

from auth.openid_connect import CLOCK_SKEW_S, Attempt, OpenIdConnect
from auth.openid_provider import KEYS_EVERY_S, OpenIdProvider
from floor.core.errors import ProviderUnavailableError, SignInError
from floor.core.people import Role, SignedIn
from floor.core.settings import Settings

ISSUER = 'https://sso.example.com/realms/plant'


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@cache
def settings_with(**settings: str) -> Settings:
    """Of this client. Reading all settings takes longer than most tests."""
    return Settings.load(_env_file=None, **{
        'oidc_issuer': ISSUER, 'oidc_client_id': CLIENT_ID, 'oidc_client_secret': CLIENT_SECRET,
        'public_url': 'https://floor.example.com/monitor/',
        'oidc_groups': 'line-supervisors=supervisor, Shift A=operator', **settings})


class Sso:
    """The provider, and this app as its client."""

    def __init__(self, **settings: str) -> None:
        self.provider = TestProvider(ISSUER)
        self.clock = Clock()
        self.transport: httpx.AsyncBaseTransport = httpx.ASGITransport(self.provider.app, root_path='/realms/plant')
        provider = OpenIdProvider(ISSUER, transport=self.transport, monotonic=self.clock)
        self.client = OpenIdConnect(settings_with(**settings), provider)

    async def sign_in(self, attempt: Attempt | None = None, **changed: str) -> SignedIn:
        attempt = attempt or Attempt.new()
        query = dict(parse_qsl(self.provider.answer(await self.client.address(attempt))))
        return await self.client.signed_in(attempt, {**query, **changed})


@pytest.fixture
def sso() -> Sso:
    return Sso()


async def test_an_honest_provider_signs_somebody_in(sso: Sso) -> None:
    attempt = Attempt.new()
    address = urlsplit(await sso.client.address(attempt))
    assert f'{address.scheme}://{address.netloc}{address.path}' == f'{ISSUER}/authorize'
    assert dict(parse_qsl(address.query)).items() >= {
        'redirect_uri': 'https://floor.example.com/monitor/sign-in/callback', 'scope': 'openid email profile'}.items()
    assert attempt.verifier not in address.query
    person = await sso.sign_in(attempt)
    assert replace(person, id_token=None) == SignedIn(f'{ISSUER} 4711', 'lisa.garcia@example.com',
                                                      'Lisa at the provider')
    assert sso.provider.asked.count('openid-configuration') == 1


# what the provider says about a person

@pytest.mark.parametrize(('claims', 'email', 'name'), [
    ({'email_verified': False}, None, 'Lisa at the provider'),
    ({'email_verified': 'false'}, None, 'Lisa at the provider'),
    ({'email': 'not an address'}, None, 'Lisa at the provider'),
    ({'email': 'li\u200bsa@example.com'}, None, 'Lisa at the provider'),
    ({'email': ['lisa@example.com']}, None, 'Lisa at the provider'),
    ({'name': 'Lisa\u202e'}, 'lisa.garcia@example.com', 'lisa.garcia@example.com'),
    ({'name': 'x' * 201, 'preferred_username': 'lgarcia'}, 'lisa.garcia@example.com', 'lgarcia'),
    ({'name': None, 'email': None}, None, '4711')])
async def test_what_names_nobody_does_not_count(sso: Sso, claims: dict[str, Any], email: str | None, name: str) -> None:
    sso.provider.person |= claims
    person = await sso.sign_in()
    assert (person.email, person.name) == (email, name)


@pytest.mark.parametrize(('claim', 'groups', 'role'), [
    ('groups', ['Shift A', 'line-supervisors', 'others'], Role.SUPERVISOR), ('groups', ['/Shift A'], Role.OPERATOR),
    ('groups', 'Shift A', Role.OPERATOR), ('groups', ['shift a', 'supervisor', 7], None), ('groups', None, None),
    ('realm_access.roles', {'roles': ['Shift A']}, Role.OPERATOR), ('realm_access.roles', ['Shift A'], None)])
async def test_groups_give_the_highest_of_their_roles(claim: str, groups: Any, role: Role | None) -> None:
    sso = Sso(oidc_groups_claim=claim)
    sso.provider.person[claim.partition('.')[0]] = groups
    assert (await sso.sign_in()).role is role
    sso.provider.person.pop(claim.partition('.')[0])   # the groups have vanished
    assert (await sso.sign_in()).role is None


async def test_user_info_adds_what_the_token_lacks_if_it_is_about_the_same_person(sso: Sso) -> None:
    del sso.provider.person['email']
    sso.provider.user_info = {'sub': '4711', 'email': 'lisa@example.com', 'name': 'Another name'}
    person = await sso.sign_in()
    assert (person.email, person.name) == ('lisa@example.com', 'Lisa at the provider')
    sso.provider.user_info['sub'] = '4712'
    assert (await sso.sign_in()).email is None


# tokens that are not valid

def change(**claims: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Claims instead of those that are true; None: left out."""
    return lambda honest: {name: value for name, value in {**honest, **claims}.items() if value is not None}


def shift(claim: str, seconds: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A claim that is a time, so many seconds from when the token is made."""
    return lambda honest: {**honest, claim: int(time.time()) + seconds}


@pytest.mark.parametrize('lie', [
    change(iss='https://evil.example'), change(iss=None), change(aud='another-client'), change(aud=None),
    change(aud=[CLIENT_ID, 'another-client']), change(azp='another-client'),
    change(aud='another-client', azp=CLIENT_ID), change(aud=['another-client'], azp=CLIENT_ID),
    change(nonce='of another attempt'), change(nonce=None), change(sub=None), change(sub=''), change(exp=None),
    shift('exp', -CLOCK_SKEW_S - 60), shift('nbf', CLOCK_SKEW_S + 60),
    shift('iat', CLOCK_SKEW_S + 60), change(at_hash='of another token')])
async def test_a_wrong_claim_signs_nobody_in(sso: Sso, lie: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    sso.provider.lie = lie
    with pytest.raises(SignInError, match='ID token'):
        await sso.sign_in()


@pytest.mark.parametrize('lie', [
    shift('exp', -60), shift('iat', 60), change(aud=[CLIENT_ID]),
    change(aud=[CLIENT_ID, 'another'], azp=CLIENT_ID)])
async def test_clocks_may_differ_a_little_and_an_audience_may_be_a_list(
        sso: Sso, lie: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    sso.provider.lie = lie
    assert (await sso.sign_in()).email == 'lisa.garcia@example.com'


@pytest.mark.parametrize('how', ['none', 'public key', 'another key', 'garbage', 'no token'])
async def test_a_wrong_signature_signs_nobody_in(sso: Sso, how: str) -> None:
    other = TestProvider(ISSUER, key=key_of('somebody else', 'first'))
    sso.provider.sign = {'none': unsigned, 'public key': signed_with_public_key(sso.provider),
                         'another key': other.signed, 'garbage': lambda _: 'a.b.c', 'no token': lambda _: ''}[how]
    with pytest.raises(SignInError):
        await sso.sign_in()


async def test_a_provider_may_replace_its_keys(sso: Sso) -> None:
    await sso.sign_in()
    sso.provider.key = key_of('provider', 'second')
    sso.clock.now += KEYS_EVERY_S + 1
    assert (await sso.sign_in()).email == 'lisa.garcia@example.com'
    assert sso.provider.asked.count('jwks') == 2


async def test_made_up_key_ids_cause_few_requests(sso: Sso) -> None:
    await sso.sign_in()
    sso.provider.key, sso.provider.published = key_of('somebody else', 'made up'), [sso.provider.key]
    for _ in range(5):
        with pytest.raises(SignInError):
            await sso.sign_in()
    assert sso.provider.asked.count('jwks') == 1


# attempts

async def test_an_answer_counts_once_and_for_its_attempt_only(sso: Sso) -> None:
    attempt = Attempt.new()
    query = dict(parse_qsl(sso.provider.answer(await sso.client.address(attempt))))
    for wrong in ({**query, 'state': 'guessed'}, {**query, 'state': ''}, {**query, 'iss': 'https://evil.example'}):
        with pytest.raises(SignInError):
            await sso.client.signed_in(attempt, wrong)
    with pytest.raises(SignInError, match='invalid_grant'):   # somebody stole the code, but not the verifier
        await sso.client.signed_in(replace(Attempt.new(), state=attempt.state), query)
    await sso.sign_in(attempt)
    with pytest.raises(SignInError, match='is over or was used before'):
        await sso.client.signed_in(attempt, query)


async def test_a_refusal_of_the_provider_has_its_reason(sso: Sso) -> None:
    attempt = Attempt.new()
    with pytest.raises(SignInError, match=r'did not sign you in \(access_denied\)'):
        await sso.client.signed_in(attempt, {'state': attempt.state, 'error': 'access_denied'})


async def test_a_wrong_secret_is_named_as_such() -> None:
    with pytest.raises(SignInError, match='check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET'):
        await Sso(oidc_client_secret='wrong').sign_in()


# providers that cannot be used

async def test_a_provider_that_is_down_is_named_and_works_again_later(sso: Sso) -> None:
    sso.provider.is_down = True
    with pytest.raises(ProviderUnavailableError, match=r'sso\.example\.com, where people sign in, answers 502'):
        await sso.sign_in()
    assert await sso.client.sign_out_address('token') is None
    sso.provider.is_down = False
    assert (await sso.sign_in()).name


async def test_no_provider_at_all(unused_tcp_port: int) -> None:
    provider = OpenIdProvider(f'http://127.0.0.1:{unused_tcp_port}')
    with pytest.raises(ProviderUnavailableError, match=r'does not answer \(ConnectError\): try again later'):
        await provider.metadata()


@pytest.mark.parametrize(('metadata', 'message'), [
    ({'issuer': 'https://evil.example'}, 'calls itself https://evil.example: set OIDC_ISSUER'),
    ({'issuer': None}, 'calls itself None'), ({'jwks_uri': None}, 'names no jwks_uri'),
    ({'token_endpoint': 'http://sso.example.com/token'}, 'names no token_endpoint'),
    ({'authorization_endpoint': 'javascript:alert(1)'}, 'names no authorization')])
async def test_a_provider_must_be_what_it_is_called_and_use_tls(
        sso: Sso, metadata: dict[str, Any], message: str) -> None:
    sso.provider.metadata = metadata
    with pytest.raises(SignInError, match=message):
        await sso.sign_in()


async def test_signing_out_leads_to_the_provider_and_back(sso: Sso) -> None:
    address = await sso.client.sign_out_address('the.id.token')
    assert dict(parse_qsl(urlsplit(address or '').query)) == {
        'id_token_hint': 'the.id.token', 'client_id': CLIENT_ID,
        'post_logout_redirect_uri': 'https://floor.example.com/monitor/signed-out'}
    sso = Sso()
    sso.provider.metadata = {'end_session_endpoint': None}
    assert await sso.client.sign_out_address('the.id.token') is None
