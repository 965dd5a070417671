"""The shift report, for a hand-over, on screen and printed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from ...analytics import Analytics
from ...analytics.shift_report import ShiftReport, read_shift_report
from ...core.errors import FloorError, QueryError
from ...core.moments import with_offset
from ...core.query_parameters import Query, listed
from ...core.shifts import Shift, Shifts
from ...core.tasks import happens_within
from ..live.live_view import LiveView
from ..shell.browser_history import BrowserHistory
from ..shell.frame import frame
from ..shell.loading import FIRST_ANSWER_S, RESPONSE_TIMEOUT_S, SLOW_S, Notice, waiting
from ..shell.paper_head import PaperHead
from ..shell.services import Services
from .shared_sheet import SharedSheets
from .shift_picker import ShiftPicker
from .shift_sheet import ShiftSheet
from .stop_details import past_address

ADDRESS = '/reports/shift'


def register(services: Services, analytics: Analytics) -> None:
    """Serve /reports/shift?date=DAY&shift=NAME; without them, it shows the current shift."""
    async def read(shift: Shift) -> ShiftReport:
        return await read_shift_report(analytics, services.order_list, shift, await services.database_now())

    sheets = SharedSheets(services.store, read)

    @ui.page(ADDRESS, response_timeout=RESPONSE_TIMEOUT_S)
    async def shift_report_page(request: Request) -> None:
        person = services.person(services.visitor())
        view = LiveView(ui.context.client, lambda: None)
        with frame('Shift report', services, view, person, section='Reports'), ui.element('div').classes('handover'):
            PaperHead('Shift report', services.store, view)
            page = ShiftReportPage(services, sheets)
        services.broadcast.join(view)
        await page.open(request.query_params)


class ShiftReportPage:
    """One browser's page: the report of one shift, updated during the shift."""

    def __init__(self, services: Services, sheets: SharedSheets) -> None:
        self._services = services
        self._sheets = sheets
        self._shifts = services.calendar.shifts
        self._client = ui.context.client
        self._history = BrowserHistory(ADDRESS, self._follow)
        self._answered = asyncio.Event()
        self._leave: Callable[[], None] | None = None
        self._shift: Shift | None = None
        self._picker = ShiftPicker(services.calendar, self._now, self._choose)
        self._links = ui.element('div')
        self._linked: tuple[Shift, bool] | None = None
        self._notice = Notice(self._again)
        self._sheet = ShiftSheet(services.store, services.zone)
        self._client.on_delete(self._end)

    async def open(self, query: Mapping[str, str]) -> None:
        """Show the shift of an address, and wait briefly for its report."""
        with self._client:
            self._follow(query)
        if self._shift is None:
            return
        overdue = asyncio.get_running_loop().call_later(SLOW_S, self._overdue)
        self._client.on_delete(overdue.cancel)
        await happens_within(self._answered, FIRST_ANSWER_S)

    def _follow(self, query: Mapping[str, str]) -> None:
        """Show the shift of an address, or why there is none."""
        try:
            shift = asked_shift(query, self._shifts, self._now())
        except QueryError as error:
            self._end()
            self._shift = self._linked = None
            self._sheet.hide()
            self._links.clear()
            self._picker.refuse()
            self._notice.show(str(error), can_retry=False)
            return
        self._open(shift)

    def _choose(self, shift: Shift) -> None:
        self._history.push(address_of(shift))
        self._open(shift)

    def _open(self, shift: Shift) -> None:
        self._end()
        self._shift = shift
        self._picker.show(shift)
        self._sheet.hide()
        self._notice.show('Loading the shift report…', is_problem=False)
        self._leave = self._sheets.join(shift, self._show)

    def _overdue(self) -> None:
        if not self._answered.is_set():
            self._notice.show(waiting('the shift report'))

    def _again(self) -> None:
        if self._shift is not None:
            self._sheets.again(self._shift)

    def _show(self, answer: ShiftReport | FloorError) -> None:
        self._answered.set()
        with self._client:
            if isinstance(answer, FloorError):
                self._notice.show_error('the shift report', answer)
                return
            self._notice.show('')
            self._sheet.show(answer)
            if self._linked != (answer.shift, answer.is_going):
                self._linked = answer.shift, answer.is_going
                self._picker.show(answer.shift)
                self._links.clear()
                with self._links:
                    links(answer, self._services.zone)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._services.store.now_ms / 1000, UTC)  # the report uses the database's time

    def _end(self) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None


def asked_shift(query: Mapping[str, str], shifts: Shifts, now: datetime) -> Shift:
    """The shift of an address.

    :raises QueryError: there is no such shift, or it has not started
    """
    parsed = Query(query, ['date', 'shift'])
    day, name = parsed.day('date'), parsed.one_of('shift', shifts.names)
    shift = shifts.of(day, name) if day is not None and name is not None else None
    if not (parsed.has('date') or parsed.has('shift')):
        shift = shifts.at(now)
    elif not parsed.has('date'):
        parsed.fail('date', 'Cannot use shift without date: add the day on which the shift begins, as date=2026-11-23')
    elif not parsed.has('shift'):
        parsed.fail('shift', f'Cannot use date without shift: add {listed(f"shift={name}" for name in shifts.names)}')
    elif day is not None and name is not None and shift is None:
        parsed.fail('shift', f'There is no shift {name} on {day}: it falls into the hour that the clock change skips')
    elif shift is not None and shift.start > now:
        latest = shifts.at(now)
        parsed.fail('date', f'This shift has not started yet: the latest is date={latest.date}, shift={latest.name}')
    parsed.check(shift)
    return shift or shifts.at(now)


def links(report: ShiftReport, zone: tzinfo) -> None:
    """Build links to this report, and to other pages of the same time."""
    shift, until = report.shift, report.until
    period = {'from': shift.start, 'to': until}
    address = {name: with_offset(at, zone) for name, at in period.items()}
    with ui.element('nav').classes('handover-links').props('aria-label="This shift"'):
        ui.link('Link to this report', address_of(shift))
        ui.link('Report for this period', f'/reports?{urlencode(address, safe=":")}')
        ui.link('Floor at the end' if until == shift.end else 'Floor a moment ago', past_address(until))


def address_of(shift: Shift) -> str:
    """The permanent address of the report of one shift."""
    return f'{ADDRESS}?{urlencode({"date": shift.date.isoformat(), "shift": shift.name})}'
