"""The stops of a window as a list with pages: sorted, searched, and each with its details."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from functools import partial

from nicegui import background_tasks, ui

from ...analytics import Analytics, LossCosts, Page, StopList, StopSort, Window
from ...core.errors import FloorError, HistoryNotReadyError
from ...core.formatting import counted, downtime, number
from ...core.machines import MachineName
from ...core.text import shortened
from ...feed.store import Store
from ..shell.assets import link_stylesheet
from ..shell.chips import hide, set_attribute
from ..shell.kept_rows import keep_rows
from ..shell.messages import Alert, TextNode, as_sentence
from .panel import ReportPanel
from .report_query import ReportQuery
from .stop_controls import StopControls
from .stop_details import StopDetailsDialog
from .stop_query import PER_PAGE, StopQuery
from .stop_row import StopRow

HEADS: tuple[tuple[str, StopSort | None], ...] = (
    ('Machine', StopSort.MACHINE), ('Reason', StopSort.REASON), ('From', StopSort.START), ('To', None),
    ('Down', StopSort.LENGTH), ('Response', None), ('Work order', None), ('Details', None))


class StopListPanel:
    """The list of one page, with its own part of the address."""

    def __init__(self, analytics: Analytics, store: Store, zone: tzinfo, query: ReportQuery, *,
                 ask: Callable[[StopQuery], None], explain: Callable[[], None]) -> None:
        """ask: called with what else is to be shown. explain: called to explain the list."""
        self._analytics = analytics
        self._store = store
        self._zone = zone
        self._query = query
        self._ask = ask
        self._window: Window | None = None
        self._costs: LossCosts | None = None
        self._asked = 0
        self._client = ui.context.client
        link_stylesheet('stops.css')
        self._panel = ReportPanel('Stops', file='stops', wide=True)
        self._panel.card.classes('stops')
        self._panel.explain_with(explain, 'the list of stops')
        with self._panel.fill():
            self._controls = StopControls(query.stops, ask)
            self._problem = Alert()
            self._message = ui.label('Loading…').classes('panel-empty').props('role=status')
            with ui.element('table').classes('stops-table') as self._table:
                self._table.props['aria-label'] = 'Stops'
                with ui.element('thead'), ui.element('tr'):
                    self._heads = [self._head(text, sort) for text, sort in HEADS]
                self._body = ui.element('tbody')
            self._rows: dict[tuple[int, MachineName], StopRow] = {}
            hide(self._table, hidden=True)
            with ui.element('div').classes('stops-pages') as self._pages:
                self._back = ui.button(f'Previous {PER_PAGE}', on_click=lambda: self._turn(-1), color=None)
                self._range = ui.label()
                self._on = ui.button(f'Next {PER_PAGE}', on_click=lambda: self._turn(1), color=None)
                for button in self._back, self._on:
                    button.props('flat no-caps dense')
            hide(self._pages, hidden=True)
        self._details = StopDetailsDialog(store, zone)
        self.about(query)

    def about(self, query: ReportQuery) -> None:
        """Follow the query of the page."""
        self._query = query
        self._controls.show(query.stops)
        selection = query.stops.selection
        self._panel.about('', query.file('stops'))
        for head, (_, sort) in zip(self._heads, HEADS, strict=True):
            if sort is not None:
                set_attribute(head, 'aria-sort', 'none' if sort is not selection.sort else
                              'descending' if selection.descending else 'ascending')

    def show(self, query: ReportQuery) -> None:
        """Load another list of the same window in the background."""
        self.about(query)
        background_tasks.create(self._read(), name='read the stops')

    async def load(self, window: Window, costs: LossCosts | None) -> None:
        """Load the list of a window. costs: of its time down, if any."""
        self._window, self._costs = window, costs
        await self._read()

    def show_message(self, sentence: str) -> None:
        """Show a message instead of the stops."""
        self._asked += 1
        self._fill(None, sentence)

    async def _read(self) -> None:
        if self._window is None:
            return
        self._asked += 1
        asked, query = self._asked, self._query
        set_attribute(self._panel.card, 'aria-busy', 'true')
        problem, stops = '', None
        try:
            stops = await self._page(self._window, query, query.stops.page)
            last = -(-stops.total // PER_PAGE)
            if not stops.stops and last:  # an old address, or a list that has become shorter
                query = self._query = replace(query, stops=query.stops.on_page(last))
                stops = await self._page(self._window, query, last)
        except FloorError as error:
            if isinstance(error, HistoryNotReadyError):  # the content shown before is wrong
                stops = StopList((), 0)
            problem = f'Cannot load the stops. {as_sentence(error)}'
        if asked != self._asked or self._client.is_deleted:
            return
        with self._client:
            set_attribute(self._panel.card, 'aria-busy', 'false')
            self._problem.show(problem)
            if stops is not None:
                self._fill(stops, '' if problem else empty_text(stops, query.stops))

    async def _page(self, window: Window, query: ReportQuery, page: int) -> StopList:
        return await self._analytics.stops(window, query.scope, Page(page, PER_PAGE), query.stops.selection)

    def _turn(self, by: int) -> None:
        self._ask(self._query.stops.on_page(max(1, self._query.stops.page + by)))

    # showing

    def _fill(self, stops: StopList | None, message: str) -> None:
        shown = () if stops is None else stops.stops
        self._controls.show_counts(stops)
        self._panel.about('' if stops is None else counts_text(stops), self._query.file('stops'))
        self._message.set_text(message)
        self._message.set_visibility(bool(message))
        hide(self._table, hidden=not shown)
        keep_rows(self._body, self._rows, {(stop.id, stop.machine): stop for stop in shown},
                  lambda stop: StopRow(stop, self._store, self._zone, self._details.show_stop))
        for stop in shown:
            self._rows[stop.id, stop.machine].show(stop, self._window, self._costs)
        total, page = 0 if stops is None else stops.total, self._query.stops.page
        hide(self._pages, hidden=total <= PER_PAGE)
        first = (page - 1) * PER_PAGE
        self._range.set_text(f'{number(first + 1)} to {number(first + len(shown))} of {number(total)}')
        self._back.set_enabled(page > 1)
        self._on.set_enabled(first + len(shown) < total)

    def _head(self, text: str, sort: StopSort | None) -> ui.element:
        head = TextNode('th', '' if sort else text)
        head.props['scope'] = 'col'
        head.props['data-head'] = text
        if sort is not None:
            with head:
                TextNode('button', text).props('type=button').on('click', partial(self._sort, sort), args=[])
        return head

    def _sort(self, sort: StopSort) -> None:
        selection = self._query.stops.selection
        self._ask(self._query.stops.sorted_by(sort, turned=sort is selection.sort and not selection.turned))


def counts_text(stops: StopList) -> str:
    """'58 stops: 41 failures + 17 micro-stops; 1 more carried in. Listed: 59 with 4 h 26 min down.'"""
    carried_in = f'; {number(stops.carried_in)} more carried in' if stops.carried_in else ''
    return (f'{counted(stops.failures + stops.micro_stops, "stop")}: {counted(stops.failures, "failure")} + '
            f'{counted(stops.micro_stops, "micro-stop")}{carried_in}. '
            f'Listed: {number(stops.total)} with {downtime(stops.seconds)} down.')


def empty_text(stops: StopList, query: StopQuery) -> str:
    """Why there are no rows; empty: there are some."""
    if stops.stops:
        return ''
    if query.selection.words:
        return f'No stop of this kind matches “{shortened(query.selection.words, 60)}”.'
    return 'No stops of this kind in this window.' if stops.failures + stops.micro_stops + stops.carried_in else \
        'No stops in this window.'
