"""/station: people pick their name at a shared tablet; /leave: a browser stops being a station or a wall screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from ...access.stations import STATION, Stations
from ...access.wall_links import WALL
from ...core.errors import DatabaseUnavailableError, FloorError, InvalidInputError, SignedOutError
from ..http.credential_cookie import credential_in, delete_credential
from .plain_page import choices, field, form, hidden, link, plain_page, problem, text

ADDRESS, NOBODY, LEAVE = '/station', '/station/nobody', '/leave'
SEE_OTHER = 303
Answer = Callable[[str], Awaitable[Response]]
MOST = 50
"""Names on one page; a search finds the others."""


def register(app: FastAPI, stations: Stations) -> None:
    """Serve the pages."""
    pages = StationPages(stations)

    @app.get(ADDRESS, include_in_schema=False)
    async def who_is_there(request: Request, q: str = '') -> Response:
        return await pages.answered(request, lambda secret: pages.people(request, secret, q))

    @app.post(ADDRESS, include_in_schema=False)
    async def pick(request: Request) -> Response:
        return await pages.answered(request, lambda secret: pages.pick(request, secret))

    @app.post(NOBODY, include_in_schema=False)
    async def nobody(request: Request) -> Response:
        return await pages.answered(request, pages.nobody)

    @app.get(LEAVE, include_in_schema=False)
    async def ask_to_leave(request: Request) -> Response:
        return plain_page(request, 'Use this browser for something else',
                          text('It stops being a station or a wall screen. A supervisor can make it one again.'),
                          form(request, 'Stop', path=LEAVE), link(request, 'Keep it', '/'))

    @app.post(LEAVE, include_in_schema=False)
    async def leave(request: Request) -> Response:
        response = RedirectResponse('/', SEE_OTHER)
        for kind in STATION, WALL:
            delete_credential(response, request, kind)
        return response


class StationPages:
    """What the pages show and do."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def answered(self, request: Request, answer: Answer) -> Response:
        """The page for the station of this browser, or why there is none."""
        try:
            secret = credential_in(request, STATION)
            if secret is None:
                raise SignedOutError('this browser is no station: a supervisor can make it one in Setup, Access')
            return await answer(secret)
        except FloorError as error:
            return plain_page(request, 'No station', problem(str(error)), link(request, 'Go to the floor', '/'),
                              status=503 if isinstance(error, DatabaseUnavailableError) else 403)

    async def people(self, request: Request, secret: str, words: str) -> Response:
        """The names to pick from."""
        station, found = await self._stations.station(secret), await self._stations.people(secret, words)
        shown = [(str(each.id), each.name, f'{each.department}{" · PIN" if each.has_pin else ""}')
                 for each in found[:MOST]]
        rest = f'{len(found) - MOST} more: search for the name.' if len(found) > MOST else ''
        return plain_page(
            request, 'Who are you?', text(f'Station {station.name}'),
            form(request, 'Search', field('Name', 'q', words, kind='search', attributes='autocomplete="off"'),
                 path=ADDRESS, method='get', style=''),
            choices('employee', shown) if shown else text('Nobody has this name.'), text(rest) if rest else '',
            form(request, 'Only look', path=NOBODY, style=''))

    async def pick(self, request: Request, secret: str) -> Response:
        """Somebody picked their name; who has a PIN is asked for it."""
        given = await request.form()
        number, pin = str(given.get('employee', '')), str(given.get('pin', ''))
        employee_id = int(number) if number.isascii() and number.isdigit() and len(number) < len('2147483648') else 0
        person = next((each for each in await self._stations.people(secret) if each.id == employee_id), None)
        if person is not None and person.has_pin and 'pin' not in given:
            return _pin_page(request, person.name, number)
        try:
            await self._stations.pick(secret, employee_id, pin)
        except InvalidInputError as error:
            return _pin_page(request, person.name if person else '', number, str(error))
        return await self._floor(secret)

    async def nobody(self, secret: str) -> Response:
        """The name falls back."""
        await self._stations.leave(secret)
        return await self._floor(secret)

    async def _floor(self, secret: str) -> Response:
        """The floor, filtered on the line of the station."""
        line = await self._stations.line_of(secret)
        return RedirectResponse(f'/?{urlencode({"line": line})}' if line else '/', SEE_OTHER)


def _pin_page(request: Request, name: str, number: str, wrong: str = '') -> Response:
    return plain_page(
        request, name, problem(wrong),
        form(request, 'Continue', hidden('employee', number),
             field('PIN', 'pin', kind='password',
                   attributes='required autofocus inputmode="numeric" autocomplete="off" maxlength="8"')),
        link(request, 'Pick another name', ADDRESS), status=422 if wrong else 200)
