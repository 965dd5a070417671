"""Which work orders somebody wants to see, and how an address says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Literal

from ..core.orders import Priority, WorkOrderStatus
from ..core.query_parameters import Query
from .order_cursor import LONGEST, OrderCursor

UNASSIGNED: Literal['none'] = 'none'
PER_PAGE = 50
MOST_PER_PAGE = 500
MOST_PAGES = 1_000_000
MOST_TEXT = 200
LARGEST_ID = 2**31 - 1
NAMES = ('status', 'done', 'overdue', 'priority', 'machine', 'assignee', 'q', 'sort', 'page', 'per_page', 'cursor')
UPDATED_AFTER = 'updated_after'
FORMER_NAMES = {'state': 'status', 'machine_id': 'machine'}
FORMER_SORTS = {'state': 'status', '-state': '-status', 'what': 'description', '-what': '-description'}


class SortKey(StrEnum):
    """What a list is sorted by. Pressing: critical first, then overdue, then what is not on hold, then by
    priority and due time, and what has ended last; it has no reverse."""

    PRESSING = 'pressing'
    MACHINE = 'machine'
    DESCRIPTION = 'description'
    PRIORITY = 'priority'
    STATUS = 'status'
    ASSIGNEE = 'assignee'
    DUE = 'due'
    AGE = 'age'


class Done(StrEnum):
    """Orders that were completed recently; the week is the last seven days, within which an order can be reopened."""

    TODAY = 'today'
    WEEK = 'week'


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders, sorted how, which page of them.

    done adds recently completed orders to those in statuses; with neither, an order may have any status.
    person: the name or e-mail address of the assignee, until WorkOrderList.checked has looked up whose it is.
    updated_after: only orders whose row was changed since then.
    cursor: the page is the one there, whatever its number is: nothing is skipped or comes twice while others write.
    written: what the address calls the machine and the assignee, for errors.
    """

    statuses: frozenset[WorkOrderStatus] = frozenset()
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
    person: str = ''
    cursor: OrderCursor | None = None
    updated_after: datetime | None = None
    written: tuple[str, str] = field(default=('machine', 'assignee'), compare=False, repr=False)

    @classmethod
    def from_query(cls, query: Mapping[str, str], also: Sequence[str] = (), *, sort: SortKey = SortKey.PRESSING,
                   most_per_page: int = MOST_PER_PAGE, zone: tzinfo = UTC) -> OrderFilter:
        """What an address asks for. also: names of parameters that are read elsewhere, or UPDATED_AFTER, which only the
        REST interface takes: no page shows that it narrows the list. sort: where it names none. zone: of a time
        without an offset.

        :raises QueryError: something is not understood; it holds the filter that the rest asks for
        """
        asked = Query(query, [*NAMES, *also], FORMER_NAMES)
        assignee = asked.text('assignee')
        key, descending = _sort(asked, sort)
        order_filter = cls(
            statuses=asked.some_of('status', WorkOrderStatus),
            priorities=asked.some_of('priority', Priority),
            machine=asked.text('machine') or None,
            assignee=_assignee(assignee),
            text=asked.text('q', MOST_TEXT).strip(),
            overdue=asked.flag('overdue'),
            sort=key,
            descending=descending,
            page=asked.number('page', MOST_PAGES, default=1),
            per_page=asked.number('per_page', most_per_page, default=PER_PAGE),
            done=asked.one_of('done', Done),
            person=assignee if _assignee(assignee) is None else '',
            cursor=_cursor(asked),
            updated_after=asked.moment(UPDATED_AFTER, zone) if UPDATED_AFTER in also else None,
            written=(asked.written('machine'), asked.written('assignee')),
        )
        asked.check(order_filter)
        return order_filter

    def to_query(self) -> dict[str, str]:
        """As parameters of an address, without defaults."""
        query = {
            'status': ','.join(status for status in WorkOrderStatus if status in self.statuses),
            'done': self.done or '',
            'overdue': '1' if self.overdue else '',
            'priority': ','.join(priority for priority in Priority if priority in self.priorities),
            'machine': self.machine or '',
            'assignee': self.person if self.assignee is None else str(self.assignee),
            'q': self.text,
            'sort': '' if self.sort is SortKey.PRESSING else ('-' if self.descending else '') + self.sort,
            'page': '' if self.page == 1 else str(self.page),
            'per_page': '' if self.per_page == PER_PAGE else str(self.per_page),
            'cursor': '' if self.cursor is None else str(self.cursor),
        }
        return {name: str(value) for name, value in query.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether there are orders that it leaves out."""
        return self.whole() != OrderFilter()

    def whole(self) -> OrderFilter:
        """The same orders, not cut into pages and not sorted."""
        return replace(self, sort=SortKey.PRESSING, descending=False, page=1, per_page=PER_PAGE, cursor=None)

    def on_page(self, number: int, cursor: OrderCursor | None = None) -> OrderFilter:
        """The same, on another page: the one at the cursor, or by its number alone."""
        return replace(self, page=number, cursor=cursor)

    def last_page(self, total: int) -> OrderFilter:
        """The same, on the last of the pages that so many orders have."""
        return self.on_page(max(1, -(-total // self.per_page)))

    def without_statuses(self) -> OrderFilter:
        """What the counts of the statuses are counted under."""
        return replace(self.whole(), statuses=frozenset(), done=None, overdue=False)


def _sort(asked: Query, default: SortKey) -> tuple[SortKey, bool]:
    """Each key turned round with a minus before it; pressing has no reverse."""
    keys = [*SortKey, *(f'-{key}' for key in SortKey if key is not SortKey.PRESSING)]
    text = asked.text('sort').strip()
    text = FORMER_SORTS.get(text, text)
    if text in keys:
        return SortKey(text.removeprefix('-')), text.startswith('-')
    asked.one_of('sort', keys)
    return default, False


def _cursor(asked: Query) -> OrderCursor | None:
    text = asked.text('cursor', LONGEST).strip()
    try:
        return OrderCursor.parse(text) if text else None
    except ValueError:
        asked.fail('cursor', 'Cannot understand cursor: use the cursor of the previous page, or leave it out')
        return None


def _assignee(text: str) -> int | Literal['none'] | None:
    """An id or none; anything else is a name."""
    if text == UNASSIGNED:
        return UNASSIGNED
    is_id = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID)) and int(text) <= LARGEST_ID
    return int(text) if is_id else None
