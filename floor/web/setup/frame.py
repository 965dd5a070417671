"""The frame of the pages of /setup: the normal frame, with a navigation of the sections.

A page is one line of SECTIONS, and a module with `register(services)` that builds itself in a setup_frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from ...core.people import Person, Role
from ...feed.difference import Difference
from ...feed.store import Store
from ..live.live_view import LiveView
from ..shell.assets import link_stylesheet
from ..shell.frame import SETUP, frame
from ..shell.heading import Heading
from ..shell.messages import TextNode
from ..shell.order_formatting import role_needed
from ..shell.services import Services

OVERVIEW, LINES, TYPES, MACHINES, CHANGES = 'Overview', 'Lines', 'Machine types', 'Machines', 'Changes'
PEOPLE, IMPORT, FEEDS, ACCESS = 'People', 'Import', 'Feeds', 'Access'
SECTIONS = {
    OVERVIEW: '/setup',
    'Plant': '/setup/plant',
    LINES: '/setup/lines',
    TYPES: '/setup/types',
    MACHINES: '/setup/machines',
    PEOPLE: '/employees',
    IMPORT: '/setup/import',
    FEEDS: '/setup/feeds',
    ACCESS: '/setup/access',
    CHANGES: '/setup/changes',
}
"""Every page by its name in the navigation, with its address."""
STYLESHEET = 'setup.css'
DEMO_NOTE = 'This floor is a demo: what you set up here is removed with it.'
NO_DIFFERENCE = Difference()


@contextmanager
def setup_frame(section: str, services: Services, view: LiveView, person: Person, *,
                redraws: bool = True) -> Iterator[bool]:
    """The frame of a section; the block builds its content if it gets True:

        with setup_frame('Lines', services, view, person) as allowed:
            page = LinesPage(services, identity) if allowed else None

    redraws: False for a page with times, which is loaded again when the plant's calendar changes.
    It gets False for a person who is no supervisor; the page then says so. Commands check the role again.
    """
    with frame(SETUP if section == OVERVIEW else f'{section} · {SETUP}', services, view, person, section=SETUP,
               redraws=redraws):
        link_stylesheet(STYLESHEET)
        if refusal := role_needed(Role.SUPERVISOR, person.role):
            with ui.element('div').classes('setup'):
                _refuse(refusal)
                yield False
            return
        with ui.element('div').classes('setup has-sections'):
            _sections(section)
            with ui.element('div').classes('setup-content'):
                if section != OVERVIEW:
                    _demo_note(services.store)
                yield True


@contextmanager
def people_frame(title: str, services: Services, view: LiveView, person: Person) -> Iterator[None]:
    """The frame of the people: a section of the set-up for supervisors, a separate page for everybody else."""
    with frame(title, services, view, person):
        if role_needed(Role.SUPERVISOR, person.role):
            yield
            return
        link_stylesheet(STYLESHEET)
        with ui.element('div').classes('setup has-sections'):
            _sections(PEOPLE)
            with ui.element('div').classes('setup-content'):
                _demo_note(services.store)
                yield


def _sections(current: str) -> None:
    with ui.element('nav').classes('setup-sections').props('aria-label="Setup"'):
        for name, address in SECTIONS.items():
            link = ui.link(name, address).classes('setup-section')
            if name == current:
                link.props['aria-current'] = 'page'


def _demo_note(store: Store) -> None:
    """Says on a demo that what is set up is removed with it; hidden on a plant."""
    with ui.element('p').classes('setup-demo') as note:
        ui.label(DEMO_NOTE)
        ui.link('Set up your plant first', SECTIONS[OVERVIEW])

    def show(_: Difference = NO_DIFFERENCE) -> None:
        if note.visible != bool(store.is_demo):
            note.set_visibility(bool(store.is_demo))

    show()
    ui.context.client.on_delete(store.subscribe(show))


def _refuse(refusal: str) -> None:
    with ui.card().classes('panel'):
        Heading('Supervisors only').classes('panel-title')
        TextNode('p', f'{refusal} Ask a supervisor to change lines, machines or people.')
