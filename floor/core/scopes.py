"""What an API token may do."""

from __future__ import annotations

from enum import StrEnum


class TokenScope(StrEnum):
    """Without a scope for it, everything is refused."""

    READ = 'read'
    ORDERS = 'orders:write'
    PLANT = 'plant:write'
    PEOPLE = 'people:write'
    FEED = 'feed:write'

    @property
    def includes(self) -> frozenset[TokenScope]:
        """This scope, and those that come with it."""
        return frozenset({self} if self in {TokenScope.READ, TokenScope.FEED} else {self, TokenScope.READ})


MEANINGS = {
    TokenScope.READ: 'Read what a viewer sees: machines, work orders, reports, people',
    TokenScope.ORDERS: 'Read, and change work orders as a technician',
    TokenScope.PLANT: 'Read, and set up areas, lines, machine types and machines',
    TokenScope.PEOPLE: 'Read, and add and change people and their roles, up to supervisor',
    TokenScope.FEED: 'Report statuses of machines, and nothing else'}
