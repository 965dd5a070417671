"""What the list of stops shows, as given in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...analytics import StopKind, StopSelection, StopSort
from ...core.query_parameters import Query

PER_PAGE = 50
MAX_PAGE = 20_000
LONGEST = StopSelection()
NAMES = ('stops', 'search', 'sort', 'reverse', 'stops_page')


@dataclass(frozen=True, slots=True)
class StopQuery:
    """Which stops, in which order, and the number of the page."""

    selection: StopSelection = LONGEST
    page: int = 1

    @classmethod
    def parsed(cls, query: Query) -> StopQuery:
        """Read the parameters of an address, whose faults the query keeps."""
        selection = StopSelection(
            query.one_of('stops', StopKind) or StopKind.ALL, query.text('search').strip(),
            query.one_of('sort', StopSort) or StopSort.LENGTH, query.flag('reverse'))
        return cls(selection, query.number('stops_page', MAX_PAGE, 1))

    def to_query(self) -> dict[str, str]:
        """The parameters for an address, without default values."""
        selection = self.selection
        given = {'stops': '' if selection.kind is StopKind.ALL else selection.kind.value, 'search': selection.words,
                 'sort': '' if selection.sort is StopSort.LENGTH else selection.sort.value,
                 'reverse': '1' if selection.turned else '', 'stops_page': '' if self.page == 1 else str(self.page)}
        return {name: text for name, text in given.items() if text}

    def of_kind(self, kind: StopKind) -> StopQuery:
        """The first page of stops of a kind."""
        return StopQuery(replace(self.selection, kind=kind))

    def with_words(self, words: str) -> StopQuery:
        """The first page of stops with these words."""
        return StopQuery(replace(self.selection, words=words))

    def sorted_by(self, sort: StopSort, *, turned: bool) -> StopQuery:
        """The first page in another order."""
        return StopQuery(replace(self.selection, sort=sort, turned=turned))

    def on_page(self, number: int) -> StopQuery:
        """Another page of the same list."""
        return replace(self, page=number)


FIRST = StopQuery()
"""The first page of all stops, the longest first."""
