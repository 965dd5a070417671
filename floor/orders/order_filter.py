"""Filters of work orders, and how they are written as query parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Literal

from ..core.orders import Priority, WorkOrderStatus
from ..core.query_parameters import Query
from ..db.transactions import MAX_ID
from .order_cursor import MAX_CURSOR_LENGTH, OrderCursor

UNASSIGNED: Literal['none'] = 'none'
PER_PAGE = 50
MAX_PER_PAGE = 500
MAX_PAGE = 1_000_000
MAX_SEARCH_LENGTH = 200
NAMES = ('status', 'done', 'overdue', 'priority', 'machine', 'assignee', 'q', 'sort', 'page', 'per_page', 'cursor')
UPDATED_AFTER = 'updated_after'
FORMER_NAMES = {'state': 'status', 'machine_id': 'machine'}
FORMER_SORTS = {'state': 'status', '-state': '-status', 'what': 'description', '-what': '-description'}


class SortKey(StrEnum):
    """The sort key of a list. `pressing` sorts active orders first: critical ones, then overdue ones, then those not on
    hold, then by priority and due time; it cannot be reversed."""

    PRESSING = 'pressing'
    MACHINE = 'machine'
    DESCRIPTION = 'description'
    PRIORITY = 'priority'
    STATUS = 'status'
    ASSIGNEE = 'assignee'
    DUE = 'due'
    AGE = 'age'


class Done(StrEnum):
    """Recently completed orders: today, or in the last seven days, in which an order can be reopened."""

    TODAY = 'today'
    WEEK = 'week'


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Conditions, sort order and page of a list.

    done: adds recently completed orders to those with one of `statuses`; without both, orders of any status match.
    person: the name or e-mail address of the assignee, until WorkOrderList.checked replaces it by `assignee`.
    updated_after: only orders whose row has changed since then.
    cursor: decides which page is read, whatever `page` is; concurrent changes neither skip nor repeat orders.
    written: the parameter names that the URL used for machine and assignee, for error messages.
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
                   max_per_page: int = MAX_PER_PAGE, zone: tzinfo = UTC) -> OrderFilter:
        """The filter of a URL's query parameters.

        also: parameters that the caller reads, or UPDATED_AFTER, which only the REST interface accepts. sort: the
        default sort key. zone: of times without an offset.
        :raises QueryError: a parameter is not valid; `understood` has the filter of the others
        """
        parameters = Query(query, [*NAMES, *also], FORMER_NAMES)
        assignee = parameters.text('assignee')
        key, descending = _sort(parameters, sort)
        order_filter = cls(
            statuses=parameters.some_of('status', WorkOrderStatus),
            priorities=parameters.some_of('priority', Priority),
            machine=parameters.text('machine') or None,
            assignee=_assignee(assignee),
            text=parameters.text('q', MAX_SEARCH_LENGTH).strip(),
            overdue=parameters.flag('overdue'),
            sort=key,
            descending=descending,
            page=parameters.number('page', MAX_PAGE, default=1),
            per_page=parameters.number('per_page', max_per_page, default=PER_PAGE),
            done=parameters.one_of('done', Done),
            person=assignee if _assignee(assignee) is None else '',
            cursor=_cursor(parameters),
            updated_after=parameters.moment(UPDATED_AFTER, zone) if UPDATED_AFTER in also else None,
            written=(parameters.written('machine'), parameters.written('assignee')),
        )
        parameters.check(order_filter)
        return order_filter

    def to_query(self) -> dict[str, str]:
        """As query parameters, without defaults."""
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
        """Whether it has any condition."""
        return self.conditions() != OrderFilter()

    def conditions(self) -> OrderFilter:
        """The same conditions, with the default sort key and page."""
        return replace(self, sort=SortKey.PRESSING, descending=False, page=1, per_page=PER_PAGE, cursor=None)

    def on_page(self, number: int, cursor: OrderCursor | None = None) -> OrderFilter:
        """The same filter on another page: by cursor, or by number only."""
        return replace(self, page=number, cursor=cursor)

    def last_page(self, total: int) -> OrderFilter:
        """The same filter on the last page. total: the number of matching orders."""
        return self.on_page(max(1, -(-total // self.per_page)))

    def without_statuses(self) -> OrderFilter:
        """The conditions under which the orders of each status are counted."""
        return replace(self.conditions(), statuses=frozenset(), done=None, overdue=False)


def _sort(parameters: Query, default: SortKey) -> tuple[SortKey, bool]:
    """The sort key, and whether a minus before it reverses it; `pressing` cannot be reversed."""
    keys = [*SortKey, *(f'-{key}' for key in SortKey if key is not SortKey.PRESSING)]
    text = parameters.text('sort').strip()
    text = FORMER_SORTS.get(text, text)
    if text in keys:
        return SortKey(text.removeprefix('-')), text.startswith('-')
    parameters.one_of('sort', keys)
    return default, False


def _cursor(parameters: Query) -> OrderCursor | None:
    text = parameters.text('cursor', MAX_CURSOR_LENGTH).strip()
    try:
        return OrderCursor.parse(text) if text else None
    except ValueError:
        parameters.fail('cursor', 'Cannot understand cursor: use the cursor of the previous page, or leave it out')
        return None


def _assignee(text: str) -> int | Literal['none'] | None:
    """An id or 'none'; any other text is a name."""
    if text == UNASSIGNED:
        return UNASSIGNED
    is_id = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)) and int(text) <= MAX_ID
    return int(text) if is_id else None
