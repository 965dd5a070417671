"""Tokens, links, stations and wall screens in the database: who may make them, what they prove, and how they end."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product

import pytest
from database.people import CARLOS, JAMES, LISA, MIKE, TOM
from database.postgres import Connect
from together import together

from floor.access.access_keys import AccessKeys
from floor.access.api_tokens import ApiTokens, NewToken
from floor.access.first_supervisor import FirstSupervisor
from floor.access.invitations import Invitations
from floor.access.station_pins import MAX_WRONG, StationPins
from floor.access.stations import Stations
from floor.access.wall_links import WallLinks
from floor.core.access_keys import KeyKind
from floor.core.errors import FloorError, InvalidInputError, NotAllowedError, NotFoundError, SignedOutError
from floor.core.machines import MachineName
from floor.core.people import Credential, Employee, Identity, Role
from floor.core.rate_limit import ChangeRateLimit
from floor.core.scopes import TokenScope
from floor.db.database import Database
from floor.orders.employees import EmployeeEdit, Employees
from floor.orders.order_values import NewOrder
from floor.orders.work_orders import WorkOrders
from floor.plant.plant_commands import PlantCommands
from floor.plant.plant_sheet import read_sheet
from floor.plant.sheet_import import SheetImport

pytestmark = pytest.mark.newest_postgres
LEAK = NewOrder(MachineName('Valve_03_01'), 'Hydraulic leak')
ENGINE = 2
READER = NewToken('reader', [TokenScope.READ])


@pytest.fixture
def employees(database: Database) -> Employees:
    return Employees(database, default_role=Role.VIEWER)


@pytest.fixture
def tokens(database: Database, employees: Employees) -> ApiTokens:
    return ApiTokens(database, employees)


@pytest.fixture
async def stations(database: Database, employees: Employees) -> AsyncIterator[Stations]:
    yield Stations(database, employees, StationPins(database, employees))


async def employee(employees: Employees, who: Identity) -> Employee:
    found, = [each for each in await employees.all() if each.email == who.email]
    return found


async def paired(stations: Stations, name: str = 'Press hall') -> str:
    """The secret of the cookie of a station."""
    return (await stations.pair((await stations.make(MIKE, name, ENGINE)).secret)).secret


# tokens

async def test_a_token_is_shown_once_and_stored_as_a_hash(connect: Connect, tokens: ApiTokens) -> None:
    made = await tokens.make(MIKE, NewToken('MES', [TokenScope.ORDERS], days=30))
    assert made.secret.startswith('lm_token_')
    assert len(made.secret) == len('lm_token_') + 43
    assert made.secret not in repr(made)
    connection = await connect()
    row = await connection.fetchrow('SELECT t::text AS text, t.* FROM access_keys t')
    assert row is not None
    assert row['secret_hash'] == hashlib.sha256(made.secret.encode()).digest()
    assert made.secret not in row['text']
    assert (row['made_by'], row['expires_at'] - row['made_at']) == ('Mike Johnson', pytest.approx(
        timedelta(days=30), abs=timedelta(seconds=5)))
    assert await tokens.identity(made.secret) == Identity(
        'token MES', None, credential=Credential('token', made.key.id), scopes=frozenset({TokenScope.ORDERS}))
    listed, = await tokens.listed(MIKE, KeyKind.TOKEN)
    assert (listed.name, listed.scopes, listed.last_used_at is None) == ('MES', (TokenScope.ORDERS,), False)


async def test_its_use_is_noted_once_a_minute(connect: Connect, tokens: ApiTokens) -> None:
    secret, connection = (await tokens.make(MIKE, READER)).secret, await connect()
    noted = [await connection.fetchval('SELECT last_used_at FROM access_keys')
             for _ in range(3) if await tokens.identity(secret)]
    assert noted[0] == noted[2]
    await connection.execute("UPDATE access_keys SET last_used_at = last_used_at - interval '61 seconds'")
    await tokens.identity(secret)
    assert await connection.fetchval('SELECT last_used_at FROM access_keys') > noted[0]


@together(('new', 'says'), [
    (NewToken('', [TokenScope.READ]), 'name must not be empty'),
    (NewToken('a\r\nSet-Cookie: x', [TokenScope.READ]), 'U+000D'),
    (NewToken('MES\u202egnp', [TokenScope.READ]), 'U+202E'),
    (NewToken('x' * 81, [TokenScope.READ]), 'at most 80'),
    (NewToken('nothing', []), 'choose what the token may do'),
    (NewToken('long', [TokenScope.READ], days=0), 'from 1 to 3,650'),
    (NewToken('line', [TokenScope.READ], lines=['Engine Line']), 'only a token that reports statuses'),
    (NewToken('both', [TokenScope.READ, TokenScope.FEED], machines=['Valve_03_01']),
     'only a token that reports statuses'),
    (NewToken('gone', [TokenScope.FEED], machines=['Valve_99']), 'there is no machine Valve_99'),
    (NewToken('gone', [TokenScope.FEED], lines=['Nowhere']), 'there is no line Nowhere')])
async def test_a_token_that_makes_no_sense_is_refused(tokens: ApiTokens, new: NewToken, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says.replace('+', r'\+')):
        await tokens.make(MIKE, new)


async def test_a_name_is_free_again_after_revoking(tokens: ApiTokens) -> None:
    first = await tokens.make(MIKE, NewToken('Förderband · 梱包', [TokenScope.FEED], lines=['Engine Line'],
                                             machines=['Valve_03_01']))
    assert (first.key.line_ids, len(first.key.machine_ids or ())) == ((ENGINE,), 1)
    with pytest.raises(InvalidInputError, match='there is a token förderband · 梱包 already'):
        await tokens.make(MIKE, NewToken('förderband · 梱包', [TokenScope.READ]))
    await tokens.revoke(JAMES, first.key.id)
    await tokens.make(MIKE, NewToken('förderband · 梱包', [TokenScope.READ]))
    for gone in first.key.id, 0, 2**40:
        with pytest.raises(NotFoundError):
            await tokens.revoke(MIKE, gone)


async def test_a_token_does_in_commands_what_its_scopes_say(
        database: Database, employees: Employees, tokens: ApiTokens) -> None:
    """Commands check it too, not only the paths of the REST interface."""
    sheets = SheetImport(database, employees)
    orders, plant, keys = WorkOrders(database, employees), PlantCommands(database, employees), AccessKeys(
        database, employees)
    tried = {
        'order': lambda who: orders.create(who, LEAK),
        'line': lambda who: plant.add_line(who, f'Line of {who.name}'),
        'people': lambda who: employees.add(who, EmployeeEdit('A', 'B', 'a@b.c', 'D', Role.SUPERVISOR)),
        'machines sheet': lambda who: sheets.dry_run(who, read_sheet('machine\nPress 1')),
        'people sheet': lambda who: sheets.dry_run(who, read_sheet('e-mail\nmike.johnson@example.com')),
        'token': lambda who: tokens.make(who, NewToken('child', [TokenScope.PLANT])),
        'list': lambda who: keys.listed(who, KeyKind.TOKEN),
        'revoke': lambda who: keys.revoke(who, 1)}
    may = {(TokenScope.ORDERS, 'order'), (TokenScope.PLANT, 'line'), (TokenScope.PEOPLE, 'people'),
           (TokenScope.PLANT, 'machines sheet'), (TokenScope.PEOPLE, 'people sheet')}
    for scope, (what, attempt) in product(TokenScope, tried.items()):
        name = f'{scope} for {what}'
        who = await tokens.identity((await tokens.make(MIKE, NewToken(name, [scope]))).secret)
        if (scope, what) in may:
            await attempt(who)
            continue
        with pytest.raises(NotAllowedError):
            await attempt(who)
    assert [(change.by, change.item) for change in await plant.changes(2)] == [
        ('token people:write for people', 'A B'), ('token plant:write for line', 'Line of token plant:write for line')]


async def test_a_token_never_takes_away_the_last_supervisor(database: Database, employees: Employees,
                                                            tokens: ApiTokens, connect: Connect) -> None:
    await (await connect()).execute("UPDATE employees SET role = 'technician' WHERE email <> $1", MIKE.email)
    mike, = [each for each in await employees.all() if each.email == MIKE.email]
    who = await tokens.identity((await tokens.make(MIKE, NewToken('HR', [TokenScope.PEOPLE]))).secret)
    with pytest.raises(InvalidInputError, match='last active supervisor'):
        await employees.edit(who, mike.id, mike.version, EmployeeEdit(role=Role.OPERATOR))
    with pytest.raises(InvalidInputError, match='nobody active as a supervisor'):
        (await SheetImport(database, employees).dry_run(who, read_sheet(f'e-mail,active\n{MIKE.email},no'))).check()


async def test_a_token_that_is_revoked_in_flight_does_nothing_more(
        connect: Connect, database: Database, employees: Employees, tokens: ApiTokens) -> None:
    made = await tokens.make(MIKE, NewToken('MES', [TokenScope.ORDERS]))
    who = await tokens.identity(made.secret)  # a request has begun
    await tokens.revoke(MIKE, made.key.id)
    with pytest.raises(SignedOutError, match='this token was revoked or has expired'):
        await WorkOrders(database, employees).create(who, LEAK)
    with pytest.raises(SignedOutError, match='this token was revoked'):
        await tokens.identity(made.secret)
    short = await tokens.make(MIKE, NewToken('short', [TokenScope.READ], days=1))
    await (await connect()).execute("UPDATE access_keys SET expires_at = now() - interval '1 second'")
    with pytest.raises(SignedOutError, match='this token has expired'):
        await tokens.identity(short.secret)


@together('secret', ['', 'lm_token_', 'lm_token_' + 'A' * 43, 'x' * 10**6, '\ud800', "' OR true --"])
async def test_a_secret_that_nobody_has_proves_nothing(tokens: ApiTokens, secret: str) -> None:
    with pytest.raises(SignedOutError, match='this token is not known'):
        await tokens.identity(secret)


async def test_a_secret_of_one_kind_is_none_of_another(
        database: Database, employees: Employees, tokens: ApiTokens, stations: Stations) -> None:
    wall = WallLinks(database, employees)
    station = await stations.make(MIKE, 'Press hall', None)
    for secret in (await tokens.make(MIKE, READER)).secret, (await wall.make(MIKE, 'Hall', 'kiosk')).secret:
        with pytest.raises(SignedOutError):
            await stations.identity(secret)
    for find in tokens.identity, wall.identity, stations.identity:  # the link of a station is not its cookie
        with pytest.raises(SignedOutError):
            await find(station.secret)


async def test_each_token_has_its_own_rate_limit(database: Database) -> None:
    employees = Employees(database, default_role=Role.VIEWER, limit=ChangeRateLimit(1))
    tokens = ApiTokens(database, Employees(database, default_role=Role.VIEWER))
    one, other = [await tokens.identity((await tokens.make(MIKE, NewToken(name, [TokenScope.ORDERS]))).secret)
                  for name in ('one', 'other')]
    orders = WorkOrders(database, employees)
    await orders.create(one, LEAK)
    with pytest.raises(FloorError, match='more than 1 change'):
        await orders.create(one, LEAK)
    await orders.create(other, NewOrder(MachineName('Valve_02_01'), 'Leak'))
    assert one.rate_limit_key('10.0.0.1') == one.rate_limit_key('10.0.0.2') != other.rate_limit_key('10.0.0.1')


async def test_only_supervisors_make_and_revoke_keys(
        database: Database, employees: Employees, tokens: ApiTokens, stations: Stations) -> None:
    pins = StationPins(database, employees)
    for attempt in (tokens.make(LISA, READER), stations.make(LISA, 'A', None), tokens.listed(LISA, *KeyKind),
                    WallLinks(database, employees).make(LISA, 'A', ''), Invitations(database, employees).make(LISA, 1),
                    tokens.revoke(LISA, 1), pins.set_pin(LISA, 1, '1234'), pins.owners(LISA)):
        with pytest.raises(NotAllowedError, match='requires the role supervisor'):
            await attempt


# links that work once

async def test_of_two_browsers_that_use_a_link_at_the_same_moment_one_gets_in(
        database: Database, employees: Employees, stations: Stations) -> None:
    invitations, carlos = Invitations(database, employees), await employee(employees, CARLOS)
    invitation = (await invitations.make(MIKE, carlos.id)).secret
    station = (await stations.make(MIKE, 'Press hall', None)).secret
    for use in invitations.use, stations.pair:
        secret = invitation if use == invitations.use else station
        results = await asyncio.gather(*(use(secret) for _ in range(4)), return_exceptions=True)
        assert sum(isinstance(result, SignedOutError) for result in results) == 3
        with pytest.raises(SignedOutError):
            await use(secret)


async def test_an_invitation_is_for_one_active_person_and_the_last_one_counts(
        database: Database, employees: Employees) -> None:
    invitations, carlos = Invitations(database, employees), await employee(employees, CARLOS)
    first, second = [(await invitations.make(MIKE, carlos.id)).secret for _ in range(2)]
    with pytest.raises(SignedOutError, match='this invitation was revoked'):
        await invitations.use(first)
    assert (await invitations.open(second)).name == carlos.name
    await employees.set_active(MIKE, carlos.id, False)
    with pytest.raises(SignedOutError):
        await invitations.use(second)
    with pytest.raises(InvalidInputError, match='is deactivated'):
        await invitations.make(MIKE, carlos.id)
    with pytest.raises(NotFoundError):
        await invitations.make(MIKE, 10**6)


async def test_the_first_supervisor_of_a_plant(connect: Connect, database: Database, employees: Employees) -> None:
    first, connection = FirstSupervisor(database, employees), await connect()
    assert await first.is_missing()  # nobody of a demo is real
    await connection.execute('SELECT remove_demo()')
    stale, link = [(await first.make_link()).secret for _ in range(2)]
    with pytest.raises(SignedOutError, match='this link was revoked'):
        await first.use(stale, 'Ana', 'López', 'Ana@Plant.example')
    for wrong in ('', 'López', 'a@b.c'), ('Ana\n', 'López', 'a@b.c'), ('Ana', 'López', 'ana'):
        with pytest.raises(InvalidInputError):
            await first.use(link, *wrong)
    results = await asyncio.gather(first.use(link, 'Ana', 'López', 'Ana@Plant.example'),
                                   first.use(link, 'Eve', 'Evil', 'eve@plant.example'), return_exceptions=True)
    ana, = [result for result in results if isinstance(result, Employee)]
    assert [type(result) for result in results if result is not ana] in ([NotAllowedError], [SignedOutError])
    assert [each.role for each in await employees.all()] == [Role.SUPERVISOR]
    assert not await first.is_missing()
    with pytest.raises(NotAllowedError, match='there is a supervisor already'):
        await first.make_link()


async def test_an_expired_link_makes_no_supervisor_and_an_employee_becomes_one(
        connect: Connect, database: Database, employees: Employees) -> None:
    first, connection, carlos = FirstSupervisor(database, employees), await connect(), await employee(employees, CARLOS)
    link = (await first.make_link()).secret
    await connection.execute("UPDATE access_keys SET expires_at = now() - interval '1 second'")
    with pytest.raises(SignedOutError, match='this link has expired'):
        await first.use(link, 'Carlos', 'Mendez', carlos.email)
    used = await first.use((await first.make_link()).secret, 'Carl', 'M', carlos.email.upper())
    assert (used.id, used.role, used.name) == (carlos.id, Role.SUPERVISOR, 'Carlos Mendez')
    assert not await first.is_missing()


# stations

async def test_a_station_only_looks_until_somebody_picks_their_name(
        database: Database, employees: Employees, stations: Stations) -> None:
    orders, cookie = WorkOrders(database, employees), await paired(stations)
    nobody = await stations.identity(cookie)
    assert (nobody.name, nobody.email, nobody.at_most) == ('station Press hall', None, Role.VIEWER)
    with pytest.raises(NotAllowedError, match='requires the role operator'):
        await orders.create(nobody, LEAK)
    mike = next(each for each in await stations.people(cookie, 'johnson MIK'))
    await stations.pick(cookie, mike.id)
    at_station = await stations.identity(cookie)
    assert (await employees.person(at_station)).role is Role.OPERATOR  # Mike is a supervisor elsewhere
    order = await orders.create(at_station, LEAK)
    assert order.reporter_name == 'Mike Johnson at station Press hall'
    for attempt in (PlantCommands(database, employees).add_line(at_station, 'Mine'),
                    employees.set_active(at_station, mike.id, False), stations.make(at_station, 'Another', None),
                    stations.revoke(at_station, 1)):
        with pytest.raises(NotAllowedError, match='your role is operator'):
            await attempt
    await stations.leave(cookie)
    with pytest.raises(SignedOutError, match='pick it again'):
        await orders.create(at_station, LEAK)


async def test_a_name_falls_back_and_a_station_can_be_revoked(
        connect: Connect, database: Database, employees: Employees, stations: Stations) -> None:
    orders, cookie, connection = WorkOrders(database, employees), await paired(stations), await connect()
    tom, carlos = [(await employee(employees, who)).id for who in (TOM, CARLOS)]
    await stations.pick(cookie, tom)
    await connection.execute("UPDATE access_keys SET acting_until = now() + interval '9 minutes'")
    as_tom = await stations.identity(cookie)
    await orders.create(as_tom, LEAK)
    left = await connection.fetchval('SELECT acting_until - now() FROM access_keys')
    assert left > timedelta(minutes=9, seconds=50)  # what is used does not fall back
    await stations.pick(cookie, carlos)
    with pytest.raises(SignedOutError, match='pick it again'):  # the page of Tom is still open
        await orders.create(as_tom, LEAK)
    assert (await stations.identity(cookie)).email == CARLOS.email
    await connection.execute("UPDATE access_keys SET acting_until = now() - interval '1 second'")
    assert (await stations.identity(cookie)).email is None
    await stations.pick(cookie, carlos)
    as_carlos = await stations.identity(cookie)
    station, = await stations.listed(MIKE, KeyKind.STATION)
    await stations.revoke(MIKE, station.id)
    with pytest.raises(SignedOutError):
        await orders.create(as_carlos, LEAK)
    with pytest.raises(SignedOutError, match='this station was revoked'):
        await stations.identity(cookie)


async def test_a_pin_is_tried_a_few_times_only(
        connect: Connect, database: Database, employees: Employees, stations: Stations) -> None:
    pins, cookie, connection = StationPins(database, employees), await paired(stations), await connect()
    carlos, tom = [await employee(employees, who) for who in (CARLOS, TOM)]
    for wrong in '12', '123456789', '12a4', '１２３４':
        with pytest.raises(InvalidInputError, match='4 to 8 digits'):
            await pins.set_pin(MIKE, carlos.id, wrong)
    await pins.set_pin(MIKE, carlos.id, '4711')
    assert await pins.owners(MIKE) == {carlos.id}
    await stations.pick(cookie, tom.id, 'no PIN, no check')
    await stations.pick(cookie, carlos.id, '4711')
    tries = await asyncio.gather(*(stations.pick(cookie, carlos.id, f'000{number}') for number in range(MAX_WRONG)),
                                 return_exceptions=True)
    assert {str(each) for each in tries} == {'this PIN is wrong'}
    with pytest.raises(InvalidInputError, match='too many wrong PINs'):
        await stations.pick(cookie, carlos.id, '4711')
    await connection.execute('UPDATE employee_pins SET locked_until = now()')
    await stations.pick(cookie, carlos.id, '4711')
    assert '4711' not in str(await connection.fetch('SELECT p::text FROM employee_pins p'))
    await pins.set_pin(MIKE, carlos.id, None)
    await stations.pick(cookie, carlos.id)
    with pytest.raises(NotFoundError):
        await pins.set_pin(MIKE, 10**6, '4711')


# walls

async def test_a_wall_screen_only_looks(database: Database, employees: Employees) -> None:
    walls = WallLinks(database, employees)
    made = await walls.make(MIKE, 'Hall 3', 'kiosk&rotate=20&line=Engine+Line')
    wall = await walls.identity(made.secret)
    assert (await employees.person(wall)).role is Role.VIEWER
    assert (await walls.key(made.secret)).view == 'kiosk&rotate=20&line=Engine+Line'
    with pytest.raises(NotAllowedError):
        await WorkOrders(database, employees).create(wall, LEAK)
    with pytest.raises(InvalidInputError):
        await walls.make(MIKE, 'Other', 'kiosk\r\nX: 1')
    assert await walls.find(made.secret) == wall
    await WallLinks(database, employees).revoke(MIKE, made.key.id)  # by another instance
    assert wall.credential is not None
    walls.forget([wall.credential])  # once the page is closed, so that it does not open again
    assert await walls.find(made.secret) is None
    with pytest.raises(SignedOutError, match='this wall link was revoked'):
        await walls.identity(made.secret)


async def test_no_secret_is_in_the_log(
        caplog: pytest.LogCaptureFixture, database: Database, employees: Employees, tokens: ApiTokens,
        stations: Stations) -> None:
    caplog.set_level(logging.DEBUG)
    made = [await tokens.make(MIKE, READER), await WallLinks(database, employees).make(MIKE, 'W', ''),
            await Invitations(database, employees).make(MIKE, (await employee(employees, CARLOS)).id),
            await FirstSupervisor(database, employees).make_link()]
    secrets = [each.secret for each in made] + [await paired(stations)]
    await StationPins(database, employees).set_pin(MIKE, 1, '73501')
    text = caplog.text + str([vars(record) for record in caplog.records])
    assert 'reader' in text
    assert [secret for secret in [*secrets, '73501'] if secret in text] == []
