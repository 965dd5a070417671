"""Which work orders somebody wants to see, and how an address says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeVar

from ..model import Priority, WorkOrderState

UNASSIGNED: Literal['none'] = 'none'
PER_PAGE = 50
MOST_PER_PAGE = 500
MOST_PAGES = 1_000_000
MOST_TEXT = 200


class SortKey(StrEnum):
    """What a list is sorted by. Pressing: critical first, then overdue, then what is not on hold, then by
    priority and due time, and what has ended last; it has no reverse."""

    PRESSING = 'pressing'
    MACHINE = 'machine'
    WHAT = 'what'
    PRIORITY = 'priority'
    STATE = 'state'
    ASSIGNEE = 'assignee'
    DUE = 'due'
    AGE = 'age'


class Done(StrEnum):
    """Orders that were completed lately; the week is the last seven days, within which an order can be reopened."""

    TODAY = 'today'
    WEEK = 'week'


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders, sorted how, which page of them.

    done adds orders that were completed lately to those in states; with neither, an order may be in any state.
    """

    states: frozenset[WorkOrderState] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    machine: str | None = None
    assignee: int | Literal['none'] | None = None
    text: str = ''
    overdue: bool = False
    sort: SortKey = SortKey.PRESSING
    descending: bool = False
    page: int = 1
    per_page: int = PER_PAGE
    done: Done | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> OrderFilter:
        """What an address asks for. A value that makes no sense is as good as none."""
        sort = query.get('sort', '')
        key = _one_of(SortKey, sort.removeprefix('-')) or SortKey.PRESSING
        return cls(
            states=_some_of(WorkOrderState, query.get('state', '')),
            priorities=_some_of(Priority, query.get('priority', '')),
            machine=_storable(query.get('machine', '')) or None,
            assignee=_assignee(query.get('assignee', '')),
            text=_storable(query.get('q', '')).strip()[:MOST_TEXT].strip(),
            overdue=query.get('overdue') == '1',
            sort=key,
            descending=sort.startswith('-') and key is not SortKey.PRESSING,
            page=_number(query.get('page', ''), MOST_PAGES) or 1,
            per_page=_number(query.get('per_page', ''), MOST_PER_PAGE) or PER_PAGE,
            done=_one_of(Done, query.get('done', '')),
        )

    def to_query(self) -> dict[str, str]:
        """The same as an address says it, without what goes without saying."""
        query = {
            'state': ','.join(state for state in WorkOrderState if state in self.states),
            'done': self.done or '',
            'overdue': '1' if self.overdue else '',
            'priority': ','.join(priority for priority in Priority if priority in self.priorities),
            'machine': self.machine or '',
            'assignee': '' if self.assignee is None else str(self.assignee),
            'q': self.text,
            'sort': '' if self.sort is SortKey.PRESSING else ('-' if self.descending else '') + self.sort,
            'page': '' if self.page == 1 else str(self.page),
            'per_page': '' if self.per_page == PER_PAGE else str(self.per_page),
        }
        return {name: str(value) for name, value in query.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether there are orders that it leaves out."""
        return self.whole() != OrderFilter()

    def whole(self) -> OrderFilter:
        """The same orders, not cut into pages and not sorted."""
        return replace(self, sort=SortKey.PRESSING, descending=False, page=1, per_page=PER_PAGE)

    def last_page(self, total: int) -> OrderFilter:
        """The same, on the last of the pages that so many orders have."""
        return replace(self, page=max(1, -(-total // self.per_page)))

    def stateless(self) -> OrderFilter:
        """What the counts of the states are counted under."""
        return replace(self.whole(), states=frozenset(), done=None, overdue=False)


def _storable(text: str) -> str:
    """Without what PostgreSQL holds in no text."""
    return text.replace('\0', '').encode(errors='ignore').decode()


Word = TypeVar('Word', bound=StrEnum)


def _one_of(words: type[Word], text: str) -> Word | None:
    return words(text) if text in list(words) else None


def _some_of(words: type[Word], text: str) -> frozenset[Word]:
    return frozenset(word for part in text.split(',') if (word := _one_of(words, part.strip())))


def _number(text: str, most: int) -> int | None:
    """A number from 1 to most, written in at most as many ASCII digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return int(text) if 1 <= int(text) <= most else None


def _assignee(text: str) -> int | Literal['none'] | None:
    return UNASSIGNED if text == UNASSIGNED else _number(text, 2**31 - 1)
