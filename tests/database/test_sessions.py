"""Sessions of people who signed in: what a secret opens, for how long, and who ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from database.people import CARLOS, LISA, MIKE
from database.postgres import Connect
from together import together

from floor.access.known_identities import KNOWN_FOR_S
from floor.access.sessions import Sessions
from floor.core.errors import NotAllowedError, NotFoundError, SignedOutError, SignInError
from floor.core.people import Identity, Role, SignedIn
from floor.db.database import Database
from floor.orders.employees import Employees

pytestmark = pytest.mark.newest_postgres

TOM = SignedIn('https://id.example.com 4711', 'tom.kowalski@example.com', 'Tom at the provider')
EVA = SignedIn('https://id.example.com 4712', None, 'Eva', Role.OPERATOR, id_token='header.claims.signature')


class Clock:
    """Seconds that a test lets pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def employees(database: Database) -> Employees:
    return Employees(database, default_role=Role.VIEWER)


@pytest.fixture
def sessions(database: Database, employees: Employees, clock: Clock) -> Sessions:
    return Sessions(database, employees, life=timedelta(hours=12), idle=timedelta(hours=1), monotonic=clock)


async def signed_in(sessions: Sessions, person: SignedIn = TOM) -> tuple[str, Identity]:
    secret = await sessions.start(person, 'Firefox')
    identity = await sessions.find(secret)
    assert identity is not None
    return secret, identity


async def test_a_secret_is_its_person_and_the_table_does_not_have_it(
        sessions: Sessions, employees: Employees, connect: Connect) -> None:
    secret, tom = await signed_in(sessions)
    other, eva = await signed_in(sessions, EVA)
    assert len({secret, other}) == 2
    assert await employees.person(tom) == await employees.person(Identity('x', TOM.email))   # of the employee
    assert ((await employees.person(eva)).role, eva.email) == (Role.OPERATOR, None)          # of the groups
    row = await (await connect()).fetchrow('SELECT * FROM sessions ORDER BY session_id LIMIT 1')
    assert secret not in str(dict(row)) and secret.encode() not in row['secret_hash']
    assert await sessions.find(f'{secret}x') is None
    assert await sessions.find(row['secret_hash'].hex()) is None


@together('ending', ['ended_at = now()', 'expires_at = now()', 'idle_until = now()'])
async def test_a_session_that_is_over_opens_nothing(
        sessions: Sessions, employees: Employees, connect: Connect, clock: Clock, ending: str) -> None:
    secret, tom = await signed_in(sessions)
    await employees.person(tom)
    await (await connect()).execute(f'UPDATE sessions SET {ending}')
    with pytest.raises(SignedOutError, match='you are signed out'):   # at once
        await employees.person(tom)
    clock.now += KNOWN_FOR_S
    assert await sessions.find(secret) is None


async def test_use_prolongs_a_session_but_not_beyond_its_life(sessions: Sessions, connect: Connect, clock: Clock
                                                              ) -> None:
    secret, _ = await signed_in(sessions)
    sql = await connect()
    await sql.execute("UPDATE sessions SET last_seen_at = now() - interval '50 min', "
                      "idle_until = now() + interval '10 min', expires_at = now() + interval '20 min'")
    clock.now += KNOWN_FOR_S
    await sessions.find(secret)
    assert await sql.fetchval("SELECT idle_until > now() + interval '59 min' "
                              "AND last_seen_at > now() - interval '1 min' AND expires_at < now() + interval '20 min' "
                              "FROM sessions")


async def test_who_is_deactivated_is_signed_out_and_nobody_else(sessions: Sessions, employees: Employees, clock: Clock
                                                                ) -> None:
    secret, tom = await signed_in(sessions)
    other, _ = await signed_in(sessions, EVA)
    [employee] = [person for person in await employees.all() if person.email == TOM.email]
    await employees.set_active(MIKE, employee.id, False)
    with pytest.raises(SignedOutError):
        await employees.person(tom)
    clock.now += KNOWN_FOR_S
    assert await sessions.find(secret) is None
    assert await sessions.find(other) is not None


async def test_signing_in_again_ends_the_session_that_the_browser_had(sessions: Sessions, employees: Employees) -> None:
    secret, tom = await signed_in(sessions)
    ended: list[str] = []
    sessions.on_end(lambda: ended.append('ended'))
    again = await sessions.start(EVA, 'Firefox', replaces=secret)
    assert again != secret
    assert await sessions.find(secret) is None
    assert ended == ['ended']
    with pytest.raises(SignedOutError):
        await employees.person(tom)


async def test_who_is_deactivated_cannot_sign_in(sessions: Sessions, connect: Connect) -> None:
    sql = await connect()
    await sql.execute('UPDATE employees SET active = false WHERE email = $1', TOM.email)
    with pytest.raises(SignInError, match='is deactivated on this floor: ask a supervisor'):
        await sessions.start(TOM, 'Firefox')
    assert await sql.fetchval('SELECT count(*) FROM sessions') == 0


async def test_a_role_by_address_goes_before_that_by_groups(database: Database, employees: Employees) -> None:
    sessions = Sessions(database, employees, life=timedelta(hours=1), idle=timedelta(hours=1),
                        roles={'eva@example.com': Role.TECHNICIAN})
    _, eva = await signed_in(sessions, replace(EVA, email='eva@example.com'))
    assert (await employees.person(eva)).role is Role.TECHNICIAN


async def test_signing_out_ends_this_session_alone_and_returns_its_id_token(sessions: Sessions, connect: Connect
                                                                           ) -> None:
    secret, _ = await signed_in(sessions, EVA)
    other, _ = await signed_in(sessions, EVA)
    assert await sessions.end(secret) == EVA.id_token
    assert await sessions.end(secret) is None
    assert await sessions.find(secret) is None
    assert await sessions.find(other) is not None
    assert await (await connect()).fetchval('SELECT id_token FROM sessions WHERE ended_at IS NOT NULL') is None


async def test_supervisors_see_and_end_sessions(sessions: Sessions) -> None:
    secret, eva = await signed_in(sessions, EVA)
    ended: list[str] = []
    sessions.on_end(lambda: ended.append('ended'))
    [entry] = await sessions.sessions(MIKE)
    assert (entry.name, entry.email, entry.browser) == ('Eva', None, 'Firefox')
    for other in LISA, CARLOS, eva:
        with pytest.raises(NotAllowedError):
            await sessions.sessions(other)
        with pytest.raises(NotAllowedError):
            await sessions.end_session(other, entry.id)
    await sessions.end_session(MIKE, entry.id)
    assert ended == ['ended']
    assert await sessions.find(secret) is None
    assert await sessions.sessions(MIKE) == []
    with pytest.raises(NotFoundError):
        await sessions.end_session(MIKE, entry.id)
