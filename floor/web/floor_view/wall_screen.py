"""The floor for a wall screen: no chrome, large type that fills it, lines in turn if asked.

It runs for weeks: nothing is built or taken away when the line changes, so neither the page nor the server grows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nicegui import ui

from ...core.formatting import number
from ...core.query_parameters import Query, unknown_name_message
from ...core.text import shown
from ...feed.machine import Line
from ...feed.store import Store
from ..live.live_element import FIGURES, LISTS, SECOND, TURNS, Content, LiveElement
from ..live.live_view import LiveView
from ..live.stale_overlay import StaleOverlay
from ..shell.connection_badge import ConnectionBadge, ConnectionBanner, PlantClock
from ..shell.demo_ribbon import DemoRibbon
from ..shell.frame import add_page_assets
from ..shell.history_note import HistoryNote
from ..shell.messages import Alert
from ..shell.page_title import PageTitle
from ..shell.services import Services
from ..shell.theme import Theme, show_theme
from .attention_list import attention_list
from .line_card import line_card
from .plant_figures import plant_figures

MIN_TURN_S, MAX_TURN_S = 3.0, 3600.0
NAMES = ('kiosk', 'line', 'rotate', 'theme')
THEMES = Theme.DARK, Theme.LIGHT, Theme.ANDON, Theme.HIGH_PERFORMANCE, Theme.AUTO


@dataclass(frozen=True, slots=True)
class WallQuery:
    """What an address asks of a wall screen, or why it cannot be done.

    names: of the lines to show, none for all
    turn: seconds for each of them, 0 for all at once
    """

    names: Sequence[str]
    turn: float = 0.0
    theme: Theme = Theme.DARK
    problem: str = ''

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> WallQuery:
        """Of an address; what is empty is as usual."""
        asked = Query(query, NAMES)
        names, theme, turn = asked.texts('line'), asked.one_of('theme', THEMES), asked.text('rotate').strip()
        asked.flag('kiosk')
        try:
            seconds = float(turn or 0)
        except ValueError:
            seconds = math.nan
        if seconds and not MIN_TURN_S <= seconds <= MAX_TURN_S:
            asked.fail('rotate', f'Cannot understand rotate={shown(turn)}: use a number of seconds from '
                                 f'{number(MIN_TURN_S)} to {number(MAX_TURN_S)}, or 0 for all lines at once')
        if asked.faults:
            return cls(names, problem=' '.join(asked.faults.values()))
        return cls(names, seconds, theme or Theme.DARK)


def wall_screen(services: Services, choice: WallQuery) -> None:
    """Build the page. What is down anywhere stands beside the lines at all times."""
    store, zone, turn = services.store, services.zone, choice.turn

    def build_lines() -> None:
        view.forget(keep=(SECOND, FIGURES, LISTS))
        place.clear()
        lines = [] if choice.problem else chosen(store.lines, choice.names)
        missing.show(missing_lines_text(store, choice.names) if lines else '')
        with place:
            place.style['--lines'] = str(1 if turn else max(1, len(lines)))
            for number, line in enumerate(lines):
                slide = Slide(number, len(lines), turn)
                view.add(slide)
                slide.fit(len(line.machines))
                with slide:
                    line_card(line, store, zone, view, lambda _: None)
                    if turn and len(lines) > 1:
                        ui.label(f'{number + 1} of {len(lines)}').classes('slide-number')
            if not lines:
                with ui.card().classes('line empty'):
                    ui.label(choice.problem or missing_lines_text(store, choice.names)).classes('empty-title')

    view = LiveView(ui.context.client, build_lines)
    PageTitle(store, 'Wall screen · Line Monitor')
    add_page_assets()
    page = next(element for element in ui.context.client.content.ancestors() if element.tag == 'q-page')
    page.props['role'] = 'none'  # Quasar makes it a <main> too
    with ui.element('div').classes('frame wall') as root:
        show_theme(choice.theme, root, 'wall-body')
        view.add(DemoRibbon(services))
        with ui.element('q-toolbar').classes('wall-bar').props('role=banner'):
            plant_figures(store, view)
            view.add(ConnectionBadge(store, zone))
            view.add(PlantClock(store, zone, ''))
        with ui.element('q-card').classes('banner-area'):
            view.add(ConnectionBanner(store, zone))
            view.add(HistoryNote(store))
            view.add(StaleOverlay())
            missing = Alert().classes('wall-missing')
        with ui.element('main').classes('wall-main'):
            place = ui.element('div').classes('wall-lines')
            with ui.element('aside').classes('wall-side'):
                attention_list(store, view, lambda *_: None)
    build_lines()
    services.broadcast.join(view)


def chosen(lines: Sequence[Line], names: Sequence[str]) -> list[Line]:
    """The lines of these names, in the order of the floor; all where no name is given. A name that no line has exactly
    may be written in other cases."""
    exact = {line.name for line in lines}
    wanted = {name for name in names if name in exact}
    in_any_case = {name.casefold() for name in names if name not in exact}
    return [line for line in lines if not names or line.name in wanted or line.name.casefold() in in_any_case]


def missing_lines_text(store: Store, names: Sequence[str]) -> str:
    """Which of these lines are not there, and which there are."""
    if not store.lines:
        return 'There are no machines on the floor yet. They appear here automatically.'
    known = [line.name for line in store.lines]
    folded = {name.casefold() for name in known}
    return ' '.join(unknown_name_message('line', name, known) for name in names if name.casefold() not in folded)


class Slide(LiveElement):
    """One line, large, when its turn has come. All wall screens turn at the same moment."""

    def __init__(self, number: int, count: int, turn: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """The number-th of count lines, each shown for turn seconds; 0: always."""
        super().__init__('div', TURNS)
        self._number, self._count, self._turn, self._monotonic = number, count, turn, monotonic
        # in the class, because screens with other turns must not be taken for alike
        self.classes(f'slide turn-{turn:g}-of-{count}')

    def fit(self, machines: int) -> None:
        """So many machines fill it: in a square when it is alone, side by side otherwise."""
        columns = max(1, math.ceil(math.sqrt(machines)) if self._turn or self._count == 1 else machines)
        self.style['--columns'] = str(columns)
        self.style['--rows'] = str(max(1, math.ceil(machines / columns)))

    def content(self) -> Content:
        on_turn = not self._turn or int(self._monotonic() / self._turn) % self._count == self._number
        return {'data-shown': str(on_turn).lower()}, None
