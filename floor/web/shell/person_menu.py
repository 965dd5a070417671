"""Who uses the page: name and role, and signing out or picking another name."""

from __future__ import annotations

from nicegui import ui

from ...access.sessions import KIND as SESSION
from ...access.stations import STATION, TURN
from ...core.people import Identity, Person
from ..http.public_paths import SIGN_IN, SIGN_OUT
from .addresses import with_prefix


def person_menu(person: Person, identity: Identity, *, has_sign_in: bool) -> None:
    """The name; with a menu to sign out if the person has signed in here; at a station, a link to pick
    another one. has_sign_in: whether there is a sign-in."""
    title, kind = f'{person.name}, {person.role}', identity.credential.kind if identity.credential else None
    if kind in {STATION, TURN}:
        label = f'{person.name} · {identity.station}' if identity.station else 'Pick your name'
        ui.link(label, '/station').classes('bar-link').props['title'] = 'Pick another name'
        return
    if kind != SESSION:
        ui.label(person.name).classes('bar-person').props['title'] = title
        if has_sign_in and kind is None:
            ui.link('Sign in', SIGN_IN).classes('bar-link')
        return
    button = ui.button(person.name, color=None).classes('bar-person person-button')
    button.props('flat no-caps dense aria-haspopup=menu').props['title'] = title
    with button, ui.menu(), ui.element('div').classes('person-menu'):
        ui.label(person.name).classes('person-name')
        ui.label(person.email or 'No e-mail address').classes('person-fact')
        ui.label(f'Role: {person.role}').classes('person-fact')
        # a form of the browser: the answer removes the cookie, which a socket cannot
        with ui.element('form').props('method=post').props(f'action="{with_prefix(SIGN_OUT)}"'):
            ui.button('Sign out', color=None).props('type=submit no-caps outline').classes('person-sign-out')
