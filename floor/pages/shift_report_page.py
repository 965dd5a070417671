"""The hand-over sheet of a shift, on a screen and on paper."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, tzinfo
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from ..analytics import Analytics
from ..analytics.shift_report import ShiftReport, read_shift_report
from ..errors import FloorError, InvalidInput
from ..shifts import Shift, Shifts
from ..ui.broadcast import LiveView
from ..ui.frame import frame
from ..ui.loading import FIRST_ANSWER_S, PATIENCE_S, RESPONSE_TIMEOUT_S, Notice, failure, waiting
from ..ui.reports.shared_sheet import SharedSheets
from ..ui.reports.shift_sheet import ShiftSheet
from ..ui.reports.stop_story import past_address
from ..ui.saying import as_sentence
from ..ui.services import Services

ADDRESS = '/reports/shift'
FIRST_YEAR, LAST_YEAR = 1970, 2200


def register(services: Services, analytics: Analytics, shifts: Shifts) -> None:
    """Serve it at /reports/shift?date=DAY&shift=NAME; without, it is the shift that goes on."""
    async def read(shift: Shift) -> ShiftReport:
        return await read_shift_report(analytics, services.order_list, shift, await services.database_now())

    sheets = SharedSheets(services.store, read)

    @ui.page(ADDRESS, response_timeout=RESPONSE_TIMEOUT_S)
    async def shift_report_page(request: Request) -> None:
        person = services.person(services.visitor())
        view = LiveView(ui.context.client, lambda: None)
        with frame('Shift report', services, view, person, section='Reports'), ui.element('div').classes('handover'):
            page = ShiftReportPage(services, sheets, shifts)
        services.broadcast.join(view)
        await page.open(request.query_params.get('date', ''), request.query_params.get('shift', ''))


class ShiftReportPage:
    """One browser's page: the sheet of one shift, kept up to date while the shift goes on."""

    def __init__(self, services: Services, sheets: SharedSheets, shifts: Shifts) -> None:
        self._services = services
        self._sheets = sheets
        self._shifts = shifts
        self._client = ui.context.client
        self._answered = asyncio.Event()
        self._place = ui.element('div')
        self._is_going: bool | None = None
        self._notice = Notice(self._again)
        self._notice.show('Reading the shift report…', is_problem=False)
        self._shift: Shift | None = None
        self._sheet = ShiftSheet(services.zone)

    async def open(self, day: str, name: str) -> None:
        """Show the shift of an address; wait for it, but not for long."""
        now = datetime.fromtimestamp(self._services.store.now_ms / 1000, UTC)  # the sheet itself asks the database
        with self._client:
            try:
                self._shift = asked_shift(day, name, self._shifts, now)
            except InvalidInput as error:
                self._notice.show(as_sentence(error), can_retry=False)
                with self._place:
                    ui.link('The shift that goes on', ADDRESS)
                return
        self._client.on_delete(self._sheets.join(self._shift, self._show))
        overdue = asyncio.get_running_loop().call_later(PATIENCE_S, self._overdue)
        self._client.on_delete(overdue.cancel)
        try:
            await asyncio.wait_for(self._answered.wait(), FIRST_ANSWER_S)
        except TimeoutError:
            pass

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
                self._notice.show(failure('the shift report', answer))
                return
            self._notice.show('')
            self._sheet.show(answer)
            if self._is_going is not answer.is_going:
                self._is_going = answer.is_going
                self._place.clear()
                with self._place:
                    links(answer, self._shifts, self._services.zone)


def asked_shift(day: str, name: str, shifts: Shifts, now: datetime) -> Shift:
    """The shift that an address names.

    :raises InvalidInput: there is no such shift, or it has not begun
    """
    if not day and not name:
        return shifts.at(now)
    try:
        parsed = date.fromisoformat(day[:10])
    except ValueError as error:
        raise InvalidInput('this is no day; write it as 2026-11-23', 'date') from error
    shift = shifts.of(parsed, name) if FIRST_YEAR <= parsed.year <= LAST_YEAR else None
    if shift is None:
        raise InvalidInput(f'there is no such shift on {parsed}; the shifts are {", ".join(shifts.names)}', 'shift')
    if shift.start > now:
        raise InvalidInput('this shift has not begun', 'date')
    return shift


def links(report: ShiftReport, shifts: Shifts, zone: tzinfo) -> None:
    """The way to the shifts before and after, to the same time elsewhere, and to this very sheet."""
    shift, until = report.shift, report.until
    before, after = shifts.before(shift), shifts.after(shift)
    period = {'from': shift.start, 'to': until}
    address = {name: at.astimezone(zone).strftime('%Y-%m-%dT%H:%M') for name, at in period.items()}
    with ui.element('nav').classes('handover-links').props('aria-label="Shifts"'):
        ui.link(f'← {before.name}, {before.date:%a} {before.date}', address_of(before))
        if not report.is_going:
            ui.link(f'{after.name}, {after.date:%a} {after.date} →', address_of(after))
        ui.link('Link to this sheet', address_of(shift))
        ui.link('Report of the same time', f'/reports?{urlencode(address, safe=":")}')
        ui.link('The floor at the end' if until == shift.end else 'The floor a moment ago', past_address(until))


def address_of(shift: Shift) -> str:
    """The sheet of one shift, for ever."""
    return f'{ADDRESS}?{urlencode({"date": shift.date.isoformat(), "shift": shift.name})}'
