"""The page of work orders, as table or board. The address has the filter, sort order and page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import cast

from fastapi import Request, Response
from nicegui import app, ui

from ...core.errors import DatabaseError, QueryError
from ...core.names import in_order_of_names
from ...core.orders import OrderBrief
from ...core.people import Identity, Person
from ...core.query_parameters import Query
from ...core.sentences import as_sentence
from ...core.tasks import happens_within
from ...feed.active_orders import ActiveOrderChange
from ...feed.freshness import Freshness
from ...orders.order_filter import UNASSIGNED, OrderFilter
from ...orders.order_pages import OrderCounts, OrderPage
from ..http.file_response import FileResponses, NamedFile
from ..live.live_view import LiveView
from ..shell.browser_history import BrowserHistory
from ..shell.frame import frame
from ..shell.loading import FIRST_ANSWER_S, RESPONSE_TIMEOUT_S, Notice
from ..shell.services import Services
from ..shell.times import time_of_day
from .board import BoardContent, OrderBoard, read_board
from .filters import ADDRESS, BOARD, CSV_ADDRESS, TABLE, OrderFilters, address_of
from .form import FORM_RECONNECT_S, OrderForm
from .reader import OrderReader
from .table import OrderRows, OrderTable
from .transitions import OrderTransitions

CANNOT_LOAD = 'Cannot load the work orders. {reason} The page retries automatically; you can also try again now.'
SHOWN_AS_OF = ('Cannot load the work orders. {reason} What you see is as of {time}. The page retries automatically; '
               'you can also try again now.')


def register(services: Services) -> None:
    """Serve the table and the board at /work-orders, and the list as CSV at /work-orders.csv."""
    rows = OrderRows(services.store)
    files = FileResponses(services.downloads)

    @ui.page(ADDRESS, reconnect_timeout=FORM_RECONNECT_S, response_timeout=RESPONSE_TIMEOUT_S)
    async def work_orders_page(request: Request) -> None:
        identity = services.visitor()
        person = services.person(identity)
        view = LiveView(ui.context.client, lambda: None)
        with frame('Work orders', services, view, person):
            page = WorkOrdersPage(services, rows, identity, person, request.query_params)
        services.broadcast.join(view)
        await page.wait_for_first_read()

    @app.get(CSV_ADDRESS, include_in_schema=False)
    async def work_orders_csv(request: Request) -> Response:
        async def read() -> NamedFile:
            order_filter = await services.order_list.checked(parse_address(request.query_params)[0])
            now = datetime.now(services.zone)
            return NamedFile(f'work-orders_{now:%Y-%m-%dT%H-%M}.csv', services.order_list.csv(order_filter))
        return await files.response(request, services.identify, read)


class WorkOrdersPage:
    """One browser's page."""

    def __init__(self, services: Services, rows: OrderRows, identity: Identity, person: Person,
                 query: Mapping[str, str]) -> None:
        """query: the parameters of its address."""
        self._services = services
        self._rows = rows
        order_filter, view = self._filter, self._view = self._parse(query)
        self._shown_at_ms: int | None = None
        self._options: tuple[object, ...] = ()
        self._history = BrowserHistory(ADDRESS, self._follow)
        form = OrderForm(services, person, identity)
        with ui.element('div').classes('orders'):
            self._filters = OrderFilters(order_filter, view, self._apply, form.open)
            self._problem = Notice(self._retry)
            self._table = OrderTable(self._apply) if view == TABLE else None
            self._board = OrderBoard(services.store, services.zone, OrderTransitions(services, person, identity)) \
                if view == BOARD else None
            with ui.element('q-card').classes('orders-empty') as self._empty:
                self._empty_title = ui.label('Loading the work orders…').classes('empty-title')
                self._empty_text = ui.label()
                self._clear = ui.button('Clear filters', on_click=lambda: self._apply(OrderFilter()), color=None)
                self._clear.props('no-caps flat').set_visibility(False)
        self._reader = OrderReader(ui.context.client, services.store, self._read, self._concerns, self._failed)
        if self._board is not None:
            ui.context.client.on_connect(self._build_all_cards)
        if self._refusal:
            self._refuse()

    def _retry(self) -> None:
        self._reader.retry()

    def _build_all_cards(self) -> None:
        """The browser has connected: build the cards that the first response left out."""
        self._reader.request()

    async def wait_for_first_read(self) -> None:
        """Wait at most FIRST_ANSWER_S for the orders."""
        self._reader.request()
        if self._services.store.connection is Freshness.LIVE:
            await happens_within(self._reader.first_read_done, FIRST_ANSWER_S)

    def _apply(self, order_filter: OrderFilter) -> None:
        """Show another filter, as a new entry of the browser's history, except for each letter of a search."""
        continues_typing = self._filter.text and order_filter.text and \
            replace(self._filter.conditions(), text='') == replace(order_filter.conditions(), text='')
        address = address_of(order_filter, self._view)
        if continues_typing:
            self._history.replace(address)
        else:
            self._history.push(address)
        self._refusal = ''
        self._request(order_filter)

    def _follow(self, query: Mapping[str, str]) -> None:
        """Show the filter of an address to which the browser went back or forward."""
        self._filter, view = self._parse(query)
        if view != self._view:
            ui.navigate.reload()
        elif self._refusal:
            self._refuse()
        else:
            self._request(self._filter)

    def _request(self, order_filter: OrderFilter) -> None:
        self._filter = order_filter
        if self._problem.text:
            self._problem.show('')
        self._filters.show(order_filter, None)
        self._reader.request()

    def _parse(self, query: Mapping[str, str]) -> tuple[OrderFilter, str]:
        self._is_checked, self._refusal = False, ''
        try:
            return parse_address(query)
        except QueryError as error:
            self._refusal = str(error)
            return cast(tuple[OrderFilter, str], error.understood)

    def _refuse(self) -> None:
        """The address is not valid: show the reason, and no orders."""
        self._filters.refuse(self._filter)
        self._problem.show(self._refusal, can_retry=False)
        if self._table is not None:
            self._table.show(self._filter, (), OrderPage((), 0, OrderCounts()))
        if self._board is not None:
            self._board.clear()
        self._empty.set_visibility(True)
        self._empty_title.set_text('No work orders are shown.')
        self._empty_text.set_text('The address of this page is not valid.')
        self._clear.set_visibility(True)

    # reading

    async def _read(self) -> None:
        orders, revision = self._services.order_list, self._services.store.orders_revision
        if self._refusal or not await self._is_valid():
            self._set_options(frozenset())
            return
        self._follow_new_name()
        order_filter = self._filter
        former, (page, content) = await asyncio.gather(orders.former_assignees(revision),
                                                       self._pages(order_filter, revision))
        if self._table is not None and not page.orders and page.total and order_filter is self._filter:
            order_filter = order_filter.last_page(page.total)
            self._history.replace(address_of(order_filter, self._view))
            self._request(order_filter)
        self._set_options(former)
        if order_filter is not self._filter:
            return  # the person has chosen another filter, which is read next
        await self._show(order_filter, page, content)

    def _follow_new_name(self) -> None:
        """Go on with the present name of a machine that was renamed while the page is open."""
        machine = self._services.store.called(self._filter.machine) if self._filter.machine else None
        if machine is not None and machine.name != self._filter.machine:
            self._filter = replace(self._filter, machine=machine.name)
            self._history.replace(address_of(self._filter, self._view))

    async def _is_valid(self) -> bool:
        """Whether the machine and person of the filter exist; else the page shows which does not."""
        while not self._is_checked:
            order_filter, refusal = self._filter, ''
            try:
                known = await self._services.order_list.checked(order_filter)
            except QueryError as error:
                known, refusal = cast(OrderFilter, error.understood), str(error)
            if order_filter is self._filter:  # unchanged since then
                self._filter, self._refusal, self._is_checked = known, refusal, True
        if self._refusal:
            self._refuse()
        return not self._refusal

    async def _pages(self, order_filter: OrderFilter, revision: int) -> tuple[OrderPage, BoardContent]:
        """The page of the table, or one for each column of the board, and one of these for the counts."""
        orders = self._services.order_list
        if self._view == TABLE:
            return await orders.page(order_filter, revision), BoardContent({})
        content = await read_board(orders, order_filter, revision)
        return next(iter(content.pages.values()), None) or await orders.page(order_filter, revision), content

    async def _show(self, order_filter: OrderFilter, page: OrderPage, content: BoardContent) -> None:
        self._shown_at_ms = self._services.store.now_ms
        if self._problem.text:
            self._problem.show('')
        self._filters.show(order_filter, page.counts)
        if self._table is not None:
            self._table.show(order_filter, self._rows.of(page), page)
        if self._board is not None:
            await self._board.show(order_filter, content)
            if order_filter is not self._filter:
                return
        is_empty = not page.orders if self._table is not None else not any(p.orders for p in content.pages.values())
        self._empty.set_visibility(is_empty)
        if is_empty:
            self._show_empty(is_filtered=order_filter.narrows)

    def _show_empty(self, *, is_filtered: bool) -> None:
        self._clear.set_visibility(is_filtered)
        self._empty_title.set_text('No work order matches this filter.' if is_filtered else 'There are no work orders.')
        self._empty_text.set_text('' if is_filtered else 'Report a problem with New work order, or from a machine on '
                                                         'the floor.')

    def _set_options(self, former: frozenset[int]) -> None:
        """Set the machines and people of the filter bar, if they have changed. former: ids of inactive assignees."""
        store = self._services.store
        options = (tuple(store.machines), store.names, tuple(store.people.values()), former)
        if options == self._options:
            return
        self._options = options
        people = [person for person in store.people.values() if person.active or person.id in former]
        self._filters.offer(store.names.sorted(store.machines), in_order_of_names(people))

    def _failed(self, error: DatabaseError) -> None:
        reason, shown_at = as_sentence(error), self._shown_at_ms
        self._problem.show(
            CANNOT_LOAD.format(reason=reason) if shown_at is None else
            SHOWN_AS_OF.format(reason=reason, time=time_of_day(shown_at, self._services.zone)))
        if self._shown_at_ms is None:
            self._empty_title.set_text('Waiting for the database.')

    def _concerns(self, change: ActiveOrderChange) -> bool:
        return concerns(self._filter, change.before, change.after)


def parse_address(query: Mapping[str, str]) -> tuple[OrderFilter, str]:
    """The filter and the view (board or table) of an address.

    :raises QueryError: a parameter is not valid; `understood` has the filter and view of the others
    """
    faults: dict[str, str] = {}
    try:
        order_filter = OrderFilter.from_query(query, also=['view'])
    except QueryError as error:
        order_filter, faults = cast(OrderFilter, error.understood), error.faults
    parameters = Query(query, ['view'], others=True)
    parsed = order_filter, parameters.one_of('view', (TABLE, BOARD)) or TABLE
    if faults or parameters.faults:
        raise QueryError(faults | parameters.faults, parsed)
    return parsed


def concerns(order_filter: OrderFilter, before: OrderBrief | None, after: OrderBrief | None) -> bool:
    """Whether a change of an order can affect the list of a filter; if unknown, true."""
    known = [brief for brief in (before, after) if brief is not None]
    if order_filter.machine and known and all(brief.machine != order_filter.machine for brief in known):
        return False
    if before is None or after is None:
        return True
    return any((not order_filter.priorities or brief.priority in order_filter.priorities)
               and (order_filter.assignee is None or order_filter.assignee == (brief.assignee_id or UNASSIGNED))
               for brief in known)
