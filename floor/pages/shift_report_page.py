"""The hand-over sheet of a shift, on a screen and on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from ..analytics import Analytics
from ..analytics.shift_report import read_shift_report
from ..errors import DatabaseUnavailable, InvalidInput
from ..shifts import Shift, Shifts
from ..ui.broadcast import LiveView
from ..ui.frame import frame
from ..ui.reports.shift_sheet import shift_sheet
from ..ui.reports.stop_story import past_address
from ..ui.saying import Alert, as_sentence
from ..ui.services import Services

ADDRESS = '/reports/shift'
FIRST_YEAR, LAST_YEAR = 1970, 2200


def register(services: Services, analytics: Analytics, shifts: Shifts) -> None:
    """Serve it at /reports/shift?date=DAY&shift=NAME; without, it is the shift that goes on."""
    zone = services.zone

    @ui.page(ADDRESS)
    async def shift_report_page(request: Request) -> None:
        person = services.person(services.visitor())
        view = LiveView(ui.context.client, lambda: None)
        now = datetime.fromtimestamp(services.store.now_ms / 1000, UTC)
        with frame('Shift report', services, view, person, section='Reports'), ui.element('div').classes('handover'):
            services.broadcast.join(view)
            try:
                shift = asked_shift(request.query_params.get('date', ''), request.query_params.get('shift', ''), shifts,
                                    now)
                links(shift, shifts, now, zone)
                report = await read_shift_report(analytics, services.order_list, shift, now)
            except InvalidInput as error:
                Alert().show(as_sentence(error))
                ui.link('The shift that goes on', ADDRESS)
            except DatabaseUnavailable as error:
                Alert().show(f'The shift report can not be read: {error}. Please load the page again.')
            else:
                shift_sheet(report, zone)


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


def links(shift: Shift, shifts: Shifts, now: datetime, zone: tzinfo) -> None:
    """The way to the shifts before and after, to the same time elsewhere, and to this very sheet."""
    before, after = shifts.before(shift), shifts.after(shift)
    until = min(shift.end, now)
    period = {'from': shift.start, 'to': until}
    report = {name: at.astimezone(zone).strftime('%Y-%m-%dT%H:%M') for name, at in period.items()}
    with ui.element('nav').classes('handover-links').props('aria-label="Shifts"'):
        ui.link(f'← {before.name}, {before.date:%a} {before.date}', address_of(before))
        if after.start <= now:
            ui.link(f'{after.name}, {after.date:%a} {after.date} →', address_of(after))
        ui.link('Link to this sheet', address_of(shift))
        ui.link('Report of the same time', f'/reports?{urlencode(report, safe=":")}')
        ui.link('The floor at the end' if until == shift.end else 'The floor a moment ago', past_address(until))


def address_of(shift: Shift) -> str:
    """The sheet of one shift, for ever."""
    return f'{ADDRESS}?{urlencode({"date": shift.date.isoformat(), "shift": shift.name})}'
