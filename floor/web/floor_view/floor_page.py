"""The floor: lines and machines, machines that need attention, and events; or the wall screen, with ?kiosk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui
from nicegui.events import GenericEventArguments

from ...core.machines import MachineName
from ...core.people import Person, Role
from ...core.query_parameters import NO, Query, unknown_name_message
from ...feed.difference import Difference
from ..live.live_element import BEAT, FIGURES, LISTS, SECOND
from ..live.live_view import LiveView
from ..shell.address_note import AddressNote
from ..shell.frame import frame
from ..shell.services import Services
from .attention_list import attention_list
from .chapters import chapter_heading, chapters_of, jump_list
from .event_stream import event_stream
from .line_card import line_card
from .machine_drawer import MachineDrawer
from .machine_search import MachineSearch
from .machine_tile import MachineTile
from .plant_figures import PlantFigures
from .wall_screen import WallQuery, matching_lines, wall_screen

WALL = '/?kiosk'
WALL_PARAMETERS = ('rotate', 'theme')


def register(services: Services) -> None:
    """Serve the floor at /. ?machine=NAME opens that machine, ?line=NAME shows that line, ?area=NAME the lines of that
    area, ?kiosk is the wall screen (wall_screen.py)."""
    store, broadcast = services.store, services.broadcast

    @ui.page('/')
    def floor_page(request: Request) -> None:
        if request.query_params.get('kiosk', '0').strip().lower() not in NO:
            wall_screen(services, WallQuery.from_query(request.query_params))
            return
        query = Query(request.query_params, ('machine', 'line', 'area', 'kiosk', *WALL_PARAMETERS))
        machine, names, areas = query.text('machine'), query.texts('line'), query.texts('area')
        is_part = bool(names or areas)
        for name in filter(query.has, WALL_PARAMETERS):
            query.fail(name, f'Cannot use {name} on this page: it belongs to the wall screen, /?kiosk&{name}=…')
        client = ui.context.client
        identity = services.visitor()
        person = services.person(identity)

        def open_machine(name: MachineName, opener: ui.element) -> None:
            drawer.open(name, opener)

        def open_tile(event: GenericEventArguments) -> None:
            if isinstance(event.sender, MachineTile):
                drawer.open(event.sender.name, event.sender)

        def build_lines() -> None:
            view.forget(keep=(BEAT, SECOND, FIGURES, LISTS))
            lines.clear()
            with lines:
                shown = matching_lines(store.lines, [store.line_called(name) for name in names], areas)
                figures.show(shown if is_part else (), areas)
                chapters = chapters_of(shown or store.lines)  # a line or area that is gone hides nothing
                jump_list(chapters)
                for number, chapter in enumerate(chapters, 1):
                    chapter_heading(chapter, number, is_only=len(chapters) == 1)
                    for each in chapter.lines:
                        line_card(each, store, view, open_tile)
                if not store.lines:
                    empty_floor(services, person)

        view = LiveView(client, build_lines)
        with frame('Floor', services, view, person, redraws=True):
            note = AddressNote(' '.join(query.faults.values()), 'Show the floor', '/')
            with PlantFigures(store, view) as figures:
                if is_part:
                    ui.link('Show all lines', '/').classes('wall-link')
                MachineSearch(store, open_machine)
                ui.link('Wall screen', wall_address(names, areas), new_tab=True).classes('wall-link')
            with ui.element('div').classes('floor'):
                lines = ui.element('div').classes('lines')
                with ui.element('aside').classes('side'):
                    attention_list(store, view, open_machine, is_of_more=is_part,
                                   leads_to_feeds=person.role.may(Role.SUPERVISOR))
                    event_stream(store, view)
            drawer = MachineDrawer(services, person, identity)
        build_lines()
        broadcast.join(view)
        if machine:
            RequestedMachine(services, MachineName(machine), drawer, note)


def wall_address(names: Sequence[str], areas: Sequence[str]) -> str:
    """The wall screen with the same lines."""
    shown = [*(('line', name) for name in names), *(('area', area) for area in areas)]
    return f'{WALL}&{urlencode(shown)}' if shown else WALL


class RequestedMachine:
    """The machine in the address: opened once, as soon as the floor was read; an unknown machine is reported."""

    def __init__(self, services: Services, name: MachineName, drawer: MachineDrawer, note: AddressNote) -> None:
        self._store, self._name, self._drawer, self._note = services.store, name, drawer, note
        self._client = ui.context.client
        self._stop: Callable[[], None] = lambda: None
        if not self._opened():
            self._stop = self._store.subscribe(self._on_difference)
            self._client.on_delete(self._end)

    def _opened(self) -> bool:
        if machine := self._store.called(self._name):
            self._note.show('')
            self._drawer.open(machine.name)
            return True
        if self._store.is_demo is not None:  # the floor has been read
            self._note.show(unknown_name_message('machine', self._name, list(self._store.machines)))
        return False

    def _on_difference(self, difference: Difference) -> None:
        if difference.layout or difference.connection:
            with self._client:
                if self._opened():
                    self._end()

    def _end(self) -> None:
        self._stop()
        self._stop = lambda: None


def empty_floor(services: Services, person: Person) -> None:
    """What to do if there are no machines."""
    with ui.card().classes('line empty'):
        if services.store.is_demo is None:
            ui.label('Waiting for the database.').classes('empty-title')
            ui.label('The floor appears here automatically as soon as the database responds.')
            return
        ui.label('There are no machines on the floor.').classes('empty-title')
        if person.role.may(Role.SUPERVISOR):
            ui.label('Add your lines and machines, or import a sheet of them.')
            ui.link('Set up your plant', '/setup').classes('q-btn primary empty-link')
        else:
            ui.label('They appear here as soon as a supervisor has added them.')
