"""People: who they are and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .scopes import TokenScope


class Role(StrEnum):
    """What a person may do; each role includes the ones before it."""

    VIEWER = 'viewer'
    OPERATOR = 'operator'
    TECHNICIAN = 'technician'
    SUPERVISOR = 'supervisor'

    def may(self, needed: Role) -> bool:
        """Whether this role includes the needed one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)

    def limited_to(self, most: Role | None) -> Role:
        """This role, or the given one if it includes less; None: this role."""
        return self if most is None or most.may(self) else most


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves an identity and can be withdrawn: a row of the database. kind: as in the query
    credential_is_valid."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of a request, from one of the sources of auth/.

    email: in lower case; None without one (anonymous, a local login, a program). role: the role of people and programs
    that are not employees, from ROLES or from the groups of the sign-in; None: DEFAULT_ROLE. at_most: the role never
    exceeds this one, whatever the role of the employee; None: no limit. credential: every command checks in its own
    transaction that this is still valid; None: nothing can be withdrawn. scopes: what an API token may do; None: it is
    none. station: the name of the shared tablet at which a person acts.
    """

    name: str
    email: str | None
    role: Role | None = None
    at_most: Role | None = None
    credential: Credential | None = None
    scopes: frozenset[TokenScope] | None = None
    station: str | None = None

    def is_same_person(self, other: Identity) -> bool:
        """Whether both are the same person with the same limit. People without an e-mail address may share a name,
        so theirs must be the same credential."""
        return self._who == other._who

    @property
    def _who(self) -> tuple[object, ...]:
        return (self.email, self.at_most, self.station) if self.email else (self.name, self.at_most, self.credential)

    def rate_limit_key(self, host: str | None) -> str:
        """The key of rate limits: the e-mail address. People without one may share a name, so theirs is the name and
        the network address; that of a token is its name."""
        if self.scopes is not None:  # no two tokens share a name
            return self.name.lower()
        return self.email or ' at '.join([self.name.lower(), *([host] if host else [])])


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a provider says has signed in. subject: the account at the provider, with its issuer; email: in lower case,
    None unless there is one that may be verified; role: by the groups, None without one; id_token: ends the session at
    the provider too."""

    subject: str
    email: str | None
    name: str
    role: Role | None = None
    id_token: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An identity with its role."""

    name: str
    email: str | None
    role: Role
    employee_id: int | None = None
    is_program: bool = False
    """Whether a token acts."""

    @property
    def may_remove_last_supervisor(self) -> bool:
        """Only people who are supervisors without being employees, by DEFAULT_ROLE."""
        return self.employee_id is None and not self.is_program


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works in the plant. version grows with every edit."""

    id: int
    first_name: str
    last_name: str
    email: str
    department: str
    active: bool
    created_at: datetime
    role: Role = Role.OPERATOR
    version: int = 1

    @property
    def name(self) -> str:
        """First and last name."""
        return f'{self.first_name} {self.last_name}'

    def is_called(self, name: str) -> bool:
        """Whether this is their name or e-mail address, case-insensitive."""
        return name.lower() in {self.email.lower(), self.name.lower()}

    @property
    def can_be_assigned(self) -> bool:
        """Whether work orders may be assigned to them."""
        return self.active and self.role.may(Role.TECHNICIAN)
