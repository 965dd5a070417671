"""The pages of links: an invitation, the first supervisor, a new station, a wall screen.

Opening a link that works once does not use it, because mail programs and chats open links to show a preview: it is used
by the button of its page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from ...access.access import Access
from ...access.access_keys import PREFIXES
from ...access.key_links import PATH
from ...access.sessions import KIND as SESSION
from ...access.stations import STATION
from ...access.wall_links import WALL
from ...core.access_keys import KeyKind
from ...core.errors import DatabaseUnavailableError, FloorError, InvalidInputError
from ...core.people import Employee, SignedIn
from ...core.tasks import happens_within
from ...feed.store import Store
from ..http.credential_cookie import credential_in, delete_credential, set_credential
from .plain_page import field, form, link, plain_page, problem, text

BROWSER_LIFE = timedelta(days=400)
"""The longest that browsers keep a cookie; a station or wall screen that was revoked is refused before."""
INVITED_FOR = timedelta(days=180)
"""An invited person signs in again by another invitation, so their session lasts longer than others."""
SEE_OTHER = 303
UNAVAILABLE = 503
KNOWN_WITHIN_S = 5.0
UNKNOWN = 'this link is not complete: copy it again'
Page = Callable[[Request, str], Awaitable[Response]]


def register(app: FastAPI, access: Access, store: Store, *, has_sign_in: bool) -> None:
    """Serve the links. has_sign_in: people sign in by a provider or proxy, so the first supervisor does too."""
    pages = LinkPages(access, store, has_sign_in=has_sign_in)

    @app.get(f'{PATH}{{secret}}', include_in_schema=False)
    async def open_link(request: Request, secret: str) -> Response:
        return await _answered(request, secret, pages.shown)

    @app.post(f'{PATH}{{secret}}', include_in_schema=False)
    async def use_link(request: Request, secret: str) -> Response:
        return await _answered(request, secret, pages.used)


async def _answered(request: Request, secret: str, pages: dict[KeyKind, Page]) -> Response:
    page = next((pages[kind] for kind, prefix in PREFIXES.items() if kind in pages and secret.startswith(prefix)), None)
    try:
        if page is None:
            raise InvalidInputError(UNKNOWN)
        return await page(request, secret)
    except DatabaseUnavailableError as error:
        return plain_page(request, 'Not possible at the moment', problem(str(error)),
                          link(request, 'Try again', f'{PATH}{secret}'), status=UNAVAILABLE)
    except FloorError as error:
        return plain_page(request, 'This link does not work', problem(str(error)),
                          link(request, 'Go to the floor', '/'), status=403)


class LinkPages:
    """What each kind of link shows, and what its button does."""

    def __init__(self, access: Access, store: Store, *, has_sign_in: bool) -> None:
        self._access = access
        self._store = store
        self._has_sign_in = has_sign_in
        self.shown: dict[KeyKind, Page] = {
            KeyKind.INVITATION: self._show_invitation, KeyKind.FIRST_SUPERVISOR: self._show_first_supervisor,
            KeyKind.STATION: self._show_station, KeyKind.WALL: self._open_wall}
        self.used: dict[KeyKind, Page] = {
            KeyKind.INVITATION: self._use_invitation, KeyKind.FIRST_SUPERVISOR: self._use_first_supervisor,
            KeyKind.STATION: self._use_station}

    async def _show_invitation(self, request: Request, secret: str) -> Response:
        invitation = await self._access.invitations.open(secret)
        return plain_page(request, f'Sign in as {invitation.name}',
                          text('This link works once. The browser in which you use it stays signed in for 180 days.'),
                          form(request, 'Sign in'))

    async def _use_invitation(self, request: Request, secret: str) -> Response:
        return await self._signed_in(request, await self._access.invitations.use(secret), 'invitation', '/')

    async def _show_first_supervisor(self, request: Request, secret: str) -> Response:
        await self._access.first_supervisor.open(secret)
        return _first_supervisor_page(request, {})

    async def _use_first_supervisor(self, request: Request, secret: str) -> Response:
        given = await request.form()
        fields = {name: str(given.get(name, '')).strip() for name in ('first_name', 'last_name', 'email')}
        try:
            employee = await self._access.first_supervisor.use(secret, **fields)
        except InvalidInputError as error:
            return _first_supervisor_page(request, fields, str(error), status=422)
        except DatabaseUnavailableError as error:
            return _first_supervisor_page(request, fields, f'{error}. Try again', status=UNAVAILABLE)
        if self._has_sign_in:
            return plain_page(request, f'{employee.name} is a supervisor now',
                              text(f'Sign in with the address {employee.email}.'), link(request, 'Sign in', '/setup'))
        await self._known(employee)
        return await self._signed_in(request, employee, 'first supervisor', '/setup')

    async def _show_station(self, request: Request, secret: str) -> Response:
        station = await self._access.stations.to_pair(secret)
        return plain_page(
            request, f'Make this browser the station {station.name}',
            text('People who use it pick their name before they change anything. Nobody has more than the role '
                 'operator here. If you are signed in, you are signed out.'), form(request, 'Make it a station'))

    async def _use_station(self, request: Request, secret: str) -> Response:
        paired = await self._access.stations.pair(secret)
        response = RedirectResponse('/station', SEE_OTHER)
        set_credential(response, request, STATION, paired.secret, seconds=int(BROWSER_LIFE.total_seconds()))
        if session := credential_in(request, SESSION):
            await self._access.sessions.end(session)
        for kind in SESSION, WALL:
            delete_credential(response, request, kind)
        return response

    async def _open_wall(self, request: Request, secret: str) -> Response:
        wall = await self._access.walls.key(secret)
        response = RedirectResponse(f'/?{wall.view}', SEE_OTHER)
        set_credential(response, request, WALL, secret, seconds=int(BROWSER_LIFE.total_seconds()))
        return response

    async def _known(self, employee: Employee) -> None:
        """Wait briefly until the next page knows the role of somebody who has just got it."""
        known = asyncio.Event()

        def look(_: object = None) -> None:
            person = self._store.people.get(employee.id)
            if person is not None and person.role is employee.role:
                known.set()

        stop = self._store.subscribe(look)
        look()
        try:
            await happens_within(known, KNOWN_WITHIN_S)
        finally:
            stop()

    async def _signed_in(self, request: Request, employee: Employee, by: str, path: str) -> Response:
        signed_in = SignedIn(f'{by} {employee.id}', employee.email.lower(), employee.name)
        session = await self._access.sessions.start(signed_in, request.headers.get('user-agent', ''), INVITED_FOR)
        response = RedirectResponse(path, SEE_OTHER)
        set_credential(response, request, SESSION, session, seconds=int(INVITED_FOR.total_seconds()))
        for kind in STATION, WALL:
            delete_credential(response, request, kind)
        return response


def _first_supervisor_page(request: Request, fields: dict[str, str], wrong: str = '', *, status: int = 200) -> Response:
    required = 'required maxlength="100" autocomplete='
    return plain_page(
        request, 'Become the first supervisor', problem(wrong),
        text('A supervisor sets up the plant and gives roles to others. This link works once.'),
        form(request, 'Become the supervisor',
             field('First name', 'first_name', fields.get('first_name', ''),
                   attributes=f'{required}"given-name" autofocus'),
             field('Last name', 'last_name', fields.get('last_name', ''), attributes=f'{required}"family-name"'),
             field('E-mail address', 'email', fields.get('email', ''), kind='email', attributes=f'{required}"email"')),
        status=status)
