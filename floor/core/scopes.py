"""What an API token may do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Without a scope for it, everything is refused."""

    READ = 'read'
    ORDERS = 'orders:write'
    PLANT = 'plant:write'
    PEOPLE = 'people:write'
    FEED = 'feed:write'

    @property
    def includes(self) -> frozenset[Scope]:
        """This scope, and those that come with it."""
        return frozenset({self} if self in {Scope.READ, Scope.FEED} else {self, Scope.READ})


MEANINGS = {
    Scope.READ: 'Read what a viewer sees: machines, work orders, reports, people',
    Scope.ORDERS: 'Read, and change work orders as a technician',
    Scope.PLANT: 'Read, and set up areas, lines, machine types and machines',
    Scope.PEOPLE: 'Read, and add and change people and their roles, up to supervisor',
    Scope.FEED: 'Report statuses of machines, and nothing else'}
