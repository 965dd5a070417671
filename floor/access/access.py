"""Everything that gives access, in one place for pages and the wiring."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ..core.people import Credential, Role
from ..db.database import Database
from ..orders.employees import Employees
from .api_tokens import ApiTokens
from .first_supervisor import FirstSupervisor
from .invitations import Invitations
from .sessions import Sessions
from .station_pins import StationPins
from .stations import Stations
from .wall_links import WallLinks


@dataclass(frozen=True)
class Access:
    """The commands by what they are about."""

    sessions: Sessions
    tokens: ApiTokens
    stations: Stations
    pins: StationPins
    walls: WallLinks
    invitations: Invitations
    first_supervisor: FirstSupervisor

    def forget(self, credentials: Collection[Credential]) -> None:
        """Look these up again at their next request: they have ended, perhaps by another instance."""
        for each in self.sessions, self.stations, self.walls:
            each.forget(credentials)


def access_to(database: Database, employees: Employees, *, session_life: timedelta, session_idle: timedelta,
              roles: Mapping[str, Role]) -> Access:
    """session_life, session_idle, roles: of sessions, as in Sessions."""
    pins = StationPins(database, employees)
    return Access(
        sessions=Sessions(database, employees, life=session_life, idle=session_idle, roles=roles),
        tokens=ApiTokens(database, employees),
        stations=Stations(database, employees, pins), pins=pins, walls=WallLinks(database, employees),
        invitations=Invitations(database, employees), first_supervisor=FirstSupervisor(database, employees))
