"""Stations: shared tablets at a line, where people pick their name before they act.

Nobody gets more than the role operator there, and an action names the person and the station. A name falls back after
ten minutes without use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..core.access_keys import AccessKey, KeyKind, NewKey
from ..core.errors import InvalidInputError, NotFoundError, SignedOutError
from ..core.names import fold, in_order_of_names
from ..core.people import Credential, Employee, Identity, Role
from ..core.text import exact_name
from ..db.connection import Connection
from ..db.database import Database
from ..db.row_mapping import to_employee
from ..db.transactions import MAX_ID, command, logged, reading
from ..orders.employees import Employees
from .access_keys import MAX_NAME_LENGTH, KeyDetails, key_secret
from .known_keys import KnownKeys
from .secret_hash import secret_hash
from .station_pins import StationPins

PAIR_WITHIN = timedelta(hours=1)
USED = 'this link was used already: ask a supervisor for a new one'
STATION, TURN = 'station', 'station_turn'
"""Kinds of credentials: a station where nobody has picked a name, and one turn of a person."""


@dataclass(frozen=True, slots=True)
class StationPerson:
    """Somebody who can be picked at a station."""

    id: int
    name: str
    department: str
    has_pin: bool


class Stations(KnownKeys):
    """Pairs stations, and identifies who acts there."""

    def __init__(self, database: Database, employees: Employees, pins: StationPins) -> None:
        super().__init__(database, employees)
        self._pins = pins

    async def make(self, who: Identity, name: str, line_id: int | None) -> NewKey:
        """A new station, and the secret of the link that pairs a browser with it within an hour. line_id: the floor
        opens filtered on this line. Requires the role supervisor.

        :raises NotAllowedError: no supervisor
        :raises InvalidInputError: the name is taken, empty or hides characters; there is no such line
        """
        name = exact_name(name, 'name', MAX_NAME_LENGTH)
        async with logged('station made', who, station=name), command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            if line_id is not None and await self._queries.production_line(connection, line_id=line_id) is None:
                raise InvalidInputError('this line no longer exists: choose another one', 'line')
            return await self._make(connection, KeyKind.STATION, name, person.name, KeyDetails(
                line_ids=None if line_id is None else (line_id,), lifetime=PAIR_WITHIN))

    async def to_pair(self, secret: str) -> AccessKey:
        """The station that a link pairs.

        :raises SignedOutError: the link is unknown, used, revoked or expired
        """
        async with reading(self._database) as connection:
            return await self._unpaired(connection, secret)

    async def pair(self, secret: str) -> NewKey:
        """Use a link: the station, and the secret of its cookie.

        :raises SignedOutError: the link is unknown, used, revoked or expired
        """
        cookie = key_secret(KeyKind.STATION)
        async with command(self._database) as connection:
            if not await self._queries.pair_station(connection, secret_hash=secret_hash(secret),
                                                    cookie_hash=secret_hash(cookie)):
                await self._unpaired(connection, secret)
                raise SignedOutError(USED)
        return NewKey(await self._find(KeyKind.STATION, cookie), cookie)

    async def identity(self, secret: str) -> Identity:
        """Who asks from a station: the person who picked their name, else the station, which only looks.

        :raises SignedOutError: the station is unknown or revoked
        """
        key = await self.station(secret)
        async with reading(self._database) as connection:
            row = await self._queries.station_person(connection, key_id=key.id)
        if row is None:
            return Identity(f'station {key.name}', None, at_most=Role.VIEWER, credential=Credential(STATION, key.id))
        return Identity(row['name'], row['email'].lower(), at_most=Role.OPERATOR, station=key.name,
                        credential=Credential(TURN, row['turn']))

    async def station(self, secret: str) -> AccessKey:
        """The station with this cookie.

        :raises SignedOutError: it is unknown or revoked
        """
        key = await self._find(KeyKind.STATION, secret)
        if key.used_at is None:
            raise SignedOutError('this station is not paired')
        return key

    async def line_of(self, secret: str) -> str | None:
        """The name of the line of a station; None: it has none, or it was deleted.

        :raises SignedOutError: the station is unknown or revoked
        """
        key = await self.station(secret)
        if not key.line_ids:
            return None
        async with reading(self._database) as connection:
            row = await self._queries.production_line(connection, line_id=key.line_ids[0])
        return None if row is None else str(row['name'])

    async def people(self, secret: str, words: str = '') -> Sequence[StationPerson]:
        """The active employees whose name has all of these words, by name.

        :raises SignedOutError: the station is unknown or revoked
        """
        await self.station(secret)
        wanted = fold(words).split()
        async with reading(self._database) as connection:
            employees = [to_employee(row) async for row in self._queries.employees(connection)]
            pins = {row['employee_id'] async for row in self._queries.employees_with_pin(connection)}
        return [StationPerson(each.id, each.name, each.department, each.id in pins)
                for each in in_order_of_names(employees)
                if each.active and all(word in fold(each.name) for word in wanted)]

    async def pick(self, secret: str, employee_id: int, pin: str = '') -> None:
        """From now on this person acts at the station. pin: where they have one.

        :raises SignedOutError: the station is unknown or revoked
        :raises InvalidInputError: the PIN is wrong, missing or locked
        :raises NotFoundError: nobody active has this id
        """
        key = await self.station(secret)
        person = await self._person(employee_id)
        await self._pins.check(person.id, pin)
        async with (logged('name picked at a station', Identity(person.name, person.email), station=key.name),
                    command(self._database) as connection):
            await self._queries.act_at_station(connection, key_id=key.id, employee_id=person.id)
        self._known.forget()

    async def leave(self, secret: str) -> None:
        """From now on, nobody acts at the station.

        :raises SignedOutError: the station is unknown or revoked
        """
        key = await self.station(secret)
        async with command(self._database) as connection:
            await self._queries.act_at_station(connection, key_id=key.id, employee_id=None)
        self._known.forget()

    async def _unpaired(self, connection: Connection, secret: str) -> AccessKey:
        """A used link is no longer known, because the station's secret is now that of its cookie."""
        return await self._look_up(connection, KeyKind.STATION, secret)

    async def _person(self, employee_id: int) -> Employee:
        async with reading(self._database) as connection:
            row = await self._queries.employee(connection, id=employee_id) if 0 < employee_id <= MAX_ID else None
        if row is None or not row['active']:
            raise NotFoundError('this person no longer works here: pick another name')
        return to_employee(row)
